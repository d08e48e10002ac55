//! Wires the recovery functions to AWS.

use std::sync::Arc;

use connector_adapters::AwsConfig;
use connector_adapters::signer::RsaSigner;
use connector_adapters::system::{OsRandom, SystemClock, SystemPause};
use connector_domain::backfill::Limits;
use connector_domain::documents::SyncLimits;
use connector_flows::documents::DocumentPorts;
use connector_flows::{ConnectionTokens, RedeliveryPorts, TokenPorts};
use connector_lambda::env::{Env, ProcessEnv};
use connector_lambda::telemetry;

use crate::{Recovery, RecoveryPorts, TokenRefresh};

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
    let (table, captures) = (env.require("BACKFILLS_TABLE")?, env.require("CAPTURE_QUEUE_URL")?);
    let backfills = Arc::new(aws.backfills(table.clone()));
    let ports = RecoveryPorts {
        deliveries,
        backfills: Arc::clone(&backfills) as _,
        holds: Arc::new(aws.holds(table)),
        enrichment: Arc::new(aws.observations(env.require("OBSERVATIONS_TABLE")?)),
        enrichments: Arc::new(aws.queue(env.require("ENRICH_QUEUE_URL")?)),
        captures: Arc::new(aws.queue(captures.clone())),
        replays: Arc::new(aws.queue(captures)),
        pages: Arc::new(aws.queue(env.require("PAGE_QUEUE_URL")?)),
        documents: DocumentPorts {
            syncs: backfills,
            tasks: Arc::new(aws.queue(env.require("DOCUMENTS_QUEUE_URL")?)),
            clock: Arc::new(SystemClock),
            limits: SyncLimits::default(),
        },
        clock: Arc::new(SystemClock),
    };
    let recovery = Recovery::new(ports, Limits::default()).redelivering(redelivery);
    connector_lambda::schedule::serve(|| recovery.sweep()).await
}

/// Renews tokens on a schedule until Lambda ends the process.
///
/// # Errors
/// When a setting is missing, or the Runtime API fails.
pub async fn run_tokens() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    telemetry::init();
    let env = ProcessEnv;
    let aws = AwsConfig::load().await;
    let table = env.require("CONNECTIONS_TABLE")?;
    let tokens = ConnectionTokens::new(TokenPorts {
        vault: Arc::new(aws.vault(table.clone(), env.require("TOKEN_KEY_ARN")?)),
        connections: Arc::new(aws.connections(table.clone())),
        secrets: Arc::new(aws.secrets(env.provider_secrets())),
        signer: Arc::new(RsaSigner),
        audit: Arc::new(aws.audit(table.clone())),
        http: Arc::new(connector_adapters::http::from_settings(|name| env.get(name))?),
        clock: Arc::new(SystemClock),
        random: Arc::new(OsRandom),
        pause: Arc::new(SystemPause),
    });
    let rows = Arc::new(aws.sealed_tokens(table));
    let refresh = TokenRefresh { tokens, rows, clock: Arc::new(SystemClock) };
    connector_lambda::schedule::serve(|| refresh.sweep()).await
}
