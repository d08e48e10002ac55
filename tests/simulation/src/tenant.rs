//! Who is in a history: workspaces with their connections and links.

use std::collections::BTreeSet;

use connector_domain::backfill::EntityType;
use connector_domain::connection::{Connection, ConnectionStatus, Integration, ResourceRef, SyncSettings};
use connector_domain::{
    AccountId, ConnectionId, IdError, IntegrationId, ProviderKind, ResourceId, Timestamp, WorkspaceId,
};
use connector_simulator::github::Repository;

/// Whose repository everybody looks at.
pub(crate) const ACME: &str = "acme";
/// Who has linked it as well.
pub(crate) const BETA: &str = "beta";
/// A stranger.
pub(crate) const GLOBEX: &str = "globex";

/// A workspace, the rows it began with, and how it stands with its link.
#[derive(Debug, Clone)]
pub(crate) struct Tenant {
    pub(crate) connection: Connection,
    pub(crate) link: Integration,
    /// Which of the repositories it has linked.
    pub(crate) place: usize,
    /// Since which turn its link stands, as far as it was told.
    pub(crate) linked_since: Option<u64>,
    /// Whether it was ever disconnected, which excuses what was not captured.
    pub(crate) was_disconnected: bool,
    /// How many pushes there were when it was linked the last time.
    pub(crate) pushes_at_link: usize,
}

impl Tenant {
    pub(crate) fn new(
        name: &str,
        repository: &Repository,
        place: usize,
        scheduled: Option<&BTreeSet<EntityType>>,
        now: Timestamp,
    ) -> Result<Self, IdError> {
        let connection = Connection {
            id: ConnectionId::parse(format!("connection-{name}"))?,
            workspace: WorkspaceId::parse(name)?,
            provider: ProviderKind::Github,
            account: AccountId::parse(repository.installation_id.to_string())?,
            account_name: repository.owner(),
            status: ConnectionStatus::Active,
            created_at: now,
            updated_at: now,
        };
        let link = link(&connection, repository, scheduled, now)?;
        Ok(Self { connection, link, place, linked_since: None, was_disconnected: false, pushes_at_link: 0 })
    }

    pub(crate) const fn workspace(&self) -> &WorkspaceId {
        &self.connection.workspace
    }
}

/// A link, whose history the scheduler keeps complete where it is told which lists, of a repository through a connection, whether or not that gives access to it.
pub(crate) fn link(
    connection: &Connection,
    repository: &Repository,
    scheduled: Option<&BTreeSet<EntityType>>,
    now: Timestamp,
) -> Result<Integration, IdError> {
    let mut settings = SyncSettings::everything(ProviderKind::Github);
    settings.backfill.enabled = scheduled.is_some();
    settings.backfill.entities = scheduled.cloned().unwrap_or_default();
    Ok(Integration {
        id: IntegrationId::parse(format!("{}-{}", connection.id, repository.id))?,
        workspace: connection.workspace.clone(),
        connection: connection.id.clone(),
        provider: ProviderKind::Github,
        account: connection.account.clone(),
        resource: ResourceRef { id: ResourceId::parse(repository.id.to_string())?, name: repository.full_name() },
        settings,
        active: true,
        inactive_reason: None,
        linked_at: now,
        updated_at: now,
    })
}
