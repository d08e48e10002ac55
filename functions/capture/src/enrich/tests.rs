use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use connector_domain::enrich::{Embedding, profiles, week};
use connector_domain::ports::{ObservationStore, Purpose};
use connector_domain::{Reference, ReferenceKind, Timestamp};
use connector_testkit::builders::{at, observation, workspace};
use connector_testkit::memory::MemoryObservations;

use super::*;

/// Fails until it is mended; then it is the real one.
#[derive(Default)]
struct Brittle {
    mended: AtomicBool,
}

#[async_trait]
impl Embedder for Brittle {
    fn model(&self) -> &str {
        "brittle"
    }

    async fn embed(&self, _purpose: Purpose, texts: &[String]) -> Result<Vec<Embedding>, PortError> {
        let vector = Embedding { model: "brittle".to_owned(), values: vec![1, 2] };
        match self.mended.load(Ordering::Relaxed) {
            true => Ok(vec![vector; texts.len()]),
            false => Err(PortError::temporary("embed a text", "out of order")),
        }
    }
}

fn task(of: &[Observation]) -> EnrichTask {
    let ids: Vec<SourceId> = of.iter().map(|one| one.event.source_id.clone()).collect();
    EnrichTask::split(&of[0].workspace, &ids, "c").remove(0)
}

async fn captured(count: i64) -> (Arc<MemoryObservations>, Vec<Observation>) {
    let (store, acme) = (Arc::new(MemoryObservations::default()), workspace("acme"));
    let rows: Vec<_> = (0..count).map(|n| observation(&acme, &format!("9#{n}"), at(n))).collect();
    assert!(store.put_if_absent(&rows).await.iter().all(Result::is_ok));
    (store, rows)
}

#[tokio::test]
async fn a_step_that_fails_is_done_later_and_the_others_stand() {
    let (store, rows) = captured(3).await;
    let embedder = Arc::new(Brittle::default());
    let enrich = Enrich::new(EnrichPorts {
        embedder: Arc::clone(&embedder) as _,
        ..EnrichPorts::local(Arc::clone(&store) as _)
    });
    let error = enrich.handle(task(&rows)).await.unwrap_err();
    assert_eq!((error.failed, error.total), (3, 3));
    let acme = &rows[0].workspace;
    let (_, progress) = store.load(acme, &rows[0].event.source_id).await.unwrap().unwrap();
    assert!(progress.is_complete() && !progress.done.contains(&Step::Embeddings));
    assert_eq!(store.features(acme, &week(at(0))).await.unwrap().len(), 3, "what needs no service is there");
    assert_eq!(store.identities(acme).await.unwrap()[0].observations, 3);

    embedder.mended.store(true, Ordering::Relaxed);
    assert_eq!(enrich.handle(task(&rows)).await.unwrap(), Enriched { enriched: 3, ..Enriched::default() });
    assert_eq!(enrich.handle(task(&rows)).await.unwrap(), Enriched { already: 3, ..Enriched::default() });
    assert_eq!(profiles(&store.identities(acme).await.unwrap())[0].observations, 3, "each is counted once");
    assert_eq!(store.features(acme, &week(at(0))).await.unwrap().len(), 3);
    assert!(EnrichmentStore::due(&*store, Timestamp::MAX, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn one_that_cannot_be_read_keeps_no_other() {
    let (store, rows) = captured(3).await;
    store.spoil(&rows[1].event.source_id);
    let enrich = Enrich::new(EnrichPorts::local(Arc::clone(&store) as _));
    let error = enrich.handle(task(&rows)).await.unwrap_err();
    assert_eq!((error.failed, error.total), (1, 3));
    let there = [rows[0].clone(), rows[2].clone()];
    assert_eq!(enrich.handle(task(&there)).await.unwrap().already, 2);
}

#[tokio::test]
async fn one_that_cannot_be_linked_keeps_no_other() {
    let (store, acme) = (Arc::new(MemoryObservations::default()), workspace("acme"));
    let mut rows: Vec<_> = (0..3).map(|n| observation(&acme, &format!("9#{n}"), at(n))).collect();
    for row in &mut rows {
        let pull = Reference::new(ReferenceKind::Pr, "#7").unwrap();
        row.event.references = vec![pull.url("https://github.com/acme/shop/pull/7")];
    }
    assert!(store.put_if_absent(&rows).await.iter().all(Result::is_ok));
    store.refuse_links_of(&rows[1].event.source_id);
    let enrich = Enrich::new(EnrichPorts::local(Arc::clone(&store) as _));
    let error = enrich.handle(task(&rows)).await.unwrap_err();
    assert_eq!((error.failed, error.total), (1, 3));
    let there = [rows[0].clone(), rows[2].clone()];
    assert_eq!(enrich.handle(task(&there)).await.unwrap().already, 2);
    assert_eq!(store.beside(&acme).links.len(), 2);
}

#[tokio::test]
async fn what_is_not_there_is_no_reason_to_come_again() {
    let (store, rows) = captured(1).await;
    let enrich = Enrich::new(EnrichPorts::local(store));
    let mut task = task(&rows);
    task.observations.push(SourceId::parse("github:pr:9#404:merged").unwrap());
    assert_eq!(enrich.handle(task).await.unwrap(), Enriched { enriched: 1, missing: 1, ..Enriched::default() });
}
