//! What a workspace remembers as a whole: which facts belong to a story, who acted, what goes together, what is alike.
//!
//! Nothing of it is stored. It is worked out from what each fact says by itself, whenever somebody looks.

use std::collections::{BTreeMap, BTreeSet};

use connector_domain::enrich::{
    Cluster, Edge, Embedding, Feature, Link, LinkKey, Nearest, Profile, Relation, Similar, VectorQuery, View, clusters,
    edges_between, embed_text, feature, links, profiles, similar, weeks,
};
use connector_domain::model::{ClusterSummary, cluster_content};
use connector_domain::observation::Observation;
pub use connector_domain::ports::MAX_WEEKS;
use connector_domain::ports::{Embedder, EnrichmentStore, ModelStore, PortError, Purpose, VectorIndex};
use connector_domain::{ProviderKind, SourceId, Timestamp, WorkspaceId};
use futures::future::try_join_all;
use serde::Serialize;

/// How far a story is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// Steps from the fact that it starts with.
    pub steps: usize,
    /// Most facts of it.
    pub facts: usize,
}

/// A fact in a story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    /// The fact.
    pub source_id: SourceId,
    /// Whose fact it is.
    pub source: ProviderKind,
    /// What kind of fact, without the provider.
    pub source_type: String,
    /// Its title.
    pub title: String,
    /// When it happened.
    pub occurred_at: Timestamp,
}

/// Facts that have to do with each other, in the order of time, and what they are to each other.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Story {
    /// The facts.
    pub facts: Vec<Told>,
    /// What they are to each other.
    pub edges: Vec<Edge>,
    /// Whether there is more than the reach allows.
    pub more: bool,
}

/// Facts of one thing that are looked at on each side of a moment.
const NEAREST: usize = 25;

/// Follows the edges from a fact.
///
/// # Errors
/// When a store fails.
pub async fn story(
    store: &dyn EnrichmentStore,
    workspace: &WorkspaceId,
    start: &Observation,
    reach: Reach,
) -> Result<Story, PortError> {
    let first = start.event.source_id.clone();
    let mut known: BTreeSet<Link> = BTreeSet::new();
    let mut asked: BTreeSet<LinkKey> = BTreeSet::new();
    let mut reached = BTreeSet::from([first.clone()]);
    let mut open = vec![links(start)];
    let (mut edges, mut more) = (Default::default(), false);
    for step in 0..reach.steps {
        let own: Vec<Link> = open.into_iter().flatten().filter(|link| step == 0 || !is_branch(link)).collect();
        // What has to do with a thing is asked for once, from where the story first meets it.
        let new: Vec<&Link> = own.iter().filter(|link| asked.insert(link.key.clone())).collect();
        let asks = new.iter().map(|link| store.links(workspace, &link.key, link.occurred_at, NEAREST));
        known.extend(try_join_all(asks).await?.into_iter().flatten());
        known.extend(own);
        edges = edges_between(&known);
        let found: BTreeSet<SourceId> = edges
            .iter()
            // Much happens on one branch that has nothing to do with each other: it does not lead on.
            .filter(|edge| step == 0 || edge.relation != Relation::SameBranch)
            .filter_map(|edge| match (reached.contains(&edge.from), reached.contains(&edge.to)) {
                (true, false) => Some(edge.to.clone()),
                (false, true) => Some(edge.from.clone()),
                _ => None,
            })
            .collect();
        let mut next = Vec::new();
        for id in nearest(&known, found, start.event.occurred_at) {
            if reached.len() >= reach.facts {
                more = true;
                break;
            }
            reached.insert(id.clone());
            next.push(id);
        }
        if step + 1 == reach.steps {
            break;
        }
        let loaded = store.load_all(workspace, &next).await?;
        open = loaded.iter().map(|(observation, _)| links(observation)).collect();
        if open.is_empty() {
            break;
        }
    }
    let within = |edge: &Edge| reached.contains(&edge.from) && reached.contains(&edge.to);
    let mut facts: BTreeMap<SourceId, Told> =
        known.into_iter().filter(|link| reached.contains(&link.source_id)).map(|link| told(&link)).collect();
    facts.entry(first).or_insert_with(|| Told {
        source_id: start.event.source_id.clone(),
        source: start.event.provider(),
        source_type: start.event.source_type.name().to_owned(),
        title: start.event.title.clone(),
        occurred_at: start.event.occurred_at,
    });
    let mut facts: Vec<_> = facts.into_values().collect();
    facts.sort_by(|a, b| (a.occurred_at, &a.source_id).cmp(&(b.occurred_at, &b.source_id)));
    Ok(Story { facts, edges: edges.into_iter().filter(within).collect(), more })
}

/// Of facts the nearest in time first.
fn nearest(known: &BTreeSet<Link>, of: BTreeSet<SourceId>, at: Timestamp) -> Vec<SourceId> {
    let times: BTreeMap<&SourceId, Timestamp> = known.iter().map(|link| (&link.source_id, link.occurred_at)).collect();
    let mut all: Vec<_> = of.into_iter().collect();
    all.sort_by_key(|id| (times.get(id).map(|when| when.duration_since(at).abs()), id.clone()));
    all
}

fn is_branch(link: &Link) -> bool {
    link.key.as_str().starts_with("branch:")
}

fn told(link: &Link) -> (SourceId, Told) {
    let told = Told {
        source_id: link.source_id.clone(),
        source: link.source,
        source_type: link.source_type.clone(),
        title: link.title.clone(),
        occurred_at: link.occurred_at,
    };
    (link.source_id.clone(), told)
}

/// Who has acted, the last active first.
///
/// # Errors
/// When a store fails.
pub async fn people(store: &dyn EnrichmentStore, workspace: &WorkspaceId) -> Result<Vec<Profile>, PortError> {
    Ok(profiles(&store.identities(workspace).await?))
}

/// What belongs together of a week's facts, whichever account its people used, the last active first.
///
/// # Errors
/// When a store fails.
pub async fn clusters_of(
    store: &dyn EnrichmentStore,
    workspace: &WorkspaceId,
    week: &str,
) -> Result<Vec<Cluster>, PortError> {
    clusters_and_features(store, workspace, week).await.map(|(clusters, _)| clusters)
}

/// The same with what each of the week's facts is like.
///
/// # Errors
/// When a store fails.
pub async fn clusters_and_features(
    store: &dyn EnrichmentStore,
    workspace: &WorkspaceId,
    week: &str,
) -> Result<(Vec<Cluster>, Vec<Feature>), PortError> {
    let mut features = store.features(workspace, week).await?;
    let people = people(store, workspace).await?;
    let person: BTreeMap<&str, &str> =
        people.iter().flat_map(|one| one.accounts.iter().map(|account| (account.as_str(), one.id.as_str()))).collect();
    for feature in &mut features {
        if let Some(actor) = &mut feature.actor
            && let Some(id) = person.get(actor.as_str())
        {
            *actor = (*id).to_owned();
        }
    }
    Ok((clusters(&features), features))
}

/// The clusters of a week, each with what a language model said of it as it is now.
///
/// # Errors
/// When a store fails.
pub async fn summarised_clusters(
    store: &dyn EnrichmentStore,
    models: &dyn ModelStore,
    workspace: &WorkspaceId,
    week: &str,
) -> Result<Vec<(Cluster, Option<ClusterSummary>)>, PortError> {
    let summaries = models.summaries(workspace, week).await?;
    let clusters = clusters_of(store, workspace, week).await?.into_iter();
    let summary = |content: &str| summaries.iter().find(|one| one.content == content).cloned();
    let with_summary = |cluster: Cluster| {
        let told = summary(&cluster_content(&cluster));
        (cluster, told)
    };
    Ok(clusters.map(with_summary).collect())
}

/// What a search looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// The words.
    pub text: String,
    /// Only what happened at or after this.
    pub since: Timestamp,
    /// Only what happened at or before this.
    pub until: Timestamp,
    /// Most facts to find.
    pub limit: usize,
}

/// A fact that a search found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Whether every word stands in the title, the topics or the things that the fact names.
    pub named: bool,
    /// How alike its text is, from 0 to 1.
    pub similarity: f64,
    /// By which view of it.
    pub view: View,
    /// The fact.
    pub feature: Feature,
}

/// What a search found, and what it was found with.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchResult {
    /// What made the vectors that were compared; the local one too when the service of another does not answer.
    pub embedder: String,
    /// The facts.
    pub found: Vec<Found>,
}

/// Looks for facts by their words, at most [`MAX_WEEKS`] back from the end, and then by what is alike: within the same
/// weeks, or wherever `index` has it.
///
/// # Errors
/// When a store fails.
pub async fn search(
    store: &dyn EnrichmentStore,
    embedder: &dyn Embedder,
    index: Option<&dyn VectorIndex>,
    workspace: &WorkspaceId,
    search: &Search,
) -> Result<SearchResult, PortError> {
    let embedding = embedded(embedder, &search.text).await;
    let lower = search.text.to_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    let mut all = Vec::new();
    for week in weeks(search.since, search.until, MAX_WEEKS) {
        let features = store.features(workspace, &week).await?;
        all.extend(features.into_iter().filter(|one| (search.since..=search.until).contains(&one.occurred_at)));
    }
    let (named, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|one| names(one, &words));
    let mut found: Vec<_> = named
        .into_iter()
        .map(|feature| {
            let (similarity, view) = feature.nearest(&embedding);
            Found { named: true, similarity, view, feature }
        })
        .collect();
    found.sort_by(|a, b| {
        b.similarity.total_cmp(&a.similarity).then_with(|| a.feature.source_id.cmp(&b.feature.source_id))
    });
    let alike = match index {
        Some(index) => match indexed(store, index, workspace, search, &embedding, &others).await {
            Ok(alike) => alike,
            // What is kept here is looked through instead.
            Err(_) => similar(others, &embedding, search.limit),
        },
        None => similar(others, &embedding, search.limit),
    };
    let new = |one: &Similar| found.iter().all(|known| known.feature.source_id != one.feature.source_id);
    let alike: Vec<_> = alike.into_iter().filter(new).collect();
    found.extend(alike.into_iter().map(|Similar { similarity, view, feature }| Found {
        named: false,
        similarity,
        view,
        feature,
    }));
    found.truncate(search.limit);
    Ok(SearchResult { embedder: embedding.model, found })
}

/// A question as a vector, by the local embedder when a service does not answer: every fact has such a vector too.
async fn embedded(embedder: &dyn Embedder, text: &str) -> Embedding {
    let texts = [text.to_owned()];
    let asked = if text.trim().is_empty() {
        Vec::new()
    } else {
        embedder.embed(Purpose::Query, &texts).await.unwrap_or_default()
    };
    asked.into_iter().next().unwrap_or_else(|| embed_text(text))
}

/// What an index outside finds, with what is kept here of each.
async fn indexed(
    store: &dyn EnrichmentStore,
    index: &dyn VectorIndex,
    workspace: &WorkspaceId,
    search: &Search,
    vector: &Embedding,
    known: &[Feature],
) -> Result<Vec<Similar>, PortError> {
    let query = VectorQuery { vector: vector.clone(), since: search.since, until: search.until, limit: search.limit };
    let mut alike = Vec::new();
    for Nearest { source_id, view, similarity } in index.nearest(workspace, &query).await? {
        let here = known.iter().find(|feature| feature.source_id == source_id).cloned();
        let feature = match here {
            Some(feature) => Some(feature),
            None => {
                let loaded = store.load(workspace, &source_id).await?.map(|(observation, _)| observation);
                loaded.filter(|observation| observation.deleted_at.is_none()).map(|observation| feature(&observation))
            }
        };
        alike.extend(feature.map(|feature| Similar { similarity, view, feature }));
    }
    Ok(alike)
}

fn names(feature: &Feature, words: &[&str]) -> bool {
    let texts = std::iter::once(&feature.title).chain(&feature.topics).chain(&feature.entities);
    let text = texts.map(|text| text.to_lowercase()).collect::<Vec<_>>().join("\n");
    !words.is_empty() && words.iter().all(|word| text.contains(word))
}

#[cfg(test)]
mod tests;
