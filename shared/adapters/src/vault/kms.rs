//! Data keys from KMS.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_kms::Client;
use aws_sdk_kms::operation::decrypt::DecryptError;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::DataKeySpec;
use connector_domain::ports::PortError;
use zeroize::Zeroizing;

use super::keys::{DataKey, KeyBytes, KeyService, SealContext};
use crate::aws::port_error;

const GENERATE: &str = "make a data key";
const OPEN: &str = "open a data key";

/// Data keys under a KMS key.
#[derive(Debug, Clone)]
pub struct KmsKeys {
    client: Client,
    key: String,
}

impl KmsKeys {
    /// A service under the key with this ARN or id.
    #[must_use]
    pub fn new(client: Client, key: impl Into<String>) -> Self {
        Self { client, key: key.into() }
    }
}

#[async_trait]
impl KeyService for KmsKeys {
    async fn generate(&self, context: &SealContext) -> Result<DataKey, PortError> {
        let call = self.client.generate_data_key().key_id(&self.key).key_spec(DataKeySpec::Aes256);
        let answer = call
            .set_encryption_context(Some(encryption_context(context)))
            .send()
            .await
            .map_err(|error| port_error(GENERATE, &error))?;
        let (Some(plain), Some(sealed)) = (answer.plaintext, answer.ciphertext_blob) else {
            return Err(PortError::temporary(GENERATE, "the answer has no key"));
        };
        let key_id = answer.key_id.unwrap_or_else(|| self.key.clone());
        Ok(DataKey { plain: key_bytes(GENERATE, plain)?, sealed: sealed.into_inner(), key_id })
    }

    async fn open(&self, sealed: &[u8], context: &SealContext) -> Result<KeyBytes, PortError> {
        // Naming the key keeps a foreign key from opening for us.
        let call = self.client.decrypt().key_id(&self.key).ciphertext_blob(Blob::new(sealed));
        let answer = call.set_encryption_context(Some(encryption_context(context))).send().await;
        let answer = answer.map_err(|error| match error.as_service_error() {
            Some(DecryptError::InvalidCiphertextException(_) | DecryptError::IncorrectKeyException(_)) => {
                PortError::corrupt(OPEN, "it was not sealed under this key and context")
            }
            _ => port_error(OPEN, &error),
        })?;
        let plain = answer.plaintext.ok_or_else(|| PortError::temporary(OPEN, "the answer has no key"))?;
        key_bytes(OPEN, plain)
    }
}

fn encryption_context(context: &SealContext) -> HashMap<String, String> {
    context.pairs().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn key_bytes(operation: &'static str, plain: Blob) -> Result<KeyBytes, PortError> {
    let plain = Zeroizing::new(plain.into_inner());
    let mut key = KeyBytes::default();
    if plain.len() != key.len() {
        return Err(PortError::corrupt(operation, "a data key has 32 bytes"));
    }
    key.copy_from_slice(&plain);
    Ok(key)
}
