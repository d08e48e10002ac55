//! Wires the capturing and the enriching function to AWS.

use std::sync::Arc;

use connector_adapters::AwsConfig;
use connector_adapters::system::SystemClock;
use connector_lambda::env::{Env, ProcessEnv};
use connector_lambda::telemetry;

use crate::{Around, Capture, CapturePorts, Enrich, enrich_ports};

/// Serves the capture queue until Lambda ends the process.
///
/// # Errors
/// When a setting is missing, or the Runtime API fails.
pub async fn run() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    telemetry::init();
    let env = ProcessEnv;
    let aws = AwsConfig::load().await;
    let connections = env.require("CONNECTIONS_TABLE")?;
    let capture = Capture::new(CapturePorts {
        tokens: Arc::new(aws.sealed_tokens(connections.clone())),
        audit: Arc::new(aws.audit(connections.clone())),
        deliveries: Arc::new(
            aws.deliveries(env.require("DELIVERIES_TABLE")?, env.days_or("DELIVERY_RETENTION_DAYS", 90)?),
        ),
        connections: Arc::new(aws.connections(connections)),
        observations: Arc::new(aws.observations(env.require("OBSERVATIONS_TABLE")?)),
        backfills: Arc::new(aws.backfills(env.require("BACKFILLS_TABLE")?)),
        enrichments: Arc::new(aws.queue(env.require("ENRICH_QUEUE_URL")?)),
        clock: Arc::new(SystemClock),
    });
    connector_lambda::sqs::serve(async |task| capture.handle(task).await.map(drop)).await
}

/// Serves the enrichment queue until Lambda ends the process.
///
/// # Errors
/// When a setting is missing or wrong, the key of a service is missing, or the Runtime API fails.
pub async fn run_enrich() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    telemetry::init();
    let env = ProcessEnv;
    let aws = AwsConfig::load().await;
    let services = aws.services(|name| env.get(name), env.get("MODELS_SECRET_ARN")).await?;
    let observations = Arc::new(aws.observations(env.require("OBSERVATIONS_TABLE")?));
    let around = Around {
        enrichment: Arc::clone(&observations) as _,
        models: observations,
        looks: Arc::new(aws.queue(env.require("ENRICH_QUEUE_URL")?)),
        clock: Arc::new(SystemClock),
    };
    let enrich = Enrich::new(enrich_ports(&services, around));
    connector_lambda::sqs::serve(async |task| enrich.handle(task).await.map(drop)).await
}
