//! Storing what was granted: the tokens first, so that no connection stands without them.

use std::time::Duration;

use connector_domain::audit::{Actor, AuditAction, AuditEntry};
use connector_domain::connection::{Connection, ConnectionStatus};
use connector_domain::oauth::{ConnectFailure, ConnectState, Grant, Identity, TokenRow};
use connector_domain::ports::{PortError, Put};
use connector_domain::{ConnectionId, ProviderKind, WorkspaceId};
use sha2::{Digest, Sha256};
use tracing::{error, info};

use super::{Connect, Connected, unavailable};

/// How often tokens are stored on top of what others store at the same time.
const MAX_TRIES: u32 = 5;

impl Connect {
    /// An account may be connected to several workspaces, by people who have each proven that it is theirs. The
    /// connection of another workspace is never touched.
    pub(super) async fn save(
        &self,
        state: &ConnectState,
        grant: &Grant,
        identity: Identity,
    ) -> Result<Connected, ConnectFailure> {
        let known = self.ports.connections.connections_of(self.provider(), &identity.account).await;
        let mut known = known.map_err(unavailable)?;
        known.retain(|connection| connection.workspace == state.workspace);
        known.sort_by_key(|connection| connection.status == ConnectionStatus::Revoked);
        let known = known.into_iter().next();
        let again = known.is_some();
        let now = self.ports.clock.now();
        // Newer than the grant before it, whatever the clocks of two machines say.
        let before = known.as_ref().and_then(|known| known.created_at.checked_add(Duration::from_nanos(1)).ok());
        let created_at = before.map_or(now, |before| before.max(now));
        let id = match known {
            Some(known) => known.id,
            None => connection_id(&state.workspace, self.provider(), &identity).map_err(unavailable)?,
        };
        let connection = Connection {
            id,
            workspace: state.workspace.clone(),
            provider: self.provider(),
            account: identity.account,
            account_name: identity.name,
            status: ConnectionStatus::Active,
            // What the provider announces late about an earlier grant is older than this one.
            created_at,
            updated_at: now,
        };
        if self.provider.minting().is_none() {
            self.store_tokens(&connection, grant).await.map_err(unavailable)?;
        }
        // A conflict is another callback that came later and is stored already.
        self.ports.connections.put_connection(&connection).await.map_err(unavailable)?;
        info!(connection.id = %connection.id, provider = %connection.provider, again, "connected an account");
        let entry = AuditEntry {
            id: state.poll.as_str()[..16].to_owned(),
            at: now,
            workspace: connection.workspace.clone(),
            connection: connection.id.clone(),
            provider: connection.provider,
            by: Actor::User(state.user.clone()),
            action: if again { AuditAction::Reconnected } else { AuditAction::Connected },
            detail: None,
        };
        if let Err(error) = self.ports.audit.append(&entry).await {
            // The account is connected all the same, and this line says so.
            error!(connection.id = %connection.id, action = entry.action.name(), "could not note it: {error}");
        }
        Ok(Connected {
            connection: connection.id,
            workspace: connection.workspace,
            account: connection.account_name,
            again,
            back: state.back,
        })
    }

    async fn store_tokens(&self, connection: &Connection, grant: &Grant) -> Result<(), PortError> {
        let jitter = self.ports.random.fraction();
        for _ in 0..MAX_TRIES {
            let before = self.ports.vault.row(connection).await?;
            let row = TokenRow::granted(&grant.tokens, before.as_ref(), jitter, self.ports.clock.now());
            let expected = before.map(|row| row.version);
            if self.ports.vault.store(connection, &row, &grant.tokens, expected).await? == Put::Stored {
                return Ok(());
            }
        }
        Err(PortError::temporary("store new tokens", "others change them at the same time"))
    }
}

/// One account of one workspace is one connection, whoever connects it and however often, also at the same moment.
fn connection_id(
    workspace: &WorkspaceId,
    provider: ProviderKind,
    identity: &Identity,
) -> Result<ConnectionId, PortError> {
    let mut hash = Sha256::new();
    for part in [workspace.as_str(), provider.as_str(), identity.account.as_str()] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let digits = hex::encode(hash.finalize());
    ConnectionId::parse(&digits[..32]).map_err(|error| PortError::permanent("name a connection", error))
}
