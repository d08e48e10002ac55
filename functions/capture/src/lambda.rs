//! Wires the capturing and the enriching function to AWS.

use std::sync::Arc;

use connector_adapters::AwsConfig;
use connector_adapters::services::ServiceLimits;
use connector_adapters::system::SystemClock;
use connector_domain::documents::SyncLimits;
use connector_flows::documents::DocumentPorts;
use connector_lambda::env::{Env, EnvError, ProcessEnv};
use connector_lambda::telemetry;

use crate::{Around, Capture, CapturePorts, Enrich, Notify, enrich_ports};

/// Serves the capture queue until Lambda ends the process.
///
/// # Errors
/// When a setting is missing, or the Runtime API fails.
pub async fn run() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    telemetry::init();
    let env = ProcessEnv;
    let aws = AwsConfig::load().await;
    let (connections, table) = (env.require("CONNECTIONS_TABLE")?, env.require("BACKFILLS_TABLE")?);
    let backfills = Arc::new(aws.backfills(table.clone()));
    let capture = Capture::new(CapturePorts {
        tokens: Arc::new(aws.sealed_tokens(connections.clone())),
        audit: Arc::new(aws.audit(connections.clone())),
        deliveries: Arc::new(
            aws.deliveries(env.require("DELIVERIES_TABLE")?, env.days_or("DELIVERY_RETENTION_DAYS", 90)?),
        ),
        connections: Arc::new(aws.connections(connections)),
        observations: Arc::new(aws.observations(env.require("OBSERVATIONS_TABLE")?)),
        backfills: Arc::clone(&backfills) as _,
        holds: Arc::new(aws.holds(table)),
        replays: Arc::new(aws.queue(env.require("CAPTURE_QUEUE_URL")?)),
        enrichments: Arc::new(aws.queue(env.require("ENRICH_QUEUE_URL")?)),
        notify: notify(&aws, &env)?,
        documents: DocumentPorts {
            syncs: backfills,
            tasks: Arc::new(aws.queue(env.require("DOCUMENTS_QUEUE_URL")?)),
            clock: Arc::new(SystemClock),
            limits: SyncLimits::default(),
        },
        clock: Arc::new(SystemClock),
    });
    connector_lambda::sqs::serve(async |message| capture.take(message).await).await
}

/// Who is told of what was captured: nobody, unless it is said from which score on.
fn notify(aws: &AwsConfig, env: &ProcessEnv) -> Result<Option<Notify>, EnvError> {
    if env.get("NOTIFY_FROM").is_none() {
        return Ok(None);
    }
    let from = env.parse_or("NOTIFY_FROM", "a score from 0 to 100", 0)?;
    Ok(Some(Notify { queue: Arc::new(aws.queue(env.require("NOTIFICATION_QUEUE_URL")?)), from }))
}

/// Serves the enrichment queue until Lambda ends the process.
///
/// # Errors
/// When a setting is missing or wrong, the key of a service is missing, or the Runtime API fails.
pub async fn run_enrich() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    telemetry::init();
    let env = ProcessEnv;
    let aws = AwsConfig::load().await;
    let services = aws.services(|name| env.get(name), env.get("MODELS_SECRET_ARN"), ServiceLimits::default()).await?;
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
