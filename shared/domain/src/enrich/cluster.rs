//! Facts that belong together.
//!
//! Whether a fact joins a cluster depends on what is in it, so the order counts: it is the order in which things happened,
//! not in which they came. The clusters of a week are made of all facts of that week anew whenever somebody looks, so a
//! late fact changes what it would have changed had it come in time. No cluster reaches over the end of a week.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use jiff::civil::Date;
use jiff::tz::Offset;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::embedding::{Embedding, cosine};
use super::search::Feature;
use super::views::View;
use crate::{ProviderKind, SourceId, Timestamp};

/// Facts that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cluster {
    /// Named by its first fact.
    pub id: String,
    /// The week, by its Monday.
    pub week: String,
    /// The title of the fact in it that matters most.
    pub label: String,
    /// The topics that most of its facts have.
    pub keywords: Vec<String>,
    /// The things that most of its facts name.
    pub entities: Vec<String>,
    /// Who acted.
    pub actors: Vec<String>,
    /// Its facts in the order in which they happened.
    pub members: Vec<SourceId>,
    /// When the first happened.
    pub first_at: Timestamp,
    /// When the last happened.
    pub last_at: Timestamp,
    /// A few of its titles in the order in which they happened.
    pub summary: String,
}

/// After so long without a fact nothing is expected to join any more.
const IDLE: SignedDuration = SignedDuration::from_hours(48);
/// What is at least this near joins.
const JOINS: f64 = 60.0;
/// Most clusters that a fact is compared with, the last active first.
const CANDIDATES: usize = 10;
/// Most entities and actors that a cluster is known by.
const KNOWN: usize = 20;
/// Titles in a summary.
const TITLES: usize = 3;

impl Cluster {
    /// Whether facts may still join it.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        now.duration_since(self.last_at) < IDLE
    }
}

/// The week of a moment, by its Monday (UTC).
#[must_use]
pub fn week(at: Timestamp) -> String {
    monday(at).to_string()
}

fn monday(at: Timestamp) -> Date {
    let date = Offset::UTC.to_datetime(at).date();
    let days = date.weekday().to_monday_zero_offset();
    date.checked_sub(jiff::Span::new().days(days)).unwrap_or(date)
}

/// The weeks between two moments, the latest first, and no more than `most`.
#[must_use]
pub fn weeks(since: Timestamp, until: Timestamp, most: usize) -> Vec<String> {
    let (mut date, first) = (monday(until), monday(since));
    let mut weeks = Vec::new();
    while date >= first && weeks.len() < most {
        weeks.push(date.to_string());
        match date.checked_sub(jiff::Span::new().weeks(1)) {
            Ok(before) => date = before,
            Err(_) => break,
        }
    }
    weeks
}

/// A cluster while it grows.
struct Growing<'a> {
    members: Vec<&'a Feature>,
    /// The sum of all vectors of each model: it points where their mean points.
    sums: BTreeMap<&'a str, Vec<i64>>,
    entities: BTreeMap<&'a str, usize>,
    actors: BTreeMap<&'a str, usize>,
    last_at: Timestamp,
}

impl<'a> Growing<'a> {
    fn new(first: &'a Feature) -> Self {
        let (sums, entities, actors) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let mut new = Self { members: Vec::new(), sums, entities, actors, last_at: first.occurred_at };
        new.add(first);
        new
    }

    fn add(&mut self, feature: &'a Feature) {
        for summary in summaries(feature) {
            let sum = self.sums.entry(&summary.model).or_default();
            sum.resize(sum.len().max(summary.values.len()), 0);
            sum.iter_mut().zip(&summary.values).for_each(|(sum, value)| *sum += i64::from(*value));
        }
        for entity in &feature.entities {
            *self.entities.entry(entity).or_default() += 1;
        }
        if let Some(actor) = &feature.actor {
            *self.actors.entry(actor).or_default() += 1;
        }
        self.last_at = self.last_at.max(feature.occurred_at);
        self.members.push(feature);
    }

    /// How near a fact is, from 0 to 100: what the texts say (40), what they name (30), who acted (20), and when (10).
    fn affinity(&self, feature: &Feature) -> f64 {
        let text = summaries(feature).find_map(|one| Some(cosine(&one.values, self.sums.get(one.model.as_str())?)));
        let text = text.unwrap_or(0.0);
        let known: BTreeSet<&str> = most(&self.entities, KNOWN).into_iter().collect();
        let named: BTreeSet<&str> = feature.entities.iter().map(String::as_str).collect();
        let (both, either) = (known.intersection(&named).count(), known.union(&named).count());
        let actor = feature.actor.as_deref().is_some_and(|actor| self.actors.contains_key(actor));
        let hours = feature.occurred_at.duration_since(self.last_at).abs().as_secs_f64() / 3_600.0;
        40.0 * text + 30.0 * share(both, either) + if actor { 20.0 } else { 0.0 } + (10.0 - hours).max(0.0)
    }

    fn finish(self) -> Option<Cluster> {
        let (first, last) = (self.members.first()?, self.members.last()?);
        let best = self.members.iter().rev().max_by_key(|one| one.score)?;
        let mut topics: BTreeMap<&str, usize> = BTreeMap::new();
        for topic in self.members.iter().flat_map(|one| &one.topics) {
            // Every fact has the topics of its provider and type.
            if topic.parse::<ProviderKind>().is_err() && !topic.contains('.') {
                *topics.entry(topic).or_default() += 1;
            }
        }
        Some(Cluster {
            id: hex::encode(&Sha256::digest(first.source_id.as_str().as_bytes())[..8]),
            week: week(first.occurred_at),
            label: best.title.clone(),
            keywords: owned(most(&topics, 5)),
            entities: owned(most(&self.entities, KNOWN)),
            actors: owned(most(&self.actors, KNOWN)),
            members: self.members.iter().map(|one| one.source_id.clone()).collect(),
            first_at: first.occurred_at,
            last_at: last.occurred_at,
            summary: summary(&self.members),
        })
    }
}

/// A fact's vectors as a whole, that of a service first. Every fact has one that is made without any.
fn summaries(feature: &Feature) -> impl Iterator<Item = &Embedding> {
    feature.views.get(&View::Summary).into_iter().chain(std::iter::once(&feature.embedding))
}

/// The facts that matter most, as they happened.
fn summary(members: &[&Feature]) -> String {
    let mut titles: Vec<(usize, &Feature)> = Vec::new();
    let mut best: Vec<_> = members.iter().copied().enumerate().collect();
    best.sort_by_key(|(at, one)| (std::cmp::Reverse(one.score), *at));
    for (at, one) in best {
        if titles.len() < TITLES && titles.iter().all(|(_, told)| told.title != one.title) {
            titles.push((at, one));
        }
    }
    titles.sort_by_key(|(at, _)| *at);
    titles.iter().map(|(_, one)| one.title.as_str()).collect::<Vec<_>>().join(" \u{2192} ")
}

/// The names with the highest counts, of equal ones in their order.
fn most<'a>(counts: &BTreeMap<&'a str, usize>, limit: usize) -> Vec<&'a str> {
    let mut all: Vec<_> = counts.iter().map(|(name, count)| (std::cmp::Reverse(*count), *name)).collect();
    all.sort_unstable();
    all.into_iter().take(limit).map(|(_, name)| name).collect()
}

fn owned(names: Vec<&str>) -> Vec<String> {
    names.into_iter().map(str::to_owned).collect()
}

fn share(part: usize, whole: usize) -> f64 {
    let count = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    if whole == 0 { 0.0 } else { count(part) / count(whole) }
}

/// The clusters of a week's facts, the last active first. `features` may be in any order.
#[must_use]
pub fn clusters(features: &[Feature]) -> Vec<Cluster> {
    let ordered: BTreeMap<_, &Feature> =
        features.iter().map(|one| ((one.occurred_at, one.source_id.clone()), one)).collect();
    let mut growing: Vec<Growing<'_>> = Vec::new();
    for feature in ordered.into_values() {
        let mut near: Vec<_> =
            growing.iter_mut().filter(|one| feature.occurred_at.duration_since(one.last_at) < IDLE).collect();
        near.sort_by_key(|one| std::cmp::Reverse(one.last_at));
        near.truncate(CANDIDATES);
        let scored = near.into_iter().map(|one| (one.affinity(feature), one));
        // Of two that are as near the last active one is kept, which comes first.
        let best = scored.reduce(|best, next| if next.0 > best.0 { next } else { best });
        match best {
            Some((affinity, cluster)) if affinity >= JOINS => cluster.add(feature),
            _ => growing.push(Growing::new(feature)),
        }
    }
    let mut all: Vec<_> = growing.into_iter().filter_map(Growing::finish).collect();
    all.sort_by(|a, b| (b.last_at, &a.id).cmp(&(a.last_at, &b.id)));
    all
}

#[cfg(test)]
mod tests;
