//! Wires the OAuth functions to AWS.

use std::sync::Arc;

use connector_adapters::AwsConfig;
use connector_adapters::http::from_settings;
use connector_adapters::system::{OsRandom, SystemClock};
use connector_domain::ProviderKind;
use connector_domain::backfill::Limits;
use connector_domain::documents::SyncLimits;
use connector_domain::http::Host;
use connector_flows::StartPorts;
use connector_flows::connect::ConnectPorts;
use connector_flows::documents::DocumentPorts;
use connector_lambda::env::{Env, ProcessEnv};
use connector_lambda::telemetry;

use crate::{OAuth, OAuthSettings};

/// Connects accounts of a provider until Lambda ends the process.
///
/// # Errors
/// When a setting is missing, or the Runtime API fails.
pub async fn run(provider: ProviderKind) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    telemetry::init();
    let env = ProcessEnv;
    let provider = connector_providers::provider(provider).ok_or("this build does not serve the provider")?;
    let kind = provider.kind();
    let aws = AwsConfig::load().await;
    let (connections, key) = (env.require("CONNECTIONS_TABLE")?, env.require("TOKEN_KEY_ARN")?);
    let ports = ConnectPorts {
        states: Arc::new(aws.states(connections.clone(), key.clone())),
        connections: Arc::new(aws.connections(connections.clone())),
        vault: Arc::new(aws.vault(connections.clone(), key)),
        audit: Arc::new(aws.audit(connections)),
        secrets: Arc::new(aws.secrets([(kind, env.require(kind.secret_setting())?)])),
        http: Arc::new(from_settings(|name| env.get(name))?),
        clock: Arc::new(SystemClock),
        random: Arc::new(OsRandom),
    };
    let settings =
        OAuthSettings { settings_url: env.get("SETTINGS_URL"), web_url: env.get(kind.url_setting(Host::Web)) };
    let table = env.require("BACKFILLS_TABLE")?;
    let backfills = Arc::new(aws.backfills(table.clone()));
    let start = StartPorts {
        backfills: Arc::clone(&backfills) as _,
        holds: Arc::new(aws.holds(table)),
        pages: Arc::new(aws.queue(env.require("PAGE_QUEUE_URL")?)),
        clock: Arc::new(SystemClock),
        random: Arc::new(OsRandom),
        limits: Limits::default(),
    };
    let documents = match provider.documents() {
        Some(_) => Some(DocumentPorts {
            syncs: backfills,
            tasks: Arc::new(aws.queue(env.require("DOCUMENTS_QUEUE_URL")?)),
            clock: Arc::new(SystemClock),
            limits: SyncLimits::default(),
        }),
        None => None,
    };
    let oauth = OAuth::new(provider, ports, settings).restarting(start, documents);
    connector_lambda::api::serve(|request| oauth.handle(request)).await
}
