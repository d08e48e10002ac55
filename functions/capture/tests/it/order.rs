//! Whatever order facts come in, and however often each is told: what is known in the end is the same.

use std::collections::BTreeSet;
use std::sync::Arc;

use connector_capture::{Enrich, EnrichPorts};
use connector_domain::enrich::{Cluster, Edge, Link, Profile, edges_between, links, week};
use connector_domain::observation::Observation;
use connector_domain::ports::{EnrichmentStore, ObservationStore, Random};
use connector_domain::task::EnrichTask;
use connector_flows::memory::{clusters_of, people};
use connector_testkit::builders::workspace;
use connector_testkit::memory::{MemoryObservations, SeededRandom};

use crate::facts;

/// What is known.
#[derive(Debug, PartialEq)]
struct Known {
    links: BTreeSet<Link>,
    edges: BTreeSet<Edge>,
    people: Vec<Profile>,
    clusters: Vec<Cluster>,
}

async fn known(store: &MemoryObservations, facts: &[Observation]) -> Known {
    let acme = workspace("acme");
    let mut all = BTreeSet::new();
    let mut weeks = BTreeSet::new();
    for fact in facts {
        for link in links(fact) {
            all.extend(store.links(&acme, &link.key, fact.event.occurred_at, 10_000).await.unwrap());
        }
        weeks.insert(week(fact.event.occurred_at));
    }
    let mut clusters = Vec::new();
    for week in weeks {
        clusters.extend(clusters_of(store, &acme, &week).await.unwrap());
    }
    Known { edges: edges_between(&all), links: all, people: people(store, &acme).await.unwrap(), clusters }
}

/// Captures and enriches in the seed's order, a few in each message and every message twice.
async fn enriched(facts: &[Observation], seed: u64) -> MemoryObservations {
    let random = SeededRandom::new(seed);
    let mut order: Vec<_> = facts.to_vec();
    order.sort_by_cached_key(|_| random.bytes());
    let store = Arc::new(MemoryObservations::default());
    let enrich = Enrich::new(EnrichPorts::local(Arc::clone(&store) as _));
    for part in order.chunks(7) {
        assert!(store.put_if_absent(part).await.iter().all(Result::is_ok));
        let ids: Vec<_> = part.iter().map(|fact| fact.event.source_id.clone()).collect();
        for task in EnrichTask::split(&workspace("acme"), &ids, "c") {
            enrich.handle(task.clone()).await.unwrap();
            enrich.handle(task).await.unwrap();
        }
    }
    drop(enrich);
    Arc::into_inner(store).unwrap()
}

async fn holds(name: &str, facts: Vec<Observation>) {
    let first = known(&enriched(&facts, 1).await, &facts).await;
    for seed in 2..6 {
        let again = known(&enriched(&facts, seed).await, &facts).await;
        assert!(first == again, "{name}: the order of seed {seed} leads elsewhere");
    }
    let acted = facts.iter().filter(|fact| fact.event.actor.is_some()).count() as u64;
    assert_eq!(first.people.iter().map(|one| one.observations).sum::<u64>(), acted, "{name}: each is counted once");
    let members: usize = first.clusters.iter().map(|one| one.members.len()).sum();
    assert_eq!(members, facts.len(), "{name}: each fact is in one cluster");
    let Known { links, edges, people, clusters } = &first;
    println!(
        "{name}: {} facts, {} links, {} edges, {} people, {} clusters",
        facts.len(),
        links.len(),
        edges.len(),
        people.len(),
        clusters.len()
    );
    assert!(!edges.is_empty() && clusters.len() < facts.len(), "{name}: something belongs together");
}

#[tokio::test]
async fn facts_of_a_simulated_product_in_any_order() {
    holds("simulated", facts::simulated().all()).await;
}

#[tokio::test]
async fn facts_of_a_corpus_in_any_order() {
    if let Some(facts) = facts::corpus() {
        holds("corpus", facts.all()).await;
    }
}
