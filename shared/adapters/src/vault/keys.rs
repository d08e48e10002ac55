//! Who makes and opens data keys.

use async_trait::async_trait;
use connector_domain::connection::Connection;
use connector_domain::oauth::{ConnectState, SecretHash};
use connector_domain::ports::{PortError, Random};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::envelope::{decrypt, encrypt};
use super::nonce;
use crate::system::OsRandom;

/// A 256-bit key in clear, wiped when dropped.
pub type KeyBytes = Zeroizing<[u8; 32]>;

/// What a sealed value belongs to. It opens under exactly the same context and under no other.
/// KMS writes it into its log in clear, so it holds opaque ids only.
/// <https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealContext([(&'static str, String); 4]);

impl SealContext {
    /// The token of a connection.
    #[must_use]
    pub fn token(connection: &Connection) -> Self {
        Self([
            ("connection", connection.id.to_string()),
            ("provider", connection.provider.to_string()),
            ("purpose", "provider-token".to_owned()),
            ("workspace", connection.workspace.to_string()),
        ])
    }

    /// The PKCE verifier of a state.
    #[must_use]
    pub fn verifier(key: &SecretHash, state: &ConnectState) -> Self {
        Self([
            ("provider", state.provider.to_string()),
            ("purpose", "pkce".to_owned()),
            ("state", key.to_string()),
            ("workspace", state.workspace.to_string()),
        ])
    }

    /// Names and values, by name.
    pub fn pairs(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// Bytes that are equal for equal contexts only: every part follows its own length.
    pub(super) fn canonical(&self) -> Vec<u8> {
        let parts = self.pairs().flat_map(|(name, value)| [name, value]);
        parts.flat_map(|part| (part.len() as u64).to_be_bytes().into_iter().chain(part.bytes())).collect()
    }
}

/// A new data key.
pub struct DataKey {
    /// In clear, to encrypt with and forget.
    pub plain: KeyBytes,
    /// Sealed, to be stored.
    pub sealed: Vec<u8>,
    /// Under which key it is sealed, for people.
    pub key_id: String,
}

/// Makes and opens data keys under a key that it never shows.
#[async_trait]
pub trait KeyService: Send + Sync {
    /// A new data key.
    async fn generate(&self, context: &SealContext) -> Result<DataKey, PortError>;

    /// A data key in clear, if it was made under the same context.
    async fn open(&self, sealed: &[u8], context: &SealContext) -> Result<KeyBytes, PortError>;
}

/// A key service for machines without KMS: the key is given, and the context is bound in the same way.
pub struct LocalKeyService {
    key: KeyBytes,
    id: String,
}

impl LocalKeyService {
    /// A service under a key.
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        let id = format!("local:{}", hex::encode(&Sha256::digest(key)[..4]));
        Self { key: Zeroizing::new(key), id }
    }
}

#[async_trait]
impl KeyService for LocalKeyService {
    async fn generate(&self, context: &SealContext) -> Result<DataKey, PortError> {
        let mut plain = KeyBytes::default();
        for half in plain.chunks_exact_mut(16) {
            half.copy_from_slice(&OsRandom.bytes());
        }
        let nonce = nonce(&OsRandom);
        let sealed = encrypt(&self.key, &nonce, &context.canonical(), &*plain)?;
        Ok(DataKey { plain, sealed: [&nonce[..], &sealed].concat(), key_id: self.id.clone() })
    }

    async fn open(&self, sealed: &[u8], context: &SealContext) -> Result<KeyBytes, PortError> {
        let unreadable = || PortError::corrupt("open a data key", "it was not sealed under this key and context");
        let (nonce, sealed) = sealed.split_first_chunk().ok_or_else(unreadable)?;
        let plain = decrypt(&self.key, nonce, &context.canonical(), sealed).ok_or_else(unreadable)?;
        let mut key = KeyBytes::default();
        if plain.len() != key.len() {
            return Err(unreadable());
        }
        key.copy_from_slice(&plain);
        Ok(key)
    }
}
