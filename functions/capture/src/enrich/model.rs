//! What a language model is asked: what kind of work a fact is about, what it names, and what a cluster is about.
//!
//! Whatever becomes of it, the rules have spoken before: a step that fails for good is given up for what they say.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use connector_domain::WorkspaceId;
use connector_domain::enrich::{Step, week};
use connector_domain::model::{
    ClusterSummary, DailyLimit, MIN_FACTS, ModelClassification, ModelEntity, ModelError, ModelErrorKind, ModelRequest,
    PROMPT_VERSION, Reading, Said, classification_request, cluster_content, entities_request, summary_request,
};
use connector_domain::ports::{Clock, EnrichmentStore, LanguageModel, ModelStore, PortError, Queue};
use connector_domain::task::EnrichTask;
use connector_flows::memory;
use futures::StreamExt;
use serde_json::Value;
use tracing::warn;

use super::{Enriched, Work, fail};

/// A language model and what it is asked.
#[derive(Clone)]
pub struct ModelPorts {
    /// The model.
    pub language: Arc<dyn LanguageModel>,
    /// What it said, and what it may cost.
    pub store: Arc<dyn ModelStore>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What it is asked.
    pub steps: ModelSteps,
    /// What a workspace may spend in a day.
    pub limit: DailyLimit,
}

/// What a language model is asked.
#[derive(Clone, Default)]
pub struct ModelSteps {
    /// What kind of work each fact is about.
    pub classify: bool,
    /// What each fact with a longer body names.
    pub extract: bool,
    /// What each larger cluster is about; a look at the clusters of a week is asked for here.
    pub summaries: Option<Arc<dyn Queue<EnrichTask>>>,
}

/// Questions that are asked at once.
const CONCURRENCY: usize = 5;
/// How often a question that failed is asked again; one time less than the queue brings its message.
const MAX_TRIES: u32 = 4;
/// How long a week's facts are waited for before its clusters are looked at.
const DEBOUNCE: Duration = Duration::from_secs(600);
/// Of that, what a row takes to be seen by everybody.
const SETTLES: Duration = Duration::from_secs(10);
/// Most clusters of a look.
const MAX_SUMMARIES: usize = 10;

/// Why there is no answer.
enum Failure {
    Model(ModelError),
    Port(PortError),
}

impl From<ModelError> for Failure {
    fn from(error: ModelError) -> Self {
        Self::Model(error)
    }
}

impl From<PortError> for Failure {
    fn from(error: PortError) -> Self {
        Self::Port(error)
    }
}

impl ModelPorts {
    /// Asks within the day's budget.
    async fn ask(&self, workspace: &WorkspaceId, request: &ModelRequest) -> Result<Value, Failure> {
        let now = self.clock.now();
        if !self.store.take_call(workspace, now, self.limit).await? {
            return Err(ModelError::new(ModelErrorKind::BudgetSpent).into());
        }
        let answer = self.language.complete(request).await?;
        self.store.count_tokens(workspace, now, answer.tokens).await?;
        Ok(answer.value)
    }
}

/// Asks what is to be asked of each fact, and counts what is given up.
pub(super) async fn read(ports: &ModelPorts, workspace: &WorkspaceId, all: &mut [Work], enriched: &mut Enriched) {
    let mut questions = Vec::new();
    for (at, work) in all.iter_mut().enumerate() {
        if work.wants(Step::Classify) {
            questions.push((at, Step::Classify, classification_request(&work.observation)));
        }
        if work.wants(Step::Extract) {
            match entities_request(&work.observation) {
                Some(request) => questions.push((at, Step::Extract, request)),
                None => work.note(Step::Extract, Ok(())),
            }
        }
    }
    let mut answers = Vec::with_capacity(questions.len());
    // Who does not answer now is not asked for the next fact either.
    let down = OnceLock::new();
    {
        let works = &*all;
        let mut asked = futures::stream::iter(questions)
            .map(|(at, step, request)| {
                let (work, down) = (works.get(at), &down);
                async move { (at, step, unless_down(down, answer(ports, workspace, work, step, &request)).await) }
            })
            .buffered(CONCURRENCY);
        while let Some(answer) = asked.next().await {
            answers.push(answer);
        }
    }
    for (at, step, outcome) in answers {
        let Some(work) = all.get_mut(at) else { continue };
        match outcome {
            Ok(()) => work.note(step, Ok(())),
            Err(Failure::Port(error)) => work.note(step, Err(error)),
            Err(Failure::Model(error)) => {
                enriched.over_budget += u64::from(error.kind == ModelErrorKind::BudgetSpent);
                enriched.fell_back += u64::from(failed(work, step, error));
            }
        }
    }
}

/// Does it, unless an earlier one found that the model does not answer now.
async fn unless_down(
    down: &OnceLock<ModelErrorKind>,
    question: impl Future<Output = Result<(), Failure>>,
) -> Result<(), Failure> {
    if let Some(kind) = down.get() {
        return Err(ModelError::new(*kind).into());
    }
    let outcome = question.await;
    if let Err(Failure::Model(error)) = &outcome
        && (error.kind.is_temporary() || error.kind == ModelErrorKind::Unauthorized)
    {
        down.get_or_init(|| error.kind);
    }
    outcome
}

async fn answer(
    ports: &ModelPorts,
    workspace: &WorkspaceId,
    work: Option<&Work>,
    step: Step,
    request: &ModelRequest,
) -> Result<(), Failure> {
    let Some(work) = work else { return Ok(()) };
    let source_id = &work.observation.event.source_id;
    let question = if step == Step::Classify { Said::CLASSIFICATION } else { Said::ENTITIES };
    let model = ports.language.model();
    let same = |one: &Reading| one.said.question() == question && one.model == model && one.prompt == PROMPT_VERSION;
    // A worker that ended before it could note it has paid for the answer.
    if ports.store.readings(workspace, source_id).await?.iter().any(same) {
        return Ok(());
    }
    let value = ports.ask(workspace, request).await?;
    let said = if step == Step::Classify {
        Said::Classification(ModelClassification::read(value)?)
    } else {
        Said::Entities(ModelEntity::read(value)?)
    };
    let (source_id, model, at) = (source_id.clone(), model.to_owned(), ports.clock.now());
    let reading = Reading { source_id, model, prompt: PROMPT_VERSION, at, said };
    Ok(ports.store.put_reading(workspace, &reading).await?)
}

/// Notes that a question has no answer, and answers whether it is given up.
fn failed(work: &mut Work, step: Step, error: ModelError) -> bool {
    let (kind, tries) = (error.kind, work.known.failed.get(&step).copied().unwrap_or(0) + 1);
    if kind.is_temporary() && tries < MAX_TRIES {
        work.advance.failed.insert(step);
        work.note(step, Err(PortError::temporary("ask a language model", error)));
        return false;
    }
    warn!(
        source.id = %work.observation.event.source_id, step = step.as_str(), code = kind.code(),
        "{} is left to the rules: {}", step.as_str(), kind.code()
    );
    work.advance.fell_back.insert(step, kind.code().to_owned());
    work.note(step, Ok(()));
    true
}

/// Asks for a look at each week of these facts, unless one is asked for that will see them.
pub(super) async fn ask_for_looks(ports: &ModelPorts, task: &EnrichTask, all: &mut [Work]) {
    let Some(queue) = &ports.steps.summaries else { return };
    let mut weeks: BTreeMap<String, Vec<&mut Work>> = BTreeMap::new();
    for work in all.iter_mut().filter(|work| work.wants(Step::Summaries) && work.has(Step::Features)) {
        weeks.entry(week(work.observation.event.occurred_at)).or_default().push(work);
    }
    for (week, works) in weeks {
        match ask_for_look(ports, &**queue, task, &week).await {
            Ok(()) => works.into_iter().for_each(|work| work.note(Step::Summaries, Ok(()))),
            Err(error) => fail(works, Step::Summaries, error),
        }
    }
}

/// Sends first and notes then: of two at once both may send, and the second look finds nothing to do.
async fn ask_for_look(
    ports: &ModelPorts,
    queue: &dyn Queue<EnrichTask>,
    task: &EnrichTask,
    week: &str,
) -> Result<(), PortError> {
    let now = ports.clock.now();
    if ports.store.look(&task.workspace, week).await?.is_some_and(|until| now < until) {
        return Ok(());
    }
    queue.send(&[EnrichTask::summarise(&task.workspace, week, &task.correlation)], DEBOUNCE).await?;
    let until = now.checked_add(DEBOUNCE.saturating_sub(SETTLES)).unwrap_or(now);
    ports.store.put_look(&task.workspace, week, until).await
}

/// Summarises the larger clusters of a week that have changed, and answers how many. One that cannot be summarised for good
/// is told by its titles.
pub(super) async fn summarise(
    ports: &ModelPorts,
    store: &dyn EnrichmentStore,
    workspace: &WorkspaceId,
    week: &str,
) -> Result<u64, PortError> {
    if ports.steps.summaries.is_none() {
        return Ok(0);
    }
    let known: BTreeSet<_> = ports.store.summaries(workspace, week).await?.into_iter().map(|one| one.content).collect();
    let (clusters, features) = memory::clusters_and_features(store, workspace, week).await?;
    let mut summarised = 0;
    let changed =
        clusters.iter().filter(|one| one.members.len() >= MIN_FACTS && !known.contains(&cluster_content(one)));
    for cluster in changed.take(MAX_SUMMARIES) {
        let answer = ports.ask(workspace, &summary_request(cluster, &features)).await;
        let text = answer.and_then(|value| Ok(ClusterSummary::read(value)?));
        match text {
            Ok(text) => {
                let summary = ClusterSummary {
                    cluster: cluster.id.clone(),
                    week: week.to_owned(),
                    content: cluster_content(cluster),
                    text,
                    model: ports.language.model().to_owned(),
                    at: ports.clock.now(),
                };
                ports.store.put_summary(workspace, &summary).await?;
                summarised += 1;
            }
            Err(Failure::Port(error)) => return Err(error),
            Err(Failure::Model(error)) if error.kind.is_temporary() => {
                return Err(PortError::temporary("ask a language model", error));
            }
            Err(Failure::Model(error)) => {
                warn!(workspace.id = %workspace, code = error.kind.code(), "a cluster is told by its titles: {}", error.kind.code());
                if error.kind == ModelErrorKind::BudgetSpent {
                    break;
                }
            }
        }
    }
    Ok(summarised)
}
