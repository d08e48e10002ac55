//! After a connection works again: what it had stopped goes on.

use std::collections::BTreeSet;

use connector_domain::RunId;
use connector_domain::backfill::{Trigger, Unit, UnitKey, UnitState, Window};
use connector_domain::connection::Connection;
use connector_domain::ports::{ConnectionStore, PortError};
use connector_providers::provider;
use tracing::warn;

use crate::{StartError, StartPorts, StartRequest, start_run};

/// Starts the lists anew that stopped because the connection could not be used, from where they are not complete up to
/// now, and answers the runs. What goes on or has ended for another reason is left alone, so a repetition starts nothing.
///
/// # Errors
/// When a port fails; doing it again finishes it.
pub async fn restart_stopped(
    start: &StartPorts,
    connections: &dyn ConnectionStore,
    connection: &Connection,
) -> Result<Vec<RunId>, PortError> {
    let mut runs = Vec::new();
    if !connection.status.works() {
        return Ok(runs);
    }
    let lists = provider(connection.provider).map(|provider| provider.entity_types()).unwrap_or_default();
    for link in connections.integrations_in(&connection.workspace).await? {
        if link.connection != connection.id || !link.active {
            continue;
        }
        let (mut entities, mut since) = (BTreeSet::new(), start.clock.now());
        let until = since;
        for entity in lists {
            let unit = start.backfills.unit(&UnitKey::of(&link, *entity)).await?;
            if let Some(unit) = unit.filter(|unit| unit.connection == connection.id && is_stopped(unit)) {
                entities.insert(*entity);
                since = since.min(unit.window.since);
            }
        }
        if entities.is_empty() {
            continue;
        }
        let resource = link.resource.id.clone();
        let window = Window { since, until };
        let request = StartRequest { integration: link, entities, window, trigger: Trigger::Reconnect, again: false };
        match start_run(start, &request).await {
            Ok(started) => runs.extend(started.run),
            Err(StartError::Port(error)) => return Err(error),
            Err(error) => warn!(connection.id = %connection.id, "could not go on with {resource}: {error}"),
        }
    }
    Ok(runs)
}

/// Whether a unit stopped because its connection could not be used.
#[must_use]
pub fn is_stopped(unit: &Unit) -> bool {
    matches!(&unit.state, UnitState::Failed { code } if code.is_of_connection())
}

#[cfg(test)]
mod tests;
