//! Wires the recovery function to AWS.

use std::sync::Arc;

use connector_adapters::AwsConfig;
use connector_adapters::signer::RsaSigner;
use connector_adapters::system::SystemClock;
use connector_domain::backfill::Limits;
use connector_flows::RedeliveryPorts;
use connector_lambda::env::{Env, ProcessEnv};
use connector_lambda::telemetry;

use crate::{Recovery, RecoveryPorts};

/// Serves the schedule until Lambda ends the process.
///
/// # Errors
/// When a setting is missing, or the Runtime API fails.
pub async fn run() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    telemetry::init();
    let env = ProcessEnv;
    let aws = AwsConfig::load().await;
    let deliveries =
        Arc::new(aws.deliveries(env.require("DELIVERIES_TABLE")?, env.days_or("DELIVERY_RETENTION_DAYS", 90)?));
    let redelivery = RedeliveryPorts {
        log: Arc::clone(&deliveries) as _,
        secrets: Arc::new(aws.secrets(env.provider_secrets())),
        signer: Arc::new(RsaSigner),
        http: Arc::new(connector_adapters::http::from_settings(|name| env.get(name))?),
        clock: Arc::new(SystemClock),
    };
    let ports = RecoveryPorts {
        deliveries,
        backfills: Arc::new(aws.backfills(env.require("BACKFILLS_TABLE")?)),
        captures: Arc::new(aws.queue(env.require("CAPTURE_QUEUE_URL")?)),
        pages: Arc::new(aws.queue(env.require("PAGE_QUEUE_URL")?)),
        clock: Arc::new(SystemClock),
    };
    let recovery = Recovery::new(ports, Limits::default()).redelivering(redelivery);
    connector_lambda::schedule::serve(|| recovery.sweep()).await
}
