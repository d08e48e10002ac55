//! Tokens that are due: renewed before anybody needs them, and losses found before anybody is surprised by them.

use connector_domain::ConnectionId;
use connector_domain::connection::ConnectionStatus;
use connector_domain::ports::{PortError, TokenError, Tokens};
use tracing::info;

use super::ConnectionTokens;

/// What became of tokens that were due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// There are new ones.
    Renewed,
    /// They stay: another caller is at them, the provider could not answer, or they end by themselves.
    Kept,
    /// A person must connect again, which is noted now.
    NeedsReconnect,
    /// Their connection has ended, and so have they.
    Forgotten,
}

impl ConnectionTokens {
    /// Looks at the tokens of a connection that [`TokenRows::due`](connector_domain::ports::TokenRows::due) has named.
    /// Safe to repeat, and beside callers who want a token.
    ///
    /// # Errors
    /// When a port fails; the row stays due.
    pub async fn look_at_due(&self, id: &ConnectionId) -> Result<Due, PortError> {
        let Some(connection) = self.ports.connections.connection(id).await? else { return Ok(Due::Kept) };
        let Some(before) = self.ports.vault.row(&connection).await? else { return Ok(Due::Kept) };
        // The list may lag behind the row.
        if before.due_at().is_none_or(|at| at > self.ports.clock.now()) {
            return Ok(Due::Kept);
        }
        if connection.status == ConnectionStatus::Revoked {
            // Its end stopped half-way. New tokens of who connects again are another version.
            info!(connection.id = %id, "forgets the tokens of a connection that has ended");
            self.ports.vault.delete(&connection, before.version).await?;
            return Ok(Due::Forgotten);
        }
        match self.bearer(&connection, None, None).await {
            Ok(_) => {}
            Err(TokenError::NeedsReconnect) => return Ok(Due::NeedsReconnect),
            Err(TokenError::Port(error)) => return Err(error),
        }
        match self.ports.vault.row(&connection).await? {
            Some(after) if after.generation > before.generation => Ok(Due::Renewed),
            // Nobody can renew them, so nothing is to be done before they end.
            Some(after) if after.version == before.version => {
                self.ports.vault.mark(&connection, &after.left_to_end(), after.version).await?;
                Ok(Due::Kept)
            }
            Some(_) | None => Ok(Due::Kept),
        }
    }
}
