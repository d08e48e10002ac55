//! Machine keys, answered requests and changes in memory.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Mutex;

use async_trait::async_trait;
use connector_domain::access::MachineKey;
use connector_domain::change::Change;
use connector_domain::ports::{Begun, ChangeLog, MachineKeys, OnceKey, OnceStore, Page, Paging, PortError, Put};
use connector_domain::{Timestamp, WorkspaceId};

use super::{lists, lock};

/// Machine keys in memory.
#[derive(Debug, Default)]
pub struct MemoryKeys(Mutex<BTreeMap<String, MachineKey>>);

#[async_trait]
impl MachineKeys for MemoryKeys {
    async fn add(&self, key: &MachineKey) -> Result<Put, PortError> {
        match lock(&self.0).entry(key.id.clone()) {
            Entry::Occupied(_) => Ok(Put::Conflict),
            Entry::Vacant(vacant) => {
                vacant.insert(key.clone());
                Ok(Put::Stored)
            }
        }
    }

    async fn find(&self, id: &str) -> Result<Option<MachineKey>, PortError> {
        Ok(lock(&self.0).get(id).cloned())
    }

    async fn of_workspace(&self, workspace: &WorkspaceId) -> Result<Vec<MachineKey>, PortError> {
        Ok(lock(&self.0).values().filter(|key| key.workspace == *workspace).cloned().collect())
    }

    async fn revoke(&self, workspace: &WorkspaceId, id: &str, at: Timestamp) -> Result<Option<MachineKey>, PortError> {
        let mut keys = lock(&self.0);
        let Some(key) = keys.get_mut(id).filter(|key| key.workspace == *workspace) else { return Ok(None) };
        key.revoked_at.get_or_insert(at);
        Ok(Some(key.clone()))
    }
}

#[derive(Debug)]
enum Once {
    Busy { request: String, until: Timestamp },
    Answered { request: String, status: u16, body: String, until: Timestamp },
}

/// Answered requests in memory.
#[derive(Debug, Default)]
pub struct MemoryOnce(Mutex<BTreeMap<(WorkspaceId, String), Once>>);

#[async_trait]
impl OnceStore for MemoryOnce {
    async fn begin(&self, key: &OnceKey, now: Timestamp, lease_until: Timestamp) -> Result<Begun, PortError> {
        let mut rows = lock(&self.0);
        let place = (key.workspace.clone(), key.name.clone());
        let begun = match rows.get(&place) {
            Some(Once::Busy { until, .. } | Once::Answered { until, .. }) if *until <= now => Begun::First,
            None => Begun::First,
            Some(Once::Busy { request, .. } | Once::Answered { request, .. }) if *request != key.request => {
                Begun::Different
            }
            Some(Once::Busy { .. }) => Begun::Busy,
            Some(Once::Answered { status, body, .. }) => Begun::Answered { status: *status, body: body.clone() },
        };
        if begun == Begun::First {
            rows.insert(place, Once::Busy { request: key.request.clone(), until: lease_until });
        }
        Ok(begun)
    }

    async fn answered(&self, key: &OnceKey, status: u16, body: &str, expires_at: Timestamp) -> Result<(), PortError> {
        let answer = Once::Answered { request: key.request.clone(), status, body: body.to_owned(), until: expires_at };
        lock(&self.0).insert((key.workspace.clone(), key.name.clone()), answer);
        Ok(())
    }

    async fn forget(&self, key: &OnceKey) -> Result<(), PortError> {
        lock(&self.0).remove(&(key.workspace.clone(), key.name.clone()));
        Ok(())
    }
}

/// Changes in memory.
#[derive(Debug, Default)]
pub struct MemoryChanges(Mutex<BTreeMap<(WorkspaceId, String), Change>>);

#[async_trait]
impl ChangeLog for MemoryChanges {
    async fn append(&self, change: &Change) -> Result<(), PortError> {
        let place = format!("{:.9}#{}", change.at, change.id);
        lock(&self.0).entry((change.workspace.clone(), place)).or_insert_with(|| change.clone());
        Ok(())
    }

    async fn changes_in(&self, workspace: &WorkspaceId, paging: &Paging) -> Result<Page<Change>, PortError> {
        let rows = lock(&self.0);
        let ours = rows.iter().filter(|((owner, _), _)| owner == workspace);
        let rows = ours.map(|((_, place), change)| (place.clone(), change.clone())).collect();
        lists::page("list changes", rows, true, paging, |_| true)
    }
}
