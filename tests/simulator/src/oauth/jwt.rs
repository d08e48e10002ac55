//! JSON Web Tokens as providers check them (<https://www.rfc-editor.org/rfc/rfc7519>), and the key pairs they give out.

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{KeyPair, KeySize},
    signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

/// What a token claims.
pub(crate) struct Claims(Value);

impl Claims {
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0[name].as_str()
    }

    /// A moment in whole seconds.
    pub(crate) fn second(&self, name: &str) -> Option<i64> {
        self.0[name].as_i64()
    }
}

/// The claims of a token that this client secret signed.
pub(crate) fn hs256(token: &str, secret: &str) -> Option<Claims> {
    let (signed, signature, claims) = parts(token, "HS256")?;
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.chain_update(signed).verify_slice(&signature).ok()?;
    Some(claims)
}

/// The claims of a token that the owner of this public key signed.
pub(crate) fn rs256(token: &str, public_key: &[u8]) -> Option<Claims> {
    let (signed, signature, claims) = parts(token, "RS256")?;
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public_key);
    key.verify(signed.as_bytes(), &signature).ok()?;
    Some(claims)
}

fn parts<'a>(token: &'a str, algorithm: &str) -> Option<(&'a str, Vec<u8>, Claims)> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (head, claims) = signed.split_once('.')?;
    let read = |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
    if read(head)?["alg"] != algorithm {
        return None;
    }
    Some((signed, URL_SAFE_NO_PAD.decode(signature).ok()?, Claims(read(claims)?)))
}

/// A new private key in PEM, and its public key in DER.
pub(crate) fn key_pair() -> (String, Vec<u8>) {
    let Ok(pair) = KeyPair::generate(KeySize::Rsa2048) else { unreachable!("a key of a usual size can be made") };
    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap_or_else(|_| unreachable!("a key that was made can be written"));
    let body = STANDARD.encode(der.as_ref());
    let mut pem = "-----BEGIN PRIVATE KEY-----\n".to_owned();
    for line in body.as_bytes().chunks(64) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    (pem, pair.public_key().as_ref().to_vec())
}
