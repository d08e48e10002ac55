//! Signs with an app's private key, as the provider gives it: PEM, in either of its forms.

use async_trait::async_trait;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use connector_domain::Secret;
use connector_domain::ports::{AppSigner, PortError};
use zeroize::Zeroizing;

const OPERATION: &str = "sign for the app";

/// Signs in this process.
#[derive(Debug, Clone, Copy, Default)]
pub struct RsaSigner;

#[async_trait]
impl AppSigner for RsaSigner {
    async fn rs256(&self, key: &Secret, message: &[u8]) -> Result<Vec<u8>, PortError> {
        let pair = key_pair(key).ok_or_else(|| {
            PortError::permanent(OPERATION, "the private key is not an RSA key in PEM (PKCS#1 or PKCS#8)")
        })?;
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| PortError::permanent(OPERATION, "the key does not sign"))?;
        Ok(signature)
    }
}

/// A key that went through JSON or an environment often has `\n` in place of its line ends.
fn key_pair(pem: &Secret) -> Option<RsaKeyPair> {
    let text = Zeroizing::new(pem.expose_str()?.replace("\\n", "\n"));
    let (_, body) = text.split_once("-----BEGIN ")?;
    let (kind, body) = body.split_once("-----")?;
    let (body, _) = body.split_once("-----END ")?;
    let body: Zeroizing<String> = Zeroizing::new(body.split_whitespace().collect());
    let der = Zeroizing::new(STANDARD.decode(&*body).ok()?);
    match kind {
        "RSA PRIVATE KEY" => RsaKeyPair::from_der(&der).ok(),
        "PRIVATE KEY" => RsaKeyPair::from_pkcs8(&der).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
    use aws_lc_rs::rsa::{KeyPair, KeySize};
    use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    use super::*;

    /// Version, algorithm and the header of the key in it stand before the PKCS#1 key.
    const PKCS8_HEADER: usize = 26;

    fn pem(kind: &str, der: &[u8], line_end: &str) -> Secret {
        let body = STANDARD.encode(der);
        let lines: Vec<_> = body.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        let lines = lines.join(line_end);
        Secret::new(format!("-----BEGIN {kind}-----{line_end}{lines}{line_end}-----END {kind}-----{line_end}")).unwrap()
    }

    #[tokio::test]
    async fn both_forms_of_a_key_sign_and_nothing_else_does() {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
        let der = der.as_ref();
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref());
        for key in [
            pem("PRIVATE KEY", der, "\n"),
            pem("RSA PRIVATE KEY", &der[PKCS8_HEADER..], "\r\n"),
            pem("RSA PRIVATE KEY", &der[PKCS8_HEADER..], "\\n"),
        ] {
            let signature = RsaSigner.rs256(&key, b"header.claims").await.unwrap();
            public.verify(b"header.claims", &signature).unwrap();
            assert!(public.verify(b"header.claimz", &signature).is_err());
        }
        for bad in [pem("PUBLIC KEY", der, "\n"), pem("PRIVATE KEY", b"hunter2", "\n"), Secret::new("hunter2").unwrap()]
        {
            let error = RsaSigner.rs256(&bad, b"x").await.unwrap_err();
            assert!(!format!("{error:?}").contains("hunter2"));
        }
    }
}
