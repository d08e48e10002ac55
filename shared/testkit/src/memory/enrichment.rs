//! What is kept beside observations, in memory.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use connector_domain::enrich::{Account, Activity, Advance, Enrichment, Feature, Identity, Link, LinkKey, week};
use connector_domain::observation::Observation;
use connector_domain::ports::{EnrichmentStore, PortError};
use connector_domain::{SourceId, Timestamp, WorkspaceId};

use super::{MemoryObservations, lock};

type Fact = (WorkspaceId, SourceId);

/// All that is not an observation itself.
#[derive(Debug, Default)]
pub(super) struct Beside {
    pub(super) progress: BTreeMap<Fact, Enrichment>,
    links: BTreeMap<(WorkspaceId, LinkKey, Timestamp, SourceId), Link>,
    features: BTreeMap<(WorkspaceId, String, Timestamp, SourceId), Feature>,
    acted: BTreeSet<(WorkspaceId, Account, Timestamp, SourceId)>,
    /// With the fact that says who it is.
    identities: BTreeMap<(WorkspaceId, Account), (Identity, (Timestamp, SourceId))>,
}

/// All that is kept beside the observations of one workspace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeptBeside {
    /// What they have to do with.
    pub links: Vec<Link>,
    /// Who acted in them.
    pub identities: Vec<Identity>,
    /// What they are like.
    pub features: Vec<Feature>,
}

impl MemoryObservations {
    /// All that is kept beside the observations of a workspace and shown, in order of key.
    #[must_use]
    pub fn beside(&self, workspace: &WorkspaceId) -> KeptBeside {
        let beside = lock(&self.beside);
        let shown = |fact: &SourceId| self.deleted_at(workspace, fact).is_none();
        let of_links = beside.links.iter().filter(|((of, _, _, fact), _)| of == workspace && shown(fact));
        let of_identities = beside.identities.iter().filter(|((of, _), _)| of == workspace);
        let of_features = beside.features.iter().filter(|((of, _, _, fact), _)| of == workspace && shown(fact));
        KeptBeside {
            links: of_links.map(|(_, link)| link.clone()).collect(),
            identities: of_identities.map(|(_, (identity, _))| identity.clone()).collect(),
            features: of_features.map(|(_, feature)| feature.clone()).collect(),
        }
    }
}

#[async_trait]
impl EnrichmentStore for MemoryObservations {
    async fn load_all(
        &self,
        workspace: &WorkspaceId,
        source_ids: &[SourceId],
    ) -> Result<Vec<(Observation, Enrichment)>, PortError> {
        let spoiled = lock(&self.spoiled);
        if source_ids.iter().any(|id| spoiled.contains(id)) {
            return Err(PortError::corrupt("read observations", "one is spoiled"));
        }
        let mut all = Vec::new();
        for id in source_ids {
            let key = (workspace.clone(), id.clone());
            let Some(observation) = lock(&self.rows).get(&key).cloned() else { continue };
            let progress = lock(&self.beside).progress.get(&key).cloned().unwrap_or_default();
            all.push((self.shown(observation), progress));
        }
        Ok(all)
    }

    async fn facts_of(&self, workspace: &WorkspaceId, subject: &str) -> Result<Vec<SourceId>, PortError> {
        let rows = lock(&self.rows);
        let of_thing = rows.keys().filter(|(of, id)| of == workspace && id.subject() == subject);
        Ok(of_thing.map(|(_, id)| id.clone()).collect())
    }

    async fn advance(&self, workspace: &WorkspaceId, source_id: &SourceId, advance: &Advance) -> Result<(), PortError> {
        if advance.is_empty() {
            return Ok(());
        }
        let mut beside = lock(&self.beside);
        let progress = beside
            .progress
            .get_mut(&(workspace.clone(), source_id.clone()))
            .ok_or_else(|| PortError::permanent("note what is enriched", "there is no such observation"))?;
        progress.done.extend(&advance.done);
        progress.fell_back.extend(advance.fell_back.iter().map(|(step, code)| (*step, code.clone())));
        for step in &advance.failed {
            *progress.failed.entry(*step).or_default() += 1;
        }
        if advance.complete {
            progress.due_at = None;
        }
        Ok(())
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<(WorkspaceId, SourceId)>, PortError> {
        let beside = lock(&self.beside);
        let waiting = beside.progress.iter().filter_map(|(key, progress)| Some((progress.due_at?, key)));
        let mut due: Vec<_> = waiting.filter(|(due_at, _)| *due_at <= now).collect();
        due.sort_unstable();
        Ok(due.into_iter().take(limit).map(|(_, key)| key.clone()).collect())
    }

    async fn redrive(
        &self,
        workspace: &WorkspaceId,
        source_id: &SourceId,
        attempts: u32,
        due_at: Option<Timestamp>,
    ) -> Result<bool, PortError> {
        let mut beside = lock(&self.beside);
        match beside.progress.get_mut(&(workspace.clone(), source_id.clone())) {
            Some(progress) if progress.attempts == attempts && progress.due_at.is_some() => {
                progress.attempts += 1;
                progress.due_at = due_at;
                Ok(true)
            }
            Some(_) | None => Ok(false),
        }
    }

    async fn put_links(&self, workspace: &WorkspaceId, links: &[Link]) -> Result<(), PortError> {
        let refused = lock(&self.unlinkable);
        if links.iter().any(|link| refused.contains(&link.source_id)) {
            return Err(PortError::permanent("index links", "one is refused"));
        }
        let mut beside = lock(&self.beside);
        for link in links {
            let key = (workspace.clone(), link.key.clone(), link.occurred_at, link.source_id.clone());
            beside.links.insert(key, link.clone());
        }
        Ok(())
    }

    async fn links(
        &self,
        workspace: &WorkspaceId,
        key: &LinkKey,
        at: Timestamp,
        limit: usize,
    ) -> Result<Vec<Link>, PortError> {
        let beside = lock(&self.beside);
        let of_thing = beside.links.iter().filter(|((ws, of, _, fact), _)| {
            (ws, of) == (workspace, key) && self.deleted_at(workspace, fact).is_none()
        });
        let (before, after): (Vec<_>, Vec<_>) = of_thing.map(|(_, link)| link).partition(|link| link.occurred_at < at);
        let skipped = before.len().saturating_sub(limit);
        Ok(before.into_iter().skip(skipped).chain(after.into_iter().take(limit)).cloned().collect())
    }

    async fn note_activity(
        &self,
        workspace: &WorkspaceId,
        account: &Account,
        acts: &[Activity],
    ) -> Result<(), PortError> {
        let mut beside = lock(&self.beside);
        for Activity { source_id, at, name, email, avatar_url, login } in acts {
            let place = (*at, source_id.clone());
            let first = beside.acted.insert((workspace.clone(), account.clone(), *at, source_id.clone()));
            let fresh = || Identity {
                account: account.clone(),
                name: name.clone(),
                avatar_url: None,
                login: None,
                emails: BTreeSet::new(),
                observations: 0,
                last_active_at: *at,
            };
            let known = beside.identities.entry((workspace.clone(), account.clone()));
            let (identity, latest) = known.or_insert_with(|| (fresh(), place.clone()));
            identity.observations += u64::from(first);
            identity.emails.extend(email.clone());
            if *latest <= place {
                (identity.name, identity.avatar_url, identity.login) =
                    (name.clone(), avatar_url.clone(), login.clone());
                identity.last_active_at = *at;
                *latest = place;
            }
        }
        Ok(())
    }

    async fn identities(&self, workspace: &WorkspaceId) -> Result<Vec<Identity>, PortError> {
        let beside = lock(&self.beside);
        let ours = beside.identities.iter().filter(|((ws, _), _)| ws == workspace);
        Ok(ours.map(|(_, (identity, _))| identity.clone()).collect())
    }

    async fn put_feature(&self, workspace: &WorkspaceId, feature: &Feature) -> Result<(), PortError> {
        let of = week(feature.occurred_at);
        let key = (workspace.clone(), of, feature.occurred_at, feature.source_id.clone());
        let mut beside = lock(&self.beside);
        if feature.is_embedded() || !beside.features.get(&key).is_some_and(Feature::is_embedded) {
            beside.features.insert(key, feature.clone());
        }
        Ok(())
    }

    async fn feature(
        &self,
        workspace: &WorkspaceId,
        source_id: &SourceId,
        at: Timestamp,
    ) -> Result<Option<Feature>, PortError> {
        let key = (workspace.clone(), week(at), at, source_id.clone());
        Ok(lock(&self.beside).features.get(&key).cloned())
    }

    async fn delete_features(&self, workspace: &WorkspaceId, facts: &[(SourceId, Timestamp)]) -> Result<(), PortError> {
        let mut beside = lock(&self.beside);
        for (source_id, at) in facts {
            beside.features.remove(&(workspace.clone(), week(*at), *at, source_id.clone()));
        }
        Ok(())
    }

    async fn features(&self, workspace: &WorkspaceId, week: &str) -> Result<Vec<Feature>, PortError> {
        let beside = lock(&self.beside);
        let of_week = beside.features.iter().filter(|((ws, of, _, fact), _)| {
            ws == workspace && of == week && self.deleted_at(workspace, fact).is_none()
        });
        Ok(of_week.map(|(_, feature)| feature.clone()).collect())
    }
}
