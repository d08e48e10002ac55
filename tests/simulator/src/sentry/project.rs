//! A project as a scenario handles it: fill it, change it, and get the webhooks of what happened.

use std::fmt;

use jiff::Timestamp;

use super::{
    Sentry, act,
    draft::{Assignee, Degree, NewIssue, Resolution},
    fact::What,
    issue::Change,
    organization::Person,
    populate::{Populate, populate},
    tracker::Tracker,
    webhook::Webhook,
};

/// A handle to one project. Clones share it.
///
/// Every change answers a webhook that Sentry would send for it, and takes the time it happens at, to the
/// millisecond. What else Sentry tells of the same act, [`Self::history_webhooks`] has.
///
/// # Panics
/// A change panics when it names an issue that is not there or cannot change so: the scenario is wrong then.
#[derive(Clone)]
pub struct Project {
    sentry: Sentry,
    /// The numeric id that no rename changes.
    pub id: u64,
    /// The organization's slug.
    pub organization: String,
    /// The organization's numeric id.
    pub organization_id: u64,
    /// The uuid of our integration's installation on the organization.
    pub installation: String,
}

impl Project {
    pub(crate) fn new(sentry: Sentry, tracker: &Tracker) -> Self {
        let organization = &tracker.organization;
        Self {
            sentry,
            id: tracker.id,
            organization: organization.slug.clone(),
            organization_id: organization.id,
            installation: organization.installation.clone(),
        }
    }

    /// Its slug, as it is now.
    #[must_use]
    pub fn slug(&self) -> String {
        self.with(|tracker| tracker.slug().to_owned())
    }

    /// Fills the project with a history that ends at `spec.until`.
    pub fn populate(&self, spec: Populate) {
        self.with(|tracker| populate(tracker, &spec));
    }

    /// An error that was not seen before: `issue` `created`. Its event is told by `error` `created`.
    pub fn open_issue(&self, draft: NewIssue, at: Timestamp) -> Webhook {
        self.tell(at, |tracker| Some(act::open(tracker, draft, None, at).1))
    }

    /// One event more of an issue: `error` `created`. It moves the issue's `lastSeen`, and brings a resolved one back,
    /// which is told by `issue` `unresolved` with the substatus `regressed`.
    pub fn capture(&self, issue: u64, at: Timestamp) -> Webhook {
        self.tell(at, |tracker| act::capture(tracker, issue, None, at))
    }

    /// Resolves an issue: `issue` `resolved`.
    pub fn resolve(&self, issue: u64, how: Resolution, by: &str, at: Timestamp) -> Webhook {
        self.tell(at, |tracker| act::resolve(tracker, issue, how, Some(Person::named(by)), at))
    }

    /// Opens a resolved or archived issue again, by hand: `issue` `unresolved`.
    pub fn unresolve(&self, issue: u64, by: &str, at: Timestamp) -> Webhook {
        self.tell(at, |tracker| act::unresolve(tracker, issue, Person::named(by), at))
    }

    /// Archives an issue: `issue` `archived`, and `ignored` for those who know it by its old name.
    pub fn archive(&self, issue: u64, by: &str, at: Timestamp) -> Webhook {
        self.tell(at, |tracker| act::archive(tracker, issue, Person::named(by), at))
    }

    /// An archived issue happens too often: `issue` `unresolved` with the substatus `escalating`.
    pub fn escalate(&self, issue: u64, at: Timestamp) -> Webhook {
        self.tell(at, |tracker| act::escalate(tracker, issue, at))
    }

    /// Gives an issue to somebody: `issue` `assigned`.
    pub fn assign(&self, issue: u64, to: Assignee, by: &str, at: Timestamp) -> Webhook {
        self.tell(at, |tracker| act::assign(tracker, issue, to, Person::named(by), at))
    }

    /// Takes an issue away from whom it was given to, without a webhook.
    pub fn unassign(&self, issue: u64, by: &str, at: Timestamp) {
        let by = Some(Person::named(by));
        if self.with(|tracker| tracker.change(issue, Change::Unassigned, by, at)).is_none() {
            complain(issue, self.id);
        }
    }

    /// Says something about an issue: `comment` `created`.
    pub fn comment(&self, issue: u64, text: &str, by: &str, at: Timestamp) -> Webhook {
        self.tell(at, |tracker| act::comment(tracker, issue, text, Person::named(by), at))
    }

    /// Says it otherwise: `comment` `updated`.
    pub fn edit_comment(&self, comment: u64, text: &str, by: &str, at: Timestamp) -> Webhook {
        self.tell(at, |tracker| act::edit(tracker, comment, text, Person::named(by)))
    }

    /// Takes it back: `comment` `deleted`.
    pub fn delete_comment(&self, comment: u64, by: &str, at: Timestamp) -> Webhook {
        self.tell(at, |tracker| act::retract(tracker, comment, Person::named(by)))
    }

    /// A rule takes notice of the issue's latest event: `event_alert` `triggered`.
    pub fn alert(&self, issue: u64, rule: &str, at: Timestamp) -> Webhook {
        self.tell(at, |tracker| act::alert(tracker, issue, rule))
    }

    /// A metric gets bad: `metric_alert`. Answers the number of the incident as well.
    pub fn open_incident(&self, rule: &str, degree: Degree, at: Timestamp) -> (u64, Webhook) {
        let incident = self.with(Tracker::next_alert);
        (incident, self.change_incident(incident, rule, degree, at, at))
    }

    /// An incident that opened then changes its degree, or ends: `metric_alert`.
    pub fn change_incident(
        &self,
        incident: u64,
        rule: &str,
        degree: Degree,
        opened: Timestamp,
        at: Timestamp,
    ) -> Webhook {
        self.tell(at, |_| Some(vec![What::Metric { alert: incident, rule: rule.to_owned(), degree, opened }]))
    }

    /// Deletes an issue with its events, without a webhook.
    pub fn delete_issue(&self, issue: u64) {
        if self.with(|tracker| tracker.delete(issue)).is_none() {
            complain(issue, self.id);
        }
    }

    /// Gives the project another slug, without a webhook. The old address then answers 302 with the new one.
    pub fn rename(&self, slug: &str) {
        self.with(|tracker| tracker.rename(slug));
    }

    /// Somebody installs our integration: `installation` `created`.
    pub fn install(&self, by: &str, at: Timestamp) -> Webhook {
        self.tell(at, |_| Some(vec![What::Installed { by: Person::named(by) }]))
    }

    /// Somebody takes it off the organization: `installation` `deleted`. Its tokens end.
    pub fn uninstall(&self, by: &str, at: Timestamp) -> Webhook {
        {
            let state = &mut *self.sentry.world().sentry_state();
            state.tokens.revoke_all(&self.organization);
            state.desk.withdraw(&self.organization);
        }
        self.tell(at, |_| Some(vec![What::Uninstalled { by: Person::named(by) }]))
    }

    /// Every webhook that live delivery would have sent for what happened so far, in time order. The same fact always
    /// gives the same bytes.
    #[must_use]
    pub fn history_webhooks(&self) -> Vec<Webhook> {
        self.with(|tracker| {
            let mut order: Vec<usize> = (0..tracker.facts.len()).collect();
            order.sort_by_key(|&index| tracker.facts.get(index).map(|fact| fact.at));
            order.into_iter().filter_map(|index| tracker.webhook(index)).collect()
        })
    }

    /// Makes a change, logs its facts, and answers the webhook of the first one.
    fn tell(&self, at: Timestamp, change: impl FnOnce(&mut Tracker) -> Option<Vec<What>>) -> Webhook {
        let made = self.with(|tracker| {
            let what = change(tracker)?;
            let first = tracker.record(at, what);
            tracker.webhook(first)
        });
        made.unwrap_or_else(|| complain("the issue", self.id))
    }

    fn with<T>(&self, act: impl FnOnce(&mut Tracker) -> T) -> T {
        let state = &mut *self.sentry.world().sentry_state();
        match state.trackers.iter_mut().find(|tracker| tracker.id == self.id) {
            Some(tracker) => act(tracker),
            None => unreachable!("projects are never removed, and handles are made for existing ones"),
        }
    }
}

impl fmt::Debug for Project {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Project").field("id", &self.id).finish_non_exhaustive()
    }
}

#[expect(clippy::panic, reason = "a scenario that contradicts itself is a bug in the test, and must stop it")]
fn complain(issue: impl fmt::Display, project: u64) -> ! {
    panic!("{issue} of project {project} is not there, or not in a state that can change so")
}
