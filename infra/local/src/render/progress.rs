//! The progress of units: a bar for each on a terminal, a line for each change elsewhere.

use std::io;
use std::time::Duration;

use connector_domain::Timestamp;
use connector_domain::backfill::{Budget, BudgetKey, RunProgress, Unit, UnitState};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::runs::{budget as budget_in_words, unit as in_words, units as all_in_words};
use super::style::Paint;
use super::text::{clock, count, cut};
use super::{Look, Output};

/// How long a list is, nobody says beforehand: its bar moves while there is work and is full when there is none.
const FRAMES: [&str; 11] = [
    "▰▱▱▱▱▱▱▱",
    "▰▰▱▱▱▱▱▱",
    "▰▰▰▱▱▱▱▱",
    "▱▰▰▰▱▱▱▱",
    "▱▱▰▰▰▱▱▱",
    "▱▱▱▰▰▰▱▱",
    "▱▱▱▱▰▰▰▱",
    "▱▱▱▱▱▰▰▰",
    "▱▱▱▱▱▱▰▰",
    "▱▱▱▱▱▱▱▰",
    "▱▱▱▱▱▱▱▱",
];
/// Columns of a bar.
const BAR: usize = 8;
/// Columns of the longest name.
const NAME: usize = 14;
/// Blanks, name, bar and gaps.
const BESIDE: usize = 2 + NAME + 1 + BAR + 2;
/// The name of the row of pages that became observations.
const CAPTURED: &str = "captured";
/// Elsewhere than on a terminal, this many pages make a line.
const PAGES_PER_LINE: u64 = 10;

/// Shows units until it is finished.
pub(crate) struct Progress {
    look: Look,
    bars: Option<MultiProgress>,
    /// In the order they came.
    rows: Vec<Row>,
}

/// A row on the screen.
struct Row {
    name: &'static str,
    bar: Option<ProgressBar>,
    /// Its last line, where there are no bars.
    last: String,
}

/// How far a row is.
enum Extent {
    /// Nobody knows.
    Moving,
    /// So many of so many.
    Part(u64, u64),
}

impl Progress {
    /// Nothing yet.
    pub(crate) fn new(look: Look) -> Self {
        let bars = look.is_live().then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stdout()));
        Self { look, bars, rows: Vec::new() }
    }

    /// Shows how units stand now, how many of their pages are captured, and the budgets they share.
    pub(crate) fn show(
        &mut self,
        units: &[Unit],
        captured_pages: u64,
        budgets: &[Budget],
        now: Timestamp,
        output: &mut Output,
    ) -> io::Result<()> {
        let resources = group(units);
        if let [only] = &resources[..] {
            for unit in only {
                let (text, paint) = in_words(unit, now);
                let extent = match unit.state {
                    UnitState::Completed => Extent::Part(1, 1),
                    UnitState::Partial { .. } | UnitState::Cancelled | UnitState::Failed { .. } => Extent::Part(1, 2),
                    UnitState::Pending | UnitState::Running | UnitState::Waiting { .. } | UnitState::Paused { .. } => {
                        unit.read.map_or(Extent::Moving, |read| Extent::Part(read.thousandths().into(), 1_000))
                    }
                };
                // Many pages are few lines where each line stays.
                let standing = matches!(unit.state, UnitState::Waiting { .. } | UnitState::Paused { .. });
                let worth = standing || unit.state.is_terminal() || unit.counters.pages.is_multiple_of(PAGES_PER_LINE);
                self.row(unit.key.entity.as_str(), &extent, &text, paint, worth, output)?;
            }
        } else {
            for units in &resources {
                let [first, ..] = &units[..] else { continue };
                let (name, lists) = (first.key.provider.as_str(), units.len() as u64);
                let ended = units.iter().filter(|unit| unit.state.is_terminal()).count() as u64;
                let (text, paint) = all_in_words(units, now);
                self.row(name, &Extent::Part(ended, lists), &text, paint, ended == lists, output)?;
            }
        }
        let pages = units.iter().map(|unit| unit.counters.pages).sum();
        if pages > 0 {
            let done = captured_pages >= pages;
            let mut text = format!("{captured_pages} of {}", count(pages, "page", "pages"));
            if let Some(eta) = RunProgress::of(units, []).eta.filter(|eta| *eta > now && self.look.is_live()) {
                text.push_str(&format!(", all done at about {}", clock(eta, now)));
            }
            let all = done && units.iter().all(|unit| unit.state.is_terminal());
            let paint = if all { Paint::Good } else { Paint::Plain };
            self.row(CAPTURED, &Extent::Part(captured_pages, pages), &text, paint, all, output)?;
        }
        // Only where it can be drawn anew: it changes with each call.
        let live = self.look.is_live();
        for budget in budgets.iter().filter(|_| live) {
            let name = match &budget.key {
                BudgetKey::Connection { pool, .. } => pool.as_str(),
                BudgetKey::Run { .. } => "run",
            };
            let (text, paint) = budget_in_words(budget, now);
            self.row(name, &Extent::Part(budget.remaining, budget.limit), &text, paint, false, output)?;
        }
        Ok(())
    }

    fn row(
        &mut self,
        name: &'static str,
        extent: &Extent,
        text: &str,
        paint: Paint,
        worth: bool,
        output: &mut Output,
    ) -> io::Result<()> {
        let at = self.rows.iter().position(|row| row.name == name).unwrap_or_else(|| {
            let bar = self.bars.as_ref().map(|bars| new_bar(bars, name));
            self.rows.push(Row { name, bar, last: String::new() });
            self.rows.len() - 1
        });
        let Some(row) = self.rows.get_mut(at) else { return Ok(()) };
        if let Some(bar) = &row.bar {
            let room = self.look.width.unwrap_or(usize::MAX).saturating_sub(BESIDE + 1);
            bar.set_message(self.look.style.paint(paint, cut(text, room)));
            match extent {
                Extent::Moving => bar.set_style(style(&FRAMES)),
                Extent::Part(done, all) => {
                    let drawn = self.look.style.paint(paint, part(*done, *all));
                    bar.set_style(style(&[drawn.as_str(), drawn.as_str()]));
                }
            }
        } else if worth && row.last != text {
            output.line(format!("  {name:NAME$} {text}"))?;
            text.clone_into(&mut row.last);
        }
        Ok(())
    }

    /// Leaves the bars as they are, with the cursor below them.
    pub(crate) fn finish(self, output: &mut Output) -> io::Result<()> {
        // A bar that is dropped before the others have ended would be drawn twice.
        for bar in self.rows.iter().filter_map(|row| row.bar.as_ref()) {
            bar.abandon();
        }
        if self.bars.is_some() { output.line("") } else { Ok(()) }
    }
}

/// Units by the resource they are of.
fn group(units: &[Unit]) -> Vec<Vec<&Unit>> {
    let mut groups: Vec<Vec<&Unit>> = Vec::new();
    for unit in units {
        let of = |unit: &Unit| (unit.key.provider, unit.key.resource.clone());
        match groups.iter_mut().find(|group| group.first().is_some_and(|first| of(first) == of(unit))) {
            Some(group) => group.push(unit),
            None => groups.push(vec![unit]),
        }
    }
    groups
}

fn new_bar(bars: &MultiProgress, name: &str) -> ProgressBar {
    // The last row stays the last one.
    let bar = if name == CAPTURED {
        bars.add(ProgressBar::new_spinner())
    } else {
        bars.insert_from_back(0, ProgressBar::new_spinner())
    };
    bar.set_style(style(&FRAMES));
    bar.set_prefix(format!("{name:NAME$}"));
    bar.enable_steady_tick(Duration::from_millis(80));
    bar
}

/// A row whose bar goes through `frames`.
fn style(frames: &[&str]) -> ProgressStyle {
    let template = ProgressStyle::with_template("  {prefix} {spinner}  {msg}");
    template.unwrap_or_else(|_| ProgressStyle::default_spinner()).tick_strings(frames)
}

/// A bar that is filled so far; full only when all is done.
fn part(done: u64, all: u64) -> String {
    let full = usize::try_from(done.saturating_mul(BAR as u64) / all.max(1)).unwrap_or(BAR).min(BAR);
    "▰".repeat(full) + &"▱".repeat(BAR - full)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use connector_domain::backfill::NextPage;
    use connector_testkit::builders;

    use super::super::style::Style;
    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_bar_is_full_when_all_is_done() {
        assert_eq!(part(0, 0), "▱▱▱▱▱▱▱▱");
        assert_eq!(part(1, 2), "▰▰▰▰▱▱▱▱");
        assert_eq!(part(999, 1_000), "▰▰▰▰▰▰▰▱");
        assert_eq!(part(7, 7), "▰▰▰▰▰▰▰▰");
        assert_eq!(part(8, 7), "▰▰▰▰▰▰▰▰");
    }

    #[test]
    fn without_a_terminal_each_change_is_a_line() {
        let page = Page::default();
        let mut output =
            Output { out: Box::new(page.clone()), err: Box::new(io::sink()), look: Look::PLAIN, aside: Style::PLAIN };
        let mut progress = Progress::new(output.look);
        let limits = connector_domain::backfill::Limits::default();
        let mut unit = builders::unit(&builders::workspace("acme"), "9");
        let mut show = |unit: &Unit, captured| {
            progress.show(std::slice::from_ref(unit), captured, &[], builders::at(0), &mut output).unwrap();
        };
        show(&unit, 0);
        show(&unit, 0);
        unit.state = UnitState::Running;
        unit =
            unit.advance(NextPage { cursor: None, items: 3, read: None, pause_until: None }, &limits, builders::at(1));
        show(&unit, 0);
        show(&unit, 1);
        progress.finish(&mut output).unwrap();
        let text = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
        assert_eq!(
            text,
            "  pull_request   not begun\n  pull_request   completed, 1 page, 3 items\n  captured       1 of 1 page\n"
        );
    }
}
