//! Units of a run, and what became of their items, in words.

use connector_domain::Timestamp;
use connector_domain::backfill::{Counters, Unit, UnitState, WaitReason};
use connector_domain::capture::CaptureReport;

use super::style::Paint;
use super::text::{clean, clock, count, number};

/// How a unit stands, and what that is.
pub(crate) fn state(state: &UnitState, now: Timestamp) -> (String, Paint) {
    match state {
        UnitState::Pending => ("not begun".to_owned(), Paint::Faint),
        UnitState::Running => ("running".to_owned(), Paint::Plain),
        UnitState::Waiting { until, reason } => {
            (format!("waits until {}: {}", clock(*until, now), why(*reason)), Paint::Odd)
        }
        UnitState::Completed => ("completed".to_owned(), Paint::Good),
        UnitState::Partial { reason } => (format!("partial: {reason}"), Paint::Odd),
        UnitState::Cancelled => ("cancelled".to_owned(), Paint::Odd),
        UnitState::Failed { code } => (format!("failed: {code}"), Paint::Bad),
    }
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
    }
    text
}

/// A unit on one line, without its name.
pub(crate) fn unit(unit: &Unit, now: Timestamp) -> (String, Paint) {
    let (text, paint) = state(&unit.state, now);
    if unit.counters.pages == 0 && !unit.state.is_terminal() {
        return (text, paint);
    }
    (format!("{text}, {}", counters(&unit.counters)), paint)
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
    use connector_domain::backfill::FailCode;
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
    fn counters_agree_in_number() {
        let one = Counters { pages: 1, items: 1, calls: 1, waits: 1 };
        assert_eq!(counters(&one), "1 page, 1 item, waited 1 time");
        let many = Counters { pages: 2, items: 0, calls: 4, waits: 0 };
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
