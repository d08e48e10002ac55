//! Secrets and tokens that are given beforehand.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use connector_domain::connection::Connection;
use connector_domain::oauth::AppCredentials;
use connector_domain::ports::{PortError, Secrets, TokenError, Tokens};
use connector_domain::{ProviderKind, ResourceId, Secret};

use super::lock;

/// Webhook secrets that are given beforehand. A rotation becomes visible only to who asks afresh, as with a cache.
#[derive(Debug, Default)]
pub struct StaticSecrets {
    stored: Mutex<BTreeMap<ProviderKind, Vec<Secret>>>,
    cached: Mutex<BTreeMap<ProviderKind, Vec<Secret>>>,
    fresh: AtomicUsize,
}

impl StaticSecrets {
    /// No provider is configured.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// One provider with its secrets, the current one first. Empty texts are left out.
    #[must_use]
    pub fn of(provider: ProviderKind, secrets: &[&str]) -> Self {
        let new = Self::default();
        new.rotate(provider, secrets);
        new
    }

    /// Replaces the secrets of a provider.
    pub fn rotate(&self, provider: ProviderKind, secrets: &[&str]) {
        let secrets = secrets.iter().filter_map(|secret| Secret::new(*secret)).collect();
        lock(&self.stored).insert(provider, secrets);
    }

    /// How often secrets were asked for afresh.
    #[must_use]
    pub fn fresh_calls(&self) -> usize {
        self.fresh.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Secrets for StaticSecrets {
    async fn webhook_secrets(&self, provider: ProviderKind, fresh: bool) -> Result<Vec<Secret>, PortError> {
        let stored = || lock(&self.stored).get(&provider).cloned().unwrap_or_default();
        let mut cached = lock(&self.cached);
        if fresh {
            self.fresh.fetch_add(1, Ordering::Relaxed);
            cached.insert(provider, stored());
        }
        Ok(cached.entry(provider).or_insert_with(stored).clone())
    }

    /// Every provider that has a secret has an app. A rotation of its secret is seen as the others are.
    async fn app(&self, provider: ProviderKind, fresh: bool) -> Result<Option<AppCredentials>, PortError> {
        let secrets = self.webhook_secrets(provider, fresh).await?;
        Ok(secrets.into_iter().next().map(|client_secret| AppCredentials {
            client_id: format!("client-{provider}"),
            private_key: Some(client_secret.clone()),
            client_secret,
            slug: Some("memory".to_owned()),
        }))
    }
}

/// One token for all connections, or none. A refused one is not good for a second call.
#[derive(Debug, Clone, Default)]
pub struct StaticTokens(Option<Secret>);

impl StaticTokens {
    /// Connections call without a token.
    #[must_use]
    pub const fn none() -> Self {
        Self(None)
    }

    /// Connections call with this token; an empty one is none.
    #[must_use]
    pub fn of(token: &str) -> Self {
        Self(Secret::new(token))
    }
}

#[async_trait]
impl Tokens for StaticTokens {
    async fn bearer(
        &self,
        _: &Connection,
        _: Option<&ResourceId>,
        refused: Option<&Secret>,
    ) -> Result<Option<Secret>, TokenError> {
        if refused.is_some() { Err(TokenError::NeedsReconnect) } else { Ok(self.0.clone()) }
    }

    /// There is no connection here that could say so.
    async fn stays_refused(&self, _: &Connection) -> Result<(), PortError> {
        Ok(())
    }
}
