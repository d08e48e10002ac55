//! Secrets at rest: envelope encryption, bound to what a secret belongs to.
//!
//! Each stored secret has a data key of its own. The key service gives it in clear and sealed; the secret is encrypted under
//! the clear one, and the sealed one is stored beside it. What is stored opens for its own owner only.

mod cache;
mod envelope;
mod keys;
mod kms;
mod tokens;

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use connector_domain::backfill::Version;
use connector_domain::connection::Connection;
use connector_domain::oauth::{TokenRow, TokenSet};
use connector_domain::ports::{Clock, PortError, Put, Random, TokenRows, TokenVault};
use connector_domain::{ConnectionId, Secret, Timestamp};

pub use envelope::Sealed;
pub use keys::{DataKey, KeyBytes, KeyService, LocalKeyService, SealContext};
pub use kms::KmsKeys;

use crate::dynamodb::SealedTokens;
use cache::KeyCache;

/// Seals secrets and opens them.
#[derive(Clone)]
pub struct Sealer {
    keys: Arc<dyn KeyService>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    cache: Arc<Mutex<KeyCache>>,
}

impl Sealer {
    /// A sealer under a key service.
    #[must_use]
    pub fn new(keys: Arc<dyn KeyService>, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self { keys, clock, random, cache: Arc::default() }
    }

    /// Under a data key of its own.
    pub(crate) async fn seal(&self, context: &SealContext, secret: &Secret) -> Result<Sealed, PortError> {
        let key = self.keys.generate(context).await?;
        envelope::seal(key, context, nonce(&*self.random), secret)
    }

    pub(crate) async fn open(&self, context: &SealContext, sealed: &Sealed) -> Result<Secret, PortError> {
        let key = self.data_key(sealed, context).await?;
        envelope::open(sealed, &key, context)
    }

    async fn data_key(&self, sealed: &Sealed, context: &SealContext) -> Result<KeyBytes, PortError> {
        let id = cache::id(&sealed.data_key, context);
        let now = self.clock.now();
        let cache = || self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = cache().get(&id, now) {
            return Ok(key);
        }
        let key = self.keys.open(&sealed.data_key, context).await?;
        cache().insert(id, key.clone(), now);
        Ok(key)
    }
}

/// Tokens of connections, sealed.
#[derive(Clone)]
pub struct Vault {
    rows: SealedTokens,
    sealer: Sealer,
}

impl Vault {
    /// Tokens of a table under a sealer.
    #[must_use]
    pub const fn new(rows: SealedTokens, sealer: Sealer) -> Self {
        Self { rows, sealer }
    }
}

#[async_trait]
impl TokenRows for Vault {
    async fn row(&self, connection: &Connection) -> Result<Option<TokenRow>, PortError> {
        self.rows.row(connection).await
    }

    async fn mark(&self, connection: &Connection, row: &TokenRow, expected: Version) -> Result<Put, PortError> {
        self.rows.mark(connection, row, expected).await
    }

    async fn delete(&self, connection: &Connection, expected: Version) -> Result<Put, PortError> {
        self.rows.delete(connection, expected).await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<ConnectionId>, PortError> {
        self.rows.due(now, limit).await
    }
}

#[async_trait]
impl TokenVault for Vault {
    async fn load(&self, connection: &Connection) -> Result<Option<(TokenRow, TokenSet)>, PortError> {
        let Some((row, sealed)) = self.rows.get(&connection.id).await? else { return Ok(None) };
        let secret = self.sealer.open(&SealContext::token(connection), &sealed).await?;
        let tokens = tokens::decode(&row, &secret)?;
        Ok(Some((row, tokens)))
    }

    /// Without the key service nothing is stored: there is no other form than the sealed one.
    async fn store(
        &self,
        connection: &Connection,
        row: &TokenRow,
        tokens: &TokenSet,
        expected: Option<Version>,
    ) -> Result<Put, PortError> {
        let sealed = self.sealer.seal(&SealContext::token(connection), &tokens::encode(tokens)?).await?;
        self.rows.put(&connection.id, row, sealed, expected).await
    }
}

/// 96 bits, as AES-GCM wants them.
fn nonce(random: &dyn Random) -> [u8; 12] {
    let [nonce @ .., _, _, _, _] = random.bytes();
    nonce
}
