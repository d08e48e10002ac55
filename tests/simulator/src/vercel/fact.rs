//! What happened, in the order it was made to happen, and the webhook each fact gives.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{deployment::Deployment, json::webhook, site::Site, webhook::Webhook};
use crate::random::Random;

/// One thing that happened to a project.
pub(crate) struct Fact {
    /// Milliseconds since 1970.
    pub(crate) at: i64,
    pub(crate) what: What,
    /// The project's name then.
    pub(crate) name: Arc<str>,
}

/// Which thing.
pub(crate) enum What {
    Deployment {
        id: String,
        event: Event,
    },
    RolledBack {
        from: String,
        to: String,
    },
    Created,
    Renamed {
        from: String,
    },
    Removed,
    /// Our integration was taken off the account.
    Uninstalled,
}

/// What a webhook says of a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Created,
    Ready,
    Succeeded,
    Error,
    Canceled,
    Promoted,
}

impl Event {
    fn name(self) -> &'static str {
        match self {
            Self::Created => "deployment.created",
            Self::Ready => "deployment.ready",
            Self::Succeeded => "deployment.succeeded",
            Self::Error => "deployment.error",
            Self::Canceled => "deployment.canceled",
            Self::Promoted => "deployment.promoted",
        }
    }
}

impl Site {
    /// The webhook of the fact at `index` of the log.
    pub(crate) fn webhook(&self, index: usize) -> Option<Webhook> {
        let fact = self.facts.get(index)?;
        let (event, deployment, payload) = self.tell(fact)?;
        let mut random = Random::new(self.seed, &[self.key(), index as u64, 0x3EB0]);
        let delivery_id = random.alphanumeric(28);
        // Vercel says when it made the event, which it does a little after what the event is about.
        let lag = i64::try_from(20 + random.below(380)).unwrap_or(0);
        let body = json!({
            "id": delivery_id,
            "type": event,
            "createdAt": fact.at + lag,
            "region": null,
            "payload": payload,
        });
        Some(Webhook {
            event: event.to_owned(),
            deployment: deployment.map(str::to_owned),
            at: Timestamp::from_millisecond(fact.at).unwrap_or(Timestamp::MAX),
            delivery_id,
            body: body.to_string().into_bytes(),
        })
    }

    fn tell<'a>(&'a self, fact: &'a Fact) -> Option<(&'static str, Option<&'a str>, Value)> {
        let held = |id: &str| -> Option<&Deployment> { self.deployment(id) };
        Some(match &fact.what {
            What::Deployment { id, event } => {
                (event.name(), Some(id), webhook::deployment(self, held(id)?, *event, &fact.name))
            }
            What::RolledBack { from, to } => ("deployment.rollback", Some(to), webhook::rollback(self, from, to)),
            What::Created => ("project.created", None, webhook::project(self, &fact.name)),
            What::Renamed { from } => ("project.renamed", None, webhook::renamed(self, &fact.name, from)),
            What::Removed => ("project.removed", None, webhook::project(self, &fact.name)),
            What::Uninstalled => ("integration-configuration.removed", None, webhook::uninstalled(self)),
        })
    }
}
