//! What happens: records come, change and go, and each time a webhook tells of it.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{
    State,
    body::{self, Actor, Envelope},
    record::{Fields, Kind, Record, stamp},
    webhook::Webhook,
};
use crate::{graphql::value::tidy, random::Random};

/// What a webhook tells.
struct Telling<'a> {
    action: &'a str,
    event: &'a str,
    by: Option<&'a str>,
    at: Timestamp,
    updated_from: Option<Fields>,
}

impl State {
    /// An id that nothing has yet.
    pub(crate) fn new_id(&mut self) -> String {
        self.serial += 1;
        Random::new(self.seed, &[self.serial, 0x11DE]).uuid()
    }

    /// Adds a record that no webhook tells of.
    pub(crate) fn add(&mut self, kind: Kind, fields: Value, at: Timestamp) -> String {
        let mut fields = object(fields);
        fields.retain(|_, value| !value.is_null());
        let id = match fields.get("id").and_then(Value::as_str) {
            Some(id) => id.to_owned(),
            None => self.new_id(),
        };
        fields.insert("id".to_owned(), id.clone().into());
        for field in ["createdAt", "updatedAt"] {
            fields.entry(field).or_insert_with(|| stamp(at).into());
        }
        self.store.insert(Record { kind, fields });
        id
    }

    /// Something is made, by somebody or by Linear itself.
    pub(crate) fn create(&mut self, kind: Kind, fields: Value, by: Option<&str>, at: Timestamp) -> Webhook {
        let id = self.add(kind, fields, at);
        if kind == Kind::Issue {
            self.begin_span(&id, at);
        }
        self.tell(&id, Telling { action: "create", event: kind.name(), by, at, updated_from: None })
    }

    /// Something changes. Its `updatedAt` is a little later than `at`, as the times of one change at Linear are.
    pub(crate) fn alter(&mut self, id: &str, fields: Value, by: Option<&str>, at: Timestamp) -> Webhook {
        let updated_at = later(at, self.lag(at, 0xA7, 15, 75));
        let mut fields = object(fields);
        fields.insert("updatedAt".to_owned(), stamp(updated_at).into());
        let was = self.store.set(id, fields);
        let kind = self.kind(id);
        if kind == Kind::Issue {
            self.remember(id, &was, by, at);
        }
        self.tell_update(id, was, by, later(updated_at, 1))
    }

    /// A change that is no update to Linear: `updatedAt` stays.
    pub(crate) fn mark(&mut self, id: &str, fields: Value, by: Option<&str>, at: Timestamp) -> Fields {
        let was = self.store.set(id, object(fields));
        if self.kind(id) == Kind::Issue {
            self.remember(id, &was, by, at);
        }
        was
    }

    /// Tells of a change that was made.
    pub(crate) fn tell_update(&mut self, id: &str, was: Fields, by: Option<&str>, at: Timestamp) -> Webhook {
        let kind = self.kind(id);
        let updated_from = Some(body::updated_from(&was, kind));
        self.tell(id, Telling { action: "update", event: kind.name(), by, at, updated_from })
    }

    /// Tells that something is removed, which it need not be for good.
    pub(crate) fn tell_removal(&mut self, id: &str, by: Option<&str>, at: Timestamp) -> Webhook {
        let event = self.kind(id).name();
        self.tell(id, Telling { action: "remove", event, by, at, updated_from: None })
    }

    /// Tells of an issue's promise of time: `set`, `highRisk` or `breached`.
    pub(crate) fn tell_sla(&mut self, id: &str, action: &str, at: Timestamp) -> Webhook {
        self.tell(id, Telling { action, event: "IssueSLA", by: None, at, updated_from: None })
    }

    /// Tells that the grant of our app was withdrawn.
    pub(crate) fn tell_revocation(&mut self, at: Timestamp) -> Webhook {
        let sent_at = self.sent_at(at);
        let (client, hook) = (self.fixed_id(0xC11), self.fixed_id(0x8007));
        let body = body::revoked(&self.organization, client.clone(), at, sent_at, hook);
        self.record("OAuthApp", "revoked", client, at, sent_at, body.to_string())
    }

    fn tell(&mut self, id: &str, telling: Telling<'_>) -> Webhook {
        let Telling { action, event, by, at, updated_from } = telling;
        let sent_at = self.sent_at(at);
        let Some(record) = self.store.get(id) else { unreachable!("what is told of is there") };
        let sla = event == "IssueSLA";
        let data = Some(body::data(&self.store, record));
        let (data, issue_data) = if sla { (None, data) } else { (data, None) };
        let envelope = Envelope {
            action,
            actor: if sla { Actor::Untold } else { Actor::of(&self.store, by) },
            created_at: stamp(at),
            data,
            issue_data,
            updated_from,
            url: body::url(record),
            event,
            organization_id: &self.organization,
            webhook_timestamp: sent_at.as_millisecond(),
            webhook_id: self.fixed_id(0x8007),
        };
        let body = serde_json::to_string(&envelope)
            .unwrap_or_else(|error| unreachable!("our own structures serialize: {error}"));
        self.record(event, action, id.to_owned(), at, sent_at, body)
    }

    fn record(
        &mut self,
        event: &str,
        action: &str,
        id: String,
        at: Timestamp,
        sent_at: Timestamp,
        body: String,
    ) -> Webhook {
        let webhook = Webhook {
            event: event.to_owned(),
            action: action.to_owned(),
            id,
            at,
            sent_at,
            delivery_id: Random::new(self.seed, &[self.told.len() as u64, 0xDE11]).uuid(),
            body: body.into_bytes(),
        };
        self.told.push(webhook.clone());
        webhook
    }

    /// Real ones are sent 60 ms to 1.3 s after what they tell of.
    fn sent_at(&self, at: Timestamp) -> Timestamp {
        later(at, self.lag(at, self.told.len() as u64, 60, 1_300))
    }

    /// Some milliseconds, always the same ones for the same moment: what happens at once is timed alike.
    pub(crate) fn lag(&self, at: Timestamp, purpose: u64, least: i64, most: i64) -> i64 {
        let at = u64::try_from(at.as_millisecond()).unwrap_or(0);
        let spread = u64::try_from(most - least).unwrap_or(0);
        least + i64::try_from(Random::new(self.seed, &[at, purpose]).below(spread)).unwrap_or(0)
    }

    /// An id of something there is one of.
    pub(crate) fn fixed_id(&self, purpose: u64) -> String {
        Random::new(self.seed, &[purpose]).uuid()
    }

    pub(crate) fn kind(&self, id: &str) -> Kind {
        self.store.get(id).map_or(Kind::Organization, |record| record.kind)
    }
}

pub(crate) fn later(at: Timestamp, milliseconds: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_millis(milliseconds)).unwrap_or(Timestamp::MAX)
}

pub(crate) fn object(value: Value) -> Fields {
    match tidy(value) {
        Value::Object(fields) => fields,
        other => unreachable!("fields are given as an object: {other}"),
    }
}
