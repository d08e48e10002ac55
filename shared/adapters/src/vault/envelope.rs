//! AES-256-GCM over a secret, with all that it is bound to as associated data.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use connector_domain::Secret;
use connector_domain::ports::PortError;
use zeroize::Zeroizing;

use super::keys::{DataKey, KeyBytes, SealContext};

/// The one form there is. A reader refuses others, so that a later one cannot be read by mistake.
const VERSION: u32 = 1;

/// A sealed secret, as it is stored. Nothing in it is secret by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The form.
    pub version: u32,
    /// Under which key the data key is sealed, for people.
    pub key_id: String,
    /// The sealed data key.
    pub data_key: Vec<u8>,
    /// Used once with that data key.
    pub nonce: [u8; 12],
    /// The secret, encrypted.
    pub ciphertext: Vec<u8>,
}

/// Seals a secret under a new data key.
pub(super) fn seal(key: DataKey, context: &SealContext, nonce: [u8; 12], secret: &Secret) -> Result<Sealed, PortError> {
    let ciphertext = encrypt(&key.plain, &nonce, &associated(context), secret.expose())?;
    Ok(Sealed { version: VERSION, key_id: key.key_id, data_key: key.sealed, nonce, ciphertext })
}

/// Opens a sealed secret under its data key in clear.
pub(super) fn open(sealed: &Sealed, key: &KeyBytes, context: &SealContext) -> Result<Secret, PortError> {
    const OPERATION: &str = "open a sealed secret";
    if sealed.version != VERSION {
        return Err(PortError::corrupt(OPERATION, "it is in a form that this version does not know"));
    }
    let plain = decrypt(key, &sealed.nonce, &associated(context), &sealed.ciphertext);
    plain
        .and_then(|mut plain| Secret::new(std::mem::take(&mut *plain)))
        .ok_or_else(|| PortError::corrupt(OPERATION, "it was altered, or sealed for something else"))
}

fn associated(context: &SealContext) -> Vec<u8> {
    [&VERSION.to_be_bytes()[..], &context.canonical()].concat()
}

pub(super) fn encrypt(key: &KeyBytes, nonce: &[u8; 12], aad: &[u8], msg: &[u8]) -> Result<Vec<u8>, PortError> {
    let cipher = Aes256Gcm::new((&**key).into());
    cipher
        .encrypt(&Nonce::from(*nonce), Payload { msg, aad })
        .map_err(|_| PortError::permanent("encrypt", "the text is too long"))
}

/// `None` when key, nonce, associated data and text do not belong together.
pub(super) fn decrypt(key: &KeyBytes, nonce: &[u8; 12], aad: &[u8], msg: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let cipher = Aes256Gcm::new((&**key).into());
    cipher.decrypt(&Nonce::from(*nonce), Payload { msg, aad }).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use connector_domain::ports::PortErrorKind;
    use connector_testkit::builders::{connection, workspace};

    use super::*;

    const KEY: [u8; 32] = [7; 32];

    fn context(workspace_id: &str, id: &str) -> SealContext {
        SealContext::token(&connection(id, &workspace(workspace_id), "42"))
    }

    fn sealed(context: &SealContext) -> Sealed {
        let key = DataKey { plain: KeyBytes::new(KEY), sealed: vec![1, 2, 3], key_id: "k".into() };
        seal(key, context, [9; 12], &Secret::new("hunter2").unwrap()).unwrap()
    }

    fn opens(sealed: &Sealed, key: [u8; 32], context: &SealContext) -> Option<String> {
        match open(sealed, &KeyBytes::new(key), context) {
            Ok(secret) => secret.expose_str().map(str::to_owned),
            Err(error) => {
                assert_eq!(error.kind, PortErrorKind::Corrupt);
                assert!(!format!("{error:?}").contains("hunter2"));
                None
            }
        }
    }

    #[test]
    fn it_opens_for_what_it_was_sealed_for() {
        let own = context("acme", "c1");
        let sealed = sealed(&own);
        assert_eq!(opens(&sealed, KEY, &own).as_deref(), Some("hunter2"));
        assert!(!sealed.ciphertext.windows(7).any(|bytes| bytes == b"hunter2"));
        // Neighbouring parts do not run into each other: ("c1", "acme") is not ("c1acme", "").
        for other in [context("other", "c1"), context("acme", "c2"), context("me", "c1ac")] {
            assert_eq!(opens(&sealed, KEY, &other), None, "{other:?}");
        }
        assert_eq!(opens(&sealed, [8; 32], &own), None);
    }

    #[test]
    fn not_one_bit_may_change() {
        let own = context("acme", "c1");
        let good = sealed(&own);
        for at in 0..good.ciphertext.len() * 8 {
            let mut bad = good.clone();
            bad.ciphertext[at / 8] ^= 1 << (at % 8);
            assert_eq!(opens(&bad, KEY, &own), None, "bit {at}");
        }
        for at in 0..96 {
            let mut bad = good.clone();
            bad.nonce[at / 8] ^= 1 << (at % 8);
            assert_eq!(opens(&bad, KEY, &own), None, "nonce bit {at}");
        }
        for length in 0..good.ciphertext.len() {
            let bad = Sealed { ciphertext: good.ciphertext[..length].to_vec(), ..good.clone() };
            assert_eq!(opens(&bad, KEY, &own), None, "cut to {length}");
        }
        for version in [0, 2] {
            assert_eq!(opens(&Sealed { version, ..good.clone() }, KEY, &own), None);
        }
    }
}
