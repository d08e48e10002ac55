//! After a connection works again: what waited for it goes on.

use std::collections::BTreeSet;

use connector_domain::RunId;
use connector_domain::backfill::{Unit, UnitKey, UnitState};
use connector_domain::connection::{Connection, Integration};
use connector_domain::documents::{DocumentsKey, Hold, SyncState};
use connector_domain::ports::{ConnectionStore, PortError};
use connector_providers::provider;

use crate::documents::{self, DocumentPorts};
use crate::{StartPorts, runs};

/// Lets the lists go on that wait for the connection, and answers their runs. What goes on already or waits for something
/// else is left alone, so a repetition does nothing.
///
/// # Errors
/// When a port fails; doing it again finishes it.
pub async fn restart_stopped(
    start: &StartPorts,
    connections: &dyn ConnectionStore,
    connection: &Connection,
) -> Result<BTreeSet<RunId>, PortError> {
    let mut resumed = BTreeSet::new();
    let lists = provider(connection.provider).map(|provider| provider.entity_types()).unwrap_or_default();
    for link in links_that_work(connections, connection).await? {
        for entity in lists {
            let unit = start.backfills.unit(&UnitKey::of(&link, *entity)).await?;
            let Some(unit) = unit.filter(|unit| unit.connection == connection.id && is_stopped(unit)) else { continue };
            let run = unit.run.clone();
            if runs::resume_unit(start, unit).await? {
                resumed.insert(run);
            }
        }
    }
    Ok(resumed)
}

/// Has the repositories looked at whose documents wait for the connection: how many these were. They look by themselves,
/// too, but rarely.
///
/// # Errors
/// When a port fails; doing it again finishes it.
pub async fn restart_documents(
    ports: &DocumentPorts,
    connections: &dyn ConnectionStore,
    connection: &Connection,
    correlation: &str,
) -> Result<usize, PortError> {
    let mut asked = 0;
    for link in links_that_work(connections, connection).await? {
        let sync = ports.syncs.sync(&DocumentsKey::of(&link)).await?;
        let state = sync.filter(|sync| sync.connection == connection.id).map(|sync| sync.state);
        if let Some(SyncState::Waiting { reason: Hold::NeedsReconnect | Hold::Suspended, .. }) = state {
            asked += usize::from(documents::ask(ports, &link, None, correlation).await?.is_some());
        }
    }
    Ok(asked)
}

async fn links_that_work(
    connections: &dyn ConnectionStore,
    connection: &Connection,
) -> Result<Vec<Integration>, PortError> {
    if !connection.status.works() {
        return Ok(Vec::new());
    }
    let mut links = connections.integrations_in(&connection.workspace).await?;
    links.retain(|link| link.connection == connection.id && link.active);
    Ok(links)
}

/// Whether a unit waits for its connection to be usable again.
#[must_use]
pub fn is_stopped(unit: &Unit) -> bool {
    matches!(unit.state, UnitState::Paused { why } if why.is_of_connection())
}

#[cfg(test)]
mod tests;
