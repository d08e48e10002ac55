//! Which webhook events are captured, and how their bodies become facts.
//! <https://docs.sentry.io/organization/integrations/integration-platform/webhooks/>

use std::collections::BTreeMap;

use connector_domain::delivery::Origin;
use connector_domain::event::Actor;
use connector_domain::transformed::{Deletion, IgnoreReason, Item, Quarantined, Transformed};
use connector_domain::{Delivery, SourceEvent, Timestamp, Verified};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::facts::{self, comment, error, event_alert, issue, metric_alert};
use super::lifecycle::Change;
use super::payload::{Comment, Event, Issue, MetricAlert, Who};
use super::routing::Installation;
use crate::json;
use crate::parts::filled;

/// What is done with an event.
#[derive(Clone, Copy)]
enum Policy {
    /// It is a fact, told at a time.
    Fact(fn(&[u8], Timestamp) -> Result<SourceEvent, Quarantined>),
    /// What it is about is gone; the fact that it came tells which one it was.
    Gone(fn(&[u8], Timestamp) -> Result<SourceEvent, Quarantined>),
    /// It changes a connection.
    Lifecycle(Change),
}

use Policy::{Fact, Gone, Lifecycle};

/// Every event and action that is taken. Other actions of these events are `action_not_captured`.
const TAKEN: &[(&str, &str, Policy)] = &[
    ("installation", "created", Lifecycle(Change::Installed)),
    ("installation", "deleted", Lifecycle(Change::Uninstalled)),
    ("issue", "created", Fact(|raw, told| issue(raw, told, |_| issue::Transition::Created))),
    ("issue", "assigned", Fact(|raw, told| issue(raw, told, |_| issue::Transition::Assigned))),
    ("issue", "resolved", Fact(|raw, told| issue(raw, told, |_| issue::Transition::Resolved))),
    ("issue", "unresolved", Fact(|raw, told| issue(raw, told, issue::unresolving))),
    ("issue", "archived", Fact(|raw, told| issue(raw, told, |_| issue::Transition::Archived))),
    // The old name. Sentry still sends it, beside the new one or instead of it.
    ("issue", "ignored", Fact(|raw, told| issue(raw, told, |_| issue::Transition::Archived))),
    ("error", "created", Fact(|raw, _| error(raw))),
    ("event_alert", "triggered", Fact(|raw, _| event_alert(raw))),
    ("metric_alert", "open", Fact(|raw, told| metric_alert(raw, told, metric_alert::Transition::Open))),
    ("metric_alert", "warning", Fact(|raw, told| metric_alert(raw, told, metric_alert::Transition::Warning))),
    ("metric_alert", "critical", Fact(|raw, told| metric_alert(raw, told, metric_alert::Transition::Critical))),
    ("metric_alert", "resolved", Fact(|raw, told| metric_alert(raw, told, metric_alert::Transition::Resolved))),
    ("comment", "created", Fact(|raw, _| comment(raw))),
    ("comment", "deleted", Gone(|raw, _| comment(raw))),
];

/// Events we know and leave out on purpose; any other one is new to us.
const LEFT_OUT: &[&str] = &["activity_alert", "preprod_artifact", "seer", "size_analysis"];

/// How [`LEFT_OUT`] events are counted.
const NOT_CAPTURED: IgnoreReason = IgnoreReason::fixed("event_not_captured");

/// The signed part that tells which event it is.
#[derive(Deserialize)]
struct Shape {
    action: String,
    data: Option<BTreeMap<String, IgnoredAny>>,
}

impl Shape {
    /// The event that this is the body of.
    fn event(&self) -> Option<&'static str> {
        let data = self.data.as_ref()?;
        let triggered = self.action == "triggered";
        let all = [
            ("error", "error"),
            // Errors stood under this name, too.
            ("event", if triggered { "event_alert" } else { "error" }),
            ("metric_alert", "metric_alert"),
            ("comment_id", "comment"),
            ("issue", if triggered { "activity_alert" } else { "issue" }),
            ("installation", "installation"),
        ];
        all.into_iter().find(|(subject, _)| data.contains_key(*subject)).map(|(_, event)| event)
    }
}

/// What a webhook became.
pub(super) fn transform(event: &str, delivery: &Delivery<Verified>) -> Transformed {
    read(event, delivery).unwrap_or_else(|error| Transformed::Items(vec![Item::Quarantined(error)]))
}

fn read(event: &str, delivery: &Delivery<Verified>) -> Result<Transformed, Quarantined> {
    if LEFT_OUT.contains(&event) {
        return Ok(Transformed::Ignored(NOT_CAPTURED));
    }
    let shape: Shape = json::parse(&delivery.raw)?;
    let known = TAKEN.iter().any(|(taken, ..)| *taken == event);
    match shape.event() {
        None if !known => return Ok(Transformed::Ignored(IgnoreReason::unknown_event(event))),
        // The header that names the event is outside the signature: sent again under another one, a body must not be read
        // for what it is not.
        signed if signed != Some(event) => {
            return Err(json::quarantined("", "the body is not one of the event that the header names"));
        }
        _ => {}
    }
    let policy = TAKEN.iter().find(|(taken, action, _)| *taken == event && *action == shape.action);
    Ok(match policy {
        None => Transformed::Ignored(IgnoreReason::action(&shape.action)),
        Some((.., Lifecycle(change))) => Transformed::Lifecycle(change.read(&delivery.raw)?),
        Some((.., Fact(make))) => told_by(delivery, make(&delivery.raw, delivery.received_at)?),
        Some((.., Gone(make))) => {
            let came = make(&delivery.raw, delivery.received_at)?;
            Transformed::Items(vec![Item::Deleted(Deletion::of(&came.source_id, delivery.received_at))])
        }
    })
}

/// Notes which delivery told the fact: for people, since the header is outside the signature.
fn told_by(delivery: &Delivery<Verified>, mut event: SourceEvent) -> Transformed {
    if let Origin::Webhook { transport_id: Some(id), .. } = &delivery.origin {
        event.metadata.insert("deliveryId".to_owned(), id.as_str().into());
    }
    Transformed::Items(vec![Item::Event(Box::new(event.bounded()))])
}

#[derive(Deserialize)]
struct Body<D> {
    installation: Installation,
    data: D,
    actor: Option<Who>,
}

/// Reads a body and makes its fact.
fn about<D: DeserializeOwned>(
    raw: &[u8],
    make: impl FnOnce(&D, Option<Actor>) -> Result<SourceEvent, Quarantined>,
) -> Result<SourceEvent, Quarantined> {
    let Body { installation, data, actor } = json::parse::<Body<D>>(raw)?;
    let mut event = make(&data, actor.as_ref().and_then(facts::actor))?;
    event.metadata.insert("installationId".to_owned(), installation.uuid.into());
    Ok(event)
}

#[derive(Deserialize)]
struct IssueData {
    issue: Issue,
    resolution_type: Option<String>,
}

fn issue(raw: &[u8], told: Timestamp, transition: fn(&Issue) -> issue::Transition) -> Result<SourceEvent, Quarantined> {
    about(raw, |IssueData { issue, resolution_type }, actor| {
        let mut event = issue::event(issue, transition(issue), actor, Some(told))
            .map_err(|error| json::within("data.issue", error))?;
        let resolution = filled(resolution_type.as_deref());
        event.metadata.extend(issue::at_the_time(issue).maybe("resolutionType", resolution).0);
        Ok(event)
    })
}

#[derive(Deserialize)]
struct ErrorData {
    #[serde(alias = "event")]
    error: Event,
}

fn error(raw: &[u8]) -> Result<SourceEvent, Quarantined> {
    about(raw, |ErrorData { error }, actor| {
        let mut event = error::event(error, actor).map_err(|missing| json::within("data.error", missing))?;
        event.metadata.extend(error::in_full(error).0);
        Ok(event)
    })
}

#[derive(Deserialize)]
struct EventAlertData {
    event: Event,
    triggered_rule: Option<String>,
    issue_alert: Option<IssueAlert>,
}

/// Comes with rules that have settings of the integration, at times instead of the rule's name.
#[derive(Deserialize)]
struct IssueAlert {
    title: Option<String>,
}

fn event_alert(raw: &[u8]) -> Result<SourceEvent, Quarantined> {
    about(raw, |EventAlertData { event, triggered_rule, issue_alert }, actor| {
        let title = issue_alert.as_ref().and_then(|alert| alert.title.as_deref());
        let rule = filled(triggered_rule.as_deref()).or(filled(title));
        event_alert::triggered(event, rule, actor).map_err(|error| json::within("data.event", error))
    })
}

#[derive(Deserialize)]
struct MetricAlertData {
    metric_alert: MetricAlert,
    description_text: Option<String>,
    web_url: Option<String>,
}

fn metric_alert(raw: &[u8], told: Timestamp, transition: metric_alert::Transition) -> Result<SourceEvent, Quarantined> {
    about(raw, |MetricAlertData { metric_alert, description_text, web_url }, actor| {
        let mut event = metric_alert::event(metric_alert, transition, description_text.as_deref(), actor, told);
        event.metadata.extend(filled(web_url.as_deref()).map(|url| ("webUrl".to_owned(), url.into())));
        Ok(event)
    })
}

fn comment(raw: &[u8]) -> Result<SourceEvent, Quarantined> {
    about(raw, |comment: &Comment, actor| comment::created(comment, actor).map_err(|error| json::within("data", error)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use connector_domain::ProviderKind;

    use super::*;
    use crate::sentry::app;

    fn became(event: &str, body: &str) -> Transformed {
        let webhook = Delivery::webhook(ProviderKind::Sentry, event.into(), None, body.into(), Timestamp::UNIX_EPOCH);
        transform(event, &webhook.verify(|_| Ok::<(), ()>(())).unwrap())
    }

    fn body(action: &str, data: &str) -> String {
        format!(r#"{{"action":"{action}","installation":{{"uuid":"7a48"}},"data":{data}}}"#)
    }

    const ISSUE: &str = r#"{"issue":{"id":"7","title":"t","firstSeen":"2026-01-01T00:00:00Z",
        "lastSeen":"2026-01-02T00:00:00Z","substatus":"regressed"}}"#;
    const EVENT: &str = r#"{"event_id":"e","project":7,"title":"t","timestamp":1767225600}"#;

    /// The bodies of all events, each with the one it is of.
    fn all() -> Vec<(&'static str, String)> {
        vec![
            ("installation", body("created", r#"{"installation":{"uuid":"7a48"}}"#)),
            ("installation", body("deleted", r#"{"installation":{"uuid":"7a48"}}"#)),
            ("issue", body("created", ISSUE)),
            ("issue", body("resolved", ISSUE)),
            ("issue", body("archived", ISSUE)),
            ("error", body("created", &format!(r#"{{"error":{EVENT}}}"#))),
            ("error", body("created", &format!(r#"{{"event":{EVENT}}}"#))),
            ("event_alert", body("triggered", &format!(r#"{{"event":{EVENT},"triggered_rule":"r"}}"#))),
            ("metric_alert", body("resolved", r#"{"metric_alert":{"id":"1"}}"#)),
            (
                "comment",
                body("created", r#"{"comment_id":1,"issue_id":"7","timestamp":"2026-01-01T00:00:00Z","comment":"c"}"#),
            ),
        ]
    }

    #[test]
    fn what_is_taken_is_what_the_webhook_is_to_tell() {
        let mut taken: BTreeSet<_> = TAKEN.iter().map(|(event, ..)| *event).collect();
        taken.retain(|event| !["event_alert", "installation", "metric_alert"].contains(event));
        assert_eq!(app::EVENTS.iter().copied().collect::<BTreeSet<_>>(), taken);
    }

    #[test]
    fn each_body_is_read_under_its_own_event_only() {
        let events = ["installation", "issue", "error", "event_alert", "metric_alert", "comment", "sculpture"];
        for (own, body) in all() {
            for event in events {
                let became = became(event, &body);
                let quarantined =
                    matches!(&became, Transformed::Items(items) if matches!(items[..], [Item::Quarantined(_)]));
                assert_eq!(quarantined, event != own, "{own} as {event}: {became:?}");
            }
        }
    }

    #[test]
    fn an_old_name_is_the_same_fact() {
        let archived = became("issue", &body("archived", ISSUE));
        assert_eq!(became("issue", &body("ignored", ISSUE)), archived);
    }

    #[test]
    fn a_regression_comes_as_unresolved() {
        let Transformed::Items(items) = became("issue", &body("unresolved", ISSUE)) else { panic!() };
        let [Item::Event(event)] = &items[..] else { panic!() };
        assert_eq!(event.source_id.as_str(), "sentry:issue:7:regressed@2026-01-02T00:00:00Z");
    }

    #[test]
    fn what_is_left_out_has_a_reason() {
        let reason = |event: &str, body: &str| match became(event, body) {
            Transformed::Ignored(reason) => reason.as_str().to_owned(),
            other => panic!("{other:?}"),
        };
        let comment = body("updated", r#"{"comment_id":1}"#);
        assert_eq!(reason("comment", &comment), "action_not_captured:updated");
        assert_eq!(reason("seer", "{}"), "event_not_captured");
        assert_eq!(reason("activity_alert", &body("triggered", ISSUE)), "event_not_captured");
        assert_eq!(reason("sculpture", &body("carved", "{}")), "unknown_event:sculpture");
    }

    #[test]
    fn a_body_that_was_cut_off_is_quarantined() {
        let whole = body("created", ISSUE);
        let Transformed::Items(items) = became("issue", &whole[..whole.len() / 2]) else { panic!() };
        let [Item::Quarantined(error)] = &items[..] else { panic!() };
        assert_eq!(error.reason, "the JSON ends too early");
    }
}
