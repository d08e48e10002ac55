//! What a language model said, held against what it would have said, and what it may have cost.

use std::collections::BTreeSet;

use connector_domain::enrich::{Enrichment, Step, week};
use connector_domain::model::{
    DailyLimit, MIN_FACTS, ModelClassification, PROMPT_VERSION, Said, classification_request, cluster_content,
    entities_request,
};
use connector_domain::observation::Observation;
use connector_domain::ports::ModelStore;
use connector_flows::memory;
use futures::FutureExt;

use crate::finding::Rule;
use crate::history::History;
use crate::model::{MODEL, answer};
use crate::scenario::Scenario;

/// What a workspace may spend in a day.
pub(crate) fn limit(scenario: &Scenario) -> DailyLimit {
    DailyLimit { calls: scenario.model_calls, ..DailyLimit::default() }
}

/// Each question has its answer, or a reason why it has none.
pub(crate) fn judge(history: &History, one: &Observation, progress: &Enrichment) {
    if !history.scenario.services {
        return;
    }
    let (workspace, id) = (&one.workspace, &one.event.source_id);
    let find = |detail: String| history.outside.monitor.find(Rule::Said, format!("{id} of {workspace}: {detail}"));
    let read = history.outside.stores.models.readings(workspace, id).now_or_never().and_then(Result::ok);
    let readings = read.unwrap_or_default();
    if readings.iter().any(|reading| reading.model != MODEL || reading.prompt != PROMPT_VERSION) {
        find("an answer that nobody gave".to_owned());
    }
    // Of what was deleted, nothing is left to be asked.
    let is_whole = history.outside.stores.observations.deleted_at(workspace, id).is_none();
    let has = |question: &str| readings.iter().any(|reading| reading.said.question() == question);
    let classify = Some((Step::Classify, Said::CLASSIFICATION));
    let extract = entities_request(one).map(|_| (Step::Extract, Said::ENTITIES));
    for (step, question) in classify.into_iter().chain(extract) {
        if is_whole && !has(question) && !progress.fell_back.contains_key(&step) {
            find(format!("{question} was neither answered nor given up"));
        }
    }
    let right = ModelClassification::read(answer(&classification_request(one))).ok().map(Said::Classification);
    for reading in readings.iter().filter(|reading| is_whole && reading.said.question() == Said::CLASSIFICATION) {
        if Some(&reading.said) != right.as_ref() {
            find(format!("{:?} where {right:?} is right", reading.said));
        }
    }
}

/// No day has cost more than it may, and each larger cluster is summarised as it is now where nothing excuses it.
pub(crate) fn judge_all(history: &History, all: &[Observation]) {
    if !history.scenario.services {
        return;
    }
    let (monitor, stores) = (&history.outside.monitor, &history.outside.stores);
    let (limit, spent) = (limit(&history.scenario), stores.models.spent());
    for ((workspace, day), usage) in &spent {
        if usage.calls > limit.calls {
            monitor.find(Rule::Said, format!("{workspace} has spent {} calls on {day}", usage.calls));
        }
    }
    let changed = history.places.iter().any(|place| !place.deleted.is_empty());
    let reluctant = history.scenario.model_percent > 0 || history.scenario.broken_model;
    let over_budget = spent.values().any(|usage| !usage.allows(limit));
    if changed || reluctant || over_budget {
        return;
    }
    let weeks: BTreeSet<_> = all.iter().map(|one| (&one.workspace, week(one.event.occurred_at))).collect();
    for (workspace, week) in weeks {
        let known = memory::summarised_clusters(&*stores.observations, &*stores.models, workspace, &week);
        for (cluster, summary) in known.now_or_never().and_then(Result::ok).unwrap_or_default() {
            if cluster.members.len() >= MIN_FACTS && summary.is_none() {
                let detail = format!("nobody summarised {} of {workspace}", cluster_content(&cluster));
                monitor.find(Rule::Said, detail);
            }
        }
    }
}
