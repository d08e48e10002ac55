//! Wires the page fetcher and the scheduler to AWS.

use std::sync::Arc;

use connector_adapters::AwsConfig;
use connector_adapters::http::ReqwestHttp;
use connector_adapters::system::{OsRandom, SystemClock};
use connector_domain::ProviderKind;
use connector_domain::backfill::Limits;
use connector_lambda::env::{Env, EnvError, ProcessEnv};
use connector_lambda::telemetry;

use crate::{PagePorts, PageSettings, PageWorker, Scheduler};
use connector_flows::StartPorts;

/// Serves the page queue until Lambda ends the process.
///
/// # Errors
/// When a setting is missing, or the Runtime API fails.
pub async fn run_pages() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    telemetry::init();
    let env = ProcessEnv;
    let aws = AwsConfig::load().await;
    let connections = env.require("CONNECTIONS_TABLE")?;
    let ports = PagePorts {
        backfills: Arc::new(aws.backfills(env.require("BACKFILLS_TABLE")?)),
        tokens: Arc::new(aws.vault(connections.clone(), env.require("TOKEN_KEY_ARN")?)),
        connections: Arc::new(aws.connections(connections)),
        deliveries: Arc::new(
            aws.deliveries(env.require("DELIVERIES_TABLE")?, env.days_or("DELIVERY_RETENTION_DAYS", 90)?),
        ),
        captures: Arc::new(aws.queue(env.require("CAPTURE_QUEUE_URL")?)),
        pages: Arc::new(aws.queue(env.require("PAGE_QUEUE_URL")?)),
        http: Arc::new(http(&env)?),
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
    let scheduler = Scheduler {
        connections: Arc::new(aws.connections(env.require("CONNECTIONS_TABLE")?)),
        start: StartPorts {
            backfills: Arc::new(aws.backfills(env.require("BACKFILLS_TABLE")?)),
            pages: Arc::new(aws.queue(env.require("PAGE_QUEUE_URL")?)),
            clock: Arc::new(SystemClock),
            random: Arc::new(OsRandom),
            limits: Limits::default(),
        },
    };
    connector_lambda::schedule::serve(|| scheduler.tick()).await
}

/// One client for all providers, each at its usual address or where the environment says.
fn http(env: &impl Env) -> Result<ReqwestHttp, Box<dyn std::error::Error + Send + Sync>> {
    let mut http = ReqwestHttp::builder();
    for provider in ProviderKind::ALL {
        if let Some(url) = env.get(provider.api_url_setting()) {
            let invalid = EnvError::Invalid { name: provider.api_url_setting(), expected: "an http or https URL" };
            http = http.base_url(provider, &url).map_err(|_| invalid)?;
        }
    }
    Ok(http.build()?)
}
