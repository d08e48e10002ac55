//! A scenario as the earlier system wrote it down: what it was sent, and what became of it.

use std::fs;
use std::path::PathBuf;

use connector_domain::{Actor, ProviderKind, Reference, SourceEvent, SourceId, SourceType, Timestamp};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Script {
    pub(super) name: String,
    pub(super) scenario: Scenario,
    pub(super) expected: Expected,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Scenario {
    pub(super) now: Timestamp,
    pub(super) events: Vec<Sent>,
    #[serde(default)]
    pub(super) integrations: Vec<Integration>,
    #[serde(default)]
    pub(super) llm: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Integration {
    pub(super) provider_resource_id: String,
    pub(super) is_active: bool,
    pub(super) source_config: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Sent {
    pub(super) workspace_id: String,
    pub(super) source_event: Told,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Told {
    pub(super) source: ProviderKind,
    pub(super) source_type: String,
    pub(super) source_id: String,
    pub(super) title: String,
    pub(super) body: String,
    #[serde(default)]
    pub(super) actor: Option<Actor>,
    pub(super) occurred_at: Timestamp,
    pub(super) references: Vec<Reference>,
    pub(super) metadata: Value,
}

#[derive(Deserialize)]
pub(super) struct Expected {
    pub(super) events: Vec<Value>,
    pub(super) observations: Vec<Value>,
    pub(super) entities: Vec<Value>,
    pub(super) relationships: Vec<Related>,
    pub(super) identities: Vec<Value>,
}

#[derive(Deserialize)]
pub(super) struct Related {
    pub(super) relationship_type: String,
    pub(super) linking_key: String,
    pub(super) linking_key_type: String,
    pub(super) from_source_id: String,
    pub(super) to_source_id: String,
}

#[expect(clippy::disallowed_methods, reason = "where a corpus lies is a matter of the machine")]
pub(super) fn scripts() -> Vec<Script> {
    let default = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let root = std::env::var_os("CONNECTORS_CORPUS").map_or_else(default, PathBuf::from).join("vectors/pipeline");
    let Ok(entries) = fs::read_dir(&root) else {
        println!("skipped: no corpus at {}", root.display());
        return Vec::new();
    };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap()).collect()
}

impl Told {
    /// The fact as ours; `None` when its type is none of ours. Its identity is what it is about and the transition, as ours
    /// is; one that can happen again carries its time.
    pub(super) fn event(&self) -> Option<SourceEvent> {
        let kind = SourceType::find(self.source, &self.source_type)?;
        let (thing, transition) = match self.source_id.rsplit_once(':') {
            Some((thing, "update")) => (thing, format!("update@{}", self.occurred_at)),
            Some((thing, transition)) if thing.contains(':') && !self.source_id.starts_with("push:") => {
                (thing, transition.to_owned())
            }
            _ => (self.source_id.as_str(), kind.name().to_owned()),
        };
        let id = SourceId::once(self.source, "scenario", thing.replace(':', "/"), &transition);
        let mut event = SourceEvent::new(kind, id, &self.title, &self.body, self.occurred_at);
        (event.actor, event.references) = (self.actor.clone(), self.references.clone());
        event.metadata = serde_json::from_value(self.metadata.clone()).unwrap();
        Some(event)
    }
}
