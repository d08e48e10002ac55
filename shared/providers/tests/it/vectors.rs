//! Compares GitHub's transform with what an earlier system of this kind made of the same webhooks.
//!
//! Every difference is one of a few named ones, each checked for what it must be instead. `docs/parity.md` lists them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use connector_domain::{ProviderKind, Timestamp};
use connector_providers::provider;
use serde_json::{Value, json};

use crate::support::{events, files, outcomes, outside, webhook};

/// Same as before.
const EQUAL: &str = "equal";
/// Neither system captures it.
const LEFT_OUT: &str = "left out by both";

/// What happened, as the payload itself tells it: the thing, its name in identities, and the transition.
struct Told<'a> {
    event: &'a str,
    payload: &'a Value,
    thing: &'a Value,
    merged: bool,
}

impl<'a> Told<'a> {
    fn of(event: &'a str, payload: &'a Value) -> Self {
        let name = if event == "issues" { "issue" } else { event };
        let thing = if event == "push" { payload } else { &payload[name] };
        Self { event, payload, thing, merged: payload["action"] == "closed" && thing["merged"] == true }
    }

    fn source_id(&self) -> String {
        let (repo, number) = (&self.payload["repository"]["id"], &self.thing["number"]);
        let transition = self.transition();
        let (action, once) = match self.payload["action"].as_str() {
            Some(_) if self.merged => ("merged", true),
            Some(action) => (action, matches!(action, "opened" | "created" | "published")),
            None => ("", true),
        };
        let at = if once { String::new() } else { format!("@{transition}") };
        match self.event {
            "push" => {
                let text = |field: &str| self.payload[field].as_str().unwrap().to_owned();
                format!("github:push:{repo}:{}:{}", text("ref"), text("after"))
            }
            "pull_request" => format!("github:pr:{repo}#{number}:{action}{at}"),
            "issues" => format!("github:issue:{repo}#{number}:{action}{at}"),
            "release" => format!("github:release:{repo}:{}:{action}", self.thing["id"]),
            _ => format!("github:discussion:{repo}#{number}:{action}{at}"),
        }
    }

    /// The transition's own time.
    fn transition(&self) -> Timestamp {
        let field = match self.payload["action"].as_str() {
            None => {
                let pushed = &self.payload["repository"]["pushed_at"];
                return pushed.as_i64().map_or_else(|| moment(pushed), |at| Timestamp::from_second(at).unwrap());
            }
            Some("opened" | "created") => "created_at",
            Some("closed") if self.merged => "merged_at",
            Some("closed") => "closed_at",
            Some("published") => "published_at",
            Some("answered") => "answer_chosen_at",
            Some(_) => "updated_at",
        };
        moment(&self.thing[field])
    }
}

fn moment(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

/// The names of the allowed differences in a field; `None` when it is not allowed.
fn differences(field: &str, was: &Value, is: &Value, told: &Told<'_>) -> Option<BTreeSet<&'static str>> {
    if field == "references" {
        return references(was.as_array()?, is.as_array()?, told);
    }
    let name = match field {
        "sourceId" => (is.as_str() == Some(&told.source_id())).then_some("identity by immutable ids"),
        "occurredAt" => {
            let at = told.transition();
            if moment(is) != at {
                None
            } else if moment(was) == at {
                Some("the same moment, written in UTC")
            } else {
                Some("the transition's own time")
            }
        }
        "actor" => {
            let sender = &told.payload["sender"];
            let acted = is["id"].as_str() == Some(&sender["id"].to_string()) && is["name"] == sender["login"];
            acted.then_some("the actor is who acted")
        }
        "title" => {
            let (was, is) = (was.as_str()?, is.as_str()?);
            let cut = is.strip_suffix("...").is_some_and(|head| was.starts_with(head)) && is.chars().count() == 120;
            cut.then_some("at most 120 characters")
        }
        _ => match field.strip_prefix("metadata.")? {
            "answerUrl" | "answerAuthorLogin" | "answerAuthorId"
                if was.is_null() && told.payload["action"] == "answered" =>
            {
                Some("who answered is told")
            }
            _ => None,
        },
    };
    name.map(|name| BTreeSet::from([name]))
}

/// The old references, changed by rule, must be the new ones in their order.
fn references(was: &[Value], is: &[Value], told: &Told<'_>) -> Option<BTreeSet<&'static str>> {
    let repo = told.payload["repository"]["html_url"].as_str()?;
    let mut expected = Vec::new();
    let mut names = BTreeSet::new();
    let (thing, url) = (told.thing, &told.thing["html_url"]);
    match told.event {
        "release" => {
            names.insert("the thing itself is referenced");
            let tag = thing["tag_name"].as_str()?;
            expected.push(json!({ "type": "release", "id": thing["id"].to_string(), "url": url }));
            expected.push(json!({ "type": "tag", "id": tag, "url": format!("{repo}/tree/{tag}") }));
        }
        "discussion" => {
            names.insert("the thing itself is referenced");
            expected.push(json!({ "type": "discussion", "id": format!("#{}", thing["number"]), "url": url }));
        }
        _ => {}
    }
    for old in was {
        let mut new = old.clone();
        if old["label"] == "merge" && !told.merged {
            names.insert("a test merge is not referenced");
            continue;
        }
        if let Some(word) = old["label"].as_str().filter(|_| old["type"] == "issue") {
            names.insert("clean relations, with an address");
            let meanings = ["closes", "fixes", "resolves"];
            new["label"] = json!(meanings.iter().find(|meaning| word.starts_with(&meaning[..3]))?);
            let number = old["id"].as_str()?.strip_prefix('#');
            if let Some(number) = number {
                new["url"] = json!(format!("{repo}/issues/{number}"));
            }
        }
        if old["type"] == "branch" && told.event == "pull_request" {
            let fork = thing["head"]["repo"]["html_url"].as_str()?;
            new["url"] = json!(format!("{fork}/tree/{}", old["id"].as_str()?));
            if new != *old {
                names.insert("a fork's branch is in the fork");
            }
        }
        expected.push(new);
    }
    if told.event == "push" {
        let others = thing["commits"].as_array()?.iter().map(|commit| commit["id"].as_str().unwrap());
        names.insert("all commits are referenced");
        for sha in others.filter(|sha| thing["after"] != *sha) {
            expected.push(json!({ "type": "commit", "id": sha, "url": format!("{repo}/commit/{sha}") }));
        }
    } else {
        names.insert("the author is referenced");
        let author = if thing["author"].is_object() { &thing["author"] } else { &thing["user"] };
        let login = author["login"].as_str()?;
        expected.push(json!({ "type": "author", "id": login, "url": format!("https://github.com/{login}") }));
    }
    (expected == is).then_some(names)
}

/// The fields of an event, with metadata apart.
pub(crate) fn fields(event: &Value) -> BTreeMap<String, Value> {
    let mut fields: BTreeMap<String, Value> = event.as_object().unwrap().clone().into_iter().collect();
    if let Some(Value::Object(metadata)) = fields.remove("metadata") {
        fields.extend(metadata.into_iter().map(|(name, value)| (format!("metadata.{name}"), value)));
    }
    fields
}

#[test]
fn every_difference_has_a_name() {
    let Some(root) = outside() else { return };
    let github = provider(ProviderKind::Github).unwrap();
    let mut table: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut unexpected = Vec::new();
    let paths = files(&root.join("vectors/github"));
    assert!(paths.len() > 80);
    for path in &paths {
        let vector: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let event = vector["event"].as_str().unwrap();
        let mut delivery = webhook(ProviderKind::Github, event, &serde_json::to_vec(&vector["payload"]).unwrap());
        if let connector_domain::delivery::Origin::Webhook { transport_id, .. } = &mut delivery.origin {
            *transport_id = vector["context"]["deliveryId"].as_str().map(str::to_owned);
        }
        let transformed = github.transform(&delivery);
        let events = events(&transformed);
        let name = format!("{event}/{}", vector["case"].as_str().unwrap());
        if vector["routeAccepts"] == false {
            if events.is_empty() && outcomes(&transformed).iter().all(|outcome| outcome.starts_with("ignored")) {
                *table.entry(("(whole)".into(), LEFT_OUT.into())).or_default() += 1;
            } else {
                unexpected.push(format!("{name}: {:?} where the original left out", outcomes(&transformed)));
            }
            continue;
        }
        let [new] = events[..] else {
            unexpected.push(format!("{name}: {:?} where the original captured", outcomes(&transformed)));
            continue;
        };
        let (was, is) = (fields(&vector["expected"]), fields(&serde_json::to_value(new).unwrap()));
        let told = Told::of(event, &vector["payload"]);
        let all: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
        for field in all {
            let (was, is) = (was.get(field).unwrap_or(&Value::Null), is.get(field).unwrap_or(&Value::Null));
            let verdict = if was == is { Some([EQUAL].into()) } else { differences(field, was, is, &told) };
            match verdict {
                Some(names) => {
                    for name in names {
                        *table.entry((field.clone(), name.into())).or_default() += 1;
                    }
                }
                None => unexpected.push(format!("{name}: {field}\n  was {was}\n  is  {is}")),
            }
        }
    }
    println!("\n{} vectors", paths.len());
    for ((field, verdict), count) in &table {
        println!("{count:>5}  {field:<26} {verdict}");
    }
    println!("{:>5}  unexpected", unexpected.len());
    assert!(unexpected.is_empty(), "{}", unexpected.join("\n"));
}
