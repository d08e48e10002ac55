//! Payloads that nobody of this project wrote: whatever they hold, the answer is an outcome.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use connector_domain::backfill::{Cursor, EntityType, Window};
use connector_domain::connection::ResourceRef;
use connector_domain::http::HttpResponse;
use connector_domain::{ProviderKind, ResourceId, Timestamp};
use connector_providers::{Provider, Scope, provider};
use serde_json::Value;

use crate::parity::every_webhook;
use crate::support::{account, files, listed, now, outcomes, outside};

type Table = BTreeMap<(String, String), usize>;

fn print(title: &str, table: &Table) {
    println!("\n{title}");
    for ((source, outcome), count) in table {
        println!("{count:>5}  {source:<34} {outcome}");
    }
}

fn github() -> &'static dyn Provider {
    provider(ProviderKind::Github).unwrap()
}

/// The event of a file, as each collection tells it.
fn event(path: &Path, body: &Value) -> String {
    let name = path.file_stem().unwrap().to_str().unwrap();
    if let Some(event) = body["headers"]["x-github-event"].as_str() {
        return event.to_owned();
    }
    if let Some(hook) = name.strip_prefix("Hook") {
        return ["PullRequest:pull_request", "Release:release", "Deploy:deployment", "Push:push", "Tag:push"]
            .iter()
            .find_map(|known| known.split_once(':').filter(|(start, _)| hook.starts_with(start)))
            .map(|(_, event)| event.to_owned())
            .unwrap();
    }
    // Named by the action.
    if body["sponsorship"].is_object() {
        return "sponsorship".to_owned();
    }
    name.split("__").next().unwrap().to_owned()
}

/// Kept aside, and rightly.
const UNREADABLE: [(&str, &str); 4] = [
    ("woodpecker/HookPullRequest", "a pull request cut down to eight fields"),
    ("zulip/pull_request__closed", "closed at no time: there is no telling which closing it was"),
    ("zulip/pull_request__merged", "merged at no time"),
    ("zulip/deployment_status", "of 2015, when the event had no action"),
];

#[test]
fn every_webhook_has_an_outcome() {
    let rows = every_webhook(ProviderKind::Github, |path, file| Some(event(path, file)), &UNREADABLE);
    for row in rows {
        assert!(!row.outcomes.iter().any(|one| one.starts_with("ignored unknown")), "{}: {:?}", row.file, row.outcomes);
    }
}

/// The lists in a file: as they are, as items one per line, as recorded sessions, or as single items.
fn lists(path: &Path) -> Vec<Vec<Value>> {
    let text = fs::read_to_string(path).unwrap();
    if path.extension().is_some_and(|end| end == "jsonl") {
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        return vec![lines.map(|line| serde_json::from_str::<Value>(line).unwrap()["body"].clone()).collect()];
    }
    match serde_json::from_str(&text) {
        Ok(Value::Array(items)) if items.first().is_some_and(|item| item["response"] != Value::Null) => items
            .iter()
            .filter_map(|call| call["response"].as_array().filter(|_| call["method"] == "get").cloned())
            .collect(),
        Ok(Value::Array(items)) => vec![items],
        Ok(item) => vec![vec![item]],
        Err(_) => Vec::new(),
    }
}

/// What a list is of, by the addresses in its items.
fn entity(items: &[Value]) -> Option<EntityType> {
    let url = items.first()?["url"].as_str()?;
    let (path, last) = url.rsplit_once('/')?;
    let numbered = last.bytes().all(|b| b.is_ascii_digit());
    match path.rsplit('/').next()? {
        "pulls" if numbered => Some(EntityType::PullRequest),
        "issues" if numbered => Some(EntityType::Issue),
        "releases" if numbered => Some(EntityType::Release),
        "comments" if numbered && path.ends_with("/issues/comments") => Some(EntityType::Comment),
        "comments" if numbered && path.ends_with("/pulls/comments") => Some(EntityType::ReviewComment),
        "events" if numbered && items[0]["issue"].is_object() => Some(EntityType::IssueEvent),
        _ => None,
    }
}

#[test]
fn every_list_has_an_outcome() {
    let Some(root) = outside() else { return };
    let resource = ResourceRef { id: ResourceId::parse("1").unwrap(), name: "octocat/Hello-World".into() };
    let ever = Window { since: Timestamp::UNIX_EPOCH, until: now() };
    let mut table = Table::new();
    let (mut known, mut events) = (0, 0);
    for path in files(&root.join("corpus/github/api")) {
        let folder = path.parent().unwrap().file_name().unwrap().to_str().unwrap();
        for items in lists(&path) {
            let body = serde_json::to_vec(&items).unwrap();
            let rest = github().entity_types().iter().copied().filter(|entity| !github().needs_token(*entity));
            for listed_as in rest {
                let page = listed(ProviderKind::Github, resource.clone(), listed_as, ever, &body);
                let outcomes = outcomes(&github().transform(&page));
                let scope =
                    Scope { account: &account(), resource: &resource, entity: listed_as, window: ever, page_size: 100 };
                let response =
                    HttpResponse { status: 200, headers: [("x", "")].into_iter().collect(), body: body.clone() };
                // The list of pushes does not come first.
                let started = Cursor::parse(r#"{"v":1,"branch":"master","after":null}"#).unwrap();
                let cursor = (listed_as == EntityType::Push).then_some(&started);
                assert_eq!(github().read_page(&scope, cursor, &response, now()).unwrap().items, items.len() as u64);
                if entity(&items) == Some(listed_as) {
                    known += 1;
                    for outcome in outcomes {
                        events += usize::from(outcome.contains('.') && !outcome.starts_with("quarantined"));
                        *table.entry((format!("{folder} {listed_as}"), outcome)).or_default() += 1;
                    }
                }
            }
        }
    }
    print(&format!("{known} lists: {events} facts"), &table);
    assert!(known > 10 && events > 100);
    assert_eq!(table.keys().filter(|(_, outcome)| outcome.starts_with("quarantined")).count(), 0);
}
