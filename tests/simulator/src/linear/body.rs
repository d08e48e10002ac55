//! The bodies of webhooks: <https://linear.app/developers/webhooks#the-webhook-payload>.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::record::{Fields, Kind, Record, Store, stamp};

/// Everything around the object.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Envelope<'a> {
    pub(crate) action: &'a str,
    #[serde(skip_serializing_if = "Actor::is_untold")]
    pub(crate) actor: Actor,
    pub(crate) created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) issue_data: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) updated_from: Option<Fields>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
    #[serde(rename = "type")]
    pub(crate) event: &'a str,
    pub(crate) organization_id: &'a str,
    pub(crate) webhook_timestamp: i64,
    pub(crate) webhook_id: String,
}

/// Who did it.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Actor {
    /// This kind of webhook does not say.
    Untold,
    /// A person; null for what Linear did by itself.
    Told(Value),
}

impl Actor {
    fn is_untold(&self) -> bool {
        matches!(self, Self::Untold)
    }

    pub(crate) fn of(store: &Store, by: Option<&str>) -> Self {
        let Some(user) = by.and_then(|id| store.get(id)) else { return Self::Told(Value::Null) };
        let mut told = child(store, user, &USER);
        told["type"] = "user".into();
        Self::Told(told)
    }
}

/// What is told of a thing within another one.
struct Shape {
    fields: &'static [&'static str],
    ones: &'static [(&'static str, &'static Shape)],
}

const fn flat(fields: &'static [&'static str]) -> Shape {
    Shape { fields, ones: &[] }
}

const USER: Shape = flat(&["id", "name", "email", "avatarUrl", "url"]);
const TEAM: Shape = flat(&["id", "key", "name"]);
const STATE: Shape = flat(&["id", "name", "type", "color"]);
const LABEL: Shape = flat(&["id", "name", "color", "parentId"]);
const CYCLE: Shape = flat(&["id", "name", "number", "startsAt", "endsAt"]);
const PROJECT: Shape = flat(&["id", "name", "url"]);
const COMMENT: Shape = flat(&["id", "body", "userId", "issueId", "projectUpdateId", "initiativeUpdateId"]);
const ISSUE: Shape = Shape { fields: &["id", "identifier", "title", "url", "teamId"], ones: &[("team", &TEAM)] };
const UPDATE: Shape = Shape { fields: &["id", "body", "userId"], ones: &[("project", &PROJECT)] };
const INITIATIVE_UPDATE: Shape = flat(&["id", "bodyData", "editedAt", "health"]);

type Told = (&'static str, &'static Shape);

/// The one and the many things that are told within a thing of this kind.
fn inner(kind: Kind) -> (&'static [Told], &'static [Told]) {
    match kind {
        Kind::Issue => (
            &[("assignee", &USER), ("cycle", &CYCLE), ("project", &PROJECT), ("state", &STATE), ("team", &TEAM)],
            &[("labels", &LABEL)],
        ),
        Kind::Comment => (
            &[
                ("initiativeUpdate", &INITIATIVE_UPDATE),
                ("issue", &ISSUE),
                ("parent", &COMMENT),
                ("projectUpdate", &UPDATE),
                ("user", &USER),
            ],
            &[],
        ),
        Kind::Reaction => {
            (&[("comment", &COMMENT), ("issue", &ISSUE), ("projectUpdate", &UPDATE), ("user", &USER)], &[])
        }
        Kind::Project => (&[("lead", &USER), ("status", &STATE)], &[("initiatives", &PROJECT)]),
        Kind::ProjectUpdate => (&[("project", &PROJECT), ("user", &USER)], &[]),
        Kind::Initiative => (&[("creator", &USER), ("owner", &USER)], &[("projects", &PROJECT)]),
        Kind::InitiativeUpdate => (&[("initiative", &PROJECT), ("user", &USER)], &[]),
        _ => (&[], &[]),
    }
}

/// Fields that only the API tells. The address of some stands beside `data` alone.
fn only_in_api(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Issue => &["branchName", "customerTicketCount"],
        Kind::Comment => &["url"],
        Kind::Project => &["initiativeIds"],
        Kind::ProjectUpdate | Kind::InitiativeUpdate => &["isDiffHidden"],
        Kind::IssueLabel => &["organizationId"],
        Kind::Initiative => &["content"],
        Kind::Document => &["url"],
        _ => &[],
    }
}

/// The `data` of a webhook: the thing with what hangs on it. What is null is left out.
pub(crate) fn data(store: &Store, record: &Record) -> Value {
    let hidden = only_in_api(record.kind);
    let mut data: Fields = record
        .fields
        .iter()
        .filter(|(name, value)| !value.is_null() && !hidden.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let (ones, manies) = inner(record.kind);
    for (name, shape) in ones {
        if let Some(one) = store.one(record, name) {
            data.insert((*name).to_owned(), child(store, one, shape));
        }
    }
    for (name, shape) in manies {
        if let Some(many) = store.many(record, name) {
            data.insert((*name).to_owned(), many.into_iter().map(|one| child(store, one, shape)).collect());
        }
    }
    Value::Object(data)
}

fn child(store: &Store, record: &Record, shape: &Shape) -> Value {
    let present = shape.fields.iter().filter(|name| !record.value(name).is_null());
    let mut told: Fields = present.map(|name| ((*name).to_owned(), record.value(name).clone())).collect();
    for (name, shape) in shape.ones {
        if let Some(one) = store.one(record, name) {
            told.insert((*name).to_owned(), child(store, one, shape));
        }
    }
    Value::Object(told)
}

/// The address beside `data`: cycles, labels and reactions have none.
pub(crate) fn url(record: &Record) -> Option<String> {
    record.value("url").as_str().map(str::to_owned)
}

/// What an update says of the values before it.
pub(crate) fn updated_from(was: &Fields, hidden_in: Kind) -> Fields {
    let hidden = only_in_api(hidden_in);
    was.iter().filter(|(name, _)| !hidden.contains(&name.as_str())).map(|(n, v)| (n.clone(), v.clone())).collect()
}

/// The body of the webhook that tells of a withdrawn grant.
pub(crate) fn revoked(organization: &str, client: String, at: Timestamp, sent_at: Timestamp, hook: String) -> Value {
    json!({
        "action": "revoked",
        "createdAt": stamp(at),
        "oauthClientId": client,
        "organizationId": organization,
        "type": "OAuthApp",
        "webhookId": hook,
        "webhookTimestamp": sent_at.as_millisecond(),
    })
}
