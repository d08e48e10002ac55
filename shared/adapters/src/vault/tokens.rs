//! Tokens as the one secret that is sealed. What is no secret stands in the row beside it.

use std::borrow::Cow;

use connector_domain::oauth::{TokenRow, TokenSet};
use connector_domain::ports::PortError;
use connector_domain::{Secret, Timestamp};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Plain<'a> {
    #[serde(borrow)]
    access: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    refresh: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_expires_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    grant: Option<String>,
}

pub(super) fn encode(tokens: &TokenSet) -> Result<Secret, PortError> {
    let unfit = || PortError::permanent("store tokens", "a token is not text");
    let plain = Plain {
        access: tokens.access.expose_str().ok_or_else(unfit)?.into(),
        refresh: tokens.refresh.as_ref().map(|token| token.expose_str().ok_or_else(unfit)).transpose()?.map(Cow::from),
        refresh_expires_at: tokens.refresh_expires_at,
        grant: tokens.grant.clone(),
    };
    serde_json::to_vec(&plain).ok().and_then(Secret::new).ok_or_else(unfit)
}

pub(super) fn decode(row: &TokenRow, secret: &Secret) -> Result<TokenSet, PortError> {
    // Its own error would quote a token.
    let unfit = || PortError::corrupt("open tokens", "they are not as they are written");
    let plain: Plain<'_> = serde_json::from_slice(secret.expose()).map_err(|_| unfit())?;
    Ok(TokenSet {
        access: Secret::new(plain.access.into_owned()).ok_or_else(unfit)?,
        refresh: plain.refresh.and_then(|token| Secret::new(token.into_owned())),
        expires_at: row.expires_at,
        refresh_expires_at: plain.refresh_expires_at,
        scopes: row.scopes.clone(),
        grant: plain.grant,
    })
}
