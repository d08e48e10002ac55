//! Compares GitHub's transform with what an earlier system of this kind made of the same webhooks.
//!
//! Every difference is one of a few named ones, each checked for what it must be instead. `docs/parity.md` lists them.

use std::collections::BTreeSet;

use connector_domain::transformed::{Item, Transformed};
use connector_domain::{ProviderKind, SourceEvent, Timestamp};
use serde_json::{Value, json};

use crate::parity::{Names, Rules, Whole, compare, moment};

/// Neither system captures it.
const LEFT_OUT: &str = "left out by both";
/// What the routes of the earlier system let through. Made-up vectors do not tell.
#[rustfmt::skip]
const LET_THROUGH: [&str; 10] = [
    "pull_request.opened", "pull_request.closed", "pull_request.reopened", "pull_request.ready_for_review",
    "issues.opened", "issues.closed", "issues.reopened", "release.published", "discussion.created",
    "discussion.answered",
];

const KEYWORDS: &str = "keywords as GitHub reads them";

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

    fn source_id(&self) -> Option<String> {
        let (repo, number) = (&self.payload["repository"]["id"], &self.thing["number"]);
        let (action, once) = match self.payload["action"].as_str() {
            Some(_) if self.merged => ("merged", true),
            Some(action) => (action, matches!(action, "opened" | "created" | "published")),
            None => ("", true),
        };
        let at = match action {
            _ if once => String::new(),
            "reopened" | "ready_for_review" => format!("@{}Z", self.transition()?.strftime("%Y-%m-%dT%H:%M:00")),
            _ => format!("@{}", self.transition()?),
        };
        Some(match self.event {
            "push" => {
                format!("github:push:{repo}:{}:{}", self.payload["ref"].as_str()?, self.payload["after"].as_str()?)
            }
            "pull_request" => format!("github:pr:{repo}#{number}:{action}{at}"),
            "issues" => format!("github:issue:{repo}#{number}:{action}{at}"),
            "release" => format!("github:release:{repo}:{}:{action}", self.thing["id"]),
            _ => format!("github:discussion:{repo}#{number}:{action}{at}"),
        })
    }

    /// The transition's own time.
    fn transition(&self) -> Option<Timestamp> {
        let field = match self.payload["action"].as_str() {
            None => {
                let pushed = &self.payload["repository"]["pushed_at"];
                let pushed = pushed.as_i64().and_then(|at| Timestamp::from_second(at).ok()).or_else(|| moment(pushed));
                return pushed.or_else(|| moment(&self.payload["head_commit"]["timestamp"]));
            }
            Some("opened" | "created") => "created_at",
            Some("closed") if self.merged => "merged_at",
            Some("closed") => "closed_at",
            Some("published") => "published_at",
            Some("answered") => "answer_chosen_at",
            Some(_) => "updated_at",
        };
        moment(&self.thing[field]).or_else(|| moment(&self.thing["updated_at"]))
    }

    /// The lines of its text.
    fn lines(&self) -> impl Iterator<Item = &'a str> {
        self.thing["body"].as_str().unwrap_or_default().lines()
    }

    /// Whether the earlier system took it, by its routes.
    fn let_through(&self) -> bool {
        match self.payload["action"].as_str() {
            Some(action) => LET_THROUGH.contains(&format!("{}.{action}", self.event).as_str()),
            None => {
                let branch = self.payload["ref"].as_str().and_then(|name| name.strip_prefix("refs/heads/"));
                branch == self.payload["repository"]["default_branch"].as_str()
            }
        }
    }

    /// A closing at no time, a release without its id: there is no telling which it was.
    fn is_incomplete(&self) -> bool {
        let needed = match (self.event, self.payload["action"].as_str()) {
            ("release", _) => "id",
            (_, Some("closed")) if self.merged => "merged_at",
            _ => "closed_at",
        };
        self.thing[needed].is_null()
    }
}

/// The names of the allowed differences in a field; `None` when it is not allowed.
fn differences(field: &str, was: &Value, is: &Value, told: &Told<'_>) -> Names {
    if field == "references" {
        return references(was.as_array()?, is.as_array()?, told);
    }
    let name = match field {
        "sourceId" => (is.as_str() == Some(&told.source_id()?)).then_some("identity by immutable ids"),
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
            let message = told.payload["head_commit"]["message"].as_str().unwrap_or_default();
            let first = message.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}').lines().next()?;
            if cut {
                Some("at most 120 characters")
            } else {
                (is == format!("[Push] {first}")).then_some("no blanks before a title")
            }
        }
        _ => match field.strip_prefix("metadata.")? {
            "answerUrl" | "answerAuthorLogin" | "answerAuthorId"
                if was.is_null() && told.payload["action"] == "answered" =>
            {
                Some("who answered is told")
            }
            "answered" if *is == (told.payload["action"] == "answered") => Some("answered tells what happened"),
            _ => None,
        },
    };
    name.map(|name| BTreeSet::from([name]))
}

/// The old references, changed by rule, must be the new ones in their order.
fn references(was: &[Value], is: &[Value], told: &Told<'_>) -> Names {
    let repo = told.payload["repository"]["html_url"].as_str()?;
    let mut expected = Vec::new();
    let mut names = BTreeSet::new();
    let thing = told.thing;
    match told.event {
        "release" => {
            names.insert("the thing itself is referenced");
            let tag = thing["tag_name"].as_str()?;
            expected.push(json!({ "type": "release", "id": thing["id"].to_string(), "url": thing["html_url"] }));
            expected.push(json!({ "type": "tag", "id": tag, "url": format!("{repo}/tree/{tag}") }));
        }
        "discussion" => {
            names.insert("the thing itself is referenced");
            let number = &thing["number"];
            let url = thing["html_url"].as_str().map_or_else(|| format!("{repo}/discussions/{number}"), str::to_owned);
            expected.push(json!({ "type": "discussion", "id": format!("#{number}"), "url": url }));
        }
        _ => {}
    }
    let linking = |one: &&Value| one["type"] == "issue" && one["label"].is_string();
    let (old, new): (Vec<_>, Vec<_>) = (was.iter().filter(linking).collect(), is.iter().filter(linking).collect());
    names.extend(links(&old, &new, told)?);
    for old in was.iter().filter(|one| !linking(one)) {
        let mut new = old.clone();
        if old["label"] == "merge" && !told.merged {
            names.insert("a test merge is not referenced");
            continue;
        }
        if old["type"] == "branch" && told.event == "pull_request" {
            match thing["head"]["repo"]["html_url"].as_str() {
                Some(fork) => new["url"] = json!(format!("{fork}/tree/{}", old["id"].as_str()?)),
                None => _ = new.as_object_mut()?.remove("url"),
            }
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
        let author = if thing["author"].is_object() { &thing["author"] } else { &thing["user"] };
        if let Some(login) = author["login"].as_str() {
            names.insert("the author is referenced");
            expected.push(json!({ "type": "author", "id": login, "url": format!("https://github.com/{login}") }));
        }
    }
    is.iter().filter(|one| !linking(one)).eq(&expected).then_some(names)
}

/// Issues that a text closes: each old one, and others by GitHub's own rules.
fn links(was: &[&Value], is: &[&Value], told: &Told<'_>) -> Names {
    let repo = told.payload["repository"]["html_url"].as_str()?;
    let (mut names, mut known) = (BTreeSet::new(), BTreeSet::new());
    for old in was {
        let (id, word) = (old["id"].as_str()?, old["label"].as_str()?);
        let meaning = ["closes", "fixes", "resolves"].into_iter().find(|meaning| word.starts_with(&meaning[..3]))?;
        known.insert(id);
        match is.iter().find(|new| new["id"] == id) {
            Some(new) if new["label"] == meaning => names.insert("clean relations, with an address"),
            // `prefixes #15`
            None if told.lines().any(|line| line.ends_with(id) && !keyword(line)) => names.insert(KEYWORDS),
            _ => return None,
        };
    }
    for new in is {
        let id = new["id"].as_str()?;
        let address = match id.split_once('#') {
            Some(("", number)) => json!(format!("{repo}/issues/{number}")),
            Some((other, number)) => json!(format!("https://github.com/{other}/issues/{number}")),
            None => Value::Null,
        };
        let number = id.rsplit('#').next()?;
        let meant = known.contains(id) || told.lines().any(|line| keyword(line) && line.ends_with(number));
        if new["url"] != address || !meant {
            return None;
        }
        if !known.contains(id) {
            names.insert(KEYWORDS);
        }
    }
    Some(names)
}

/// Whether a line begins with a word that closes issues.
fn keyword(line: &str) -> bool {
    ["fix", "close", "resolve"].iter().any(|word| line.to_lowercase().starts_with(word))
}

struct GitHub;

impl Rules for GitHub {
    const PROVIDER: ProviderKind = ProviderKind::Github;
    const VECTORS: usize = 149;
    type Told<'a> = Told<'a>;

    fn whole(vector: &Value, facts: &[&SourceEvent], transformed: &Transformed) -> Whole {
        let told = Told::of(Self::event(vector), &vector["payload"]);
        let accepted = vector["routeAccepts"].as_bool().unwrap_or_else(|| told.let_through());
        match (accepted, facts, transformed) {
            (true, [_], _) => Whole::Same,
            (true, [], Transformed::Items(_)) if told.is_incomplete() => {
                Whole::Differs("kept aside: there is no telling which one it was")
            }
            (false, [], Transformed::Ignored(_)) => Whole::Differs(LEFT_OUT),
            (false, [], Transformed::Items(items)) if vector["action"] == "deleted" => match &items[..] {
                [Item::Deleted(_)] => Whole::Differs("a thing that is gone is not shown any more"),
                [Item::Quarantined(_)] => Whole::Differs("kept aside: there is no telling which one it was"),
                _ => Whole::Unexpected,
            },
            _ => Whole::Unexpected,
        }
    }

    fn told<'a>(vector: &'a Value, _: &SourceEvent) -> Told<'a> {
        Told::of(Self::event(vector), &vector["payload"])
    }

    fn differences(field: &str, was: &Value, is: &Value, told: &Told<'_>) -> Names {
        differences(field, was, is, told)
    }
}

#[test]
fn every_difference_has_a_name() {
    compare::<GitHub>();
}
