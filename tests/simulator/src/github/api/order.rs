//! Which items a list has, and in which order.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{SignedDuration, Timestamp};

use super::super::{
    fact::What,
    item::{Change, Item, Talk},
    json::event::Part,
    repo::Repo,
};

/// How `/issues` is paged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IssuePaging {
    /// As GitHub does since 2025: `next` carries an opaque `after`, there is no `last`, and page numbers end at
    /// 10,000 items with 422 (<https://github.com/google/go-github/issues/3565>).
    #[default]
    Cursor,
    /// As GitHub did before, and other lists still are: page numbers, with `last`.
    PageNumbers,
}

/// A list, as asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Wanted {
    pub(crate) listing: Listing,
    pub(crate) state: Only,
    pub(crate) sort: Sort,
    pub(crate) ascending: bool,
    /// Epoch seconds of the earliest `updated_at`.
    pub(crate) since: Option<i64>,
}

/// The lists there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Listing {
    Pulls,
    Issues,
    Releases,
    Events,
}

/// The `state` parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Only {
    Open,
    Closed,
    All,
}

/// The `sort` parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sort {
    Created,
    Updated,
    Comments,
    /// By creation, of those open for a month and active in the last one.
    LongRunning {
        now: i64,
    },
}

/// Lists that were sorted already.
#[derive(Default)]
pub(crate) struct Orders(BTreeMap<Wanted, Arc<[u32]>>);

/// More than a paging client asks for between two changes.
const KEPT: usize = 32;

impl Orders {
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

impl Repo {
    /// The keys of a list's entries in their order: numbers of items, indexes of releases, codes of events.
    pub(crate) fn order(&mut self, wanted: Wanted) -> Arc<[u32]> {
        if let Some(known) = self.orders.0.get(&wanted) {
            return Arc::clone(known);
        }
        let order: Arc<[u32]> = match wanted.listing {
            Listing::Pulls | Listing::Issues => self.items_in_order(wanted),
            Listing::Releases => self.releases_in_order(),
            Listing::Events => self.events_in_order(),
        }
        .into();
        if self.orders.0.len() >= KEPT {
            self.orders.clear();
        }
        self.orders.0.insert(wanted, Arc::clone(&order));
        order
    }

    fn items_in_order(&self, wanted: Wanted) -> Vec<u32> {
        let mut keyed: Vec<((i64, u64), u32)> = self
            .listed()
            .filter(|item| wanted.takes(item))
            .map(|item| (place(item, wanted.sort), item.number))
            .collect();
        keyed.sort_unstable();
        if !wanted.ascending {
            keyed.reverse();
        }
        keyed.into_iter().map(|(_, number)| number).collect()
    }

    fn releases_in_order(&self) -> Vec<u32> {
        let mut keyed: Vec<(Timestamp, u32)> =
            (0..).zip(&self.releases).map(|(index, release)| (release.created_at, index)).collect();
        keyed.sort_unstable();
        keyed.into_iter().rev().map(|(_, index)| index).collect()
    }

    fn events_in_order(&self) -> Vec<u32> {
        let mut keyed: Vec<(Timestamp, u32)> = Vec::new();
        for (index, fact) in (0_u32..).zip(&self.facts) {
            let What::Step { number, step } = fact.what else { continue };
            let Some(item) = self.item(number).filter(|item| !item.deleted) else { continue };
            match item.steps.get(step).map(|step| &step.change) {
                // Of what is said, only that a review no longer counts is an event.
                None | Some(Change::Opened) => {}
                Some(Change::Talked(talk)) if !matches!(talk, Talk::Dismissed(_)) => {}
                Some(Change::Merged) => {
                    keyed
                        .extend([(fact.at, event_code(index, Part::First)), (fact.at, event_code(index, Part::Close))]);
                }
                Some(_) => keyed.push((fact.at, event_code(index, Part::First))),
            }
        }
        keyed.sort_unstable();
        keyed.into_iter().rev().map(|(_, code)| code).collect()
    }
}

impl Wanted {
    fn takes(&self, item: &Item) -> bool {
        let kind = self.listing == Listing::Issues || item.pull.is_some();
        let state = match self.state {
            Only::All => true,
            Only::Open => item.now.open,
            Only::Closed => !item.now.open,
        };
        let recent = self.since.is_none_or(|since| item.now.updated_at.as_second() >= since);
        let long_running = match self.sort {
            Sort::LongRunning { now } => {
                let month_ago = now - SignedDuration::from_hours(30 * 24).as_secs();
                item.now.open
                    && item.created_at().as_second() < month_ago
                    && item.now.updated_at.as_second() >= month_ago
            }
            Sort::Created | Sort::Updated | Sort::Comments => true,
        };
        kind && state && recent && long_running
    }
}

/// Where an item belongs in a sorted list: its sort value, and its id where that is equal.
pub(crate) fn place(item: &Item, sort: Sort) -> (i64, u64) {
    let value = match sort {
        Sort::Created | Sort::LongRunning { .. } => item.created_at().as_millisecond(),
        Sort::Updated => item.now.updated_at.as_millisecond(),
        Sort::Comments => i64::from(item.now.comments),
    };
    (value, item.issue_id)
}

/// One number for a fact and which of its events.
fn event_code(fact: u32, part: Part) -> u32 {
    fact * 2 + u32::from(part == Part::Close)
}

/// The fact and the event that a code stands for.
pub(crate) fn event_of(code: u32) -> (usize, Part) {
    let part = if code % 2 == 1 { Part::Close } else { Part::First };
    (usize::try_from(code / 2).unwrap_or(usize::MAX), part)
}
