//! An index of vectors by Pinecone. Each workspace has a namespace of its own, which is a hash of its id: whatever the id
//! holds, no two workspaces share one.
//! <https://docs.pinecone.io/reference/api/2026-07/data-plane/upsert>

use std::collections::BTreeSet;

use async_trait::async_trait;
use connector_domain::enrich::{Indexed, MIN_SIMILARITY, Nearest, VectorQuery, View};
use connector_domain::ports::{PortError, VectorIndex};
use connector_domain::{SourceId, Timestamp, WorkspaceId};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::client::Service;
use super::error::{ServiceError, ServiceErrorKind};

/// The version of the API that is spoken.
pub(super) const VERSION: &str = "2026-07";
/// Facts of one upsert: three records of up to 3,072 numbers each stay below 2 MB.
/// <https://docs.pinecone.io/reference/api/database-limits/operation-limits>
const UPSERT: usize = 10;
/// Records of one deletion are 1,000 at most, and a fact has three.
const DELETE: usize = 300;
/// Most records of one query.
const MAX_TOP: usize = 10_000;

/// An index at its host.
#[derive(Debug, Clone)]
pub struct Pinecone {
    service: Service,
}

#[derive(Deserialize)]
struct Found {
    #[serde(default)]
    matches: Vec<Match>,
}

#[derive(Deserialize)]
struct Match {
    score: f64,
    metadata: Metadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    source_id: String,
    view: String,
}

impl Pinecone {
    pub(super) const fn new(service: Service) -> Self {
        Self { service }
    }

    async fn upsert_part(&self, workspace: &WorkspaceId, facts: &[Indexed]) -> Result<(), ServiceError> {
        let vectors: Vec<Value> = facts.iter().flat_map(records).collect();
        let request = json!({ "namespace": namespace(workspace), "vectors": vectors });
        self.service.post("/vectors/upsert", &request).await.map(|_: Value| ())
    }

    async fn query(&self, workspace: &WorkspaceId, query: &VectorQuery) -> Result<Vec<Nearest>, ServiceError> {
        let (since, until) = (query.since.as_second(), query.until.as_second());
        let request = json!({
            "namespace": namespace(workspace),
            "vector": numbers(&query.vector.values),
            // All views of each may be the nearest.
            "topK": (query.limit * View::ALL.len()).clamp(1, MAX_TOP),
            "includeMetadata": true,
            "includeValues": false,
            "filter": { "$and": [
                { "model": { "$eq": query.vector.model } },
                { "occurredAtSeconds": { "$gte": since } },
                { "occurredAtSeconds": { "$lte": until } },
            ] },
        });
        let Found { mut matches } = self.service.post("/query", &request).await?;
        matches.sort_by(|a, b| b.score.total_cmp(&a.score));
        let mut seen = BTreeSet::new();
        let mut nearest = Vec::new();
        for Match { score, metadata } in matches {
            let (Ok(source_id), Some(view)) = (SourceId::parse(&metadata.source_id), View::find(&metadata.view)) else {
                return Err(self.service.error(ServiceErrorKind::Malformed, "a match is not one of ours"));
            };
            if score > MIN_SIMILARITY && seen.insert(source_id.clone()) {
                nearest.push(Nearest { source_id, view, similarity: score.min(1.0) });
            }
        }
        nearest.truncate(query.limit);
        Ok(nearest)
    }

    async fn delete_part(&self, workspace: &WorkspaceId, facts: &[(SourceId, Timestamp)]) -> Result<(), ServiceError> {
        let ids: Vec<_> = facts.iter().flat_map(|(id, _)| View::ALL.map(|view| record_id(view, id))).collect();
        let request = json!({ "namespace": namespace(workspace), "ids": ids });
        self.service.post("/vectors/delete", &request).await.map(|_: Value| ())
    }
}

#[async_trait]
impl VectorIndex for Pinecone {
    fn name(&self) -> &str {
        "pinecone"
    }

    async fn upsert(&self, workspace: &WorkspaceId, facts: &[Indexed]) -> Result<(), PortError> {
        for facts in facts.chunks(UPSERT) {
            self.upsert_part(workspace, facts).await.map_err(|error| error.port("index vectors"))?;
        }
        Ok(())
    }

    async fn nearest(&self, workspace: &WorkspaceId, query: &VectorQuery) -> Result<Vec<Nearest>, PortError> {
        self.query(workspace, query).await.map_err(|error| error.port("look for vectors"))
    }

    async fn delete(&self, workspace: &WorkspaceId, facts: &[(SourceId, Timestamp)]) -> Result<(), PortError> {
        for facts in facts.chunks(DELETE) {
            self.delete_part(workspace, facts).await.map_err(|error| error.port("delete vectors"))?;
        }
        Ok(())
    }
}

/// A record for each view of a fact, of the one model that it has them of.
fn records(fact: &Indexed) -> Vec<Value> {
    let feature = &fact.feature;
    let record = |(view, embedding): (View, &connector_domain::enrich::Embedding)| {
        json!({
            "id": record_id(view, &feature.source_id),
            "values": numbers(&embedding.values),
            "metadata": {
                "layer": "observations",
                "view": view.as_str(),
                "model": embedding.model,
                "source": feature.source,
                "sourceType": feature.source_type,
                "sourceId": feature.source_id,
                "occurredAt": feature.occurred_at,
                "occurredAtSeconds": feature.occurred_at.as_second(),
                "actorName": fact.actor.as_deref().unwrap_or("unknown"),
                "title": feature.title,
                "snippet": fact.snippets.get(&view).map_or("", String::as_str),
            },
        })
    };
    fact.vectors().map(record).collect()
}

/// Ids are ASCII and up to 512 characters; a source id is neither.
fn record_id(view: View, source_id: &SourceId) -> String {
    format!("obs_{}_{}", view.as_str(), hex::encode(&Sha256::digest(source_id.as_str().as_bytes())[..16]))
}

fn namespace(workspace: &WorkspaceId) -> String {
    format!("ws_{}", hex::encode(&Sha256::digest(workspace.as_str().as_bytes())[..16]))
}

fn numbers(values: &[i8]) -> Vec<f32> {
    values.iter().map(|value| f32::from(*value) / 127.0).collect()
}
