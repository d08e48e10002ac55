//! What captured facts have to do with others: a few observations of one workspace per message.
//!
//! Each step writes what one fact says by itself, under a key that the fact gives. So a step may run twice, in any order, and
//! beside another worker; what is noted as done saves the work of a second time, no more.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use connector_domain::WorkspaceId;
use connector_domain::enrich::{Account, Activity, Enrichment, Feature, Step, activity, feature, links};
use connector_domain::observation::Observation;
use connector_domain::ports::{Embedder, EnrichmentStore, PortError};
use connector_domain::task::EnrichTask;
use futures::future::join_all;
use tracing::info;

/// What the enriching function needs of the outside.
#[derive(Clone)]
pub struct EnrichPorts {
    /// Observations and what is kept beside them.
    pub enrichment: Arc<dyn EnrichmentStore>,
    /// What makes vectors of texts.
    pub embedder: Arc<dyn Embedder>,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Enriched {
    /// Observations of which something was left to do, and is done.
    pub enriched: u64,
    /// Those that were done before.
    pub already: u64,
    /// Those that are not there.
    pub missing: u64,
}

/// Some steps failed; the message must come again. The others are done and noted.
#[derive(Debug, thiserror::Error)]
#[error("{failed} of {total} observations were not enriched to the end")]
pub struct EnrichError {
    /// How many observations have a step left.
    failed: usize,
    /// Of how many.
    total: usize,
    /// The first failure.
    #[source]
    source: PortError,
}

/// Enriches observations.
#[derive(Clone)]
pub struct Enrich {
    ports: EnrichPorts,
}

/// An observation on its way through the steps.
struct Work {
    observation: Observation,
    known: Enrichment,
    done: BTreeSet<Step>,
    failure: Option<PortError>,
}

impl Work {
    fn wants(&self, step: Step) -> bool {
        !self.known.done.contains(&step)
    }

    fn note(&mut self, step: Step, outcome: Result<(), PortError>) {
        match outcome {
            Ok(()) => {
                self.done.insert(step);
            }
            Err(error) => self.failure = self.failure.take().or(Some(error)),
        }
    }
}

impl Enrich {
    /// The enriching function.
    #[must_use]
    pub const fn new(ports: EnrichPorts) -> Self {
        Self { ports }
    }

    /// Does what a message asks. Safe to repeat.
    ///
    /// # Errors
    /// When a step of some observation failed; what is done stays done, and the message should come again.
    pub async fn handle(&self, task: EnrichTask) -> Result<Enriched, EnrichError> {
        let (workspace, total) = (&task.workspace, task.observations.len());
        let mut enriched = Enriched::default();
        let (mut all, mut failures) = (Vec::new(), Vec::new());
        let loads = task.observations.iter().map(|id| self.ports.enrichment.load(workspace, id));
        for loaded in join_all(loads).await {
            match loaded {
                Ok(None) => enriched.missing += 1,
                Ok(Some((_, known))) if known.is_complete() && known.due_at.is_none() => enriched.already += 1,
                Ok(Some((observation, known))) => {
                    let done = known.done.clone();
                    all.push(Work { observation, known, done, failure: None });
                }
                Err(error) => failures.push(error),
            }
        }
        join_all(all.iter_mut().filter(|work| work.wants(Step::Links)).map(|work| self.link(workspace, work))).await;
        self.count(workspace, &mut all).await;
        self.embed(workspace, &mut all).await;

        let advances = all.iter().map(|work| {
            let source_id = &work.observation.event.source_id;
            self.ports.enrichment.advance(workspace, source_id, &work.done)
        });
        let advanced = join_all(advances).await;
        for (work, advanced) in all.into_iter().zip(advanced) {
            match work.failure.or(advanced.err()) {
                Some(error) => failures.push(error),
                None => enriched.enriched += 1,
            }
        }
        let failed = failures.len();
        info!(
            workspace.id = %workspace, correlation = task.correlation, failed,
            enriched = enriched.enriched, already = enriched.already, missing = enriched.missing,
            "enriched {} of {total}", enriched.enriched
        );
        match failures.into_iter().next() {
            None => Ok(enriched),
            Some(source) => Err(EnrichError { failed, total, source }),
        }
    }

    async fn link(&self, workspace: &WorkspaceId, work: &mut Work) {
        let outcome = self.ports.enrichment.put_links(workspace, &links(&work.observation)).await;
        work.note(Step::Links, outcome);
    }

    /// What one account did is one write.
    async fn count(&self, workspace: &WorkspaceId, all: &mut [Work]) {
        let mut acts: BTreeMap<Account, (Vec<Activity>, Vec<&mut Work>)> = BTreeMap::new();
        for work in all.iter_mut().filter(|work| work.wants(Step::Actor)) {
            match activity(&work.observation) {
                Some((account, activity)) => {
                    let (acts, works) = acts.entry(account).or_default();
                    acts.push(activity);
                    works.push(work);
                }
                None => work.note(Step::Actor, Ok(())),
            }
        }
        for (account, (acts, works)) in acts {
            match self.ports.enrichment.note_activity(workspace, &account, &acts).await {
                Ok(()) => works.into_iter().for_each(|work| work.note(Step::Actor, Ok(()))),
                Err(error) => fail(works, Step::Actor, error),
            }
        }
    }

    /// All texts in one call, then a row for each.
    async fn embed(&self, workspace: &WorkspaceId, all: &mut [Work]) {
        let mut open: Vec<&mut Work> = all.iter_mut().filter(|work| work.wants(Step::Features)).collect();
        if open.is_empty() {
            return;
        }
        let texts: Vec<_> = open.iter().map(|work| Feature::text(&work.observation)).collect();
        let embeddings = match self.ports.embedder.embed(&texts).await {
            Ok(embeddings) if embeddings.len() == open.len() => embeddings,
            answer => return fail(open, Step::Features, answer.err().unwrap_or_else(missing)),
        };
        join_all(open.iter_mut().zip(embeddings).map(|(work, embedding)| async move {
            let outcome = self.ports.enrichment.put_feature(workspace, &feature(&work.observation, embedding)).await;
            work.note(Step::Features, outcome);
        }))
        .await;
    }
}

/// What failed for all of these at once. An error cannot be copied: the first has its cause.
fn fail(works: Vec<&mut Work>, step: Step, error: PortError) {
    let (operation, kind) = (error.operation, error.kind);
    let mut error = Some(error);
    for work in works {
        work.note(step, Err(error.take().unwrap_or(PortError { operation, kind, source: None })));
    }
}

/// The embedder did not answer for this text.
fn missing() -> PortError {
    PortError::temporary("embed a text", "there is no vector for it")
}

#[cfg(test)]
mod tests;
