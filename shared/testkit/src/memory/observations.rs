//! Observations in memory.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::sync::Mutex;

use async_trait::async_trait;
use connector_domain::capture::CaptureOutcome;
use connector_domain::enrich::Enrichment;
use connector_domain::observation::Observation;
use connector_domain::ports::{ObservationFilter, ObservationPage, ObservationStore, PortError};
use connector_domain::transformed::Deletion;
use connector_domain::{SourceId, Timestamp, WorkspaceId};

use super::enrichment::Beside;
use super::{MAX_ROW_BYTES, lock};

/// Observations in memory.
#[derive(Debug, Default)]
pub struct MemoryObservations {
    pub(super) rows: Mutex<BTreeMap<(WorkspaceId, SourceId), Observation>>,
    pub(super) beside: Mutex<Beside>,
    deletions: Mutex<BTreeMap<(WorkspaceId, String), Timestamp>>,
    pub(super) spoiled: Mutex<BTreeSet<SourceId>>,
    pub(super) unlinkable: Mutex<BTreeSet<SourceId>>,
}

impl MemoryObservations {
    /// All rows of all workspaces.
    #[must_use]
    pub fn all(&self) -> Vec<Observation> {
        lock(&self.rows).values().cloned().collect()
    }

    /// What is asked for together with this fact cannot be read from now on.
    pub fn spoil(&self, fact: &SourceId) {
        lock(&self.spoiled).insert(fact.clone());
    }

    /// What is linked together with this fact is refused from now on.
    pub fn refuse_links_of(&self, fact: &SourceId) {
        lock(&self.unlinkable).insert(fact.clone());
    }

    /// Takes over what is gone from another store.
    pub fn delete_like(&self, other: &Self) {
        lock(&self.deletions).clone_from(&lock(&other.deletions));
    }

    /// When what a fact is about was deleted.
    #[must_use]
    pub fn deleted_at(&self, workspace: &WorkspaceId, fact: &SourceId) -> Option<Timestamp> {
        lock(&self.deletions).get(&(workspace.clone(), fact.subject().to_owned())).copied()
    }

    pub(super) fn shown(&self, observation: Observation) -> Observation {
        let deleted_at = self.deleted_at(&observation.workspace, &observation.event.source_id);
        observation.shown(deleted_at)
    }

    fn put(&self, observation: &Observation) -> Result<CaptureOutcome, PortError> {
        let mut size = Size(0);
        if serde_json::to_writer(&mut size, observation).is_err() || size.0 > MAX_ROW_BYTES {
            return Err(PortError::permanent("store an observation", "it does not fit a row"));
        }
        let key = (observation.workspace.clone(), observation.event.source_id.clone());
        match lock(&self.rows).entry(key) {
            Entry::Occupied(kept) => {
                let outcome = kept.get().met(observation);
                if let CaptureOutcome::Duplicate { conflicts } = &outcome {
                    let mut beside = lock(&self.beside);
                    let progress = beside.progress.entry(kept.key().clone()).or_default();
                    progress.conflicts.extend(conflicts.iter().map(|field| (*field).to_owned()));
                }
                Ok(outcome)
            }
            Entry::Vacant(vacant) => {
                let progress = Enrichment::start(observation.captured_at);
                lock(&self.beside).progress.insert(vacant.key().clone(), progress);
                vacant.insert(observation.clone());
                Ok(CaptureOutcome::Captured)
            }
        }
    }
}

/// Counts what is written.
struct Size(usize);

impl Write for Size {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[async_trait]
impl ObservationStore for MemoryObservations {
    async fn put_if_absent(&self, observations: &[Observation]) -> Vec<Result<CaptureOutcome, PortError>> {
        observations.iter().map(|observation| self.put(observation)).collect()
    }

    async fn put_deletions(&self, workspace: &WorkspaceId, deletions: &[Deletion]) -> Result<(), PortError> {
        let mut known = lock(&self.deletions);
        for Deletion { subject, at } in deletions {
            let latest = known.entry((workspace.clone(), subject.clone())).or_insert(*at);
            *latest = (*latest).max(*at);
        }
        Ok(())
    }

    async fn get(&self, workspace: &WorkspaceId, source_id: &SourceId) -> Result<Option<Observation>, PortError> {
        let observation = lock(&self.rows).get(&(workspace.clone(), source_id.clone())).cloned();
        Ok(observation.map(|observation| self.shown(observation)))
    }

    async fn list(&self, workspace: &WorkspaceId, filter: &ObservationFilter) -> Result<ObservationPage, PortError> {
        let before = filter.cursor.as_deref().map(place).transpose()?;
        let event_place = |observation: &Observation| {
            (observation.event.occurred_at, observation.event.source_id.as_str().to_owned())
        };
        let mut found: Vec<_> = lock(&self.rows)
            .values()
            .filter(|observation| observation.workspace == *workspace)
            .filter(|observation| matches(filter, observation))
            .filter(|observation| before.as_ref().is_none_or(|before| event_place(observation) < *before))
            .cloned()
            .collect();
        found.sort_unstable_by_key(|observation| std::cmp::Reverse(event_place(observation)));
        let more = found.len() > filter.limit;
        found.truncate(filter.limit);
        let next = found.last().filter(|_| more).map(|last| {
            let (at, source_id) = event_place(last);
            format!("{at} {source_id}")
        });
        let observations = found.into_iter().map(|observation| self.shown(observation)).collect();
        Ok(ObservationPage { observations, next })
    }
}

fn matches(filter: &ObservationFilter, observation: &Observation) -> bool {
    let event = &observation.event;
    (filter.since..=filter.until).contains(&event.occurred_at)
        && filter.provider.is_none_or(|provider| event.provider() == provider)
        && filter.actor.as_ref().is_none_or(|id| event.actor.as_ref().is_some_and(|actor| actor.id == *id))
        && filter.entity.as_deref().is_none_or(|key| observation.names(key))
        && filter.source_type.as_deref().is_none_or(|name| event.source_type.name() == name)
}

fn place(cursor: &str) -> Result<(Timestamp, String), PortError> {
    let place = cursor.split_once(' ').and_then(|(at, source_id)| Some((at.parse().ok()?, source_id.to_owned())));
    place.ok_or_else(|| PortError::bad_cursor("list observations"))
}
