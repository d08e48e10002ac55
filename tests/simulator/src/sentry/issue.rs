//! Issues, and how they change.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{
    draft::{Assignee, NewIssue, Resolution},
    event::Place,
    organization::Person,
};

/// An issue: what never changes, how it stands, and what happened to it.
pub(crate) struct Issue {
    pub(crate) id: u64,
    /// Its number in the project, of which the short id is made.
    pub(crate) number: u32,
    pub(crate) draft: NewIssue,
    pub(crate) first_seen: Timestamp,
    pub(crate) now: Standing,
    pub(crate) events: Vec<Place>,
    users: BTreeSet<u32>,
    pub(crate) activity: Vec<Activity>,
    /// Gone from every list, but its past webhooks were sent.
    pub(crate) deleted: bool,
}

/// How an issue stands. Every webhook tells that of its own moment.
#[derive(Clone)]
pub(crate) struct Standing {
    pub(crate) status: Status,
    pub(crate) substatus: Option<&'static str>,
    pub(crate) resolution: Option<Resolution>,
    pub(crate) last_seen: Timestamp,
    pub(crate) count: u32,
    pub(crate) users: u32,
    pub(crate) comments: u32,
    pub(crate) assignee: Option<Assignee>,
}

/// `status` of an issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Unresolved,
    Resolved,
    /// Archived, by its old name.
    Ignored,
}

impl Status {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Unresolved => "unresolved",
            Self::Resolved => "resolved",
            Self::Ignored => "ignored",
        }
    }
}

/// One entry of an issue's history.
pub(crate) struct Activity {
    pub(crate) id: u64,
    pub(crate) at: Timestamp,
    /// None for Sentry itself.
    pub(crate) by: Option<Person>,
    pub(crate) what: Change,
}

/// What happened to an issue.
#[derive(Clone)]
pub(crate) enum Change {
    Resolved(Resolution),
    /// By hand.
    Unresolved,
    /// An event came after it was resolved.
    Regressed,
    /// More events came than while it was archived was to be expected.
    Escalated,
    Archived,
    Assigned(Assignee),
    Unassigned,
    Note {
        text: String,
    },
}

impl Issue {
    pub(crate) fn new(id: u64, number: u32, draft: NewIssue, at: Timestamp) -> Self {
        let now = Standing {
            status: Status::Unresolved,
            substatus: Some("new"),
            resolution: None,
            last_seen: at,
            count: 0,
            users: 0,
            comments: 0,
            assignee: None,
        };
        Self {
            id,
            number,
            draft,
            first_seen: at,
            now,
            events: Vec::new(),
            users: BTreeSet::new(),
            activity: Vec::new(),
            deleted: false,
        }
    }

    /// Counts an event.
    pub(crate) fn seen(&mut self, place: Place, at: Timestamp, user: Option<u32>) {
        self.events.push(place);
        self.users.extend(user);
        self.now.last_seen = self.now.last_seen.max(at);
        self.first_seen = self.first_seen.min(at);
        self.now.count += 1;
        self.now.users = u32::try_from(self.users.len()).unwrap_or(u32::MAX);
    }

    /// Whether an event brings it back.
    pub(crate) fn regresses(&self) -> bool {
        self.now.status == Status::Resolved && self.now.resolution == Some(Resolution::Now)
    }

    /// Whether this can happen to it now.
    pub(crate) fn can(&self, change: &Change) -> bool {
        if self.deleted {
            return false;
        }
        match change {
            Change::Resolved(_) => self.now.status != Status::Resolved,
            Change::Unresolved => self.now.status != Status::Unresolved,
            Change::Regressed => self.regresses(),
            Change::Escalated => self.now.status == Status::Ignored,
            Change::Archived => self.now.status == Status::Unresolved,
            Change::Assigned(to) => self.now.assignee.as_ref() != Some(to),
            Change::Unassigned => self.now.assignee.is_some(),
            Change::Note { .. } => true,
        }
    }

    pub(crate) fn change(&mut self, entry: Activity) {
        let now = &mut self.now;
        let mut stand = |status, substatus| (now.status, now.substatus) = (status, substatus);
        match &entry.what {
            Change::Resolved(_) => stand(Status::Resolved, None),
            Change::Unresolved => stand(Status::Unresolved, Some("ongoing")),
            Change::Regressed => stand(Status::Unresolved, Some("regressed")),
            Change::Escalated => stand(Status::Unresolved, Some("escalating")),
            Change::Archived => stand(Status::Ignored, Some("archived_until_escalating")),
            Change::Assigned(_) | Change::Unassigned | Change::Note { .. } => {}
        }
        match &entry.what {
            Change::Resolved(resolution) => now.resolution = Some(resolution.clone()),
            Change::Unresolved | Change::Regressed | Change::Escalated | Change::Archived => now.resolution = None,
            Change::Assigned(to) => now.assignee = Some(to.clone()),
            Change::Unassigned => now.assignee = None,
            Change::Note { .. } => now.comments += 1,
        }
        self.activity.push(entry);
    }

    /// Whether the comment of that id is here.
    pub(crate) fn has_note(&self, id: u64) -> bool {
        self.activity.iter().any(|entry| entry.id == id && matches!(entry.what, Change::Note { .. }))
    }

    /// The comment of that id.
    pub(crate) fn note(&mut self, id: u64) -> Option<&mut String> {
        self.activity.iter_mut().find(|entry| entry.id == id).and_then(|entry| match &mut entry.what {
            Change::Note { text } => Some(text),
            _ => None,
        })
    }

    /// Takes a comment away and answers what it said.
    pub(crate) fn remove_note(&mut self, id: u64) -> Option<String> {
        let text = self.note(id)?.clone();
        self.activity.retain(|entry| entry.id != id);
        self.now.comments -= 1;
        Some(text)
    }
}
