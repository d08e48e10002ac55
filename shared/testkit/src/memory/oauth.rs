//! States, tokens and the audit log in memory, and what signing and waiting are in a test.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use connector_domain::audit::AuditEntry;
use connector_domain::backfill::Version;
use connector_domain::connection::Connection;
use connector_domain::oauth::{ConnectOutcome, ConnectState, SecretHash, TokenRow, TokenSet};
use connector_domain::ports::{AppSigner, AuditLog, Clock, Pause, PortError, Put, StateStore, TokenRows, TokenVault};
use connector_domain::time::later;
use connector_domain::{ConnectionId, ProviderKind, Secret, Timestamp};

use super::{ManualClock, lock};

/// States in memory.
#[derive(Debug, Default)]
pub struct MemoryStates {
    states: Mutex<BTreeMap<SecretHash, ConnectState>>,
    outcomes: Mutex<BTreeMap<SecretHash, (ConnectOutcome, Timestamp)>>,
}

impl MemoryStates {
    /// How many states are waiting.
    #[must_use]
    pub fn waiting(&self) -> usize {
        lock(&self.states).len()
    }
}

#[async_trait]
impl StateStore for MemoryStates {
    async fn put(&self, key: &SecretHash, state: &ConnectState) -> Result<(), PortError> {
        lock(&self.states).entry(key.clone()).or_insert_with(|| state.clone());
        Ok(())
    }

    async fn bind(
        &self,
        key: &SecretHash,
        provider: ProviderKind,
        browser: &SecretHash,
        now: Timestamp,
    ) -> Result<Option<ConnectState>, PortError> {
        let mut states = lock(&self.states);
        let good = |state: &&mut ConnectState| {
            state.provider == provider
                && state.expires_at > now
                && state.browser.as_ref().is_none_or(|known| known == browser)
        };
        Ok(states.get_mut(key).filter(good).map(|state| {
            state.browser = Some(browser.clone());
            state.clone()
        }))
    }

    async fn take(
        &self,
        key: &SecretHash,
        provider: ProviderKind,
        browser: &SecretHash,
        now: Timestamp,
    ) -> Result<Option<ConnectState>, PortError> {
        let mut states = lock(&self.states);
        let good = states.get(key).is_some_and(|state| {
            state.provider == provider && state.expires_at > now && state.browser.as_ref() == Some(browser)
        });
        Ok(if good { states.remove(key) } else { None })
    }

    async fn put_outcome(
        &self,
        poll: &SecretHash,
        outcome: &ConnectOutcome,
        expires_at: Timestamp,
    ) -> Result<(), PortError> {
        lock(&self.outcomes).insert(poll.clone(), (outcome.clone(), expires_at));
        Ok(())
    }

    async fn outcome(&self, poll: &SecretHash, now: Timestamp) -> Result<Option<ConnectOutcome>, PortError> {
        let outcomes = lock(&self.outcomes);
        Ok(outcomes.get(poll).filter(|(_, expires_at)| *expires_at > now).map(|(outcome, _)| outcome.clone()))
    }
}

/// Tokens in memory, in clear, each for the connection it was stored for.
#[derive(Debug, Default)]
pub struct MemoryVault(Mutex<BTreeMap<ConnectionId, (TokenRow, TokenSet)>>);

impl MemoryVault {
    /// Changes the row if it has the expected version, or none is expected and there is none.
    fn write(
        &self,
        id: &ConnectionId,
        expected: Option<Version>,
        change: impl FnOnce(&mut BTreeMap<ConnectionId, (TokenRow, TokenSet)>),
    ) -> Put {
        let mut rows = lock(&self.0);
        if rows.get(id).map(|(row, _)| row.version) != expected {
            return Put::Conflict;
        }
        change(&mut rows);
        Put::Stored
    }
}

#[async_trait]
impl TokenRows for MemoryVault {
    async fn row(&self, connection: &Connection) -> Result<Option<TokenRow>, PortError> {
        Ok(lock(&self.0).get(&connection.id).map(|(row, _)| row.clone()))
    }

    async fn mark(&self, connection: &Connection, row: &TokenRow, expected: Version) -> Result<Put, PortError> {
        Ok(self.write(&connection.id, Some(expected), |rows| {
            if let Some((known, _)) = rows.get_mut(&connection.id) {
                *known = row.clone();
            }
        }))
    }

    async fn delete(&self, connection: &Connection, expected: Version) -> Result<Put, PortError> {
        let mut rows = lock(&self.0);
        if rows.get(&connection.id).is_some_and(|(row, _)| row.version != expected) {
            return Ok(Put::Conflict);
        }
        rows.remove(&connection.id);
        Ok(Put::Stored)
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<ConnectionId>, PortError> {
        let rows = lock(&self.0);
        let due = rows.iter().filter_map(|(id, (row, _))| Some((row.due_at().filter(|at| *at <= now)?, id.clone())));
        let mut due: Vec<_> = due.collect();
        due.sort_unstable();
        Ok(due.into_iter().take(limit).map(|(_, id)| id).collect())
    }
}

#[async_trait]
impl TokenVault for MemoryVault {
    async fn load(&self, connection: &Connection) -> Result<Option<(TokenRow, TokenSet)>, PortError> {
        Ok(lock(&self.0).get(&connection.id).cloned())
    }

    async fn store(
        &self,
        connection: &Connection,
        row: &TokenRow,
        tokens: &TokenSet,
        expected: Option<Version>,
    ) -> Result<Put, PortError> {
        // What is sealed comes back with the row's own columns, as from the real one.
        let tokens = TokenSet { expires_at: row.expires_at, scopes: row.scopes.clone(), ..tokens.clone() };
        Ok(self.write(&connection.id, expected, |rows| {
            rows.insert(connection.id.clone(), (row.clone(), tokens));
        }))
    }
}

/// The audit log in memory.
#[derive(Debug, Default)]
pub struct MemoryAudit(Mutex<Vec<AuditEntry>>);

#[async_trait]
impl AuditLog for MemoryAudit {
    async fn append(&self, entry: &AuditEntry) -> Result<(), PortError> {
        let mut entries = lock(&self.0);
        let same =
            |known: &AuditEntry| (&known.connection, known.at, &known.id) == (&entry.connection, entry.at, &entry.id);
        if !entries.iter().any(same) {
            entries.push(entry.clone());
        }
        Ok(())
    }

    async fn entries(&self, connection: &ConnectionId, limit: usize) -> Result<Vec<AuditEntry>, PortError> {
        let mut found: Vec<_> = lock(&self.0).iter().filter(|entry| entry.connection == *connection).cloned().collect();
        found.sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
        found.truncate(limit);
        Ok(found)
    }
}

/// Signs with the message's own length and first byte: enough to see that it was asked, and worth nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct FakeSigner;

#[async_trait]
impl AppSigner for FakeSigner {
    async fn rs256(&self, _: &Secret, message: &[u8]) -> Result<Vec<u8>, PortError> {
        Ok([&message.len().to_be_bytes()[..], message.get(..1).unwrap_or_default()].concat())
    }
}

/// Waits by setting the clock: others run first, and then it is later. Those who wait at the same time wait together.
#[derive(Debug, Clone)]
pub struct ManualPause(pub Arc<ManualClock>);

#[async_trait]
impl Pause for ManualPause {
    async fn pause(&self, time: Duration) {
        let until = later(self.0.now(), time);
        let mut yielded = false;
        let others = std::future::poll_fn(|context| {
            if std::mem::replace(&mut yielded, true) {
                return std::task::Poll::Ready(());
            }
            context.waker().wake_by_ref();
            std::task::Poll::Pending
        });
        others.await;
        if self.0.now() < until {
            self.0.set(until);
        }
    }
}
