//! Which webhook events are captured, and how their bodies become facts.
//! <https://linear.app/developers/webhooks#the-webhook-payload>

use connector_domain::delivery::Origin;
use connector_domain::event::Actor;
use connector_domain::transformed::{Deletion, IgnoreReason, Item, Quarantined, Transformed};
use connector_domain::{Delivery, Metadata, SourceEvent, SourceType, Timestamp, Verified};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::changes::Changes;
use super::facts::post::{InitiativeUpdate, ProjectUpdate};
use super::facts::{self, Thing, Transition, issue, missing};
use super::lifecycle;
use super::payload::{Base, Comment, Cycle, Document, Initiative, Issue, Label, Project, Reaction, User};
use crate::json;

type Told = Result<Transformed, Quarantined>;

/// How an event is read.
type Read = fn(&Delivery<Verified>) -> Told;

/// Every event that is taken, by its type in the body: the header that names it is outside the signature.
const TAKEN: &[(&str, Read)] = &[
    ("Issue", thing::<Issue>),
    ("Comment", thing::<Comment>),
    ("Project", thing::<Project>),
    ("ProjectUpdate", thing::<ProjectUpdate>),
    ("Cycle", thing::<Cycle>),
    ("IssueLabel", thing::<Label>),
    ("Reaction", thing::<Reaction>),
    ("Initiative", thing::<Initiative>),
    ("InitiativeUpdate", thing::<InitiativeUpdate>),
    ("Document", thing::<Document>),
    ("IssueSLA", sla),
    ("OAuthApp", app),
];

/// Events we know and leave out on purpose; any other one is new to us.
#[rustfmt::skip]
const LEFT_OUT: &[&str] = &[
    "AgentActivity", "AgentSession", "AgentSessionEvent", "AppUserNotification", "Attachment", "AuditEntry", "Customer",
    "CustomerNeed", "InitiativeLabel", "IssueRelation", "OAuthAuthorization", "PermissionChange", "ProjectLabel",
    "Release", "ReleaseNote", "Team", "User",
];

/// How [`LEFT_OUT`] events are counted.
const NOT_CAPTURED: IgnoreReason = IgnoreReason::fixed("event_not_captured");
/// An update of nothing that anybody would call a change, such as the place of an issue in a list.
const NOTHING_CHANGED: IgnoreReason = IgnoreReason::fixed("nothing_changed");

#[derive(Deserialize)]
struct Kind {
    #[serde(rename = "type")]
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    action: String,
    created_at: Option<Timestamp>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    issue_data: Option<&'a RawValue>,
    updated_from: Option<Metadata>,
    actor: Option<User>,
    url: Option<String>,
    organization_id: Option<String>,
    webhook_id: Option<String>,
}

/// What a webhook became.
pub(super) fn transform(event: &str, delivery: &Delivery<Verified>) -> Transformed {
    read(event, delivery).unwrap_or_else(|error| Transformed::Items(vec![Item::Quarantined(error)]))
}

fn read(event: &str, delivery: &Delivery<Verified>) -> Told {
    let Kind { name } = json::parse(&delivery.raw)?;
    let event = name.as_deref().unwrap_or(event);
    match TAKEN.iter().find(|(taken, _)| *taken == event) {
        Some((_, read)) => read(delivery),
        None if LEFT_OUT.contains(&event) => Ok(Transformed::Ignored(NOT_CAPTURED)),
        None => Ok(Transformed::Ignored(IgnoreReason::unknown_event(event))),
    }
}

/// Something happened to a thing.
fn thing<T: Thing>(delivery: &Delivery<Verified>) -> Told {
    let envelope: Envelope<'_> = json::parse(&delivery.raw)?;
    let data = envelope.data.ok_or_else(|| missing("data"))?.get();
    let within = |error| json::within("data", error);
    let mut base: Base = json::parse(data.as_bytes()).map_err(within)?;
    let thing: T = json::parse(data.as_bytes()).map_err(within)?;
    base.url = base.url.or_else(|| envelope.url.clone());
    base.created_at = base.created_at.or(envelope.created_at.filter(|_| envelope.action == "create"));
    let actor = envelope.actor.as_ref().and_then(facts::actor);
    let sent = envelope.created_at;
    let events = match envelope.action.as_str() {
        "create" => {
            let actor = actor.or_else(|| thing.author().and_then(facts::actor));
            let proven = facts::proven(&base).map_err(within)?.into_iter();
            proven.filter_map(|(what, at)| facts::event(&thing, &base, what, at, actor.clone())).collect()
        }
        "update" => {
            let at = base.updated_at.or(sent).ok_or_else(|| within(missing("updatedAt")))?;
            match &envelope.updated_from {
                Some(was) => {
                    let is: Metadata = json::parse(data.as_bytes()).map_err(within)?;
                    updates(&thing, &base, at, actor.as_ref(), &Changes::read(was, &is, &base, at))
                }
                // There is no telling what changed.
                None => facts::event(&thing, &base, Transition::Updated, at, actor).into_iter().collect(),
            }
        }
        "remove" => {
            let at = sent.or(base.archived_at).ok_or_else(|| missing("createdAt"))?;
            facts::event(&thing, &base, Transition::Deleted, at, actor).into_iter().collect()
        }
        other => return Ok(Transformed::Ignored(IgnoreReason::action(other))),
    };
    if events.is_empty() {
        return Ok(Transformed::Ignored(NOTHING_CHANGED));
    }
    // What is in the trash may come out of it again.
    let gone = events.first().filter(|_| envelope.action == "remove" && !T::TRASH);
    let gone = gone.map(|event: &SourceEvent| Item::Deleted(Deletion::of(&event.source_id, event.occurred_at)));
    let mut told = told_by(delivery, &envelope, events);
    if let Transformed::Items(items) = &mut told {
        items.extend(gone);
    }
    Ok(told)
}

/// The facts of an update: each move, and one for everything else.
fn updates<T: Thing>(
    thing: &T,
    base: &Base,
    at: Timestamp,
    actor: Option<&Actor>,
    changes: &Changes,
) -> Vec<SourceEvent> {
    let moves = changes.moves.iter();
    let mut events: Vec<_> =
        moves.filter_map(|(what, when)| facts::event(thing, base, *what, *when, actor.cloned())).collect();
    if !changes.names.is_empty() {
        events.extend(facts::update(thing, base, at, actor.cloned(), changes));
    }
    events
}

/// A promise of time about an issue. <https://linear.app/docs/sla>
fn sla(delivery: &Delivery<Verified>) -> Told {
    let envelope: Envelope<'_> = json::parse(&delivery.raw)?;
    let kind = match envelope.action.as_str() {
        "set" => SourceType::LinearIssueSlaSet,
        "highRisk" => SourceType::LinearIssueSlaHighRisk,
        "breached" => SourceType::LinearIssueSlaBreached,
        other => return Ok(Transformed::Ignored(IgnoreReason::action(other))),
    };
    let data = envelope.issue_data.ok_or_else(|| missing("issueData"))?.get().as_bytes();
    let within = |error| json::within("issueData", error);
    let mut base: Base = json::parse(data).map_err(within)?;
    base.url = base.url.or_else(|| envelope.url.clone());
    let issue: Issue = json::parse(data).map_err(within)?;
    let at = envelope.created_at.ok_or_else(|| missing("createdAt"))?;
    let mut event = issue::sla(&issue, &base, kind, at);
    event.metadata.insert("action".to_owned(), envelope.action.as_str().into());
    Ok(told_by(delivery, &envelope, vec![event]))
}

/// Something happened to what the organisation has granted us.
fn app(delivery: &Delivery<Verified>) -> Told {
    let Envelope { action, .. } = json::parse(&delivery.raw)?;
    Ok(match action.as_str() {
        "revoked" => Transformed::Lifecycle(lifecycle::revoked(&delivery.raw)?),
        other => Transformed::Ignored(IgnoreReason::action(other)),
    })
}

/// Notes which delivery told the facts: for people, since the header is outside the signature.
fn told_by(delivery: &Delivery<Verified>, envelope: &Envelope<'_>, events: Vec<SourceEvent>) -> Transformed {
    let transport_id = match &delivery.origin {
        Origin::Webhook { transport_id, .. } => transport_id.as_ref(),
        Origin::Page { .. } => None,
    };
    let told = [
        ("deliveryId", transport_id),
        ("organizationId", envelope.organization_id.as_ref()),
        ("webhookId", envelope.webhook_id.as_ref()),
    ];
    let note = |mut event: SourceEvent| {
        for (name, value) in told {
            if let Some(value) = value {
                event.metadata.insert(name.to_owned(), value.as_str().into());
            }
        }
        Item::Event(Box::new(event.bounded()))
    };
    Transformed::Items(events.into_iter().map(note).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use connector_domain::ProviderKind;
    use connector_domain::lifecycle::{LifecycleAction, LifecycleChange};

    use super::*;
    use crate::linear::app;

    fn told(body: &str) -> Transformed {
        let webhook = Delivery::webhook(ProviderKind::Linear, "Issue".into(), None, body.into(), Timestamp::UNIX_EPOCH);
        transform("Issue", &webhook.verify(|_| Ok::<(), ()>(())).unwrap())
    }

    fn ids(body: &str) -> Vec<String> {
        let Transformed::Items(items) = told(body) else { panic!("{:?}", told(body)) };
        let id = |item: &Item| match item {
            Item::Event(event) => event.source_id.to_string(),
            other => panic!("{other:?}"),
        };
        items.iter().map(id).collect()
    }

    #[test]
    fn what_is_taken_is_what_the_webhook_is_to_tell() {
        let taken: BTreeSet<_> = TAKEN.iter().map(|(event, _)| *event).filter(|event| *event != "OAuthApp").collect();
        assert_eq!(app::EVENTS.iter().copied().collect::<BTreeSet<_>>(), taken);
    }

    #[test]
    fn a_new_issue_tells_all_that_it_proves() {
        let created = r#""id":"i","createdAt":"2026-01-01T10:00:00.037Z","updatedAt":"2026-01-01T10:00:00.037Z""#;
        assert_eq!(
            ids(&format!(r#"{{"type":"Issue","action":"create","data":{{{created}}}}}"#)),
            ["linear:issue:i:created"]
        );
        assert_eq!(
            ids(&format!(
                r#"{{"type":"Issue","action":"create","data":{{{created},"startedAt":"2026-01-01T10:00:00.093Z"}}}}"#
            )),
            ["linear:issue:i:created", "linear:issue:i:started@2026-01-01T10:00:00Z"]
        );
    }

    #[test]
    fn an_update_tells_its_moves_and_the_rest_apart() {
        let body = |from: &str| {
            format!(
                r#"{{"type":"Issue","action":"update","updatedFrom":{from},"data":{{"id":"i","stateId":"b","title":"t",
                "updatedAt":"2026-01-01T11:40:15.015Z","completedAt":"2026-01-01T11:40:14.954Z"}}}}"#
            )
        };
        let done = "linear:issue:i:completed@2026-01-01T11:40:00Z";
        let updated = "linear:issue:i:updated@2026-01-01T11:40:15.015Z";
        assert_eq!(ids(&body(r#"{"stateId":"a","completedAt":null,"sortOrder":1}"#)), [done]);
        assert_eq!(ids(&body(r#"{"stateId":"a","completedAt":null,"title":"s"}"#)), [done, updated]);
        assert_eq!(ids(&body(r#"{"stateId":"a"}"#)), ["linear:issue:i:moved@2026-01-01T11:40:00Z"]);
        assert_eq!(ids(&body("null")), [updated]);
        for nothing in ["{}", r#"{"sortOrder":1,"updatedAt":"x"}"#] {
            assert_eq!(told(&body(nothing)), Transformed::Ignored(NOTHING_CHANGED), "{nothing}");
        }
    }

    #[test]
    fn what_is_left_out_has_a_reason() {
        let reason = |body: &str| match told(body) {
            Transformed::Ignored(reason) => reason.to_string(),
            other => panic!("{other:?}"),
        };
        assert_eq!(reason(r#"{"type":"Customer","action":"create"}"#), "event_not_captured");
        assert_eq!(reason(r#"{"type":"Sculpture","action":"create"}"#), "unknown_event:sculpture");
        assert_eq!(reason(r#"{"type":"Issue","action":"Hoge","data":{"id":"i"}}"#), "action_not_captured:hoge");
        assert_eq!(reason(r#"{"type":"IssueSLA","action":"paused"}"#), "action_not_captured:paused");
        assert_eq!(reason(r#"{"type":"OAuthApp","action":"granted"}"#), "action_not_captured:granted");
    }

    #[test]
    fn a_revocation_keeps_its_time() {
        let body = r#"{"type":"OAuthApp","action":"revoked","organizationId":"o","createdAt":"2026-01-01T10:00:00Z"}"#;
        let change = LifecycleChange {
            account: connector_domain::AccountId::parse("o").unwrap(),
            action: LifecycleAction::Uninstalled,
            at: Some("2026-01-01T10:00:00Z".parse().unwrap()),
        };
        assert_eq!(told(body), Transformed::Lifecycle(change));
    }

    #[test]
    fn errors_tell_the_place() {
        let error = |body: &str| match told(body) {
            Transformed::Items(items) => match &items[..] {
                [Item::Quarantined(error)] => format!("{}: {}", error.path, error.reason),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        };
        assert_eq!(error(r#"{"type":"Issue","action":"create"}"#), ": missing field data");
        assert_eq!(error(r#"{"type":"Issue","action":"create","data":{}}"#), "data: missing field id");
        assert_eq!(error(r#"{"type":"Issue","action":"create","data":{"id":"i"}}"#), "data: missing field createdAt");
        assert_eq!(error(r#"{"type":"Issue","action":"update","data":{"id":"i"}}"#), "data: missing field updatedAt");
        assert_eq!(error(r#"{"type":"Issue","action":"remove","data":{"id":"i"}}"#), ": missing field createdAt");
        let wrong = r#"{"type":"IssueSLA","action":"set","issueData":{"id":"i","state":{"name":7}}}"#;
        assert_eq!(error(wrong), "issueData.state.name: a value has another type than expected");
    }
}
