//! After a connection works again: what waited for it goes on.

use std::collections::BTreeSet;

use connector_domain::RunId;
use connector_domain::backfill::{Unit, UnitKey, UnitState};
use connector_domain::connection::Connection;
use connector_domain::ports::{ConnectionStore, PortError};
use connector_providers::provider;

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
    if !connection.status.works() {
        return Ok(resumed);
    }
    let lists = provider(connection.provider).map(|provider| provider.entity_types()).unwrap_or_default();
    for link in connections.integrations_in(&connection.workspace).await? {
        if link.connection != connection.id || !link.active {
            continue;
        }
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

/// Whether a unit waits for its connection to be usable again.
#[must_use]
pub fn is_stopped(unit: &Unit) -> bool {
    matches!(unit.state, UnitState::Paused { why } if why.is_of_connection())
}

#[cfg(test)]
mod tests;
