//! What fetching would take, in words.

use connector_flows::estimate::{Basis, Counted, Estimate, ListEstimate};

use crate::render::Look;
use crate::render::style::Paint;
use crate::render::table::{Cell, Column, Table};
use crate::render::text::{count, duration, number, wrap};

/// The lines to show.
pub(super) fn lines(estimate: &Estimate, look: Look) -> Vec<String> {
    let mut table = Table::new([
        Column::text("list"),
        Column::number("items"),
        Column::number("calls"),
        Column::text("how it is known").yields(),
    ]);
    for (entity, list) in &estimate.lists {
        let (items, calls, text, paint) = match list {
            ListEstimate::Counted(list) => (number(list.items), number(list.calls), basis(list), Paint::Plain),
            ListEstimate::Covered => none("all of this time was fetched before", Paint::Good),
            ListEstimate::Active(_) => none("a run is at it", Paint::Odd),
            ListEstimate::Refused(code) => none(&format!("refused: {code}"), Paint::Bad),
            ListEstimate::Unavailable => none("the provider does not answer now", Paint::Odd),
        };
        table.row([entity.as_str().into(), items.into(), calls.into(), Cell::new(text, paint)]);
    }
    let mut lines = table.lines(2, look);
    let cents = estimate.micro_dollars().div_ceil(10_000);
    lines.push(String::new());
    lines.push(format!(
        "About {} in {}, {}; in AWS less than ${}.{:02}.",
        count(estimate.items(), "item", "items"),
        count(estimate.calls(), "call", "calls"),
        duration(estimate.time),
        cents / 100,
        cents % 100
    ));
    let mut facts: std::collections::BTreeMap<&str, u64> = std::collections::BTreeMap::new();
    for (_, list) in &estimate.lists {
        if let ListEstimate::Counted(list) = list {
            list.facts.iter().for_each(|(name, n)| *facts.entry(name).or_default() += n);
        }
    }
    if !facts.is_empty() {
        let facts: Vec<_> = facts.iter().map(|(name, n)| format!("{} {name}", number(*n))).collect();
        let text = format!("The first pages alone would become {}.", facts.join(", "));
        lines.extend(wrap(&text, 0, look.width.unwrap_or(usize::MAX)));
    }
    lines
}

fn none(text: &str, paint: Paint) -> (String, String, String, Paint) {
    (String::new(), String::new(), text.to_owned(), paint)
}

fn basis(list: &Counted) -> String {
    let text = match list.basis {
        Basis::Whole => "the first page is all",
        Basis::Pages => "the provider counts the pages",
        Basis::Density => "as dense as the first page",
        Basis::AtLeast => "at least; nothing tells how many",
    };
    let unreadable = if list.unreadable > 0 {
        format!(", {} of the first page cannot be read", count(list.unreadable, "item", "items"))
    } else {
        String::new()
    };
    format!("{text}{unreadable}")
}
