//! Tokens and states that are used without care.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use connector_domain::backfill::Version;
use connector_domain::connection::Connection;
use connector_domain::oauth::{ConnectOutcome, ConnectState, SecretHash, TokenRow, TokenSet};
use connector_domain::ports::{PortError, Put, StateStore, TokenError, TokenRows, TokenVault, Tokens};
use connector_domain::{ConnectionId, ProviderKind, ResourceId, Secret, Timestamp};

use crate::forward;

pub(crate) struct RefreshUnlocked(pub(crate) Arc<dyn TokenVault>);

#[async_trait]
impl TokenRows for RefreshUnlocked {
    async fn row(&self, connection: &Connection) -> Result<Option<TokenRow>, PortError> {
        self.0.row(connection).await
    }

    async fn mark(&self, connection: &Connection, row: &TokenRow, _: Version) -> Result<Put, PortError> {
        if row.lease.is_some() {
            return Ok(Put::Stored);
        }
        match self.0.row(connection).await? {
            Some(there) => self.0.mark(connection, row, there.version).await,
            None => Ok(Put::Conflict),
        }
    }

    async fn delete(&self, connection: &Connection, expected: Version) -> Result<Put, PortError> {
        self.0.delete(connection, expected).await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<ConnectionId>, PortError> {
        self.0.due(now, limit).await
    }
}

#[async_trait]
impl TokenVault for RefreshUnlocked {
    async fn load(&self, connection: &Connection) -> Result<Option<(TokenRow, TokenSet)>, PortError> {
        self.0.load(connection).await
    }

    async fn store(
        &self,
        connection: &Connection,
        row: &TokenRow,
        tokens: &TokenSet,
        _: Option<Version>,
    ) -> Result<Put, PortError> {
        let there = self.0.row(connection).await?.map(|row| row.version);
        self.0.store(connection, row, tokens, there).await
    }
}

pub(crate) struct TokenByResource {
    pub(crate) tokens: Arc<dyn Tokens>,
    pub(crate) kept: Mutex<BTreeMap<ResourceId, Secret>>,
}

#[async_trait]
impl Tokens for TokenByResource {
    async fn bearer(
        &self,
        connection: &Connection,
        resource: Option<&ResourceId>,
        refused: Option<&Secret>,
    ) -> Result<Option<Secret>, TokenError> {
        let kept = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(token) = resource.and_then(|resource| kept().get(resource).cloned())
            && refused != Some(&token)
        {
            return Ok(Some(token));
        }
        let token = self.tokens.bearer(connection, resource, refused).await?;
        if let (Some(resource), Some(token)) = (resource, &token) {
            kept().insert(resource.clone(), token.clone());
        }
        Ok(token)
    }

    async fn stays_refused(&self, connection: &Connection) -> Result<(), PortError> {
        self.tokens.stays_refused(connection).await
    }
}

pub(crate) struct TtlTrusted(pub(crate) Arc<dyn StateStore>);

forward::states!(TtlTrusted {
    async fn bind(
        &self,
        key: &SecretHash,
        provider: ProviderKind,
        browser: &SecretHash,
        _: Timestamp,
    ) -> Result<Option<ConnectState>, PortError> {
        self.0.bind(key, provider, browser, Timestamp::MIN).await
    }

    async fn take(
        &self,
        key: &SecretHash,
        provider: ProviderKind,
        browser: &SecretHash,
        _: Timestamp,
    ) -> Result<Option<ConnectState>, PortError> {
        self.0.take(key, provider, browser, Timestamp::MIN).await
    }
});

pub(crate) struct StateReadThenDelete(pub(crate) Arc<dyn StateStore>);

forward::states!(StateReadThenDelete {
    async fn bind(
        &self,
        key: &SecretHash,
        provider: ProviderKind,
        browser: &SecretHash,
        now: Timestamp,
    ) -> Result<Option<ConnectState>, PortError> {
        self.0.bind(key, provider, browser, now).await
    }

    async fn take(
        &self,
        key: &SecretHash,
        provider: ProviderKind,
        browser: &SecretHash,
        now: Timestamp,
    ) -> Result<Option<ConnectState>, PortError> {
        // Reading it again for the same browser changes nothing, so this is a read.
        let Some(read) = self.0.bind(key, provider, browser, now).await? else { return Ok(None) };
        self.0.take(key, provider, browser, now).await?;
        Ok(Some(read))
    }
});
