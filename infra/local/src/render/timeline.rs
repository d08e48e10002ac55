//! Observations as rows, newest first.

use connector_domain::Timestamp;
use connector_domain::observation::{IngestionSource, Observation};

use super::Look;
use super::style::Paint;
use super::table::{Cell, Column, Table};
use super::text::{clean, minute};

/// Fewer columns than this are narrow: the title gets what the year, blanks and the ends of names would take.
const NARROW: usize = 100;

/// One line per observation, below a line of headings.
pub(crate) fn timeline(observations: &[Observation], indent: usize, look: Look) -> Vec<String> {
    let narrow = look.width.is_some_and(|width| width < NARROW);
    let [kind, actor] = if narrow { [19, 9] } else { [29, 15] };
    let mut table = Table::new([
        Column::text("time (UTC)"),
        Column::text("from"),
        Column::text("type").most(kind),
        Column::text("title").yields(),
        Column::text("actor").most(actor),
        Column::number("score"),
        Column::text("path"),
    ]);
    if narrow {
        table = table.dense();
    }
    for observation in observations {
        let event = &observation.event;
        table.row([
            Cell::new(time(event.occurred_at, narrow), Paint::Faint),
            event.source_type.provider().as_str().into(),
            Cell::new(event.source_type.name(), Paint::Name),
            clean(title(&event.title, event.source_type.label())).into(),
            clean(event.actor.as_ref().map_or("-", |actor| &actor.name)).into(),
            observation.significance.score.to_string().into(),
            Cell::new(observation.ingestion_source.as_str(), path(observation.ingestion_source)),
        ]);
    }
    table.lines(indent, look)
}

fn time(at: Timestamp, narrow: bool) -> String {
    let full = minute(at);
    if narrow { full.split_once('-').map_or(full.clone(), |(_, rest)| rest.to_owned()) } else { full }
}

/// The title without the label at its start, which says what the type says.
fn title<'a>(title: &'a str, label: &str) -> &'a str {
    let rest =
        title.strip_prefix('[').and_then(|rest| rest.strip_prefix(label)).and_then(|rest| rest.strip_prefix(']'));
    rest.map_or(title, str::trim_start)
}

const fn path(source: IngestionSource) -> Paint {
    match source {
        IngestionSource::Webhook => Paint::Good,
        IngestionSource::Backfill => Paint::Odd,
        IngestionSource::Manual | IngestionSource::Api => Paint::Plain,
    }
}

#[cfg(test)]
mod tests {
    use connector_testkit::builders;

    use super::super::style::Style;
    use super::*;

    fn observations() -> Vec<Observation> {
        let workspace = builders::workspace("acme");
        let mut first = builders::observation(&workspace, "7", builders::at(0));
        first.event.title = "[PR Merged] Keep the cache warm\u{1b}[2J".to_owned();
        first.significance.score = 68;
        let mut second = builders::observation(&workspace, "8", builders::at(-86_400));
        second.event.actor = None;
        second.significance.score = 5;
        second.ingestion_source = IngestionSource::Backfill;
        vec![first, second]
    }

    #[test]
    fn a_row_says_what_happened_and_which_path_brought_it() {
        assert_eq!(
            timeline(&observations(), 2, Look { style: Style::PLAIN, width: None }),
            [
                "  time (UTC)        from    type                 title                    actor        score  path",
                "  2026-02-06 12:00  github  pull-request.merged  Keep the cache warm [2J  user-583231     68  webhook",
                "  2026-02-05 12:00  github  pull-request.merged  Add feature 8            -                5  backfill",
            ]
        );
    }

    #[test]
    fn every_row_fits_the_terminal() {
        for width in [80, 100, 120] {
            let lines = timeline(&observations(), 2, Look { style: Style::PLAIN, width: Some(width) });
            assert!(lines.iter().all(|line| console::measure_text_width(line) <= width), "{lines:#?}");
        }
    }

    #[test]
    fn only_the_label_of_its_own_type_goes() {
        assert_eq!(title("[PR Merged] x", "PR Merged"), "x");
        assert_eq!(title("[WIP] x", "PR Merged"), "[WIP] x");
    }
}
