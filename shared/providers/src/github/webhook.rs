//! How webhooks become facts, or changes of a connection.

mod bodies;
mod policy;

use connector_domain::delivery::Origin;
use connector_domain::transformed::{Deletion, Item, Quarantined, Transformed};
use connector_domain::{Delivery, Verified};
use serde::Deserialize;

use super::facts::{Told, push};
use super::payload::Push;
use crate::json;
use policy::{Policy, policy};

#[derive(Deserialize)]
struct Envelope {
    action: String,
}

/// What a webhook became.
pub(super) fn transform(event: &str, delivery: &Delivery<Verified>) -> Transformed {
    read(event, delivery).unwrap_or_else(|error| Transformed::Items(vec![Item::Quarantined(error)]))
}

fn read(event: &str, delivery: &Delivery<Verified>) -> Result<Transformed, Quarantined> {
    let raw = &delivery.raw;
    if event == "push" {
        return Ok(told_by(delivery, pushed(raw)?));
    }
    let policy = policy(event, || json::parse(raw).map(|Envelope { action }| action))?;
    Ok(match policy {
        Err(reason) => Transformed::Ignored(reason),
        Ok(Policy::Lifecycle(change)) => Transformed::Lifecycle(change.read(raw)?),
        Ok(Policy::Fact(make)) => told_by(delivery, make(raw)?),
        // No webhook of these tells when.
        Ok(Policy::Gone(make)) => match make(raw)? {
            Ok(came) => Transformed::Items(vec![Item::Deleted(Deletion::of(&came.source_id, delivery.received_at))]),
            Err(reason) => Transformed::Ignored(reason),
        },
    })
}

/// Notes which delivery told the fact: for people, since the header is outside the signature.
fn told_by(delivery: &Delivery<Verified>, told: Told) -> Transformed {
    let mut event = match told {
        Ok(event) => event,
        Err(reason) => return Transformed::Ignored(reason),
    };
    if let Origin::Webhook { transport_id: Some(id), .. } = &delivery.origin {
        event.metadata.insert("deliveryId".to_owned(), id.as_str().into());
    }
    Transformed::Items(vec![Item::Event(Box::new(event.bounded()))])
}

/// A push is the one event without an action.
fn pushed(raw: &[u8]) -> Result<Told, Quarantined> {
    let push: Push = json::parse(raw)?;
    Ok(match push::branch(&push)? {
        Err(reason) => Err(reason),
        Ok(branch) => Ok(push::event(&push, branch)?),
    })
}

#[cfg(test)]
mod tests {
    use connector_domain::{ProviderKind, Timestamp};

    use super::*;

    fn outcome(event: &str, body: &str) -> Transformed {
        let webhook = Delivery::webhook(ProviderKind::Github, event.into(), None, body.into(), Timestamp::UNIX_EPOCH);
        transform(event, &webhook.verify(|_| Ok::<(), ()>(())).unwrap())
    }

    fn quarantined(path: &str, reason: &str) -> Transformed {
        Transformed::Items(vec![Item::Quarantined(json::quarantined(path, reason))])
    }

    #[test]
    fn what_is_missing_is_named_by_its_place() {
        let closed = r#"{"action":"closed","issue":{"number":7,"title":"x"},"repository":{"id":1,"full_name":"a/b"}}"#;
        assert_eq!(outcome("issues", closed), quarantined("issue", "missing field closed_at"));
        let nameless = r#"{"action":"closed","issue":{"number":7},"repository":{"id":1,"full_name":"a/b"}}"#;
        assert_eq!(outcome("issues", nameless), quarantined("issue", "missing field title"));
        assert_eq!(outcome("issues", "{}"), quarantined("", "missing field action"));
        let timeless =
            r#"{"ref":"refs/heads/main","after":"a1","repository":{"id":1,"full_name":"a/b","default_branch":"main"}}"#;
        assert_eq!(outcome("push", timeless), quarantined("", "missing field repository.pushed_at"));
    }

    #[test]
    fn a_push_without_commits_is_told_by_its_branch() {
        let push = r#"{"ref":"refs/heads/main","after":"a1","head_commit":null,"sender":{"login":"ghost"},
            "repository":{"id":1,"full_name":"a/b","default_branch":"main","pushed_at":"2026-01-01T00:00:00Z"}}"#;
        let Transformed::Items(items) = outcome("push", push) else { panic!("no items") };
        let [Item::Event(event)] = &items[..] else { panic!("{items:?}") };
        assert_eq!(event.title, "[Push] Push to main");
        assert_eq!((&event.actor, event.metadata.contains_key("commitCount")), (&None, false));
    }
}
