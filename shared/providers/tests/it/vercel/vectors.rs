//! Compares Vercel's transform with what an earlier system of this kind made of the same webhooks.

use std::collections::BTreeSet;

use connector_domain::transformed::Transformed;
use connector_domain::{ProviderKind, SourceEvent, Timestamp};
use serde_json::{Value, json};

use crate::parity::{EQUAL, Names, Rules, Whole, compare, moment, named};
use crate::support::outcomes;

/// A vector, as its payload tells it.
struct Told<'a> {
    event: &'a str,
    body: &'a Value,
    deployment: &'a Value,
    meta: &'a Value,
}

impl<'a> Told<'a> {
    fn of(vector: &'a Value) -> Self {
        let body = &vector["payload"];
        let deployment = &body["payload"]["deployment"];
        Self { event: vector["event"].as_str().unwrap(), body, deployment, meta: &deployment["meta"] }
    }

    fn transition(&self) -> &'a str {
        self.event.strip_prefix("deployment.").unwrap()
    }

    fn rolled_back(&self) -> bool {
        self.transition() == "rollback"
    }

    fn source_id(&self) -> String {
        let (id, transition) = (self.deployment["id"].as_str().unwrap(), self.transition());
        let at = Timestamp::from_millisecond(self.body["createdAt"].as_i64().unwrap()).unwrap();
        let at = Timestamp::from_second(at.as_second()).unwrap();
        let again = if matches!(transition, "promoted" | "rollback") { format!("@{at}") } else { String::new() };
        format!("vercel:deployment:{id}:{transition}{again}")
    }

    fn label(&self) -> Option<&str> {
        match self.transition() {
            "promoted" => Some("Deployment Promoted"),
            "rollback" => Some("Rollback Started"),
            _ => None,
        }
    }
}

/// The names of the allowed differences in a field; `None` when it is not allowed.
fn differences(field: &str, was: &Value, is: &Value, told: &Told<'_>) -> Names {
    match field {
        "occurredAt" => named(moment(was) == moment(is), EQUAL),
        "sourceId" => named(is.as_str() == Some(&told.source_id()), "identity per transition"),
        "actor" => {
            let login = &told.meta["githubCommitAuthorLogin"];
            match told.transition() {
                "canceled" | "promoted" | "rollback" => {
                    named(is.is_null(), "nobody is credited who need not have acted")
                }
                _ => named(login.is_string() && is["id"] == *login && is["name"] == was["name"], "the actor by login"),
            }
        }
        "title" => title(was.as_str()?, is.as_str()?, told),
        "body" => {
            let new = was.as_str()?.replacen("> Deployment", &format!("> {}", told.label()?), 1);
            let new = if told.rolled_back() { new.lines().next()?.to_owned() } else { new };
            named(is.as_str() == Some(&new), "promotions and rollbacks have a name of their own")
        }
        "references" if told.rolled_back() => {
            let expected = json!([
                { "type": "deployment", "id": told.deployment["id"], "label": "restores" },
                { "type": "project", "id": told.body["payload"]["project"]["id"] },
            ]);
            named(*is == expected, "a rollback is told by its ids")
        }
        _ => metadata(field.strip_prefix("metadata.")?, was, is, told),
    }
}

fn title(was: &str, is: &str, told: &Told<'_>) -> Names {
    let mut names = BTreeSet::new();
    let name = told.deployment["name"].as_str()?;
    let (label, subject) = was.strip_prefix('[')?.split_once("] ")?;
    let (old_name, branch) = subject.split_once(" from ")?;
    if old_name != name {
        names.insert("the deployment's own name");
    }
    let own = told.label();
    names.extend(own.map(|_| "promotions and rollbacks have a name of their own"));
    let label = own.unwrap_or(label);
    let new = if told.rolled_back() {
        format!("[{label}] {name} to {}", told.deployment["id"].as_str()?)
    } else if branch == "unknown" && told.meta["githubCommitRef"].is_null() {
        names.insert("no placeholders");
        format!("[{label}] {name}")
    } else {
        format!("[{label}] {name} from {branch}")
    };
    (new == is).then_some(names)
}

fn metadata(name: &str, was: &Value, is: &Value, told: &Told<'_>) -> Names {
    let payload = &told.body["payload"];
    let right = match name {
        "webhookId" if is.is_null() && *was == told.body["id"] => "the delivery is named once",
        "environment" if told.rolled_back() && is == "production" => "a rollback is told by its ids",
        "environment" => {
            let target =
                payload.get("target").map(|target| if target.is_null() { json!("preview") } else { target.clone() });
            (*is == target.unwrap_or_default()).then_some("the environment is the target")?
        }
        "projectName" if *is == told.deployment["name"] => "the deployment's own name",
        "branch" if is.is_null() && was == "unknown" => "no placeholders",
        "inspectorUrl" if was.is_null() && *is == payload["links"]["deployment"] => "more is told",
        "userId" if was.is_null() && *is == payload["user"]["id"] => "more is told",
        _ if told.rolled_back() && is.is_null() => "a rollback is told by its ids",
        _ => return None,
    };
    Some(BTreeSet::from([right]))
}

struct Vercel;

impl Rules for Vercel {
    const PROVIDER: ProviderKind = ProviderKind::Vercel;
    const VECTORS: usize = 30;
    type Told<'a> = Told<'a>;

    fn whole(vector: &Value, facts: &[&SourceEvent], transformed: &Transformed) -> Whole {
        match (facts, &outcomes(transformed)[..]) {
            ([_], _) => Whole::Same,
            ([], [one]) if vector["expected"].is_null() && one.starts_with("quarantined") => {
                Whole::Differs("kept aside, where the original failed")
            }
            ([], [one])
                if Self::event(vector) == "deployment.check-rerequested" && one == "ignored event_not_captured" =>
            {
                Whole::Differs("a check asked for again is not captured")
            }
            _ => Whole::Unexpected,
        }
    }

    fn told<'a>(vector: &'a Value, _: &SourceEvent) -> Told<'a> {
        Told::of(vector)
    }

    fn differences(field: &str, was: &Value, is: &Value, told: &Told<'_>) -> Names {
        differences(field, was, is, told)
    }
}

#[test]
fn every_difference_has_a_name() {
    compare::<Vercel>();
}
