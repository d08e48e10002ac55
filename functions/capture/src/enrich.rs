//! What captured facts have to do with others: a few observations of one workspace per message.
//!
//! Each step writes what one fact says by itself, under a key that the fact gives. So a step may run twice, in any order, and
//! beside another worker; what is noted as done saves the work of a second time, no more. What needs no service is done and
//! noted first, so that no service can keep it from being done.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use connector_domain::enrich::{Account, Activity, Advance, Enrichment, LOCAL_MODEL, Step, activity, feature, links};
use connector_domain::observation::Observation;
use connector_domain::ports::{Embedder, EnrichmentStore, LocalEmbedder, PortError, PortErrorKind, VectorIndex};
use connector_domain::task::{EnrichTask, MAX_ENRICHED};
use connector_domain::{SourceId, WorkspaceId};
use futures::future::join_all;
use tracing::info;

mod model;
mod vectors;

pub use model::{ModelPorts, ModelSteps};

/// What the enriching function needs of the outside.
#[derive(Clone)]
pub struct EnrichPorts {
    /// Observations and what is kept beside them.
    pub enrichment: Arc<dyn EnrichmentStore>,
    /// What makes vectors of texts.
    pub embedder: Arc<dyn Embedder>,
    /// An index outside that is given the vectors too.
    pub index: Option<Arc<dyn VectorIndex>>,
    /// A language model, and what it is asked.
    pub model: Option<ModelPorts>,
}

impl EnrichPorts {
    /// Without any service.
    #[must_use]
    pub fn local(enrichment: Arc<dyn EnrichmentStore>) -> Self {
        Self { enrichment, embedder: Arc::new(LocalEmbedder), index: None, model: None }
    }

    /// The steps that there are with these.
    fn steps(&self) -> BTreeSet<Step> {
        let mut steps = BTreeSet::from(Step::BASE);
        steps.extend((self.embedder.model() != LOCAL_MODEL).then_some(Step::Embeddings));
        steps.extend(self.index.as_ref().map(|_| Step::Index));
        if let Some(model) = &self.model {
            steps.extend(model.steps.classify.then_some(Step::Classify));
            steps.extend(model.steps.extract.then_some(Step::Extract));
            steps.extend(model.steps.summaries.as_ref().map(|_| Step::Summaries));
        }
        steps
    }
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
    /// Steps that were given up for what the rules say.
    pub fell_back: u64,
    /// Of these, those for which the day's budget had nothing left.
    pub over_budget: u64,
    /// Clusters that a language model has summarised.
    pub summarised: u64,
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
    steps: Arc<BTreeSet<Step>>,
}

/// An observation on its way through the steps.
struct Work {
    observation: Observation,
    known: Enrichment,
    steps: Arc<BTreeSet<Step>>,
    /// What is to be noted.
    advance: Advance,
    failure: Option<PortError>,
}

impl Work {
    fn wants(&self, step: Step) -> bool {
        self.steps.contains(&step) && !self.has(step)
    }

    fn has(&self, step: Step) -> bool {
        self.known.done.contains(&step) || self.advance.done.contains(&step)
    }

    fn note(&mut self, step: Step, outcome: Result<(), PortError>) {
        match outcome {
            Ok(()) => {
                self.advance.done.insert(step);
            }
            Err(error) => self.failure = self.failure.take().or(Some(error)),
        }
    }
}

impl Enrich {
    /// The enriching function.
    #[must_use]
    pub fn new(ports: EnrichPorts) -> Self {
        let steps = Arc::new(ports.steps());
        Self { ports, steps }
    }

    /// Does what a message asks. Safe to repeat.
    ///
    /// # Errors
    /// When a step of some observation failed; what is done stays done, and the message should come again.
    pub async fn handle(&self, task: EnrichTask) -> Result<Enriched, EnrichError> {
        let workspace = &task.workspace;
        let mut enriched = Enriched::default();
        let mut failures = Vec::new();
        let mut facts = task.observations.clone();
        // What is kept here is withheld by whoever reads; only an index outside must be told.
        for subject in task.deleted.iter().filter(|_| self.ports.index.is_some()) {
            match self.ports.enrichment.facts_of(workspace, subject).await {
                Ok(found) => facts.extend(found),
                Err(error) => failures.push(error),
            }
        }
        let total = facts.len();
        for part in facts.chunks(MAX_ENRICHED) {
            failures.extend(self.enrich(&task, part, &mut enriched).await);
        }
        if let (Some(week), Some(model)) = (&task.summarise, &self.ports.model) {
            match model::summarise(model, &*self.ports.enrichment, workspace, week).await {
                Ok(summarised) => enriched.summarised = summarised,
                Err(error) => failures.push(error),
            }
        }
        let ended = enriched.enriched + enriched.already + enriched.missing;
        let left = total.saturating_sub(usize::try_from(ended).unwrap_or(usize::MAX));
        let failed = left.max(failures.len());
        info!(
            workspace.id = %workspace, correlation = task.correlation, failed,
            enriched = enriched.enriched, already = enriched.already, missing = enriched.missing,
            metric.fell_back = enriched.fell_back, metric.over_budget = enriched.over_budget, metric.summarised = enriched.summarised,
            "enriched {} of {total}", enriched.enriched
        );
        match failures.into_iter().next() {
            None => Ok(enriched),
            Some(source) => Err(EnrichError { failed, total, source }),
        }
    }

    /// Does what is left to do of a few, and answers the failures.
    async fn enrich(&self, task: &EnrichTask, facts: &[SourceId], enriched: &mut Enriched) -> Vec<PortError> {
        let workspace = &task.workspace;
        let mut all = Vec::new();
        let (loaded, mut failures) = self.load(workspace, facts, enriched).await;
        for (observation, known) in loaded {
            if known.has(&self.steps) && known.due_at.is_none() && !self.is_to_leave(&observation) {
                enriched.already += 1;
            } else {
                all.push(self.work(observation, known));
            }
        }
        self.link(workspace, &mut all).await;
        self.count(workspace, &mut all).await;
        self.feature(workspace, &mut all).await;
        if *self.steps != BTreeSet::from(Step::BASE) {
            self.advance(workspace, &mut all, false).await;
            self.embed(workspace, &mut all).await;
            self.index(workspace, &mut all).await;
            if let Some(model) = &self.ports.model {
                self.advance(workspace, &mut all, false).await;
                model::read(model, workspace, &mut all, enriched).await;
                model::ask_for_looks(model, task, &mut all).await;
            }
        }
        self.advance(workspace, &mut all, true).await;
        for work in all {
            match work.failure {
                Some(error) => failures.push(error),
                None => enriched.enriched += 1,
            }
        }
        failures
    }

    /// All in one read; when there is one that cannot be read, each by itself, so that it cannot keep the others.
    async fn load(
        &self,
        workspace: &WorkspaceId,
        facts: &[SourceId],
        enriched: &mut Enriched,
    ) -> (Vec<(Observation, Enrichment)>, Vec<PortError>) {
        let store = &self.ports.enrichment;
        let (mut loaded, mut failures) = (Vec::new(), Vec::new());
        match store.load_all(workspace, facts).await {
            Ok(all) => {
                enriched.missing += facts.len().saturating_sub(all.len()) as u64;
                loaded = all;
            }
            Err(error) if error.kind == PortErrorKind::Temporary => failures.push(error),
            Err(_) => {
                for one in join_all(facts.iter().map(|fact| store.load(workspace, fact))).await {
                    match one {
                        Ok(Some(one)) => loaded.push(one),
                        Ok(None) => enriched.missing += 1,
                        Err(error) => failures.push(error),
                    }
                }
            }
        }
        (loaded, failures)
    }

    /// Of what was deleted nothing is left that a service could say something of.
    fn work(&self, observation: Observation, known: Enrichment) -> Work {
        let mut advance = Advance::default();
        if observation.deleted_at.is_some() {
            let none = [Step::Embeddings, Step::Classify, Step::Extract].into_iter();
            advance.done.extend(none.filter(|step| self.steps.contains(step) && !known.done.contains(step)));
        }
        Work { observation, known, steps: Arc::clone(&self.steps), advance, failure: None }
    }

    /// Whether it may still be in the index outside, though nobody is to be shown it.
    fn is_to_leave(&self, observation: &Observation) -> bool {
        observation.deleted_at.is_some() && self.ports.index.is_some()
    }

    /// Notes how far each is. At the `end` that is noted of those with nothing new as well, since nothing may be left.
    async fn advance(&self, workspace: &WorkspaceId, all: &mut [Work], end: bool) {
        let advances = all.iter_mut().map(|work| async move {
            let mut advance = std::mem::take(&mut work.advance);
            work.known.done.extend(&advance.done);
            advance.complete = work.failure.is_none() && work.known.has(&self.steps);
            if advance.is_empty() && !end {
                return;
            }
            let source_id = &work.observation.event.source_id;
            if let Err(error) = self.ports.enrichment.advance(workspace, source_id, &advance).await {
                work.failure.get_or_insert(error);
            }
        });
        join_all(advances).await;
    }

    /// All links of all facts at once. When they are refused, those of each by themselves, so that one fact cannot keep the
    /// others from being linked.
    async fn link(&self, workspace: &WorkspaceId, all: &mut [Work]) {
        let open: Vec<_> = all.iter_mut().filter(|work| work.wants(Step::Links)).collect();
        let found: Vec<_> = open.iter().map(|work| links(&work.observation)).collect();
        match self.ports.enrichment.put_links(workspace, &found.concat()).await {
            Ok(()) => open.into_iter().for_each(|work| work.note(Step::Links, Ok(()))),
            Err(error) if error.kind == PortErrorKind::Temporary => fail(open, Step::Links, error),
            Err(_) => {
                let each = open.into_iter().zip(found).map(|(work, links)| async move {
                    work.note(Step::Links, self.ports.enrichment.put_links(workspace, &links).await);
                });
                join_all(each).await;
            }
        }
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

    /// What each is like, as can be told without any service.
    async fn feature(&self, workspace: &WorkspaceId, all: &mut [Work]) {
        let open = all.iter_mut().filter(|work| work.wants(Step::Features));
        join_all(open.map(|work| async move {
            let outcome = self.ports.enrichment.put_feature(workspace, &feature(&work.observation)).await;
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

#[cfg(test)]
mod tests;
