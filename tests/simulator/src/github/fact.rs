//! What happened, in the order it was made to happen, and the webhook each fact gives.

use std::{borrow::Cow, sync::Arc};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    item::{Change, Item},
    json::{
        deployment, discussion,
        envelope::{Envelope, installation},
        issue::{self, issue},
        pull::{self, Form},
        push,
        release::release,
        repository::View,
        text,
        user::{GHOST, User},
    },
    repo::Repo,
    webhook::Webhook,
};
use crate::random::Random;

/// One thing that happened to a repository.
pub(crate) struct Fact {
    pub(crate) at: Timestamp,
    pub(crate) what: What,
    /// The repository as it stood then.
    pub(crate) view: Arc<View>,
}

/// Which thing.
pub(crate) enum What {
    /// A step in the life of an item, by its index.
    Step { number: u32, step: usize },
    /// An issue was deleted, and by whom.
    Deleted { number: u32, by: User },
    /// One publication is told three times: `created`, `published` and `released` or `prereleased`.
    Release { index: usize, action: &'static str },
    /// A push, by its index.
    Push { index: usize },
    /// A discussion, by its index.
    Discussed { index: usize, answered: bool },
    /// A comment on a discussion, or a reply to one, by the indexes of both.
    Said { index: usize, comment: usize },
    /// The same was deleted, and by whom.
    Unsaid { index: usize, comment: usize, by: User },
    /// A deployment, by its index.
    Deployed { index: usize },
    /// A report on a deployment, by their indexes.
    Reported { index: usize, status: usize },
    /// The repository had another name before.
    Renamed { from: String, by: User },
}

/// One webhook, before it has an id.
pub(super) struct Telling<'a> {
    event: &'static str,
    action: Option<Cow<'a, str>>,
    number: Option<u32>,
    body: String,
}

impl Telling<'_> {
    /// What most webhooks are: an object or two in the usual envelope.
    pub(super) fn of(
        event: &'static str,
        action: &'static str,
        number: Option<u32>,
        subject: Value,
        view: &View,
        sender: &User,
        installed: &Value,
    ) -> Self {
        let body = text(&Envelope::new(action, subject, view, sender, installed));
        Self { event, action: Some(action.into()), number, body }
    }
}

impl Repo {
    /// The webhook of the fact at `index` of the log.
    pub(crate) fn webhook(&self, index: usize) -> Option<Webhook> {
        let fact = self.facts.get(index)?;
        let telling = self.tell(fact)?;
        Some(Webhook {
            event: telling.event.to_owned(),
            action: telling.action.map(Cow::into_owned),
            number: telling.number,
            at: fact.at,
            delivery_id: Random::new(self.seed, &[self.id, index as u64, 0xDE11]).uuid(),
            body: telling.body.into_bytes(),
        })
    }

    fn tell(&self, fact: &Fact) -> Option<Telling<'_>> {
        let view = &*fact.view;
        let installed = installation(self.installation_id);
        match &fact.what {
            What::Step { number, step } => {
                let item = self.item(*number)?;
                match item.steps.get(*step).map(|step| &step.change) {
                    Some(Change::Talked(talk)) => self.tell_talk(view, item, *step, *talk, &installed),
                    _ => Some(tell_step(view, item, *step, &installed)),
                }
            }
            What::Deleted { number, by } => {
                #[derive(Serialize)]
                struct Subject<T> {
                    issue: T,
                }
                let item = self.item(*number)?;
                let subject = Subject { issue: issue(view, item, &item.now, true) };
                let body = text(&Envelope::new("deleted", subject, view, by, &installed));
                Some(Telling { event: "issues", action: Some("deleted".into()), number: Some(*number), body })
            }
            What::Release { index, action } => {
                #[derive(Serialize)]
                struct Subject<T> {
                    release: T,
                }
                let held = self.releases.get(*index)?;
                let subject = Subject { release: release(view, held) };
                let body = text(&Envelope::new(action, subject, view, &held.author, &installed));
                Some(Telling { event: "release", action: Some((*action).into()), number: None, body })
            }
            What::Push { index } => {
                let held = self.pushes.get(*index)?;
                let body = text(&push::push(view, held, &installed));
                Some(Telling { event: "push", action: None, number: None, body })
            }
            What::Discussed { index, answered } => {
                let held = self.discussions.get(*index)?;
                let mut subject = json!({ "discussion": discussion::discussion(view, held, *answered, fact.at) });
                let answer = held.answered().filter(|_| *answered);
                if let Some((_, comment)) = answer {
                    subject["answer"] = discussion::comment(view, held, comment);
                }
                let action = if answer.is_some() { "answered" } else { "created" };
                let number = Some(held.number);
                Some(Telling::of("discussion", action, number, subject, view, &held.author, &installed))
            }
            What::Said { index, comment } | What::Unsaid { index, comment, .. } => {
                let held = self.discussions.get(*index)?;
                let said = held.comments.get(*comment)?;
                let answered = held.answer.as_ref().is_some_and(|chosen| chosen.at < fact.at);
                let subject = json!({
                    "comment": discussion::comment(view, held, said),
                    "discussion": discussion::discussion(view, held, answered, fact.at),
                });
                let (action, sender) = match &fact.what {
                    What::Unsaid { by, .. } => ("deleted", by),
                    _ => ("created", &said.by),
                };
                let number = Some(held.number);
                Some(Telling::of("discussion_comment", action, number, subject, view, sender, &installed))
            }
            What::Deployed { index } => {
                let held = self.deployments.get(*index)?;
                let subject = json!({
                    "deployment": deployment::deployment(view, held, 0),
                    "workflow": null,
                    "workflow_run": null,
                });
                Some(Telling::of("deployment", "created", None, subject, view, &held.by, &installed))
            }
            What::Reported { index, status } => {
                let held = self.deployments.get(*index)?;
                let subject = json!({
                    "deployment_status": deployment::status(view, held, held.statuses.get(*status)?),
                    "deployment": deployment::deployment(view, held, *status + 1),
                    "check_run": null,
                    "workflow": null,
                    "workflow_run": null,
                });
                Some(Telling::of("deployment_status", "created", None, subject, view, &held.by, &installed))
            }
            What::Renamed { from, by } => {
                let subject = json!({ "changes": { "repository": { "name": { "from": from } } } });
                Some(Telling::of("repository", "renamed", None, subject, view, by, &installed))
            }
        }
    }
}

fn tell_step<'a>(view: &View, item: &'a Item, step: usize, installed: &Value) -> Telling<'a> {
    #[derive(Serialize)]
    struct OfPull<P, L> {
        number: u32,
        pull_request: P,
        #[serde(skip_serializing_if = "Option::is_none")]
        label: Option<L>,
    }
    #[derive(Serialize)]
    struct OfIssue<I, L> {
        issue: I,
        #[serde(skip_serializing_if = "Option::is_none")]
        label: Option<L>,
    }
    let standing = item.after(step);
    let ghost = User::named(GHOST);
    let (sender, change) = match item.steps.get(step) {
        Some(step) => (step.by.as_ref().unwrap_or(&ghost), &step.change),
        None => (&ghost, &Change::Opened),
    };
    let label = match change {
        Change::Labeled(label) => Some(issue::label(view, label)),
        _ => None,
    };
    let action = action(change);
    let number = item.number;
    let (event, body) = match &item.pull {
        Some(held) => {
            let pull_request = pull::pull(view, item, held, &standing, Form::Long);
            let subject = OfPull { number, pull_request, label };
            ("pull_request", text(&Envelope::new(action, subject, view, sender, installed)))
        }
        None => {
            let subject = OfIssue { issue: issue(view, item, &standing, true), label };
            ("issues", text(&Envelope::new(action, subject, view, sender, installed)))
        }
    };
    Telling { event, action: Some(action.into()), number: Some(number), body }
}

fn action(change: &Change) -> &'static str {
    match change {
        Change::Opened => "opened",
        Change::Closed(_) | Change::Merged => "closed",
        Change::Reopened => "reopened",
        Change::ReadyForReview => "ready_for_review",
        Change::Labeled(_) => "labeled",
        Change::Talked(_) => unreachable!("what is said has webhooks of its own"),
    }
}
