//! One project's state: its issues and events, and the log of what happened.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;

use super::{
    draft::NewIssue,
    event::{Event, Place},
    fact::{Fact, What},
    issue::{Activity, Change, Issue},
    organization::{Organization, Person},
};
use crate::random::Random;

/// The state of one project.
pub(crate) struct Tracker {
    pub(crate) seed: u64,
    serial: u64,
    pub(crate) id: u64,
    pub(crate) organization: Arc<Organization>,
    slug: Arc<str>,
    /// Slugs it had before: their addresses lead to the present one.
    former: Vec<Arc<str>>,
    pub(crate) created_at: Timestamp,
    issues: BTreeMap<u64, Issue>,
    /// All events by time.
    events: BTreeMap<Place, Event>,
    notes: u64,
    alerts: u64,
    pub(crate) facts: Vec<Fact>,
}

impl Tracker {
    pub(crate) fn new(seed: u64, serial: u64, organization: Arc<Organization>, slug: &str, at: Timestamp) -> Self {
        let mut random = Random::new(seed, &[serial, 0x92A7]);
        Self {
            seed,
            serial,
            id: 4_500_100_000_000_000 + serial * 1_000_000 + random.below(900_000),
            organization,
            slug: Arc::from(slug),
            former: Vec::new(),
            created_at: at,
            issues: BTreeMap::new(),
            events: BTreeMap::new(),
            notes: 0,
            alerts: 0,
            facts: Vec::new(),
        }
    }

    pub(crate) fn slug(&self) -> &str {
        &self.slug
    }

    /// Whether it had this slug before, and has another one now.
    pub(crate) fn was(&self, slug: &str) -> bool {
        *self.slug != *slug && self.former.iter().any(|held| **held == *slug)
    }

    /// A number to tell its randomness from that of other projects.
    pub(crate) fn key(&self) -> u64 {
        self.serial
    }

    /// A project is at least as old as its history.
    pub(crate) fn born_by(&mut self, at: Timestamp) {
        self.created_at = self.created_at.min(at);
    }

    pub(crate) fn rename(&mut self, slug: &str) {
        let old = std::mem::replace(&mut self.slug, Arc::from(slug));
        self.former.push(old);
    }

    /// An issue, listed or not.
    pub(crate) fn issue(&self, id: u64) -> Option<&Issue> {
        self.issues.get(&id)
    }

    /// The issues that were not deleted.
    pub(crate) fn issues(&self) -> impl Iterator<Item = &Issue> {
        self.issues.values().filter(|issue| !issue.deleted)
    }

    pub(crate) fn event(&self, place: Place) -> Option<&Event> {
        self.events.get(&place)
    }

    /// The events of issues that were not deleted, by time.
    pub(crate) fn events(&self) -> impl DoubleEndedIterator<Item = &Event> {
        self.events.values().filter(|event| self.issue(event.issue).is_some_and(|issue| !issue.deleted))
    }

    /// An issue with its first event, without facts on the log yet. Answers its id and the place of the event.
    pub(crate) fn open(&mut self, draft: NewIssue, at: Timestamp, user: Option<u32>) -> (u64, Place) {
        let number = u32::try_from(self.issues.len()).unwrap_or(u32::MAX) + 1;
        let id = 6_000_000_000 + self.serial * 10_000_000 + u64::from(number) * 7;
        self.issues.insert(id, Issue::new(id, number, draft, at));
        let place = self.add_event(id, at, user);
        (id, place)
    }

    /// An event more of an issue, without a fact on the log yet; None when there is no such issue.
    pub(crate) fn capture(&mut self, issue: u64, at: Timestamp, user: Option<u32>) -> Option<Place> {
        self.issues.get(&issue).filter(|issue| !issue.deleted)?;
        Some(self.add_event(issue, at, user))
    }

    fn add_event(&mut self, issue: u64, at: Timestamp, user: Option<u32>) -> Place {
        let number = self.events.len() as u64;
        let id = Random::new(self.seed, &[self.serial, number, 0xE7E2]).hex(32);
        let place = (at.as_millisecond(), number);
        self.events.insert(place, Event { id, issue, at, user });
        if let Some(issue) = self.issues.get_mut(&issue) {
            issue.seen(place, at, user);
        }
        place
    }

    /// Changes an issue without a fact on the log yet; None when it cannot change so now. Answers the entry's id.
    pub(crate) fn change(&mut self, issue: u64, what: Change, by: Option<Person>, at: Timestamp) -> Option<u64> {
        let held = self.issues.get_mut(&issue).filter(|issue| issue.can(&what))?;
        self.notes += 1;
        let id = 700_000_000 + self.serial * 1_000_000 + self.notes;
        held.change(Activity { id, at, by, what });
        Some(id)
    }

    /// The issue that has the comment of that id.
    pub(crate) fn noted(&mut self, comment: u64) -> Option<&mut Issue> {
        self.issues.values_mut().find(|issue| issue.has_note(comment))
    }

    pub(crate) fn delete(&mut self, issue: u64) -> Option<()> {
        let issue = self.issues.get_mut(&issue).filter(|issue| !issue.deleted)?;
        issue.deleted = true;
        Some(())
    }

    /// A number for an incident.
    pub(crate) fn next_alert(&mut self) -> u64 {
        self.alerts += 1;
        900_000 + self.serial * 1_000 + self.alerts
    }

    /// Puts facts on the log, each with its issue as it stands now. Answers the first one's index.
    pub(crate) fn record(&mut self, at: Timestamp, what: Vec<What>) -> usize {
        let first = self.facts.len();
        for what in what {
            let standing = what.issue(self).and_then(|id| self.issue(id)).map(|issue| issue.now.clone());
            self.facts.push(Fact { at, what, standing, slug: Arc::clone(&self.slug) });
        }
        first
    }
}
