//! Wires the webhook function to AWS.

use std::sync::Arc;

use connector_adapters::AwsConfig;
use connector_adapters::system::SystemClock;
use connector_domain::ProviderKind;
use connector_lambda::env::{Env, ProcessEnv};
use connector_lambda::telemetry;

use crate::{Webhook, WebhookPorts};

/// Serves the webhooks of a provider until Lambda ends the process.
///
/// # Errors
/// When a setting is missing, or the Runtime API fails.
pub async fn run(provider: ProviderKind) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    telemetry::init();
    let env = ProcessEnv;
    let provider = connector_providers::provider(provider).ok_or("this build does not serve the provider")?;
    let aws = AwsConfig::load().await;
    let ports = WebhookPorts {
        connections: Arc::new(aws.connections(env.require("CONNECTIONS_TABLE")?)),
        deliveries: Arc::new(
            aws.deliveries(env.require("DELIVERIES_TABLE")?, env.days_or("DELIVERY_RETENTION_DAYS", 90)?),
        ),
        captures: Arc::new(aws.queue(env.require("CAPTURE_QUEUE_URL")?)),
        secrets: Arc::new(aws.secrets([(provider.kind(), env.require(provider.kind().secret_setting())?)])),
        clock: Arc::new(SystemClock),
    };
    let webhook = Webhook::new(provider, ports);
    connector_lambda::http::serve(|request| webhook.handle(request)).await
}
