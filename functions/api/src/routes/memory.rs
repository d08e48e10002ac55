//! What facts have to do with each other: stories, people, clusters, and search.

use std::collections::BTreeMap;

use connector_domain::enrich::{Cluster, Edge, Enrichment, Profile, week};
use connector_domain::model::ClusterSummary;
use connector_domain::observation::Observation;
use connector_domain::ports::Page;
use connector_domain::{ProviderKind, Timestamp};
use connector_flows::memory::{Found, MAX_WEEKS, Reach, Search, Story, Told};
use connector_lambda::api::Answer;
use serde::Serialize;
use utoipa::ToSchema;

use super::observations::{id_in_path, public_id};
use super::readings::ReadingView;
use crate::context::{Context, json, page};
use crate::input::wrong;
use crate::problem::{Code, Problem};
use crate::schema::{Between, Gateway, InWorkspace, PageOf, Paged, Provider, Refusals};

/// Facts of a story when the caller does not say how far, and most.
const STEPS: usize = 3;
const MOST_STEPS: usize = 6;
const MOST_FACTS: usize = 60;

/// What an observation has to do with others.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Beside {
    /// Who acted, with all accounts of that person that are known; absent until that is found out.
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<Person>,
    /// The cluster that it is in; absent until that is found out.
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster: Option<Group>,
    /// What it is to other observations, and they to it.
    relations: Vec<Relation>,
    /// What is found out so far, of `links`, `actor` and `features`, and of `embeddings`, `index`, `classify`, `extract` and
    /// `summaries` where a service for it is on.
    enriched: Vec<&'static str>,
    /// What a language model was to tell and did not, with the reason, such as `unavailable` or `budget_spent`: there the
    /// rules stand alone.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    fell_back: BTreeMap<&'static str, String>,
    /// What language models said of it, beside what the rules say.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    readings: Vec<ReadingView>,
    /// Fields in which it said something else when it was seen again. What was seen first is kept.
    conflicts: Vec<String>,
}

/// Who acted, over all providers.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Person {
    /// The account that the person is called by: of GitHub if there is one.
    #[schema(example = "github:583231")]
    id: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar_url: Option<String>,
    emails: Vec<String>,
    /// All accounts, as `provider:id`.
    accounts: Vec<String>,
    /// How many observations.
    observations: u64,
    #[schema(value_type = String, format = DateTime)]
    last_active_at: Timestamp,
}

impl From<Profile> for Person {
    fn from(profile: Profile) -> Self {
        let Profile { id, name, avatar_url, emails, accounts, observations, last_active_at } = profile;
        let (emails, accounts) = (emails.into_iter().collect(), accounts.into_iter().collect());
        Self { id, name, avatar_url, emails, accounts, observations, last_active_at }
    }
}

/// Observations of one week that belong together.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Cluster)]
pub(crate) struct Group {
    id: String,
    /// The week, by its Monday (UTC).
    #[schema(example = "2026-02-02", format = Date)]
    week: String,
    /// `open` while others may join, then `closed`.
    state: &'static str,
    /// The title of the observation in it that matters most.
    label: String,
    keywords: Vec<String>,
    entities: Vec<String>,
    /// Who acted, by the ids of people.
    actors: Vec<String>,
    /// Its observations in the order in which they happened.
    observations: Vec<String>,
    #[schema(value_type = String, format = DateTime)]
    first_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    last_at: Timestamp,
    /// What it is about: a few of its titles in the order in which they happened, or a language model's words.
    summary: String,
    /// The model whose words the summary is.
    #[serde(skip_serializing_if = "Option::is_none")]
    summarised_by: Option<String>,
}

fn group((cluster, told): (Cluster, Option<ClusterSummary>), now: Timestamp) -> Group {
    let (summary, summarised_by) = match told {
        Some(told) => (told.text, Some(told.model)),
        None => (cluster.summary.clone(), None),
    };
    Group {
        state: if cluster.is_open(now) { "open" } else { "closed" },
        observations: cluster.members.iter().map(public_id).collect(),
        id: cluster.id,
        week: cluster.week,
        label: cluster.label,
        keywords: cluster.keywords,
        entities: cluster.entities,
        actors: cluster.actors,
        first_at: cluster.first_at,
        last_at: cluster.last_at,
        summary,
        summarised_by,
    }
}

/// What one observation is to another.
#[derive(Serialize, ToSchema)]
pub(crate) struct Relation {
    /// The one, by its `id`.
    from: String,
    /// The other.
    to: String,
    /// What the one is to the other: `continues`, `same_commit`, `deploys`, `resolves`, `same_branch`, `fixes`,
    /// `references`, `tracked_in` or `triggers`.
    #[schema(example = "fixes")]
    r#type: &'static str,
    /// How sure that is, in percent.
    confidence: u8,
    /// What both have to do with.
    #[schema(example = "issue:linear:ENG-7")]
    key: String,
}

fn relation(edge: &Edge) -> Relation {
    Relation {
        from: public_id(&edge.from),
        to: public_id(&edge.to),
        r#type: edge.relation.as_str(),
        confidence: edge.relation.confidence(),
        key: edge.key.to_string(),
    }
}

/// An observation in short.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Brief {
    /// The id in this API.
    id: String,
    source_id: String,
    #[schema(value_type = Provider)]
    source: ProviderKind,
    r#type: String,
    title: String,
    #[schema(value_type = String, format = DateTime)]
    occurred_at: Timestamp,
}

fn brief(told: Told) -> Brief {
    Brief {
        id: public_id(&told.source_id),
        source_id: told.source_id.to_string(),
        source: told.source,
        r#type: told.source_type,
        title: told.title,
        occurred_at: told.occurred_at,
    }
}

/// Observations that have to do with each other.
#[derive(Serialize, ToSchema)]
pub(crate) struct Related {
    /// The observations, in the order in which they happened.
    observations: Vec<Brief>,
    relations: Vec<Relation>,
    /// Whether there are more than are told.
    more: bool,
}

fn related_view(story: Story) -> Related {
    let relations = story.edges.iter().map(relation).collect();
    Related { observations: story.facts.into_iter().map(brief).collect(), relations, more: story.more }
}

/// What an observation has to do with others.
pub(super) async fn beside(
    context: &Context<'_>,
    observation: &Observation,
    progress: Enrichment,
) -> Result<Beside, Problem> {
    let event = &observation.event;
    let story = context.access.story(observation, Reach { steps: 1, facts: MOST_FACTS }).await?;
    let own = |edge: &&Edge| edge.from == event.source_id || edge.to == event.source_id;
    let account = event
        .actor
        .as_ref()
        .map(|actor| connector_domain::enrich::Account::new(event.provider(), &actor.id).to_string());
    let people = match account {
        Some(_) => context.access.people().await?,
        None => Vec::new(),
    };
    let person = people.into_iter().find(|one| account.as_ref().is_some_and(|account| one.accounts.contains(account)));
    let clusters = context.access.clusters(&week(event.occurred_at)).await?;
    let cluster = clusters.into_iter().find(|(one, _)| one.members.contains(&event.source_id));
    let readings = context.access.readings(&event.source_id).await?;
    let now = context.access.now();
    Ok(Beside {
        person: person.map(Person::from),
        cluster: cluster.map(|cluster| group(cluster, now)),
        relations: story.edges.iter().filter(own).map(relation).collect(),
        enriched: progress.done.iter().map(|step| step.as_str()).collect(),
        fell_back: progress.fell_back.into_iter().map(|(step, code)| (step.as_str(), code)).collect(),
        readings: readings.into_iter().map(ReadingView::from).collect(),
        conflicts: progress.conflicts.into_iter().collect(),
    })
}

#[utoipa::path(
    get, path = "/v1/workspaces/{workspace}/observations/{observation}/related", operation_id = "listRelated",
    tag = "observations",
    params(
        InWorkspace, ("observation" = String, Path, description = "The `id` of the observation."),
        ("steps" = Option<u32>, Query, description = "How many relations to follow; 3 without it.",
         minimum = 1, maximum = 6),
    ),
    responses((status = 200, description = "The observations, and what they are to each other.", body = Related),
              Refusals, Gateway)
)]
/// The story that an observation is a part of, across tools.
pub(crate) async fn related(context: &Context<'_>) -> Result<Answer, Problem> {
    const EXPECTED: &str = "a number from 1 to 6";
    let query = context.query(&["steps"])?;
    let steps: usize = query.value("steps", EXPECTED)?.unwrap_or(STEPS);
    if !(1..=MOST_STEPS).contains(&steps) {
        return Err(wrong("steps", EXPECTED));
    }
    let observation = context.access.observation(&id_in_path(context)?).await?;
    json(200, &related_view(context.access.story(&observation, Reach { steps, facts: MOST_FACTS }).await?))
}

/// What a search found.
#[derive(Serialize, ToSchema)]
pub(crate) struct Hit {
    #[serde(flatten)]
    observation: Brief,
    /// Whether every word stands in the title, the topics or the things that it names.
    named: bool,
    /// How alike its text is to what was searched for, in percent.
    similarity: u8,
    /// Which of its texts that is: the title, the content or the summary of both.
    view: &'static str,
}

/// What a search found, and with what.
#[derive(Serialize, ToSchema)]
pub(crate) struct SearchPage {
    /// The hits, the best first.
    items: Vec<Hit>,
    /// There are no more pages.
    next: Option<String>,
    /// What made the vectors that texts were compared by.
    embedder: String,
}

/// A likeness in percent.
pub(super) const fn percent(similarity: f64) -> u8 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a likeness is from 0 to 1")]
    let percent = (similarity * 100.0).round() as u8;
    percent
}

fn hit(found: Found) -> Hit {
    let feature = found.feature;
    let told = Told {
        source_id: feature.source_id,
        source: feature.source,
        source_type: feature.source_type,
        title: feature.title,
        occurred_at: feature.occurred_at,
    };
    Hit {
        observation: brief(told),
        named: found.named,
        similarity: percent(found.similarity),
        view: found.view.as_str(),
    }
}

#[utoipa::path(
    get, path = "/v1/workspaces/{workspace}/search", operation_id = "search", tag = "observations",
    params(
        InWorkspace, Between,
        ("text" = String, Query, description = "What to look for.", min_length = 1, max_length = 500),
        ("limit" = Option<u32>, Query, description = "Most hits; 20 without it.", minimum = 1, maximum = 100),
    ),
    responses((status = 200, description = "The hits, the best first.", body = SearchPage), Refusals, Gateway)
)]
/// Finds observations by their words, and then those whose text is alike. It looks at 13 weeks at most.
pub(crate) async fn search(context: &Context<'_>) -> Result<Answer, Problem> {
    let query = context.query(&["text", "since", "until", "limit"])?;
    let (_, paging) = context.paging(&query)?;
    let text = query.bounded("text", 500)?.ok_or(wrong("text", "1 to 500 characters"))?;
    let until = query.value("until", "a moment in RFC 3339")?.unwrap_or(context.access.now());
    let since = query.value("since", "a moment in RFC 3339")?.unwrap_or(Timestamp::UNIX_EPOCH);
    let found = context.access.search(&Search { text, since, until, limit: paging.limit }).await?;
    let items = found.found.into_iter().map(hit).collect();
    json(200, &SearchPage { items, next: None, embedder: found.embedder })
}

#[utoipa::path(
    get, path = "/v1/workspaces/{workspace}/actors", operation_id = "listActors", tag = "observations",
    params(InWorkspace, Paged),
    responses((status = 200, description = "A page of people.", body = PageOf<Person>), Refusals, Gateway)
)]
/// Who has acted, over all providers, the last active first.
pub(crate) async fn actors(context: &Context<'_>) -> Result<Answer, Problem> {
    let query = context.query(&["limit", "cursor"])?;
    let (list, paging) = context.paging(&query)?;
    let people = context.access.people().await?;
    let start = match paging.after {
        None => 0,
        // Somebody who has acted since is at the top now; who was last on the page before is still there.
        Some(after) => 1 + people.iter().position(|one| one.id == after).ok_or(Problem::new(Code::InvalidCursor))?,
    };
    let more = people.len() > start + paging.limit;
    let items: Vec<_> = people.into_iter().skip(start).take(paging.limit).collect();
    let next = items.last().filter(|_| more).map(|one| one.id.clone());
    page(&list, Page { items, next }, Person::from)
}

#[utoipa::path(
    get, path = "/v1/workspaces/{workspace}/clusters", operation_id = "listClusters", tag = "observations",
    params(
        InWorkspace,
        ("at" = Option<String>, Query, description = "A moment in the week to look at, in RFC 3339; now without it.",
         example = "2026-02-06T12:00:00Z"),
    ),
    responses((status = 200, description = "The clusters of the week, the last active first.", body = PageOf<Group>),
              Refusals, Gateway)
)]
/// Observations of a week (from Monday, UTC) that belong together.
pub(crate) async fn clusters(context: &Context<'_>) -> Result<Answer, Problem> {
    let query = context.query(&["at"])?;
    let now = context.access.now();
    let at = query.value("at", "a moment in RFC 3339")?.unwrap_or(now);
    let clusters = context.access.clusters(&week(at)).await?;
    json(200, &PageOf { items: clusters.into_iter().map(|one| group(one, now)).collect(), next: None })
}

const _: () = assert!(MAX_WEEKS == 13, "the documentation says so");
