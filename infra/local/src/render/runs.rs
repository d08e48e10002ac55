//! Units of a run, budgets, and what became of items, in words.

use std::time::Duration;

use connector_domain::Timestamp;
use connector_domain::backfill::{Budget, Counters, PauseReason, RunState, Share, Unit, UnitState, WaitReason};
use connector_domain::capture::CaptureReport;

use super::style::Paint;
use super::text::{clean, clock, count, duration, number};

/// How a unit stands, and what that is.
pub(crate) fn state(state: &UnitState, now: Timestamp) -> (String, Paint) {
    match state {
        UnitState::Pending => ("not begun".to_owned(), Paint::Faint),
        UnitState::Running => ("running".to_owned(), Paint::Plain),
        UnitState::Waiting { until, reason } => {
            (format!("waits until {}: {}", clock(*until, now), why(*reason)), Paint::Odd)
        }
        UnitState::Paused { why: PauseReason::Asked } => ("paused".to_owned(), Paint::Odd),
        UnitState::Paused { why: PauseReason::NeedsReconnect } => {
            ("paused: the token is refused".to_owned(), Paint::Bad)
        }
        UnitState::Paused { why: PauseReason::Suspended } => {
            ("paused: the connection is suspended".to_owned(), Paint::Odd)
        }
        UnitState::Completed => ("completed".to_owned(), Paint::Good),
        UnitState::Partial { reason } => (format!("partial: {reason}"), Paint::Odd),
        UnitState::Cancelled => ("cancelled".to_owned(), Paint::Odd),
        UnitState::Failed { code } => (format!("failed: {code}"), Paint::Bad),
    }
}

/// How a run stands, and what that is.
pub(crate) const fn run_state(state: RunState) -> (&'static str, Paint) {
    match state {
        RunState::Nothing => ("nothing to fetch", Paint::Faint),
        RunState::Running => ("running", Paint::Plain),
        RunState::Replaying => ("capturing what it held back", Paint::Plain),
        RunState::Paused => ("paused", Paint::Odd),
        RunState::Completed => ("completed", Paint::Good),
        RunState::Partial => ("partial", Paint::Odd),
        RunState::Failed => ("failed", Paint::Bad),
        RunState::Cancelled => ("cancelled", Paint::Odd),
    }
}

/// `4,812 of 5,000 calls left, anew at 12:40:00 UTC`.
pub(crate) fn budget(budget: &Budget, now: Timestamp) -> (String, Paint) {
    if let Some((until, reason)) = budget.blocked.filter(|(until, _)| *until > now) {
        return (format!("no calls until {}: {}", clock(until, now), why(reason)), Paint::Odd);
    }
    let left = format!("{} of {} left", number(budget.remaining), count(budget.limit, "call", "calls"));
    match budget.resets_at.filter(|at| *at > now) {
        Some(at) => (format!("{left}, anew at {}", clock(at, now)), Paint::Plain),
        None => (left, Paint::Plain),
    }
}

/// `42 %`.
pub(crate) fn percent(share: Share) -> String {
    format!("{} %", share.thousandths() / 10)
}

const fn why(reason: WaitReason) -> &'static str {
    match reason {
        WaitReason::RateLimit => "hourly budget spent",
        WaitReason::SecondaryLimit => "asked to slow down",
        WaitReason::Unavailable => "no answer",
    }
}

/// `3 pages, 60 items`, and the waits when there were any.
pub(crate) fn counters(counters: &Counters) -> String {
    let mut text = format!("{}, {}", count(counters.pages, "page", "pages"), count(counters.items, "item", "items"));
    if counters.waits > 0 {
        text.push_str(&format!(", waited {}", count(counters.waits, "time", "times")));
        if counters.waited > 0 {
            text.push_str(&format!(" ({})", duration(Duration::from_secs(counters.waited))));
        }
    }
    text
}

/// A unit on one line, without its name.
pub(crate) fn unit(unit: &Unit, now: Timestamp) -> (String, Paint) {
    let (text, paint) = state(&unit.state, now);
    if unit.counters.pages == 0 && !unit.state.is_terminal() {
        return (text, paint);
    }
    let mut text = format!("{text}, {}", counters(&unit.counters));
    if let Some(read) = unit.read.filter(|_| unit.state != UnitState::Completed) {
        text.push_str(&format!(", {}", percent(read)));
    }
    (text, paint)
}

/// The units of a resource on one line: what keeps one of them from its end, or how many have come to it.
pub(crate) fn units(units: &[&Unit], now: Timestamp) -> (String, Paint) {
    let mut sum = Counters::default();
    units.iter().for_each(|unit| sum.merge(&unit.counters));
    let completed = units.iter().filter(|unit| unit.state == UnitState::Completed).count();
    let lists = count(units.len() as u64, "list", "lists");
    let text = format!("{completed} of {lists}, {}", counters(&sum));
    let worst =
        units.iter().map(|unit| state(&unit.state, now)).find(|(_, paint)| matches!(paint, Paint::Odd | Paint::Bad));
    match worst {
        Some((why, paint)) => (format!("{text}, {why}"), paint),
        None => (text, if completed == units.len() { Paint::Good } else { Paint::Plain }),
    }
}

/// What became of items: a name, a number, and a remark per line.
pub(crate) fn report(report: &CaptureReport) -> Vec<[String; 3]> {
    let line = |name: &str, n: u64, remark: String| [name.to_owned(), number(n), remark];
    let mut lines = vec![
        line("captured", report.captured, "new rows".to_owned()),
        line("duplicate", report.duplicate, "facts that were rows already".to_owned()),
        line("filtered", report.filtered_total(), reasons(report)),
        line("quarantined", report.quarantined, "items that could not be read".to_owned()),
    ];
    if report.held > 0 {
        lines.push(line("held back", report.held, "facts that are captured in the order of time".to_owned()));
    }
    for (path, reason) in &report.quarantine {
        lines.push([String::new(), String::new(), format!("{}: {}", clean(path), clean(reason))]);
    }
    if report.conflicts > 0 {
        lines.push(line(
            "conflicts",
            report.conflicts,
            "duplicates that said something else; the row was kept".to_owned(),
        ));
    }
    lines
}

/// `30 action_not_captured:labeled, 2 below_threshold`: the most frequent first.
fn reasons(report: &CaptureReport) -> String {
    if report.filtered.is_empty() {
        return "left out on purpose".to_owned();
    }
    let mut reasons: Vec<_> = report.filtered.iter().collect();
    reasons.sort_by_key(|(reason, n)| (std::cmp::Reverse(**n), reason.as_str()));
    let reasons: Vec<_> = reasons.iter().map(|(reason, n)| format!("{} {}", number(**n), clean(reason))).collect();
    reasons.join(", ")
}

#[cfg(test)]
mod tests {
    use connector_domain::ConnectionId;
    use connector_domain::backfill::{BudgetKey, FailCode, Pool};
    use connector_domain::http::RateLimit;
    use connector_testkit::builders::at;

    use super::*;

    #[test]
    fn a_wait_says_until_when_and_why() {
        let waiting = UnitState::Waiting { until: at(90), reason: WaitReason::SecondaryLimit };
        assert_eq!(state(&waiting, at(0)).0, "waits until 12:01:30 UTC: asked to slow down");
        let failed = UnitState::Failed { code: FailCode::NOT_FOUND };
        assert_eq!(state(&failed, at(0)), ("failed: not_found".to_owned(), Paint::Bad));
    }

    #[test]
    fn a_budget_says_what_is_left_and_why_there_are_no_calls() {
        let key = BudgetKey::Connection { connection: ConnectionId::parse("c").unwrap(), pool: Pool::Calls };
        let rate = RateLimit { remaining: Some(4_812), limit: Some(5_000), resets_at: Some(at(2_400)) };
        let open = Budget::first(key, &rate, at(0)).unwrap();
        assert_eq!(budget(&open, at(0)).0, "4,812 of 5,000 calls left, anew at 12:40:00 UTC");
        let closed = open.close(at(60), WaitReason::SecondaryLimit, at(0)).unwrap();
        assert_eq!(budget(&closed, at(0)).0, "no calls until 12:01:00 UTC: asked to slow down");
    }

    #[test]
    fn counters_agree_in_number() {
        let one = Counters { pages: 1, items: 1, calls: 1, waits: 1, waited: 90 };
        assert_eq!(counters(&one), "1 page, 1 item, waited 1 time (1 min 30 s)");
        let many = Counters { pages: 2, items: 0, calls: 4, waits: 0, waited: 0 };
        assert_eq!(counters(&many), "2 pages, 0 items");
    }

    #[test]
    fn a_report_names_its_reasons_and_what_could_not_be_read() {
        let mut seen = CaptureReport { captured: 1_200, ..CaptureReport::default() };
        seen.add_filtered("draft");
        seen.add_filtered("action_not_captured:labeled");
        seen.add_filtered("action_not_captured:labeled");
        seen.add_quarantined("[3].user.id", "expected a number");
        let lines: Vec<_> = report(&seen).iter().map(|line| line.join(" ")).collect();
        assert_eq!(
            lines,
            [
                "captured 1,200 new rows",
                "duplicate 0 facts that were rows already",
                "filtered 3 2 action_not_captured:labeled, 1 draft",
                "quarantined 1 items that could not be read",
                "  [3].user.id: expected a number",
            ]
        );
    }
}
