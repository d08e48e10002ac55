//! Linking a resource without the provider's consent screen: for local use.

use connector_domain::connection::{Connection, ConnectionStatus, Integration, ResourceRef, SyncSettings};
use connector_domain::ports::{Clock, ConnectionStore, Random};
use connector_domain::{AccountId, ConnectionId, IntegrationId, ProviderKind, WorkspaceId};

use super::StackError;

/// What to link.
#[derive(Debug, Clone)]
pub struct LinkRequest {
    /// For whom.
    pub workspace: WorkspaceId,
    /// Where.
    pub provider: ProviderKind,
    /// The provider's immutable id of the account, such as GitHub's installation id.
    pub account: AccountId,
    /// The name of the account, to show.
    pub account_name: String,
    /// What.
    pub resource: ResourceRef,
    /// What is wanted from it.
    pub settings: SyncSettings,
}

/// What linking did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkOutcome {
    /// It is linked for the first time.
    Created,
    /// It was linked before, and is again.
    Reactivated,
    /// It was linked; its name, account or settings are now as asked.
    Updated,
    /// It was linked just so.
    Unchanged,
}

/// A link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linked {
    /// As it is now.
    pub integration: Integration,
    /// What was done.
    pub outcome: LinkOutcome,
}

/// Links a resource through the workspace's connection to its account, which is made when there is none.
///
/// # Errors
/// When the store fails.
pub async fn link(
    store: &dyn ConnectionStore,
    clock: &dyn Clock,
    random: &dyn Random,
    request: LinkRequest,
) -> Result<Linked, StackError> {
    let now = clock.now();
    let connection = connection(store, clock, random, &request).await?;
    let known = store.integration(request.provider, &request.resource.id, &request.workspace).await?;
    let integration = Integration {
        id: match &known {
            Some(known) => known.id.clone(),
            None => IntegrationId::parse(random.id())?,
        },
        workspace: request.workspace,
        connection: connection.id,
        provider: request.provider,
        account: request.account,
        resource: request.resource,
        settings: request.settings,
        active: true,
        inactive_reason: None,
        linked_at: known.as_ref().map_or(now, |known| known.linked_at),
        updated_at: now,
    };
    let outcome = match known {
        None => LinkOutcome::Created,
        Some(known) if !known.active => LinkOutcome::Reactivated,
        Some(known) if (Integration { updated_at: now, ..known.clone() }) == integration => {
            return Ok(Linked { integration: known, outcome: LinkOutcome::Unchanged });
        }
        Some(_) => LinkOutcome::Updated,
    };
    store.put_integration(&integration).await?;
    Ok(Linked { integration, outcome })
}

/// The workspace's own connection to the account. Those of other workspaces are never taken, and a revoked one is final.
async fn connection(
    store: &dyn ConnectionStore,
    clock: &dyn Clock,
    random: &dyn Random,
    request: &LinkRequest,
) -> Result<Connection, StackError> {
    let ours = |connection: &Connection| {
        connection.workspace == request.workspace && connection.status != ConnectionStatus::Revoked
    };
    let known = store.connections_of(request.provider, &request.account).await?.into_iter().find(ours);
    let now = clock.now();
    let connection = match known {
        Some(known) if known.status == ConnectionStatus::Active => return Ok(known),
        Some(known) => Connection { status: ConnectionStatus::Active, updated_at: now, ..known },
        None => Connection {
            id: ConnectionId::parse(random.id())?,
            workspace: request.workspace.clone(),
            provider: request.provider,
            account: request.account.clone(),
            account_name: request.account_name.clone(),
            status: ConnectionStatus::Active,
            created_at: now,
            updated_at: now,
        },
    };
    store.put_connection(&connection).await?;
    Ok(connection)
}
