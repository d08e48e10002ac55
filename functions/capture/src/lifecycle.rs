//! Applies what a provider announced about an account or its resources to one workspace's connection and links.

use connector_domain::audit::Actor;
use connector_domain::connection::{Connection, ConnectionStatus, Integration};
use connector_domain::lifecycle::{LifecycleAction, LifecycleChange};
use connector_domain::ports::{ConnectionStore, PortError};
use connector_domain::{ProviderKind, ResourceId, Timestamp, WorkspaceId};
use connector_flows::{Ending, TeardownPorts, deactivate, tear_down};

/// Makes the change. Safe to repeat, and a late announcement changes nothing that is newer.
pub(crate) async fn apply(
    ports: &TeardownPorts,
    provider: ProviderKind,
    workspace: &WorkspaceId,
    change: &LifecycleChange,
) -> Result<(), PortError> {
    let mut owned = ports.connections.connections_of(provider, &change.account).await?;
    // An announcement older than the connection is about one that was there before it.
    let newer = |connection: &Connection| change.at.is_none_or(|at| at >= connection.created_at);
    owned.retain(|connection| connection.workspace == *workspace && newer(connection));
    // Revoked is final; an end that stopped half-way goes on.
    let ends = change.action == LifecycleAction::Uninstalled;
    owned.retain(|connection| ends || connection.status != ConnectionStatus::Revoked);
    // What was taken back is an earlier grant: the account has been connected again since.
    owned.retain(|connection| change.at.is_none_or(|at| connection.created_at <= at));
    for connection in owned {
        if ends {
            // The provider has taken the grant back itself, so there is nothing to revoke.
            let ending = Ending { by: Actor::Provider, reason: "uninstalled" };
            tear_down(ports, &connection, &ending, None).await?;
        } else {
            apply_to(&*ports.connections, connection, &change.action, ports.clock.now()).await?;
        }
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
        LifecycleAction::Installed | LifecycleAction::ResourcesAdded(_) | LifecycleAction::Uninstalled => Ok(()),
        LifecycleAction::Suspended => set_status(connections, connection, ConnectionStatus::Suspended, now).await,
        LifecycleAction::Unsuspended => set_status(connections, connection, ConnectionStatus::Active, now).await,
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
                deactivate_one(connections, &connection, &resource.id, "removed_from_installation", now).await?;
            }
            Ok(())
        }
        LifecycleAction::ResourceGone { resource, reason } => {
            deactivate_one(connections, &connection, resource, reason, now).await
        }
        LifecycleAction::ResourceRenamed(resource) => match link(connections, &connection, &resource.id).await? {
            Some(link) => rename(connections, link, &resource.name, now).await,
            None => Ok(()),
        },
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use connector_domain::AccountId;
    use connector_domain::connection::ResourceRef;
    use connector_testkit::builders::{at, connection, integration, resource, workspace};
    use connector_testkit::memory::{ManualClock, MemoryAudit, MemoryBackfills, MemoryConnections, MemoryVault};

    use super::*;

    /// Two workspaces connected one account; `acme` linked two repositories and `beta` one of them.
    async fn connected() -> Arc<MemoryConnections> {
        let store = Arc::new(MemoryConnections::default());
        for (name, repositories) in [("acme", &["1", "2"][..]), ("beta", &["1"][..])] {
            let made = connection(name, &workspace(name), "42");
            store.put_connection(&made).await.unwrap();
            for repository in repositories {
                store.put_integration(&integration(&made, repository)).await.unwrap();
            }
        }
        store
    }

    fn ports(store: &Arc<MemoryConnections>) -> TeardownPorts {
        let clock = ManualClock::default();
        clock.set(at(60));
        TeardownPorts {
            connections: Arc::clone(store) as _,
            backfills: Arc::new(MemoryBackfills::default()),
            tokens: Arc::new(MemoryVault::default()),
            audit: Arc::new(MemoryAudit::default()),
            clock: Arc::new(clock),
        }
    }

    async fn change(store: &Arc<MemoryConnections>, action: LifecycleAction) {
        let change = LifecycleChange { account: AccountId::parse("42").unwrap(), action, at: None };
        for _ in 0..2 {
            apply(&ports(store), ProviderKind::Github, &workspace("acme"), &change).await.unwrap();
        }
    }

    async fn status(store: &MemoryConnections, name: &str) -> ConnectionStatus {
        store.connection(&connection(name, &workspace(name), "42").id).await.unwrap().unwrap().status
    }

    /// The links of a workspace: repository, name and whether it is active or why not.
    async fn links_of(store: &MemoryConnections, name: &str) -> Vec<(String, String)> {
        let mut links = store.integrations_in(&workspace(name)).await.unwrap();
        links.sort_by_key(|link| link.resource.id.clone());
        let state = |link: Integration| link.inactive_reason.unwrap_or_else(|| link.resource.name.clone());
        links.into_iter().map(|link| (link.resource.id.to_string(), state(link))).collect()
    }

    fn name(id: &str) -> (String, String) {
        (id.to_owned(), resource(id).name)
    }

    #[tokio::test]
    async fn an_uninstall_ends_the_connection_and_its_links_and_nobody_elses() {
        let store = connected().await;
        change(&store, LifecycleAction::Uninstalled).await;
        assert_eq!(status(&store, "acme").await, ConnectionStatus::Revoked);
        let gone = |id: &str| (id.to_owned(), "uninstalled".to_owned());
        assert_eq!(links_of(&store, "acme").await, [gone("1"), gone("2")]);
        assert_eq!(status(&store, "beta").await, ConnectionStatus::Active);
        assert_eq!(links_of(&store, "beta").await, [name("1")]);

        change(&store, LifecycleAction::Unsuspended).await;
        assert_eq!(status(&store, "acme").await, ConnectionStatus::Revoked, "revoked is final");
    }

    #[tokio::test]
    async fn a_suspension_comes_and_goes() {
        let store = connected().await;
        change(&store, LifecycleAction::Suspended).await;
        assert_eq!(status(&store, "acme").await, ConnectionStatus::Suspended);
        change(&store, LifecycleAction::Unsuspended).await;
        assert_eq!(status(&store, "acme").await, ConnectionStatus::Active);
        assert_eq!(links_of(&store, "acme").await, [name("1"), name("2")]);
    }

    #[tokio::test]
    async fn removed_and_deleted_repositories_are_not_captured_any_more() {
        let store = connected().await;
        let unknown = resource("77");
        change(&store, LifecycleAction::ResourcesRemoved(vec![unknown, resource("1")])).await;
        let reason = "deleted";
        change(&store, LifecycleAction::ResourceGone { resource: resource("2").id, reason }).await;
        assert_eq!(
            links_of(&store, "acme").await,
            [("1".into(), "removed_from_installation".into()), ("2".into(), "deleted".into())]
        );
        assert_eq!(links_of(&store, "beta").await, [name("1")]);
    }

    #[tokio::test]
    async fn a_rename_changes_the_name_alone() {
        let store = connected().await;
        let renamed = ResourceRef { name: "octo/new".into(), ..resource("1") };
        change(&store, LifecycleAction::ResourceRenamed(renamed)).await;
        assert_eq!(links_of(&store, "acme").await, [("1".into(), "octo/new".into()), name("2")]);
    }

    #[tokio::test]
    async fn a_renamed_account_renames_what_is_named_after_it() {
        let store = connected().await;
        let (first, second) = (ResourceRef { name: "octo/one".into(), ..resource("1") }, resource("2"));
        let other = ResourceRef { name: "octopus/two".into(), ..second };
        change(&store, LifecycleAction::ResourceRenamed(first)).await;
        change(&store, LifecycleAction::ResourceRenamed(other)).await;
        let owner_was = Some("octo".to_owned());
        change(&store, LifecycleAction::AccountRenamed { name: "hexa".into(), owner_was }).await;
        assert_eq!(
            links_of(&store, "acme").await,
            [("1".into(), "hexa/one".into()), ("2".into(), "octopus/two".into())]
        );
        assert_eq!(links_of(&store, "beta").await, [name("1")]);
        let renamed = store.connection(&connection("acme", &workspace("acme"), "42").id).await.unwrap().unwrap();
        assert_eq!(renamed.account_name, "hexa");
    }

    #[tokio::test]
    async fn an_announcement_from_before_the_connection_is_about_another_one() {
        let store = connected().await;
        let account = AccountId::parse("42").unwrap();
        let late = LifecycleChange { account, action: LifecycleAction::Uninstalled, at: Some(at(-1)) };
        apply(&ports(&store), ProviderKind::Github, &workspace("acme"), &late).await.unwrap();
        assert_eq!(status(&store, "acme").await, ConnectionStatus::Active);
    }
}
