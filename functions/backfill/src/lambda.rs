//! Wires the page fetcher and the scheduler to AWS.

use std::sync::Arc;

use connector_adapters::AwsConfig;
use connector_adapters::signer::RsaSigner;
use connector_adapters::system::{OsRandom, SystemClock, SystemPause};
use connector_domain::backfill::Limits;
use connector_lambda::env::{Env, ProcessEnv};
use connector_lambda::telemetry;

use crate::{PagePorts, PageSettings, PageWorker, Scheduler};
use connector_flows::{ConnectionTokens, StartPorts, TokenPorts};

/// Serves the page queue until Lambda ends the process.
///
/// # Errors
/// When a setting is missing, or the Runtime API fails.
pub async fn run_pages() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    telemetry::init();
    let env = ProcessEnv;
    let aws = AwsConfig::load().await;
    let connections = env.require("CONNECTIONS_TABLE")?;
    let http = Arc::new(connector_adapters::http::from_settings(|name| env.get(name))?);
    let tokens = ConnectionTokens::new(TokenPorts {
        vault: Arc::new(aws.vault(connections.clone(), env.require("TOKEN_KEY_ARN")?)),
        connections: Arc::new(aws.connections(connections.clone())),
        secrets: Arc::new(aws.secrets(env.provider_secrets())),
        signer: Arc::new(RsaSigner),
        audit: Arc::new(aws.audit(connections.clone())),
        http: Arc::clone(&http) as _,
        clock: Arc::new(SystemClock),
        random: Arc::new(OsRandom),
        pause: Arc::new(SystemPause),
    });
    let captures = env.require("CAPTURE_QUEUE_URL")?;
    let ports = PagePorts {
        backfills: Arc::new(aws.backfills(env.require("BACKFILLS_TABLE")?)),
        tokens: Arc::new(tokens),
        connections: Arc::new(aws.connections(connections)),
        deliveries: Arc::new(
            aws.deliveries(env.require("DELIVERIES_TABLE")?, env.days_or("DELIVERY_RETENTION_DAYS", 90)?),
        ),
        captures: Arc::new(aws.queue(captures.clone())),
        replays: Arc::new(aws.queue(captures)),
        pages: Arc::new(aws.queue(env.require("PAGE_QUEUE_URL")?)),
        http,
        clock: Arc::new(SystemClock),
        random: Arc::new(OsRandom),
    };
    let worker = PageWorker::new(ports, PageSettings::default());
    connector_lambda::sqs::serve(async |task| worker.handle(task).await.map(drop)).await
}

/// Serves the schedule until Lambda ends the process.
///
/// # Errors
/// When a setting is missing, or the Runtime API fails.
pub async fn run_scheduler() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    telemetry::init();
    let env = ProcessEnv;
    let aws = AwsConfig::load().await;
    let backfills = env.require("BACKFILLS_TABLE")?;
    let scheduler = Scheduler {
        connections: Arc::new(aws.connections(env.require("CONNECTIONS_TABLE")?)),
        start: StartPorts {
            backfills: Arc::new(aws.backfills(backfills.clone())),
            holds: Arc::new(aws.holds(backfills)),
            pages: Arc::new(aws.queue(env.require("PAGE_QUEUE_URL")?)),
            clock: Arc::new(SystemClock),
            random: Arc::new(OsRandom),
            limits: Limits::default(),
        },
    };
    connector_lambda::schedule::serve(|| scheduler.tick()).await
}
