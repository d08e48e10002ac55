//! Documents in a history: what looks at repositories, and what must be kept in the end.

use std::sync::Arc;

use connector_documents::DocumentsSettings;
use connector_domain::documents::{DocumentsKey, SyncLimits, SyncState};
use connector_domain::ports::{Clock, ConnectionStore, DocumentStore, DocumentSyncs};
use connector_flows::documents::DocumentPorts;
use connector_testkit::memory::{MemoryDocuments, MemoryQueue};
use futures::FutureExt;

use crate::faulty::Faulty;
use crate::files::Wanted;
use crate::finding::Rule;
use crate::history::History;
use crate::plant::{self, Plant};
use crate::scenario::Scenario;
use crate::setup::Outside;
use crate::tenant::Tenant;

/// Steps are small, so that a few files take several of them.
const BATCH: usize = 2;
/// Faults are no reason to give up.
const TRIES: u32 = 80;

fn limits() -> SyncLimits {
    SyncLimits { max_attempts: TRIES, ..SyncLimits::default() }
}

/// What asking for a look stands on. Where a history has no documents, nobody takes the messages.
pub(crate) fn asking(outside: &Outside, scenario: &Scenario, plant: Option<Plant>) -> DocumentPorts {
    let Outside { plan, clock, queue, stores, .. } = outside;
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    if !scenario.documents {
        return DocumentPorts {
            syncs: Arc::new(MemoryDocuments::default()),
            tasks: Arc::new(MemoryQueue::new(Arc::clone(&clock))),
            clock,
            limits: limits(),
        };
    }
    let syncs: Arc<dyn DocumentSyncs> = Faulty::of(plan, &stores.documents);
    let syncs = match plant {
        Some(Plant::LookUnheard) => Arc::new(plant::LookUnheard(syncs)),
        _ => syncs,
    };
    DocumentPorts { syncs, tasks: Faulty::of(plan, queue), clock, limits: limits() }
}

/// Where documents are kept.
pub(crate) fn kept(outside: &Outside) -> Arc<dyn DocumentStore> {
    Faulty::of(&outside.plan, &outside.stores.documents)
}

pub(crate) fn settings() -> DocumentsSettings {
    DocumentsSettings { batch: BATCH, limits: limits(), ..DocumentsSettings::default() }
}

pub(crate) fn judge(history: &History) {
    if !history.scenario.documents {
        return;
    }
    for (n, tenant) in history.tenants.iter().enumerate() {
        if let Some(problem) = judge_one(history, n, tenant).now_or_never().flatten() {
            history.outside.monitor.find(Rule::Documents, format!("{}: {problem}", tenant.workspace()));
        }
    }
}

/// The documents are those of the newest commit that somebody told us of, or of a later one.
async fn judge_one(history: &History, n: usize, tenant: &Tenant) -> Option<String> {
    let stores = &history.outside.stores;
    let key = DocumentsKey::of(&tenant.link);
    let link = stores.connections.integration(key.provider, &key.resource, &key.workspace).await.ok()?;
    link.filter(|link| link.active && link.connection == tenant.connection.id)?;
    let Some(sync) = stores.documents.sync(&key).await.ok()? else { return Some("nobody has looked".to_owned()) };
    if !matches!(sync.state, SyncState::Synced | SyncState::NoConfig) {
        return Some(format!("the sync is {:?}", sync.state));
    }
    let mut kept = Wanted::new();
    for document in stores.documents.documents(&key, None, usize::MAX).await.ok()? {
        let pieces = stores.documents.chunks(&key, &document).await.ok()?.len();
        if pieces != document.chunks as usize {
            return Some(format!("{} has {pieces} pieces of {}", document.path, document.chunks));
        }
        kept.insert(document.path, document.content_hash.unwrap_or_default());
    }
    let told = history.owed.iter().filter(|(of, _)| *of == n);
    let told = told.filter_map(|(_, hook)| history.hooks.get(*hook)?.pushes).max().unwrap_or_default();
    let told = told.max(tenant.pushes_at_link);
    let files = &history.places.get(tenant.place)?.files;
    let fits = files.wanted_from(told).any(|wanted| wanted == kept);
    (!fits).then(|| {
        let wanted: Vec<_> = files.wanted_from(told).collect();
        format!("{kept:?} is none of what was wanted after push {told} of {}: {wanted:?}", files.pushes())
    })
}
