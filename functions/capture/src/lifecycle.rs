//! Applies what a provider announced about an account or its resources to one workspace's connection and links.

use connector_domain::audit::{Actor, AuditAction, AuditEntry};
use connector_domain::connection::{Connection, ConnectionStatus, Integration};
use connector_domain::lifecycle::{LifecycleAction, LifecycleChange};
use connector_domain::ports::{ConnectionStore, PortError};
use connector_domain::{ProviderKind, ResourceId, Timestamp, WorkspaceId};
use connector_flows::{Ending, TeardownPorts, deactivate, restart_documents, tear_down};

/// Makes the change that a delivery of `received_at` announced. Safe to repeat, and a late announcement changes nothing
/// that is newer.
pub(crate) async fn apply(
    ports: &TeardownPorts,
    provider: ProviderKind,
    workspace: &WorkspaceId,
    change: &LifecycleChange,
    received_at: Timestamp,
) -> Result<(), PortError> {
    let mut owned = ports.connections.connections_of(provider, &change.account).await?;
    // An announcement older than the connection is about an earlier grant: the account has been connected again since.
    let newer = |connection: &Connection| change.at.is_none_or(|at| at >= connection.created_at);
    owned.retain(|connection| connection.workspace == *workspace && newer(connection));
    // Revoked is final; an end that stopped half-way goes on.
    let ends = change.action == LifecycleAction::Uninstalled;
    owned.retain(|connection| ends || connection.status != ConnectionStatus::Revoked);
    for connection in owned {
        if ends {
            // The provider has taken the grant back itself, so there is nothing to revoke.
            let ending = Ending { by: Actor::Provider, reason: "uninstalled" };
            tear_down(ports, &connection, &ending, None).await?;
        } else {
            apply_to(ports, connection, &change.action, received_at).await?;
        }
    }
    Ok(())
}

async fn apply_to(
    ports: &TeardownPorts,
    connection: Connection,
    action: &LifecycleAction,
    received_at: Timestamp,
) -> Result<(), PortError> {
    use ConnectionStatus::{Active, Suspended};
    let (connections, now) = (&*ports.connections, ports.clock.now());
    match action {
        LifecycleAction::Installed | LifecycleAction::ResourcesAdded(_) | LifecycleAction::Uninstalled => Ok(()),
        // What needs a person needs one before and after.
        LifecycleAction::Suspended if connection.status == Active => {
            set_status(ports, connection, Suspended, AuditAction::Suspended, received_at).await
        }
        LifecycleAction::Unsuspended if connection.status == Suspended => {
            let works = Connection { status: Active, ..connection.clone() };
            set_status(ports, connection, Active, AuditAction::Unsuspended, received_at).await?;
            // History that waited is resumed by the schedule.
            restart_documents(&ports.documents, connections, &works, "unsuspended").await.map(drop)
        }
        LifecycleAction::Suspended | LifecycleAction::Unsuspended => Ok(()),
        LifecycleAction::AccountRenamed { name, owner_was } => {
            for link in links(connections, &connection).await? {
                let below = owner_was.as_ref().and_then(|owner| link.resource.name.strip_prefix(owner.as_str()));
                if let Some(below) = below.filter(|below| below.starts_with('/')) {
                    let renamed = format!("{name}{below}");
                    rename(connections, link, &renamed, now).await?;
                }
            }
            let renamed = Connection { account_name: name.clone(), updated_at: now, ..connection.clone() };
            if connection.account_name == *name { Ok(()) } else { connections.put_connection(&renamed).await.map(drop) }
        }
        LifecycleAction::ResourcesRemoved(resources) => {
            for resource in resources {
                deactivate_one(ports, &connection, &resource.id, "removed_from_installation").await?;
            }
            Ok(())
        }
        LifecycleAction::ResourceGone { resource, reason } => {
            deactivate_one(ports, &connection, resource, reason).await
        }
        LifecycleAction::ResourceRenamed(resource) => match link(connections, &connection, &resource.id).await? {
            Some(link) => rename(connections, link, &resource.name, now).await,
            None => Ok(()),
        },
    }
}

/// Noted first, by the delivery's own moment: a repetition is the same entry.
async fn set_status(
    ports: &TeardownPorts,
    mut connection: Connection,
    status: ConnectionStatus,
    action: AuditAction,
    received_at: Timestamp,
) -> Result<(), PortError> {
    let entry = AuditEntry {
        id: action.name().to_owned(),
        at: received_at,
        workspace: connection.workspace.clone(),
        connection: connection.id.clone(),
        provider: connection.provider,
        by: Actor::Provider,
        action,
        detail: None,
    };
    ports.audit.append(&entry).await?;
    connection.status = status;
    connection.updated_at = ports.clock.now();
    // Whoever has ended it or connected it anew since is right.
    ports.connections.put_connection(&connection).await.map(drop)
}

async fn links(connections: &dyn ConnectionStore, connection: &Connection) -> Result<Vec<Integration>, PortError> {
    let mut links = connections.integrations_in(&connection.workspace).await?;
    links.retain(|link| link.connection == connection.id);
    Ok(links)
}

async fn link(
    connections: &dyn ConnectionStore,
    connection: &Connection,
    resource: &ResourceId,
) -> Result<Option<Integration>, PortError> {
    let link = connections.integration(connection.provider, resource, &connection.workspace).await?;
    Ok(link.filter(|link| link.connection == connection.id))
}

async fn rename(
    connections: &dyn ConnectionStore,
    mut link: Integration,
    name: &str,
    now: Timestamp,
) -> Result<(), PortError> {
    if link.resource.name == name {
        return Ok(());
    }
    name.clone_into(&mut link.resource.name);
    link.updated_at = now;
    connections.put_integration(&link).await
}

async fn deactivate_one(
    ports: &TeardownPorts,
    connection: &Connection,
    resource: &ResourceId,
    reason: &str,
) -> Result<(), PortError> {
    match link(&*ports.connections, connection, resource).await? {
        Some(link) if link.active => deactivate(ports, link, reason).await,
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
