//! The progress of units: a bar for each on a terminal, a line for each change elsewhere.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use connector_domain::Timestamp;
use connector_domain::backfill::{EntityType, Unit, UnitState};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::runs::unit as in_words;
use super::style::Paint;
use super::text::cut;
use super::{Look, Output};

/// How long the list is, nobody says beforehand: the bar moves while there is work and is full when there is none.
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
const FULL: &str = "▰▰▰▰▰▰▰▰";
const BROKEN: &str = "▰▰▰▱▱▱▱▱";
/// Blanks, the longest name, the bar and the gaps.
const BESIDE: usize = 2 + NAME + 1 + 8 + 2;
/// Width of the longest name.
const NAME: usize = 14;
/// Elsewhere than on a terminal, this many pages make a line.
const PAGES_PER_LINE: u64 = 10;

/// Shows units until it is finished.
pub(crate) struct Progress {
    look: Look,
    bars: Option<MultiProgress>,
    units: BTreeMap<EntityType, Shown>,
}

/// What of a unit is on the screen.
struct Shown {
    bar: Option<ProgressBar>,
    /// The last line's state and page, where there are no bars.
    last: Option<(UnitState, u64)>,
}

impl Progress {
    /// Nothing yet.
    pub(crate) fn new(look: Look) -> Self {
        let bars = look.is_live().then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stdout()));
        Self { look, bars, units: BTreeMap::new() }
    }

    /// Shows how units stand now.
    pub(crate) fn show(&mut self, units: &[Unit], now: Timestamp, output: &mut Output) -> io::Result<()> {
        for unit in units {
            let entity = unit.key.entity;
            let (text, paint) = in_words(unit, now);
            let bars = self.bars.as_ref();
            let shown = self
                .units
                .entry(entity)
                .or_insert_with(|| Shown { bar: bars.map(|bars| bar(bars, entity)), last: None });
            match &shown.bar {
                Some(bar) => draw(bar, unit, &text, paint, self.look),
                None => {
                    let now = (unit.state.clone(), unit.counters.pages / PAGES_PER_LINE);
                    if shown.last.as_ref() != Some(&now) {
                        output.line(format!("  {:NAME$} {text}", entity.as_str()))?;
                        shown.last = Some(now);
                    }
                }
            }
        }
        Ok(())
    }

    /// Leaves the bars as they are, with the cursor below them.
    pub(crate) fn finish(self) {
        for bar in self.units.into_values().filter_map(|shown| shown.bar) {
            bar.abandon();
        }
    }
}

fn bar(bars: &MultiProgress, entity: EntityType) -> ProgressBar {
    let bar = bars.add(ProgressBar::new_spinner());
    bar.set_style(style(&FRAMES));
    bar.set_prefix(format!("{:NAME$}", entity.as_str()));
    bar.enable_steady_tick(Duration::from_millis(80));
    bar
}

fn draw(bar: &ProgressBar, unit: &Unit, text: &str, paint: Paint, look: Look) {
    if bar.is_finished() {
        return;
    }
    let room = look.width.unwrap_or(usize::MAX).saturating_sub(BESIDE + 1);
    bar.set_message(look.style.paint(paint, cut(text, room)));
    if unit.state.is_terminal() {
        let last = if matches!(unit.state, UnitState::Completed) { FULL } else { BROKEN };
        let last = look.style.paint(paint, last);
        bar.set_style(style(&[last.as_str(), last.as_str()]));
        bar.abandon();
    }
}

/// A spinner that goes through `frames`; the last one stands when it is done.
fn style(frames: &[&str]) -> ProgressStyle {
    let template = ProgressStyle::with_template("  {prefix} {spinner}  {msg}");
    template.unwrap_or_else(|_| ProgressStyle::default_spinner()).tick_strings(frames)
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
    fn without_a_terminal_each_change_is_a_line() {
        let page = Page::default();
        let mut output =
            Output { out: Box::new(page.clone()), err: Box::new(io::sink()), look: Look::PLAIN, aside: Style::PLAIN };
        let mut progress = Progress::new(output.look);
        let limits = connector_domain::backfill::Limits::default();
        let mut unit = builders::unit(&builders::workspace("acme"), "9");
        let mut show = |unit: &Unit| progress.show(std::slice::from_ref(unit), builders::at(0), &mut output).unwrap();
        show(&unit);
        show(&unit);
        unit.state = UnitState::Running;
        unit = unit.advance(NextPage { cursor: None, items: 3, pause_until: None }, &limits, builders::at(1));
        show(&unit);
        progress.finish();
        let text = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text, "  pull_request   not begun\n  pull_request   completed, 1 page, 3 items\n");
    }
}
