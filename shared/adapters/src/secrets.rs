//! What providers and we know of each other, in Secrets Manager: one JSON document per provider, and of its webhook secret
//! the version before as well, while it is rotated.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueOutput;
use connector_domain::oauth::AppCredentials;
use connector_domain::ports::{Clock, PortError, Secrets};
use connector_domain::{ProviderKind, Secret, Timestamp};
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::aws::port_error;
use crate::services::ServiceKeys;

const OPERATION: &str = "read a secret";
/// How long a secret is believed.
const TTL: Duration = Duration::from_secs(300);
/// Least pause between two reads past the cache: bad signatures must not become a bill.
const REFRESH: Duration = Duration::from_secs(30);
/// How long after a rotation the version before is still good.
const ROTATION: Duration = Duration::from_secs(24 * 3_600);

/// Webhook secrets in Secrets Manager.
pub struct SecretsManager {
    client: Client,
    ids: BTreeMap<ProviderKind, String>,
    clock: Arc<dyn Clock>,
    cache: Mutex<BTreeMap<ProviderKind, Cached>>,
}

/// What a read answered.
#[derive(Clone, Default)]
struct Known {
    webhook: Vec<Secret>,
    app: Option<AppCredentials>,
}

#[derive(Clone)]
struct Cached {
    known: Known,
    read_at: Timestamp,
    /// The last read, which may have failed.
    tried_at: Timestamp,
}

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    webhook_secret: Option<String>,
    #[serde(default)]
    client_id: Option<String>,
    #[serde(default)]
    client_secret: Option<String>,
    #[serde(default)]
    slug: Option<String>,
    #[serde(default)]
    private_key: Option<String>,
}

impl Document {
    fn parse(version: &GetSecretValueOutput) -> Result<Self, PortError> {
        // serde_json's own error would quote the secret.
        serde_json::from_str(version.secret_string().unwrap_or("{}"))
            .map_err(|_| PortError::permanent(OPERATION, "the secret is not a JSON object of texts"))
    }

    fn app(self) -> Option<AppCredentials> {
        Some(AppCredentials {
            client_id: self.client_id.filter(|id| !id.is_empty())?,
            client_secret: self.client_secret.and_then(Secret::new)?,
            slug: self.slug.filter(|slug| !slug.is_empty()),
            private_key: self.private_key.and_then(Secret::new),
        })
    }
}

impl SecretsManager {
    /// The providers with the name or ARN of each one's secret. Others have none.
    pub fn new(client: Client, ids: impl IntoIterator<Item = (ProviderKind, String)>, clock: Arc<dyn Clock>) -> Self {
        Self { client, ids: ids.into_iter().collect(), clock, cache: Mutex::default() }
    }

    /// The current webhook secret, then the one before it. None without a current one: what is not configured is closed.
    async fn read(&self, id: &str, now: Timestamp) -> Result<Known, PortError> {
        let Some(current) = self.version(id, "AWSCURRENT").await? else { return Ok(Known::default()) };
        let mut document = Document::parse(&current)?;
        let secret = document.webhook_secret.take().and_then(Secret::new);
        let app = document.app();
        let Some(secret) = secret else { return Ok(Known { webhook: Vec::new(), app }) };
        let mut webhook = vec![secret];
        let rotated_at = current.created_date().and_then(|at| Timestamp::from_second(at.secs()).ok());
        if rotated_at.is_none_or(|at| elapsed(at, now) < ROTATION)
            && let Some(previous) = self.version(id, "AWSPREVIOUS").await?
            && let Some(previous) = Document::parse(&previous)?.webhook_secret.and_then(Secret::new)
            && !webhook.contains(&previous)
        {
            webhook.push(previous);
        }
        Ok(Known { webhook, app })
    }

    async fn known(&self, provider: ProviderKind, fresh: bool) -> Result<Known, PortError> {
        let Some(id) = self.ids.get(&provider) else { return Ok(Known::default()) };
        let now = self.clock.now();
        // Held while reading, so that a burst of requests reads once.
        let mut cache = self.cache.lock().await;
        if let Some(cached) = cache.get_mut(&provider) {
            let good = elapsed(cached.read_at, now) < TTL;
            if good && (!fresh || elapsed(cached.tried_at, now) < REFRESH) {
                return Ok(cached.known.clone());
            }
            cached.tried_at = now;
        }
        let known = self.read(id, now).await?;
        cache.insert(provider, Cached { known: known.clone(), read_at: now, tried_at: now });
        Ok(known)
    }

    async fn version(&self, id: &str, stage: &str) -> Result<Option<GetSecretValueOutput>, PortError> {
        match self.client.get_secret_value().secret_id(id).version_stage(stage).send().await {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) => {
                Ok(None)
            }
            Err(error) => Err(port_error(OPERATION, &error)),
        }
    }
}

#[async_trait]
impl Secrets for SecretsManager {
    async fn webhook_secrets(&self, provider: ProviderKind, fresh: bool) -> Result<Vec<Secret>, PortError> {
        Ok(self.known(provider, fresh).await?.webhook)
    }

    async fn app(&self, provider: ProviderKind, fresh: bool) -> Result<Option<AppCredentials>, PortError> {
        Ok(self.known(provider, fresh).await?.app)
    }
}

/// The keys of services that a secret holds, as they are now.
pub(crate) async fn service_keys(client: &Client, id: &str) -> Result<ServiceKeys, PortError> {
    let answer = client.get_secret_value().secret_id(id).send().await.map_err(|error| port_error(OPERATION, &error))?;
    ServiceKeys::parse(answer.secret_string().unwrap_or("{}"))
        .ok_or_else(|| PortError::permanent(OPERATION, "the secret is not a JSON object of texts"))
}

/// Time since a moment; a clock that was set back lets nothing pass.
fn elapsed(since: Timestamp, now: Timestamp) -> Duration {
    now.duration_since(since).try_into().unwrap_or(Duration::ZERO)
}
