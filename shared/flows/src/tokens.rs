//! Tokens for calls: what is stored and renewed, or what the app mints for itself.

mod due;
pub(crate) mod mint;
mod renew;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use connector_domain::audit::{Actor, AuditAction, AuditEntry};
use connector_domain::connection::{Connection, ConnectionStatus};
use connector_domain::oauth::{AppCredentials, ReconnectReason};
use connector_domain::ports::{
    AppSigner, AuditLog, Clock, ConnectionStore, Pause, PortError, ProviderHttp, Random, Secrets, TokenError,
    TokenVault, Tokens,
};
use connector_domain::{ResourceId, Secret};
use connector_providers::provider;
use tracing::{error, info};

pub use due::Due;
use mint::Minted;

/// What getting a token needs of the outside.
#[derive(Clone)]
pub struct TokenPorts {
    /// Where tokens are.
    pub vault: Arc<dyn TokenVault>,
    /// Whose they are.
    pub connections: Arc<dyn ConnectionStore>,
    /// What the providers know us by.
    pub secrets: Arc<dyn Secrets>,
    /// Signs for our app.
    pub signer: Arc<dyn AppSigner>,
    /// Where a loss is noted.
    pub audit: Arc<dyn AuditLog>,
    /// The providers.
    pub http: Arc<dyn ProviderHttp>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Names callers and spreads renewals.
    pub random: Arc<dyn Random>,
    /// Waits for another caller.
    pub pause: Arc<dyn Pause>,
}

/// Access tokens of connections, renewed by one caller at a time.
#[derive(Clone)]
pub struct ConnectionTokens {
    ports: TokenPorts,
    minted: Arc<Minted>,
}

impl ConnectionTokens {
    /// Tokens over ports. What the app mints is kept in memory, as long as this is.
    #[must_use]
    pub fn new(ports: TokenPorts) -> Self {
        Self { ports, minted: Arc::default() }
    }

    async fn app(&self, connection: &Connection, fresh: bool) -> Result<AppCredentials, PortError> {
        let app = self.ports.secrets.app(connection.provider, fresh).await?;
        app.ok_or_else(|| PortError::permanent("renew a token", "our app at the provider is not configured"))
    }

    /// A person must connect again: their connection says so, and the log says why. Whoever has connected it anew since
    /// this one was read, or has ended it, is right.
    async fn lost(&self, connection: &Connection, reason: ReconnectReason) -> Result<TokenError, PortError> {
        let known = self.ports.connections.connection(&connection.id).await?;
        let same =
            |known: &Connection| known.status == ConnectionStatus::Active && known.created_at == connection.created_at;
        let Some(mut known) = known.filter(same) else { return Ok(TokenError::NeedsReconnect) };
        let now = self.ports.clock.now();
        error!(connection.id = %known.id, code = reason.name(), "{} must be connected again", known.provider);
        let entry = AuditEntry {
            id: reason.name().to_owned(),
            at: now,
            workspace: known.workspace.clone(),
            connection: known.id.clone(),
            provider: known.provider,
            by: Actor::System,
            action: AuditAction::NeedsReconnect,
            detail: Some(reason.name().to_owned()),
        };
        self.ports.audit.append(&entry).await?;
        known.status = ConnectionStatus::NeedsReconnect;
        known.updated_at = now;
        self.ports.connections.put_connection(&known).await?;
        Ok(TokenError::NeedsReconnect)
    }

    /// A renewal that was given up for lost has come back: nobody need connect again.
    async fn found(&self, connection: &Connection) -> Result<(), PortError> {
        let known = self.ports.connections.connection(&connection.id).await?;
        let waits = |known: &Connection| {
            known.status == ConnectionStatus::NeedsReconnect && known.created_at == connection.created_at
        };
        let Some(mut known) = known.filter(waits) else { return Ok(()) };
        known.status = ConnectionStatus::Active;
        known.updated_at = self.ports.clock.now();
        self.ports.connections.put_connection(&known).await?;
        info!(connection.id = %known.id, "tokens that were given up for lost came back");
        Ok(())
    }
}

#[async_trait]
impl Tokens for ConnectionTokens {
    async fn bearer(
        &self,
        connection: &Connection,
        resource: Option<&ResourceId>,
        refused: Option<&Secret>,
    ) -> Result<Option<Secret>, TokenError> {
        let unserved = || PortError::permanent("get a token", "the provider is not served");
        let provider = provider(connection.provider).ok_or_else(unserved)?;
        if let Some(minting) = provider.minting()
            && let Some(app) = self.ports.secrets.app(connection.provider, false).await?
            && app.private_key.is_some()
        {
            return self.mint(minting, app, connection, resource, refused).await.map(Some);
        }
        self.stored(provider, connection, refused).await
    }

    async fn stays_refused(&self, connection: &Connection) -> Result<(), PortError> {
        self.lost(connection, ReconnectReason::Refused).await.map(drop)
    }
}
