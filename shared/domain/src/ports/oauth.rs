//! Where states, tokens and the audit log are kept.

use async_trait::async_trait;

use super::{PortError, Put};
use crate::audit::AuditEntry;
use crate::backfill::Version;
use crate::connection::Connection;
use crate::oauth::{ConnectOutcome, ConnectState, SecretHash, TokenRow, TokenSet};
use crate::{ConnectionId, ProviderKind, Timestamp};

/// What a browser or a terminal may have, for ten minutes.
#[async_trait]
pub trait StateStore: Send + Sync {
    /// Stores a new state under its hash.
    async fn put(&self, key: &SecretHash, state: &ConnectState) -> Result<(), PortError>;

    /// Binds a state to the browser that opens it, and answers it. `None` when there is none of this provider that is
    /// still good, or when another browser has opened it.
    async fn bind(
        &self,
        key: &SecretHash,
        provider: ProviderKind,
        browser: &SecretHash,
        now: Timestamp,
    ) -> Result<Option<ConnectState>, PortError>;

    /// Spends a state, in one conditional delete that answers what was there. `None` when there is none that is still
    /// good, of this provider and bound to this browser. An answer that is lost spends it all the same.
    async fn take(
        &self,
        key: &SecretHash,
        provider: ProviderKind,
        browser: &SecretHash,
        now: Timestamp,
    ) -> Result<Option<ConnectState>, PortError>;

    /// Notes how a connect went, for who holds the secret of `poll`.
    async fn put_outcome(
        &self,
        poll: &SecretHash,
        outcome: &ConnectOutcome,
        expires_at: Timestamp,
    ) -> Result<(), PortError>;

    /// How a connect went; `None` when nobody started it, or long ago.
    async fn outcome(&self, poll: &SecretHash, now: Timestamp) -> Result<Option<ConnectOutcome>, PortError>;
}

/// What is known of connections' tokens without opening them.
#[async_trait]
pub trait TokenRows: Send + Sync {
    /// The row of a connection's tokens, as it is now.
    async fn row(&self, connection: &Connection) -> Result<Option<TokenRow>, PortError>;

    /// Stores the row alone on top of version `expected`; the tokens stay as they are.
    async fn mark(&self, connection: &Connection, row: &TokenRow, expected: Version) -> Result<Put, PortError>;

    /// Forgets the tokens, unless the row has another version. That nothing was there is no conflict.
    async fn delete(&self, connection: &Connection, expected: Version) -> Result<Put, PortError>;

    /// The connections whose rows are due ([`TokenRow::due_at`]), the oldest first. May lag behind writes.
    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<ConnectionId>, PortError>;
}

/// Tokens of connections, sealed: what is stored opens for its own connection only.
#[async_trait]
pub trait TokenVault: TokenRows {
    /// The row of a connection's tokens with the tokens, as they are now.
    async fn load(&self, connection: &Connection) -> Result<Option<(TokenRow, TokenSet)>, PortError>;

    /// Stores tokens, sealed anew, on top of version `expected`; `None` means that there must be none yet.
    async fn store(
        &self,
        connection: &Connection,
        row: &TokenRow,
        tokens: &TokenSet,
        expected: Option<Version>,
    ) -> Result<Put, PortError>;
}

/// What was done to connections. Entries are added and never changed.
#[async_trait]
pub trait AuditLog: Send + Sync {
    /// Adds an entry. The same one twice is one.
    async fn append(&self, entry: &AuditEntry) -> Result<(), PortError>;

    /// Entries of a connection, the newest first.
    async fn entries(&self, connection: &ConnectionId, limit: usize) -> Result<Vec<AuditEntry>, PortError>;
}
