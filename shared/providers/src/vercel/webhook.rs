//! Which webhook events are captured, and how their bodies become facts.
//! <https://vercel.com/docs/webhooks/webhooks-api#supported-event-types>

use connector_domain::SourceEvent;
use connector_domain::transformed::{IgnoreReason, Item, Quarantined, Transformed};
use serde::Deserialize;

use super::facts::Missing;
use super::facts::deployment::{self, Moment, Transition};
use super::facts::rollback::{self, Rollback};
use super::lifecycle::Change;
use super::payload::{Deployment, Project, Webhook, id};
use crate::json;
use crate::parts::filled;

/// Sent by hand, to see whether webhooks arrive.
pub(super) const TEST: &str = "test-webhook";

/// What is done with an event.
#[derive(Clone, Copy)]
enum Policy {
    /// Something happened to a deployment.
    Happened(Transition),
    /// Another deployment is to serve production again.
    RolledBack,
    /// It changes a connection.
    Lifecycle(Change),
}

use Policy::{Happened, Lifecycle, RolledBack};

/// Every event that is taken. The names with dashes, and the bare `deployment`, are sent to webhooks made before 2022;
/// the old `ready` is today's `succeeded`.
/// <https://vercel.com/docs/webhooks/webhooks-api#legacy-event-types>
const TAKEN: &[(&str, Policy)] = &[
    ("deployment.created", Happened(Transition::Created)),
    ("deployment", Happened(Transition::Created)),
    ("deployment.ready", Happened(Transition::Ready)),
    ("deployment-prepared", Happened(Transition::Ready)),
    ("deployment.succeeded", Happened(Transition::Succeeded)),
    ("deployment-ready", Happened(Transition::Succeeded)),
    ("deployment.error", Happened(Transition::Error)),
    ("deployment-error", Happened(Transition::Error)),
    ("deployment.canceled", Happened(Transition::Canceled)),
    ("deployment-canceled", Happened(Transition::Canceled)),
    ("deployment.promoted", Happened(Transition::Promoted)),
    ("deployment.rollback", RolledBack),
    ("project.created", Lifecycle(Change::ProjectCreated)),
    ("project-created", Lifecycle(Change::ProjectCreated)),
    ("project.renamed", Lifecycle(Change::ProjectRenamed)),
    ("project.removed", Lifecycle(Change::ProjectRemoved)),
    ("project-removed", Lifecycle(Change::ProjectRemoved)),
    ("integration-configuration.removed", Lifecycle(Change::Removed)),
    ("integration-configuration-removed", Lifecycle(Change::Removed)),
    ("integration-configuration.transferred", Lifecycle(Change::Transferred)),
    ("integration-configuration.permission-upgraded", Lifecycle(Change::ProjectsChosen)),
    ("integration-configuration-permission-updated", Lifecycle(Change::ProjectsChosen)),
    ("integration-configuration.scope-change-confirmed", Lifecycle(Change::ScopesConfirmed)),
    ("integration-configuration-scope-change-confirmed", Lifecycle(Change::ScopesConfirmed)),
];

/// Starts of the names of events we know and leave out on purpose; any other one is new to us.
#[rustfmt::skip]
const LEFT_OUT: &[&str] = &[
    "ai-gateway.", "alerts.", "botid.", "budget.", "deployment-check", "deployment.check", "deployment.cleanup",
    "deployment.integration.", "domain-", "domain.", "edge-config.", "firewall.", "flag.", "function.",
    "integration-resource.", "marketplace.", "message.", "observability.", "project.domain", "project.env",
    "project.rolling-release.", "thread.",
];

/// How [`LEFT_OUT`] events are counted.
const NOT_CAPTURED: IgnoreReason = IgnoreReason::fixed("event_not_captured");

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "type")]
    event: String,
}

/// What a webhook became. Its event is the one that the signed body names.
pub(super) fn transform(raw: &[u8]) -> Transformed {
    read(raw).unwrap_or_else(|error| Transformed::Items(vec![Item::Quarantined(error)]))
}

fn read(raw: &[u8]) -> Result<Transformed, Quarantined> {
    let Envelope { event } = json::parse(raw)?;
    let Some((_, policy)) = TAKEN.iter().find(|(taken, _)| *taken == event) else {
        return Ok(Transformed::Ignored(if event == TEST {
            IgnoreReason::PING
        } else if LEFT_OUT.iter().any(|start| event.starts_with(start)) {
            NOT_CAPTURED
        } else {
            IgnoreReason::unknown_event(&event)
        }));
    };
    let event = match policy {
        Lifecycle(change) => return Ok(Transformed::Lifecycle(change.read(raw)?)),
        Happened(transition) => happened(json::parse(raw)?, *transition)?,
        RolledBack => rolled_back(&json::parse(raw)?)?,
    };
    Ok(Transformed::Items(vec![Item::Event(Box::new(event.bounded()))]))
}

/// The deployment's own part of the body lacks what the list has; the rest of the body adds it.
fn happened(mut webhook: Webhook, transition: Transition) -> Result<SourceEvent, Quarantined> {
    let at = webhook.created_at.ok_or(Missing("createdAt"))?.0;
    let deployment = webhook.payload.deployment.take();
    let mut deployment: Deployment = deployment.ok_or_else(|| missing("deployment"))?;
    let payload = &webhook.payload;
    let name = payload.project.as_ref().and_then(Project::name);
    let project = project(&webhook).ok_or_else(|| missing("project"))?;
    deployment.project_id = Some(project.to_owned());
    deployment.name = deployment.name.or_else(|| name.map(str::to_owned));
    deployment.target = deployment.target.or_else(|| payload.target.clone());
    let links = payload.links.as_ref().and_then(|links| links.deployment.clone());
    deployment.inspector_url = deployment.inspector_url.or(links);
    let event = deployment::event(&deployment, transition, Moment::exactly(at));
    Ok(told_by(&webhook, event.map_err(|missing| json::within("payload.deployment", missing.into()))?))
}

fn rolled_back(webhook: &Webhook) -> Result<SourceEvent, Quarantined> {
    let at = webhook.created_at.ok_or(Missing("createdAt"))?.0;
    let payload = &webhook.payload;
    let deployment = payload.deployment.as_ref();
    let to = filled(payload.to_deployment_id.as_deref()).or_else(|| filled(deployment?.id.as_deref()));
    let rollback = Rollback {
        to: to.ok_or_else(|| missing("toDeploymentId"))?,
        from: filled(payload.from_deployment_id.as_deref()),
        project: project(webhook).ok_or_else(|| missing("project"))?,
        project_name: payload.project.as_ref().and_then(Project::name).or_else(|| filled(deployment?.name.as_deref())),
    };
    Ok(told_by(webhook, rollback::event(&rollback, at)))
}

fn missing(field: &'static str) -> Quarantined {
    json::within("payload", Missing(field).into())
}

fn project(webhook: &Webhook) -> Option<&str> {
    let payload = &webhook.payload;
    payload.project.as_ref().and_then(Project::id).or(filled(payload.project_id.as_deref()))
}

/// Notes what only a webhook knows.
fn told_by(webhook: &Webhook, mut event: SourceEvent) -> SourceEvent {
    let payload = &webhook.payload;
    for (name, value) in [
        ("deliveryId", filled(webhook.id.as_deref())),
        ("teamId", id(payload.team.as_ref()).or(filled(webhook.team_id.as_deref()))),
        ("userId", id(payload.user.as_ref()).or(filled(webhook.user_id.as_deref()))),
        ("region", filled(webhook.region.as_deref())),
    ] {
        if let Some(value) = value {
            event.metadata.insert(name.to_owned(), value.into());
        }
    }
    event
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::vercel::app;

    #[test]
    fn what_is_taken_is_what_the_webhook_is_to_tell() {
        // The others are old names.
        let taken: BTreeSet<_> = TAKEN.iter().map(|(event, _)| *event).filter(|event| event.contains('.')).collect();
        assert_eq!(app::EVENTS.iter().copied().collect::<BTreeSet<_>>(), taken);
    }

    #[test]
    fn each_event_is_taken_once_and_none_of_them_left_out() {
        for (at, (event, _)) in TAKEN.iter().enumerate() {
            assert!(TAKEN[at + 1..].iter().all(|(other, _)| other != event), "{event}");
            assert!(!LEFT_OUT.iter().any(|start| event.starts_with(start)), "{event}");
        }
    }

    #[test]
    fn what_is_not_taken_is_told_apart_from_what_is_new() {
        let reason = |event: &str| match transform(format!(r#"{{"type":"{event}"}}"#).as_bytes()) {
            Transformed::Ignored(reason) => reason.as_str().to_owned(),
            other => panic!("{other:?}"),
        };
        let known = "deployment.check-rerequested deployment-checks-completed deployment.checks.failed deployment.checkrun.start
            deployment.integration.action.start project.domain.created project.env-variable.updated marketplace.invoice.paid
            domain.dns.records.changed";
        for known in known.split_whitespace() {
            assert_eq!(reason(known), "event_not_captured", "{known}");
        }
        assert_eq!(reason("test-webhook"), "ping");
        assert_eq!(reason("deployment.vanished"), "unknown_event:deployment.vanished");
        assert_eq!(reason("project.moved"), "unknown_event:project.moved");
    }

    #[test]
    fn the_old_ready_is_the_new_succeeded() {
        let source_id = |event: &str| {
            let payload = r#"{"projectId":"prj_1","project":"shop","deployment":{"id":"dpl_1"}}"#;
            let body = format!(r#"{{"type":"{event}","createdAt":1592335604941,"teamId":null,"payload":{payload}}}"#);
            match transform(body.as_bytes()) {
                Transformed::Items(items) => match &items[..] {
                    [Item::Event(event)] => event.source_id.to_string(),
                    other => panic!("{other:?}"),
                },
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(source_id("deployment"), "vercel:deployment:dpl_1:created");
        assert_eq!(source_id("deployment-prepared"), "vercel:deployment:dpl_1:ready");
        assert_eq!(source_id("deployment-ready"), "vercel:deployment:dpl_1:succeeded");
        assert_eq!(source_id("deployment-error"), "vercel:deployment:dpl_1:error");
        assert_eq!(source_id("deployment-canceled"), "vercel:deployment:dpl_1:canceled");
    }

    #[test]
    fn what_a_fact_needs_and_is_not_there_is_named() {
        let error = |body: &str| match transform(body.as_bytes()) {
            Transformed::Items(items) => match &items[..] {
                [Item::Quarantined(error)] => format!("{}: {}", error.path, error.reason),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        };
        assert_eq!(error("{}"), ": missing field type");
        assert_eq!(error(r#"{"type":"deployment.ready","payload":{}}"#), ": missing field createdAt");
        assert_eq!(
            error(r#"{"type":"deployment.ready","createdAt":1,"payload":{}}"#),
            "payload: missing field deployment"
        );
        let lost = r#"{"type":"deployment.ready","createdAt":1,"payload":{"project":{},"deployment":{"id":"dpl_1"}}}"#;
        assert_eq!(error(lost), "payload: missing field project");
        let nameless =
            r#"{"type":"deployment.ready","createdAt":1,"payload":{"projectId":"p","deployment":{"id":"d"}}}"#;
        assert_eq!(error(nameless), "payload.deployment: missing field name");
        let lost = r#"{"type":"deployment.rollback","createdAt":1,"payload":{}}"#;
        assert_eq!(error(lost), "payload: missing field toDeploymentId");
    }
}
