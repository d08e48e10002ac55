//! What happened, in the order it was made to happen, and the webhook each fact gives.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    draft::Degree,
    event::Place,
    issue::Standing,
    json::{alert, event, issue},
    organization::Person,
    tracker::Tracker,
    webhook::Webhook,
};

/// One thing that happened in a project.
pub(crate) struct Fact {
    pub(crate) at: Timestamp,
    pub(crate) what: What,
    /// Its issue as it stood then.
    pub(crate) standing: Option<Standing>,
    /// The project's slug then.
    pub(crate) slug: Arc<str>,
}

/// Which thing.
pub(crate) enum What {
    /// An issue changed; `data` is what the webhook has beside it.
    Issue {
        id: u64,
        action: &'static str,
        by: Option<Person>,
        data: Value,
    },
    Error {
        event: Place,
    },
    /// A rule took notice of an event.
    Alerted {
        event: Place,
        rule: String,
    },
    Comment {
        issue: u64,
        comment: u64,
        action: &'static str,
        text: String,
        by: Person,
    },
    Metric {
        alert: u64,
        rule: String,
        degree: Degree,
        opened: Timestamp,
    },
    Installed {
        by: Person,
    },
    Uninstalled {
        by: Person,
    },
}

impl What {
    /// The issue it is about.
    pub(crate) fn issue(&self, tracker: &Tracker) -> Option<u64> {
        match self {
            Self::Issue { id, .. } => Some(*id),
            Self::Comment { issue, .. } => Some(*issue),
            Self::Error { event } | Self::Alerted { event, .. } => tracker.event(*event).map(|event| event.issue),
            Self::Metric { .. } | Self::Installed { .. } | Self::Uninstalled { .. } => None,
        }
    }
}

/// One webhook, before it is wrapped.
struct Telling<'a> {
    resource: &'static str,
    action: &'static str,
    data: Value,
    by: Option<&'a Person>,
}

impl Tracker {
    /// The webhook of the fact at `index` of the log.
    pub(crate) fn webhook(&self, index: usize) -> Option<Webhook> {
        let fact = self.facts.get(index)?;
        let telling = self.tell(fact)?;
        let body = json!({
            "action": telling.action,
            "installation": { "uuid": self.organization.installation },
            "data": telling.data,
            "actor": Person::actor(telling.by),
        });
        let comment = match &fact.what {
            What::Comment { comment, .. } => Some(*comment),
            _ => None,
        };
        Some(Webhook {
            resource: telling.resource.to_owned(),
            action: telling.action.to_owned(),
            issue: fact.what.issue(self),
            comment,
            at: fact.at,
            body: body.to_string().into_bytes(),
        })
    }

    fn tell<'a>(&'a self, fact: &'a Fact) -> Option<Telling<'a>> {
        let slug = &fact.slug;
        Some(match &fact.what {
            What::Issue { id, action, by, data } => {
                let (held, standing) = (self.issue(*id)?, fact.standing.as_ref()?);
                let mut data = data.clone();
                data["issue"] = match *action {
                    "created" => issue::created(self, held, standing, slug),
                    _ => issue::issue(self, held, standing, slug),
                };
                Telling { resource: "issue", action, data, by: by.as_ref() }
            }
            What::Error { event } => {
                let data = json!({ "error": event::full(self, self.event(*event)?, slug)? });
                Telling { resource: "error", action: "created", data, by: None }
            }
            What::Alerted { event, rule } => {
                let event = event::full(self, self.event(*event)?, slug)?;
                let data = json!({ "event": event, "triggered_rule": rule });
                Telling { resource: "event_alert", action: "triggered", data, by: None }
            }
            What::Comment { issue, comment, action, text, by } => {
                let data = json!({
                    "comment_id": comment,
                    "issue_id": issue,
                    "project_slug": **slug,
                    "timestamp": issue::moment(fact.at),
                    "comment": text,
                });
                Telling { resource: "comment", action, data, by: Some(by) }
            }
            What::Metric { alert, rule, degree, opened } => {
                let data = alert::metric(self, *alert, rule, *degree, *opened, fact.at, slug);
                Telling { resource: "metric_alert", action: alert::action(*degree), data, by: None }
            }
            What::Installed { by } => self.installation("created", "pending", by),
            What::Uninstalled { by } => self.installation("deleted", "installed", by),
        })
    }

    fn installation<'a>(&self, action: &'static str, status: &str, by: &'a Person) -> Telling<'a> {
        let mut installation = json!({
            "uuid": self.organization.installation,
            "status": status,
            "app": { "uuid": "64bf2cf4-37ca-4365-8dd3-6b6e56d741b8", "slug": "memory" },
            "organization": { "slug": self.organization.slug, "id": self.organization.id },
        });
        if action == "created" {
            installation["code"] = json!("0".repeat(64));
        }
        Telling { resource: "installation", action, data: json!({ "installation": installation }), by: Some(by) }
    }
}
