//! Enrichment that is noted, counted or written without care.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use connector_domain::enrich::{
    Account, Activity, Advance, Embedding, Enrichment, Feature, Identity, Link, LinkKey, Step,
};
use connector_domain::observation::Observation;
use connector_domain::ports::{Embedder, EnrichmentStore, PortError, Purpose, Queue};
use connector_domain::task::EnrichTask;
use connector_domain::{SourceId, Timestamp, WorkspaceId};

use crate::forward;
use crate::monitor::Monitor;

pub(crate) struct CountedTwice {
    pub(crate) store: Arc<dyn EnrichmentStore>,
    pub(crate) next: AtomicU64,
}

forward::enrichment!(CountedTwice {
    async fn note_activity(&self, of: &WorkspaceId, account: &Account, acts: &[Activity]) -> Result<(), PortError> {
        let mut acts = acts.to_vec();
        for act in &mut acts {
            // A proof under another name each time is none.
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let name = SourceId::once(account.provider, "count", number, "made");
            act.source_id = name;
        }
        self.store.note_activity(of, account, &acts).await
    }
} also load advance due put_links rest);

/// Whose links were written, and in which turn the work began that wrote them.
#[derive(Default)]
pub(crate) struct Linked(Mutex<BTreeMap<WorkspaceId, u64>>);

pub(crate) struct LinksOfFirst {
    pub(crate) store: Arc<dyn EnrichmentStore>,
    pub(crate) linked: Linked,
    pub(crate) monitor: Arc<Monitor>,
}

forward::enrichment!(LinksOfFirst {
    async fn put_links(&self, of: &WorkspaceId, links: &[Link]) -> Result<(), PortError> {
        let began = self.monitor.began();
        let first = {
            let mut linked = self.linked.0.lock().unwrap_or_else(PoisonError::into_inner);
            *linked.entry(of.clone()).or_insert(began) == began
        };
        if first { self.store.put_links(of, links).await } else { Ok(()) }
    }
} also load advance due note_activity rest);

pub(crate) struct NotedFirst {
    pub(crate) store: Arc<dyn EnrichmentStore>,
}

forward::enrichment!(NotedFirst {
    async fn load_all(
        &self,
        of: &WorkspaceId,
        ids: &[SourceId],
    ) -> Result<Vec<(Observation, Enrichment)>, PortError> {
        let loaded = self.store.load_all(of, ids).await?;
        for (fact, _) in &loaded {
            self.store.advance(of, &fact.event.source_id, &Advance::of(Step::ALL).complete()).await?;
        }
        Ok(loaded)
    }
} also advance due put_links note_activity rest);

/// Takes messages and sends none.
pub(crate) struct NothingSent;

#[async_trait]
impl Queue<EnrichTask> for NothingSent {
    async fn send(&self, _: &[EnrichTask], _: Duration) -> Result<(), PortError> {
        Ok(())
    }
}

pub(crate) struct JunkTaken {
    pub(crate) embedder: Arc<dyn Embedder>,
}

#[async_trait]
impl Embedder for JunkTaken {
    fn model(&self) -> &str {
        self.embedder.model()
    }

    async fn embed(&self, purpose: Purpose, texts: &[String]) -> Result<Vec<Embedding>, PortError> {
        let mut made = self.embedder.embed(purpose, texts).await?;
        let any = made.last().cloned().unwrap_or(Embedding { model: String::new(), values: Vec::new() });
        made.resize(texts.len(), any);
        Ok(made)
    }
}
