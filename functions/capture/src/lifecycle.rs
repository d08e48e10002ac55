//! Applies what a provider announced about an account or its resources to one workspace's connection and links.

use connector_domain::connection::{Connection, ConnectionStatus, Integration};
use connector_domain::lifecycle::{LifecycleAction, LifecycleChange};
use connector_domain::ports::{ConnectionStore, PortError};
use connector_domain::{ProviderKind, ResourceId, Timestamp, WorkspaceId};

/// Makes the change. Safe to repeat, and a late announcement changes nothing that is newer.
pub(crate) async fn apply(
    connections: &dyn ConnectionStore,
    provider: ProviderKind,
    workspace: &WorkspaceId,
    change: &LifecycleChange,
    now: Timestamp,
) -> Result<(), PortError> {
    let mut owned = connections.connections_of(provider, &change.account).await?;
    owned.retain(|connection| connection.workspace == *workspace && connection.status != ConnectionStatus::Revoked);
    // What was taken back is an earlier grant: the account has been connected again since.
    owned.retain(|connection| change.at.is_none_or(|at| connection.created_at <= at));
    for connection in owned {
        apply_to(connections, connection, &change.action, now).await?;
    }
    Ok(())
}

async fn apply_to(
    connections: &dyn ConnectionStore,
    connection: Connection,
    action: &LifecycleAction,
    now: Timestamp,
) -> Result<(), PortError> {
    match action {
        LifecycleAction::Installed | LifecycleAction::ResourcesAdded(_) => Ok(()),
        LifecycleAction::Suspended => set_status(connections, connection, ConnectionStatus::Suspended, now).await,
        LifecycleAction::Unsuspended => set_status(connections, connection, ConnectionStatus::Active, now).await,
        LifecycleAction::Uninstalled => {
            // The gate closes first: from here on nothing more is accepted for it.
            set_status(connections, connection.clone(), ConnectionStatus::Revoked, now).await?;
            for link in links(connections, &connection).await? {
                deactivate(connections, link, "uninstalled", now).await?;
            }
            Ok(())
        }
        LifecycleAction::ResourcesRemoved(resources) => {
            for resource in resources {
                deactivate_one(connections, &connection, &resource.id, "removed_from_installation", now).await?;
            }
            Ok(())
        }
        LifecycleAction::ResourceGone { resource, reason } => {
            deactivate_one(connections, &connection, resource, reason, now).await
        }
        LifecycleAction::ResourceRenamed(resource) => {
            let Some(mut link) = link(connections, &connection, &resource.id).await? else { return Ok(()) };
            if link.resource.name == resource.name {
                return Ok(());
            }
            link.resource.name.clone_from(&resource.name);
            link.updated_at = now;
            connections.put_integration(&link).await
        }
    }
}

async fn set_status(
    connections: &dyn ConnectionStore,
    mut connection: Connection,
    status: ConnectionStatus,
    now: Timestamp,
) -> Result<(), PortError> {
    if connection.status == status {
        return Ok(());
    }
    connection.status = status;
    connection.updated_at = now;
    connections.put_connection(&connection).await
}

async fn links(connections: &dyn ConnectionStore, connection: &Connection) -> Result<Vec<Integration>, PortError> {
    let mut links = connections.integrations_in(&connection.workspace).await?;
    links.retain(|link| link.connection == connection.id && link.active);
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

async fn deactivate_one(
    connections: &dyn ConnectionStore,
    connection: &Connection,
    resource: &ResourceId,
    reason: &str,
    now: Timestamp,
) -> Result<(), PortError> {
    match link(connections, connection, resource).await? {
        Some(link) if link.active => deactivate(connections, link, reason, now).await,
        Some(_) | None => Ok(()),
    }
}

async fn deactivate(
    connections: &dyn ConnectionStore,
    mut link: Integration,
    reason: &str,
    now: Timestamp,
) -> Result<(), PortError> {
    link.active = false;
    link.inactive_reason = Some(reason.to_owned());
    link.updated_at = now;
    connections.put_integration(&link).await
}
