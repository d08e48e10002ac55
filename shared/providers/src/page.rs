//! Turning the items of a list page into facts, each by itself, so that a bad one harms no other.

use std::borrow::Cow;

use connector_domain::SourceEvent;
use connector_domain::backfill::Window;
use connector_domain::transformed::{IgnoreReason, Item, Quarantined, Transformed};
use serde_json::value::RawValue;

use crate::json;

/// Takes a page apart with `items` and reads each item with `facts`.
pub(crate) fn transform(
    raw: &[u8],
    items: impl FnOnce(&str) -> Result<Vec<&RawValue>, Quarantined>,
    facts: impl Fn(&[u8]) -> Result<Vec<Item>, Quarantined>,
) -> Transformed {
    // Where it is not UTF-8, only the items with the damage are given up.
    let text = json::text(raw);
    let damaged = matches!(text, Cow::Owned(_));
    let items = match items(&text) {
        Ok(items) => items,
        Err(error) => return Transformed::Items(vec![Item::Quarantined(error)]),
    };
    let mut out = Vec::with_capacity(items.len() * 2);
    for (index, item) in items.into_iter().enumerate() {
        let read = if damaged && item.get().contains(char::REPLACEMENT_CHARACTER) {
            Err(json::quarantined("", "not UTF-8"))
        } else {
            facts(item.get().as_bytes())
        };
        match read {
            Ok(facts) => out.extend(facts),
            Err(error) => out.push(Item::Quarantined(json::within(&format!("[{index}]"), error))),
        }
    }
    Transformed::Items(out)
}

/// A fact of a run, unless it happened outside the run's window.
pub(crate) fn inside(window: Window, event: SourceEvent) -> Item {
    if window.contains(event.occurred_at) {
        Item::Event(Box::new(event.bounded()))
    } else {
        Item::Ignored(IgnoreReason::OUTSIDE_WINDOW)
    }
}
