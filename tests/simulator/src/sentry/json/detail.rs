//! One event by itself (<https://docs.sentry.io/api/events/retrieve-an-event-for-a-project/>): neither the shape of the
//! list nor that of webhooks.

use serde_json::{Value, json};

use super::{
    super::{event::Event, issue::Issue, tracker::Tracker},
    event::{kind, listed},
    issue::moment,
};

/// The event with all it says.
pub(crate) fn event(tracker: &Tracker, event: &Event) -> Option<Value> {
    let issue = tracker.issue(event.issue)?;
    let draft = &issue.draft;
    let metadata = match &draft.kind {
        Some(kind) => json!({ "type": kind, "value": draft.value }),
        None => json!({ "title": draft.value }),
    };
    let mut json = listed(tracker, event)?;
    let more = json!({
        "dist": null,
        "userReport": null,
        "previousEventID": null,
        "nextEventID": null,
        "size": 2_048,
        "errors": [],
        "type": kind(issue),
        "metadata": metadata,
        "dateCreated": moment(event.at),
        "dateReceived": moment(event.at),
        "entries": [entry(issue)],
        "packages": {},
        "sdk": { "name": "sentry.javascript.node", "version": "8.30.0" },
        "_meta": {},
        "contexts": {},
        "fingerprints": [event.id],
        "context": {},
        "release": release(tracker, issue),
    });
    if let (Value::Object(json), Value::Object(more)) = (&mut json, more) {
        json.remove("event.type");
        json.extend(more);
    }
    Some(json)
}

fn entry(issue: &Issue) -> Value {
    let draft = &issue.draft;
    let Some(kind) = &draft.kind else {
        return json!({ "type": "message", "data": { "formatted": draft.value } });
    };
    let frame = json!({
        "filename": draft.filename,
        "absPath": draft.filename,
        "module": draft.filename,
        "function": draft.function,
        "lineNo": 17,
        "colNo": 9,
        "context": [[17, "    throw error"]],
        "inApp": true,
        "errors": null,
        "vars": null,
        "package": null,
        "platform": null,
        "instructionAddr": null,
        "symbolAddr": null,
        "symbol": null,
        "trust": null,
    });
    let stacktrace = json!({ "frames": [frame], "framesOmitted": null, "registers": null, "hasSystemFrames": false });
    let exception = json!({
        "type": kind,
        "value": draft.value,
        "stacktrace": stacktrace,
        "rawStacktrace": null,
        "mechanism": null,
        "module": null,
        "threadId": null,
    });
    let data = json!({ "values": [exception], "excOmitted": null, "hasSystemFrames": false });
    json!({ "type": "exception", "data": data })
}

/// The version an issue was first seen in, if the SDK told it.
pub(crate) fn release(tracker: &Tracker, issue: &Issue) -> Option<Value> {
    let version = issue.draft.release.as_ref()?;
    Some(json!({
        "id": 1,
        "version": version,
        "shortVersion": version,
        "ref": null,
        "url": null,
        "dateCreated": moment(issue.first_seen),
        "dateReleased": null,
        "firstEvent": moment(issue.first_seen),
        "lastEvent": moment(issue.now.last_seen),
        "newGroups": 0,
        "commitCount": 0,
        "deployCount": 0,
        "lastCommit": null,
        "lastDeploy": null,
        "authors": [],
        "owner": null,
        "data": {},
        "projects": [{ "name": tracker.slug(), "slug": tracker.slug() }],
    }))
}
