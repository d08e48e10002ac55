//! Wires the capturing and the enriching function to AWS.

use std::sync::Arc;

use connector_adapters::AwsConfig;
use connector_adapters::system::SystemClock;
use connector_domain::documents::SyncLimits;
use connector_domain::ports::LocalEmbedder;
use connector_flows::documents::DocumentPorts;
use connector_lambda::env::{Env, ProcessEnv};
use connector_lambda::telemetry;

use crate::{Capture, CapturePorts, Enrich, EnrichPorts};

/// Serves the capture queue until Lambda ends the process.
///
/// # Errors
/// When a setting is missing, or the Runtime API fails.
pub async fn run() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    telemetry::init();
    let env = ProcessEnv;
    let aws = AwsConfig::load().await;
    let connections = env.require("CONNECTIONS_TABLE")?;
    let backfills = Arc::new(aws.backfills(env.require("BACKFILLS_TABLE")?));
    let capture = Capture::new(CapturePorts {
        tokens: Arc::new(aws.sealed_tokens(connections.clone())),
        audit: Arc::new(aws.audit(connections.clone())),
        deliveries: Arc::new(
            aws.deliveries(env.require("DELIVERIES_TABLE")?, env.days_or("DELIVERY_RETENTION_DAYS", 90)?),
        ),
        connections: Arc::new(aws.connections(connections)),
        observations: Arc::new(aws.observations(env.require("OBSERVATIONS_TABLE")?)),
        backfills: Arc::clone(&backfills) as _,
        enrichments: Arc::new(aws.queue(env.require("ENRICH_QUEUE_URL")?)),
        documents: DocumentPorts {
            syncs: backfills,
            tasks: Arc::new(aws.queue(env.require("DOCUMENTS_QUEUE_URL")?)),
            clock: Arc::new(SystemClock),
            limits: SyncLimits::default(),
        },
        clock: Arc::new(SystemClock),
    });
    connector_lambda::sqs::serve(async |task| capture.handle(task).await.map(drop)).await
}

/// Serves the enrichment queue until Lambda ends the process.
///
/// # Errors
/// When a setting is missing, or the Runtime API fails.
pub async fn run_enrich() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    telemetry::init();
    let aws = AwsConfig::load().await;
    let enrich = Enrich::new(EnrichPorts {
        enrichment: Arc::new(aws.observations(ProcessEnv.require("OBSERVATIONS_TABLE")?)),
        embedder: Arc::new(LocalEmbedder),
    });
    connector_lambda::sqs::serve(async |task| enrich.handle(task).await.map(drop)).await
}
