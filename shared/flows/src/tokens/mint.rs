//! Tokens that the app mints for itself: kept in memory until shortly before they end, and nowhere else.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use connector_domain::connection::Connection;
use connector_domain::oauth::{AppCredentials, GrantError, ReconnectReason, TokenSet};
use connector_domain::ports::{AppSigner, PortError, Secrets, TokenError};
use connector_domain::{ConnectionId, ResourceId, Secret, Timestamp};
use connector_providers::Provider;
use connector_providers::oauth::Minting;

use super::ConnectionTokens;

const OPERATION: &str = "mint a token";
/// How long before its end a token is not used any more.
const MARGIN: Duration = Duration::from_secs(300);

type Key = (ConnectionId, Option<ResourceId>);

/// What was minted, with its end.
#[derive(Debug, Default)]
pub(super) struct Minted(Mutex<BTreeMap<Key, (Secret, Timestamp)>>);

impl Minted {
    fn get(&self, key: &Key, refused: Option<&Secret>, now: Timestamp) -> Option<Secret> {
        let minted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (token, end) = minted.get(key)?;
        let good = now.checked_add(MARGIN).is_ok_and(|soon| soon < *end) && refused != Some(token);
        good.then(|| token.clone())
    }

    fn keep(&self, key: Key, tokens: &TokenSet, now: Timestamp) {
        let mut minted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        minted.retain(|_, (_, end)| *end > now);
        match tokens.expires_at {
            Some(end) => minted.insert(key, (tokens.access.clone(), end)),
            None => minted.remove(&key),
        };
    }
}

/// What the app sends to be itself.
async fn as_app(
    signer: &dyn AppSigner,
    minting: &dyn Minting,
    app: &AppCredentials,
    now: Timestamp,
) -> Result<Option<Secret>, PortError> {
    let key = app.private_key.as_ref().ok_or_else(|| PortError::permanent(OPERATION, "the app has no key"))?;
    let assertion = minting.assertion(app, now);
    let signature = signer.rs256(key, assertion.as_bytes()).await?;
    Ok(Secret::new(format!("{assertion}.{}", URL_SAFE_NO_PAD.encode(signature))))
}

/// What our app at a provider is itself by; `None` where there is no such thing, or the app has no key.
pub(crate) async fn own_bearer(
    secrets: &dyn Secrets,
    signer: &dyn AppSigner,
    provider: &dyn Provider,
    now: Timestamp,
) -> Result<Option<Secret>, PortError> {
    let Some(minting) = provider.minting() else { return Ok(None) };
    let app = secrets.app(provider.kind(), false).await?;
    let Some(app) = app.filter(|app| app.private_key.is_some()) else { return Ok(None) };
    as_app(signer, minting, &app, now).await
}

impl ConnectionTokens {
    pub(super) async fn mint(
        &self,
        minting: &dyn Minting,
        mut app: AppCredentials,
        connection: &Connection,
        resource: Option<&ResourceId>,
        refused: Option<&Secret>,
    ) -> Result<Secret, TokenError> {
        let key = (connection.id.clone(), resource.cloned());
        if let Some(token) = self.minted.get(&key, refused, self.ports.clock.now()) {
            return Ok(token);
        }
        let mut answer = self.ask(minting, &app, connection, resource).await?;
        if matches!(answer, Err(GrantError::App)) {
            // The key may have been rotated a moment ago.
            app = self.app(connection, true).await?;
            answer = self.ask(minting, &app, connection, resource).await?;
        }
        match answer {
            Ok(tokens) => {
                self.minted.keep(key, &tokens, self.ports.clock.now());
                Ok(tokens.access)
            }
            Err(GrantError::Refused) => Err(self.lost(connection, ReconnectReason::Refused).await?),
            Err(error @ (GrantError::App | GrantError::Malformed)) => {
                Err(PortError::permanent(OPERATION, error).into())
            }
            Err(error @ GrantError::Unavailable) => Err(PortError::temporary(OPERATION, error).into()),
        }
    }

    async fn ask(
        &self,
        minting: &dyn Minting,
        app: &AppCredentials,
        connection: &Connection,
        resource: Option<&ResourceId>,
    ) -> Result<Result<TokenSet, GrantError>, PortError> {
        let bearer = as_app(&*self.ports.signer, minting, app, self.ports.clock.now()).await?;
        let request = minting.request(&connection.account, resource);
        Ok(match self.ports.http.send(&request, bearer.as_ref()).await {
            Ok(response) => minting.read(&response),
            Err(_) => Err(GrantError::Unavailable),
        })
    }
}
