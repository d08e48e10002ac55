//! What is kept beside observations, held against what an enrichment makes of them that nothing disturbs, one after the
//! other in the order in which they happened.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use connector_capture::{Enrich, EnrichPorts};
use connector_domain::WorkspaceId;
use connector_domain::enrich::{Step, activity};
use connector_domain::observation::Observation;
use connector_domain::ports::{EnrichmentStore, ObservationStore};
use connector_domain::task::EnrichTask;
use connector_testkit::memory::{KeptBeside, MemoryObservations};
use futures::FutureExt;

use crate::embedder::CalmEmbedder;
use crate::finding::Rule;
use crate::history::History;
use crate::said;
use crate::scenario::Scenario;

pub(crate) fn judge(history: &History) {
    let store = &history.outside.stores.observations;
    let mut all = store.all();
    progress(history, &all);
    all.sort_unstable_by(|a, b| place(a).cmp(&place(b)));
    let calm = Arc::new(MemoryObservations::default());
    if calmly(&calm, &all, history.scenario.broken_embedder).now_or_never().is_none() {
        history.outside.monitor.find(Rule::Beside, "an undisturbed enrichment does not end");
        return;
    }
    calm.delete_like(store);
    let workspaces: BTreeSet<_> = all.iter().map(|one| &one.workspace).collect();
    for workspace in workspaces {
        compare(history, workspace, &store.beside(workspace), &calm.beside(workspace));
        counts(history, workspace, &all, &store.beside(workspace));
        if history.scenario.services && !history.scenario.broken_embedder {
            indexed(history, workspace, &store.beside(workspace));
        }
    }
}

fn place(one: &Observation) -> (connector_domain::Timestamp, &connector_domain::SourceId) {
    (one.event.occurred_at, &one.event.source_id)
}

/// What there is to do with an embedder outside, and with the other services where there are some.
fn steps(scenario: &Scenario) -> &'static [Step] {
    if scenario.services { &Step::ALL } else { &[Step::Links, Step::Actor, Step::Features, Step::Embeddings] }
}

/// Every observation is enriched to the end, or given up where something explains it.
fn progress(history: &History, all: &[Observation]) {
    let store = &history.outside.stores.observations;
    for one in all {
        let (workspace, id) = (&one.workspace, &one.event.source_id);
        let loaded = store.load(workspace, id).now_or_never().and_then(Result::ok).flatten();
        let Some((_, progress)) = loaded else { continue };
        let open = steps(&history.scenario).iter().filter(|step| !progress.done.contains(step));
        let open: Vec<_> = open.copied().collect();
        let unserved = |step: &Step| history.scenario.broken_embedder && matches!(step, Step::Embeddings | Step::Index);
        let explained = open.iter().all(unserved);
        if !explained || progress.due_at.is_some() {
            let detail = format!("{id} of {workspace} lacks {open:?}, is due at {:?}", progress.due_at);
            history.outside.monitor.find(Rule::NotEnded, detail);
        }
        said::judge(history, one, &progress);
    }
    said::judge_all(history, all);
}

/// Without the vectors of a service that is away for good.
async fn calmly(calm: &Arc<MemoryObservations>, all: &[Observation], broken: bool) {
    let local = EnrichPorts::local(Arc::clone(calm) as _);
    let ports = if broken { local } else { EnrichPorts { embedder: Arc::new(CalmEmbedder), ..local } };
    let enrich = Enrich::new(ports);
    for one in all {
        calm.put_if_absent(std::slice::from_ref(one)).await;
        for task in EnrichTask::split(&one.workspace, std::slice::from_ref(&one.event.source_id), "calm") {
            // What fails here is missed below.
            drop(enrich.handle(task).await);
        }
    }
}

fn compare(history: &History, workspace: &WorkspaceId, is: &KeptBeside, expected: &KeptBeside) {
    let find = |what: &str, detail: String| {
        history.outside.monitor.find(Rule::Beside, format!("{what} of {workspace}: {detail}"));
    };
    if is.links != expected.links {
        let of = |links: &[connector_domain::enrich::Link]| links.iter().cloned().collect::<BTreeSet<_>>();
        let (is, expected) = (of(&is.links), of(&expected.links));
        let missing: Vec<_> = expected.difference(&is).map(|link| format!("{} {}", link.source_id, link.key)).collect();
        find("links", format!("{} where {} are right, without {missing:?}", is.len(), expected.len()));
    }
    if is.identities != expected.identities {
        find("identities", format!("{:?} where {:?} is right", is.identities, expected.identities));
    }
    if is.features != expected.features {
        let right = is.features.iter().filter(|one| expected.features.contains(one)).count();
        let (is, expected) = (is.features.len(), expected.features.len());
        find("features", format!("{right} of {is} are right, of {expected}"));
    }
}

/// The index outside has what is kept here and shown, and nothing else.
fn indexed(history: &History, workspace: &WorkspaceId, kept: &KeptBeside) {
    let index = &history.outside.stores.index;
    let indexed = index.beside(workspace).features;
    if indexed != kept.features {
        let detail = format!("{} facts of {workspace} are indexed, of {}", indexed.len(), kept.features.len());
        history.outside.monitor.find(Rule::Beside, detail);
    }
}

/// An account has acted in as many facts as name it: counted by hand, whatever enrichment makes of it.
fn counts(history: &History, workspace: &WorkspaceId, all: &[Observation], is: &KeptBeside) {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let ours = all.iter().filter(|one| one.workspace == *workspace);
    for (account, _) in ours.filter_map(activity) {
        *counts.entry(account.to_string()).or_default() += 1;
    }
    let told = is.identities.iter().map(|one| (one.account.to_string(), one.observations)).collect();
    if counts != told {
        history.outside.monitor.find(Rule::Beside, format!("{workspace}: {told:?} acted where {counts:?} did"));
    }
}
