//! Events: the short form of the list, and the long form of webhooks.

use serde_json::{Value, json};

use super::{
    super::{event::Event, issue::Issue, tracker::Tracker},
    issue::{isoformat, permalink},
};
use crate::clock::whole_second;

/// One item of the list of a project's events
/// (<https://docs.sentry.io/api/events/list-a-projects-error-events/>): the index keeps whole seconds.
pub(crate) fn listed(tracker: &Tracker, event: &Event) -> Option<Value> {
    let issue = tracker.issue(event.issue)?;
    let draft = &issue.draft;
    let tags: Vec<Value> =
        tags(issue, event).into_iter().map(|(key, value)| json!({ "key": key, "value": value })).collect();
    Some(json!({
        "id": event.id,
        "event.type": kind(issue),
        "groupID": event.issue.to_string(),
        "eventID": event.id,
        "projectID": tracker.id.to_string(),
        "message": if draft.kind.is_none() { draft.value.as_str() } else { "" },
        "title": draft.title(),
        "location": location(issue),
        "culprit": draft.culprit(),
        "user": event.user.map(person),
        "tags": tags,
        "platform": "javascript",
        "dateCreated": whole_second(event.at).to_string(),
        "crashFile": null,
    }))
}

/// The event itself, as `data.error` and `data.event` of webhooks have it.
pub(crate) fn full(tracker: &Tracker, event: &Event, slug: &str) -> Option<Value> {
    let issue = tracker.issue(event.issue)?;
    let draft = &issue.draft;
    let organization = &tracker.organization.slug;
    let metadata = match &draft.kind {
        Some(kind) => {
            json!({ "type": kind, "value": draft.value, "filename": draft.filename, "function": draft.function })
        }
        None => json!({ "title": draft.value }),
    };
    let mut json = json!({
        "event_id": event.id,
        "project": tracker.id,
        "release": draft.release,
        "dist": null,
        "platform": "javascript",
        "message": if draft.kind.is_none() { draft.value.as_str() } else { "" },
        "datetime": isoformat(event.at),
        "timestamp": event.at.as_millisecond() as f64 / 1_000.0,
        "received": event.at.as_millisecond() as f64 / 1_000.0 + 0.731,
        "tags": tags(issue, event),
        "culprit": draft.culprit(),
        "environment": draft.environment,
        "fingerprint": ["{{ default }}"],
        "hashes": [event.id],
        "level": draft.level,
        "location": location(issue),
        "logger": "",
        "metadata": metadata,
        "sdk": { "name": "sentry.javascript.node", "version": "8.30.0" },
        "title": draft.title(),
        "type": kind(issue),
        "version": "7",
        "url": format!("https://sentry.io/api/0/projects/{organization}/{slug}/events/{}/", event.id),
        "web_url": format!("{}events/{}/", permalink(tracker, event.issue), event.id),
        "issue_url": format!("https://sentry.io/api/0/organizations/{organization}/issues/{}/", event.issue),
        "issue_id": event.issue.to_string(),
    });
    if draft.kind.is_some() {
        json["exception"] = json!({ "values": [exception(issue)] });
    } else {
        json["logentry"] = json!({ "formatted": draft.value, "message": null, "params": null });
    }
    if let Some(user) = event.user {
        json["user"] = person(user);
    }
    Some(json)
}

pub(super) fn kind(issue: &Issue) -> &'static str {
    if issue.draft.kind.is_some() { "error" } else { "default" }
}

fn location(issue: &Issue) -> Option<&str> {
    issue.draft.kind.as_ref().map(|_| issue.draft.filename.as_str())
}

fn exception(issue: &Issue) -> Value {
    let draft = &issue.draft;
    json!({
        "type": draft.kind,
        "value": draft.value,
        "stacktrace": {
            "frames": [
                { "filename": "node:internal/main", "function": "run", "lineno": 80, "colno": 5, "in_app": false },
                { "filename": draft.filename, "function": draft.function, "lineno": 17, "colno": 9, "in_app": true },
            ],
        },
    })
}

/// Some tell who was hit, and from where.
fn tags(issue: &Issue, event: &Event) -> Vec<(&'static str, String)> {
    let draft = &issue.draft;
    let user = event.user.map(|user| format!("id:{user}"));
    [
        ("level", Some(draft.level.clone())),
        ("environment", draft.environment.clone()),
        ("release", draft.release.clone()),
        ("server_name", Some("web-1".to_owned())),
        ("user", user),
    ]
    .into_iter()
    .filter_map(|(key, value)| value.map(|value| (key, value)))
    .collect()
}

/// Somebody who was hit: personal data that nobody asked for.
fn person(user: u32) -> Value {
    json!({
        "id": user.to_string(),
        "email": format!("customer-{user}@example.net"),
        "username": format!("customer-{user}"),
        "ip_address": format!("203.0.113.{user}"),
        "name": null,
        "geo": { "country_code": "AU", "city": "Melbourne" },
        "data": null,
    })
}
