//! Provider tokens at rest: envelope encryption, bound to the connection that a token belongs to.
//!
//! Each stored token has a data key of its own. The key service gives it in clear and sealed; the token is encrypted under
//! the clear one, and the sealed one is stored beside it. What is stored opens for its own connection only.

mod cache;
mod envelope;
mod keys;
mod kms;

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use connector_domain::Secret;
use connector_domain::connection::Connection;
use connector_domain::ports::{Clock, PortError, Random, TokenError, Tokens};

pub use envelope::Sealed;
pub use keys::{DataKey, KeyBytes, KeyService, LocalKeyService, SealContext};
pub use kms::KmsKeys;

use crate::dynamodb::SealedTokens;
use cache::KeyCache;

/// Stores tokens sealed and opens them for calls.
#[derive(Clone)]
pub struct Vault {
    tokens: SealedTokens,
    keys: Arc<dyn KeyService>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    cache: Arc<Mutex<KeyCache>>,
}

impl Vault {
    /// Tokens of a table under a key service.
    #[must_use]
    pub fn new(
        tokens: SealedTokens,
        keys: Arc<dyn KeyService>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self { tokens, keys, clock, random, cache: Arc::default() }
    }

    /// Stores a connection's token in place of the one before.
    ///
    /// # Errors
    /// When the key service or the store fails; nothing is stored in clear then.
    pub async fn seal_token(&self, connection: &Connection, token: &Secret) -> Result<(), PortError> {
        let context = SealContext::token(connection);
        let key = self.keys.generate(&context).await?;
        let sealed = envelope::seal(key, &context, nonce(&*self.random), token)?;
        self.tokens.put(&connection.id, sealed).await
    }

    async fn open_token(&self, connection: &Connection) -> Result<Option<Secret>, PortError> {
        let Some(sealed) = self.tokens.get(&connection.id).await? else { return Ok(None) };
        let context = SealContext::token(connection);
        let key = self.data_key(&sealed, &context).await?;
        envelope::open(&sealed, &key, &context).map(Some)
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

#[async_trait]
impl Tokens for Vault {
    async fn bearer(&self, connection: &Connection, refused: bool) -> Result<Option<Secret>, TokenError> {
        if refused {
            return Err(TokenError::NeedsReconnect);
        }
        Ok(self.open_token(connection).await?)
    }
}

/// 96 bits, as AES-GCM wants them.
fn nonce(random: &dyn Random) -> [u8; 12] {
    let [nonce @ .., _, _, _, _] = random.bytes();
    nonce
}
