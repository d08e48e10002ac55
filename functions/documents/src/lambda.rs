//! Wires the function to AWS.

use std::sync::Arc;

use connector_adapters::AwsConfig;
use connector_adapters::signer::RsaSigner;
use connector_adapters::system::{OsRandom, SystemClock, SystemPause};
use connector_domain::ports::LocalEmbedder;
use connector_flows::{ConnectionTokens, TokenPorts};
use connector_lambda::env::{Env, ProcessEnv};
use connector_lambda::telemetry;

use crate::{DocumentsSettings, DocumentsWorker, WorkerPorts};

/// Serves the queue of documents until Lambda ends the process.
///
/// # Errors
/// When a setting is missing, or the Runtime API fails.
pub async fn run() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
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
    let backfills = Arc::new(aws.backfills(env.require("BACKFILLS_TABLE")?));
    let ports = WorkerPorts {
        syncs: Arc::clone(&backfills) as _,
        documents: Arc::new(aws.documents(env.require("OBSERVATIONS_TABLE")?)),
        tasks: Arc::new(aws.queue(env.require("DOCUMENTS_QUEUE_URL")?)),
        embedder: Arc::new(LocalEmbedder),
        connections: Arc::new(aws.connections(connections)),
        backfills,
        tokens: Arc::new(tokens),
        http,
        clock: Arc::new(SystemClock),
        random: Arc::new(OsRandom),
    };
    let worker = DocumentsWorker::new(ports, DocumentsSettings::default());
    connector_lambda::sqs::serve(async |task| worker.handle(task).await.map(drop)).await
}
