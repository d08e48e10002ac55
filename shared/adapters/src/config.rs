//! AWS as the environment says, read once at start. `AWS_ENDPOINT_URL` and its service-specific forms lead elsewhere.
//! <https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>

use std::sync::Arc;
use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use connector_domain::ProviderKind;
use connector_domain::task::Task;

use crate::dynamodb::{
    DynamoAccess, DynamoAudit, DynamoBackfills, DynamoConnections, DynamoDeliveries, DynamoDocuments, DynamoHolds,
    DynamoObservations, DynamoStates, SealedTokens,
};
use crate::secrets::{SecretsManager, service_keys};
use crate::services::{ServiceKeys, ServiceLimits, Services};
use crate::sqs::SqsQueue;
use crate::system::{OsRandom, SystemClock};
use crate::vault::{KmsKeys, Sealer, Vault};

/// A try that hangs must leave time for another within GitHub's ten seconds.
/// <https://docs.github.com/en/webhooks/using-webhooks/best-practices-for-using-webhooks>
const CONNECT: Duration = Duration::from_secs(2);
const ATTEMPT: Duration = Duration::from_secs(3);
const OPERATION: Duration = Duration::from_secs(8);

/// AWS with one configuration, HTTP client and credentials for all services.
#[derive(Debug, Clone)]
pub struct AwsConfig {
    sdk: SdkConfig,
    dynamodb: aws_sdk_dynamodb::Client,
}

impl AwsConfig {
    /// Reads the environment.
    pub async fn load() -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .operation_attempt_timeout(ATTEMPT)
            .operation_timeout(OPERATION)
            .build();
        Self::new(aws_config::defaults(BehaviorVersion::latest()).timeout_config(timeouts).load().await)
    }

    fn new(sdk: SdkConfig) -> Self {
        let dynamodb = aws_sdk_dynamodb::Client::new(&sdk);
        Self { sdk, dynamodb }
    }

    /// Connections, links and settings.
    pub fn connections(&self, table: impl Into<String>) -> DynamoConnections {
        DynamoConnections::new(self.dynamodb.clone(), table)
    }

    /// Raw deliveries, kept for `retention`.
    pub fn deliveries(&self, table: impl Into<String>, retention: Duration) -> DynamoDeliveries {
        DynamoDeliveries::new(self.dynamodb.clone(), table, retention)
    }

    /// Observations.
    pub fn observations(&self, table: impl Into<String>) -> DynamoObservations {
        DynamoObservations::new(self.dynamodb.clone(), table)
    }

    /// Runs and units.
    pub fn backfills(&self, table: impl Into<String>) -> DynamoBackfills {
        DynamoBackfills::new(self.dynamodb.clone(), table)
    }

    /// What runs hold back.
    #[must_use]
    pub fn holds(&self, backfills_table: impl Into<String>) -> DynamoHolds {
        DynamoHolds::new(self.dynamodb.clone(), backfills_table)
    }

    /// Documents of repositories.
    pub fn documents(&self, observations_table: impl Into<String>) -> DynamoDocuments {
        DynamoDocuments::new(self.dynamodb.clone(), observations_table)
    }

    /// Machine keys, answered requests and changes.
    pub fn access(&self, connections_table: impl Into<String>) -> DynamoAccess {
        DynamoAccess::new(self.dynamodb.clone(), connections_table)
    }

    /// The queue at a URL.
    pub fn queue<T: Task>(&self, url: impl Into<String>) -> SqsQueue<T> {
        SqsQueue::new(aws_sdk_sqs::Client::new(&self.sdk), url)
    }

    /// Webhook secrets: the providers with the name or ARN of each one's secret.
    pub fn secrets(&self, ids: impl IntoIterator<Item = (ProviderKind, String)>) -> SecretsManager {
        SecretsManager::new(aws_sdk_secretsmanager::Client::new(&self.sdk), ids, Arc::new(SystemClock))
    }

    /// The services that settings name, with the keys of the secret of that name or ARN, each bound to `limits`. Without any
    /// service nothing is asked for.
    ///
    /// # Errors
    /// When the secret cannot be read, a key is missing or a setting is wrong.
    pub async fn services(
        &self,
        setting: impl Fn(&'static str) -> Option<String>,
        secret: Option<String>,
        limits: ServiceLimits,
    ) -> Result<Services, Box<dyn std::error::Error + Send + Sync>> {
        let keys = match secret {
            Some(id) => service_keys(&aws_sdk_secretsmanager::Client::new(&self.sdk), &id).await?,
            None => ServiceKeys::default(),
        };
        Ok(Services::from_settings(setting, &keys, limits)?)
    }

    /// Sealed tokens, which cannot be opened.
    pub fn sealed_tokens(&self, connections_table: impl Into<String>) -> SealedTokens {
        SealedTokens::new(self.dynamodb.clone(), connections_table)
    }

    /// Tokens in the table of the connections, sealed under a KMS key.
    pub fn vault(&self, connections_table: impl Into<String>, key: impl Into<String>) -> Vault {
        Vault::new(self.sealed_tokens(connections_table), self.sealer(key))
    }

    /// People at consent screens, with what their states open sealed under a KMS key.
    pub fn states(&self, connections_table: impl Into<String>, key: impl Into<String>) -> DynamoStates {
        DynamoStates::new(self.dynamodb.clone(), connections_table, self.sealer(key))
    }

    /// What was done to connections.
    pub fn audit(&self, connections_table: impl Into<String>) -> DynamoAudit {
        DynamoAudit::new(self.dynamodb.clone(), connections_table)
    }

    fn sealer(&self, key: impl Into<String>) -> Sealer {
        let keys = KmsKeys::new(aws_sdk_kms::Client::new(&self.sdk), key);
        Sealer::new(Arc::new(keys), Arc::new(SystemClock), Arc::new(OsRandom))
    }
}
