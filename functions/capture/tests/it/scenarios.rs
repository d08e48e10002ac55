//! Whole scenarios of the earlier system, replayed: what each event became, what it is to others, who acted, what belongs
//! together. Each difference is named; `docs/parity.md` says why.

mod replay;
mod script;

use std::collections::{BTreeMap, BTreeSet};

use connector_domain::capture::{Category, EntityCategory};
use connector_domain::enrich::{edges_between, links, week};
use connector_domain::model::Said;
use connector_domain::observation::Observation;
use connector_domain::ports::{EnrichmentStore, ModelStore};
use connector_domain::{Reference, SourceId};
use connector_flows::memory::{clusters_of, people};
use serde_json::Value;

use replay::{Replayed, replay};
use script::{Related, Script, scripts};

/// A difference on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum OnPurpose {
    /// The label that the transform itself puts before a title does not count.
    OwnLabel,
    /// Only an active link wants something, and nothing is taken of what is not linked.
    NoActiveLink,
    /// Each transition of a deployment is a fact; there all had one identity.
    EachTransition,
    /// What was too long for a column failed there after half of it was written.
    TooLong,
    /// A second workspace is told as well.
    OtherWorkspace,
    /// A key must be whole: a number without an address, or what is no hash, gives none.
    NoWholeKey,
    /// Branches of one name in two repositories have nothing to do with each other.
    OtherRepository,
    /// Facts of one thing continue each other, whatever else they share.
    Continues,
    /// Two that name an issue are related through its own facts, not directly.
    ThroughTheIssue,
    /// The same two are related the other way round, from the later fact.
    OtherWay,
    /// Two are to each other what they say, in place of a mere mention.
    SaysMore,
    /// What is to each other there is so by chance: `#1` is found in `#12`.
    Chance,
    /// Clusters are made by the facts' own times and by other vectors.
    OtherClusters,
    /// What Vercel's display name names is an account of Vercel's.
    OwnAccount,
    /// Accounts with one address are one person.
    SamePerson,
    /// What a model says stands beside what the rules say, and not among it.
    BesideTheRules,
}

/// What an event became there, in our words.
fn expected_outcome(event: &Value) -> &str {
    match event["result"]["status"].as_str() {
        Some(status) => status,
        None if event.get("error").is_some() => "failed",
        None => "skipped",
    }
}

type Differences = BTreeMap<OnPurpose, usize>;

fn note(found: &mut Differences, why: OnPurpose) {
    *found.entry(why).or_default() += 1;
}

fn compare_outcomes(script: &Script, here: &Replayed, found: &mut Differences) {
    for (n, (event, ours)) in script.expected.events.iter().zip(&here.outcomes).enumerate() {
        let theirs = expected_outcome(event);
        if theirs == ours {
            continue;
        }
        let why = match (theirs, ours.as_str()) {
            ("captured", "unlinked") => OnPurpose::NoActiveLink,
            ("duplicate", "captured") => OnPurpose::EachTransition,
            ("failed", "captured") => OnPurpose::TooLong,
            ("skipped", "captured") => OnPurpose::OtherWorkspace,
            _ => panic!("{} event {n}: there {theirs}, here {ours}", script.name),
        };
        note(found, why);
    }
}

async fn compare_relations(script: &Script, here: &Replayed, found: &mut Differences) {
    let ws = |one: &Observation| one.workspace.clone();
    let Some(workspace) = here.all().next().map(ws) else { return };
    let mut all = BTreeSet::new();
    for fact in here.all() {
        for link in links(fact) {
            all.extend(here.store.links(&workspace, &link.key, fact.event.occurred_at, 1_000).await.unwrap());
        }
    }
    let edges = edges_between(&all);
    let ours: BTreeSet<(String, &SourceId, &SourceId)> =
        edges.iter().map(|edge| (edge.relation.as_str().to_owned(), &edge.from, &edge.to)).collect();
    let mut unexplained = Vec::new();
    for related in &script.expected.relationships {
        let (Some(from), Some(to)) = (here.facts.get(&related.from_source_id), here.facts.get(&related.to_source_id))
        else {
            note(found, OnPurpose::NoActiveLink);
            continue;
        };
        let (from, to) = (&from[0], &to[0]);
        let (a, b) = (&from.event.source_id, &to.event.source_id);
        let kind = related.relationship_type.clone();
        if ours.contains(&(kind.clone(), a, b)) {
            continue;
        }
        let between: Vec<&str> = ours
            .iter()
            .filter(|(_, from, to)| (*from, *to) == (a, b) || (*from, *to) == (b, a))
            .map(|(kind, _, _)| kind.as_str())
            .collect();
        match why_not(related, from, to, &between) {
            Some(why) => note(found, why),
            None => unexplained.push(format!("{kind} by {} {a} {b}; here {between:?}", related.linking_key)),
        }
    }
    assert!(unexplained.is_empty(), "{}:\n{}", script.name, unexplained.join("\n"));
}

fn why_not(related: &Related, from: &Observation, to: &Observation, between: &[&str]) -> Option<OnPurpose> {
    if between.contains(&"continues") {
        return Some(OnPurpose::Continues);
    }
    if between.contains(&related.relationship_type.as_str()) {
        return Some(OnPurpose::OtherWay);
    }
    if !between.is_empty() {
        return Some(OnPurpose::SaysMore);
    }
    let key = related.linking_key.as_str();
    let [Some(one), Some(other)] =
        [from, to].map(|fact| fact.event.references.iter().find(|reference| reference.id == key))
    else {
        return Some(OnPurpose::Chance);
    };
    let address = |reference: &Reference| reference.url.clone().unwrap_or_default();
    let own =
        |fact: &Observation| fact.event.source_type.name().starts_with("issue.") && fact.event.references[0].id == key;
    match related.linking_key_type.as_str() {
        "commit" if !(key.len() == 40 && key.bytes().all(|byte| byte.is_ascii_hexdigit())) => {
            Some(OnPurpose::NoWholeKey)
        }
        "branch" if address(one).is_empty() || address(other).is_empty() => Some(OnPurpose::NoWholeKey),
        "branch" if address(one) != address(other) => Some(OnPurpose::OtherRepository),
        _ if key.starts_with('#')
            && ![one, other].iter().all(|one| address(one).starts_with("https://github.com/")) =>
        {
            Some(OnPurpose::NoWholeKey)
        }
        "issue" if !own(from) && !own(to) => Some(OnPurpose::ThroughTheIssue),
        _ => None,
    }
}

fn compare_scores(script: &Script, here: &Replayed, found: &mut Differences) {
    for event in &script.expected.events {
        let scored = &event["stepResults"]["evaluate-significance"]["score"];
        if let (Some(score), Some(facts)) = (scored.as_u64(), here.facts.get(event["sourceId"].as_str().unwrap())) {
            let ours = &facts[0].significance;
            if u64::from(ours.score) != score {
                let theirs: Vec<String> =
                    serde_json::from_value(event["stepResults"]["evaluate-significance"]["factors"].clone()).unwrap();
                let label: Vec<_> = theirs.iter().filter(|factor| !ours.factors.contains(factor)).collect();
                assert_eq!(label, ["important_keyword"], "{} {}", script.name, event["sourceId"]);
                note(found, OnPurpose::OwnLabel);
            }
        }
    }
}

/// Which facts are together, by pairs of the earlier system's identities.
type Together = BTreeSet<(String, String)>;

fn pairs<'a>(groups: impl IntoIterator<Item = Vec<&'a str>>) -> Together {
    let mut together = Together::new();
    for mut group in groups {
        group.sort_unstable();
        group.dedup();
        for (at, one) in group.iter().enumerate() {
            together.extend(group.iter().skip(at + 1).map(|other| ((*one).to_owned(), (*other).to_owned())));
        }
    }
    together
}

async fn together(here: &Replayed) -> Together {
    let Some(first) = here.all().next() else { return Together::new() };
    let name = |id: &SourceId| {
        let of = |(_, facts): &(&String, &Vec<Observation>)| facts.iter().any(|fact| fact.event.source_id == *id);
        here.facts.iter().find(of).unwrap().0.as_str()
    };
    let weeks: BTreeSet<_> = here.all().map(|fact| week(fact.event.occurred_at)).collect();
    let mut groups = Vec::new();
    for week in weeks {
        for cluster in clusters_of(&*here.store, &first.workspace, &week).await.unwrap() {
            groups.push(cluster.members.iter().map(name).collect());
        }
    }
    pairs(groups)
}

async fn compare_clusters(script: &Script, here: &Replayed, found: &mut Differences) {
    let mut groups: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
    for event in &script.expected.events {
        if let Some(cluster) = event["stepResults"]["assign-cluster"]["clusterId"].as_u64() {
            groups.entry(cluster).or_default().push(event["sourceId"].as_str().unwrap());
        }
    }
    let (theirs, ours) = (pairs(groups.into_values()), together(here).await);
    for _ in theirs.symmetric_difference(&ours) {
        note(found, OnPurpose::OtherClusters);
    }
}

async fn compare_people(script: &Script, here: &Replayed, found: &mut Differences) {
    let Some(first) = here.all().next() else { return };
    let people = people(&*here.store, &first.workspace).await.unwrap();
    let mut known = BTreeSet::new();
    for identity in &script.expected.identities {
        let account = identity["canonical_actor_id"].as_str().unwrap();
        let is = |account: &str| people.iter().find(|one| one.accounts.contains(account));
        let person = is(account).or_else(|| {
            note(found, OnPurpose::OwnAccount);
            is(&account.replace("github:", "vercel:"))
        });
        let person = person.unwrap_or_else(|| panic!("{}: nobody is {account}: {people:?}", script.name));
        if !known.insert(person.id.clone()) {
            note(found, OnPurpose::SamePerson);
        }
    }
}

async fn compare_model(script: &Script, here: &Replayed, found: &mut Differences) {
    if script.scenario.llm.is_null() {
        return;
    }
    let fact = here.all().next().unwrap();
    let readings = here.models.readings(&fact.workspace, &fact.event.source_id).await.unwrap();
    let [Said::Classification(sorted), Said::Entities(named)] = [&readings[0].said, &readings[1].said] else {
        panic!("{readings:?}")
    };
    let topics: Vec<&str> =
        script.expected.observations[0]["topics"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let said = std::iter::once(sorted.primary.as_str())
        .chain(sorted.secondary.iter().map(|one| one.as_str()))
        .chain(sorted.topics.iter().map(String::as_str));
    assert_eq!(topics, ["github", "issue.opened"].into_iter().chain(said).collect::<Vec<_>>(), "there in one list");
    assert_eq!(sorted.primary, Category::BugFix);
    assert_eq!(fact.classification.primary, Category::Other, "the rules stand");
    note(found, OnPurpose::BesideTheRules);
    let mut kept: BTreeSet<(String, u8)> = BTreeSet::new();
    for entity in &script.expected.entities {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share in percent")]
        let confidence = (entity["confidence"].as_f64().unwrap() * 100.0).round() as u8;
        kept.insert((entity["key"].as_str().unwrap().to_owned(), confidence));
    }
    let ours = named.iter().map(|one| (one.key.clone(), one.confidence));
    let rules = fact.entities.iter().map(|one| (one.key.clone(), one.confidence));
    assert_eq!(ours.chain(rules).collect::<BTreeSet<_>>(), kept, "what is less sure than 65 % is left out by both");
    assert!(named.iter().any(|one| one.category == EntityCategory::Service));
}

#[tokio::test]
async fn scenarios_become_what_they_became() {
    let mut clusters: BTreeMap<String, Together> = BTreeMap::new();
    for script in scripts() {
        let here = replay(&script).await;
        let mut found = Differences::new();
        compare_outcomes(&script, &here, &mut found);
        compare_scores(&script, &here, &mut found);
        compare_relations(&script, &here, &mut found).await;
        compare_clusters(&script, &here, &mut found).await;
        compare_people(&script, &here, &mut found).await;
        compare_model(&script, &here, &mut found).await;
        let mut features = 0;
        for (workspace, week) in
            here.all().map(|fact| (&fact.workspace, week(fact.event.occurred_at))).collect::<BTreeSet<_>>()
        {
            features += here.store.features(workspace, &week).await.unwrap().len();
        }
        assert_eq!(features, here.all().count(), "{}: no fact takes the vectors of another", script.name);
        clusters.insert(script.name.clone(), together(&here).await);
        println!("{}: {} events, {} facts; on purpose: {found:?}", script.name, here.outcomes.len(), features);
    }
    if clusters.is_empty() {
        return;
    }
    assert_eq!(clusters["comprehensive"], clusters["comprehensive-reversed"], "in any order");
    assert_eq!(clusters["demo-incident-old"], clusters["demo-incident-now-2024"], "whenever that is");
    assert!(clusters["cluster-time-bonus-unbounded"].is_empty(), "age brings nothing nearer");
}
