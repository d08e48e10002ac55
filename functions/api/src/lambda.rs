//! Wires the API's functions to AWS.

use std::sync::Arc;
use std::time::Duration;

use connector_adapters::AwsConfig;
use connector_adapters::http::from_settings;
use connector_adapters::services::{ServiceLimits, Services};
use connector_adapters::signer::RsaSigner;
use connector_adapters::system::{OsRandom, SystemClock, SystemPause};
use connector_domain::backfill::Limits;
use connector_domain::documents::SyncLimits;
use connector_flows::documents::DocumentPorts;
use connector_flows::{
    ConnectionTokens, ProbePorts, ResourcePorts, RevokePorts, StartPorts, TeardownPorts, TokenPorts,
};
use connector_lambda::env::{Env, EnvError, ProcessEnv};
use connector_lambda::telemetry::{self, chain};
use lambda_runtime::{LambdaEvent, service_fn};
use tracing::warn;

use crate::authorizer::Question;
use crate::ports::RecordPorts;
use crate::{Api, ApiPorts, Authorizer, LivePorts, ProviderTeardown};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Serves what needs no provider until Lambda ends the process.
///
/// # Errors
/// When a setting is missing, or the Runtime API fails.
pub async fn run() -> Result<(), Failure> {
    telemetry::init();
    let env = ProcessEnv;
    let aws = AwsConfig::load().await;
    let deliveries =
        Arc::new(aws.deliveries(env.require("DELIVERIES_TABLE")?, env.days_or("DELIVERY_RETENTION_DAYS", 90)?));
    let observations = Arc::new(aws.observations(env.require("OBSERVATIONS_TABLE")?));
    let services = services(&aws, &env).await;
    let records = RecordPorts {
        deliveries: Arc::clone(&deliveries) as _,
        delivery_log: deliveries,
        observations: Arc::clone(&observations) as _,
        enrichment: Arc::clone(&observations) as _,
        models: observations,
        documents: Arc::new(aws.documents(env.require("OBSERVATIONS_TABLE")?)),
        embedder: services.embedder,
        index: services.index,
        captures: Arc::new(aws.queue(env.require("CAPTURE_QUEUE_URL")?)),
        keys: Arc::new(aws.access(env.require("CONNECTIONS_TABLE")?)),
    };
    let api = Api::new(ApiPorts { records: Some(records), ..rows(&aws, &env)? });
    connector_lambda::api::serve(|request| api.handle(request)).await
}

/// Serves what must ask a provider until Lambda ends the process.
///
/// # Errors
/// When a setting is missing, or the Runtime API fails.
pub async fn run_live() -> Result<(), Failure> {
    telemetry::init();
    let env = ProcessEnv;
    let aws = AwsConfig::load().await;
    let ports = rows(&aws, &env)?;
    let (table, key) = (env.require("CONNECTIONS_TABLE")?, env.require("TOKEN_KEY_ARN")?);
    let http = Arc::new(from_settings(|name| env.get(name))?);
    let (clock, vault) = (Arc::new(SystemClock), Arc::new(aws.vault(table.clone(), key)));
    let secrets = Arc::new(aws.secrets(env.provider_secrets()));
    let audit = Arc::clone(&ports.audit);
    let tokens = ConnectionTokens::new(TokenPorts {
        vault: Arc::clone(&vault) as _,
        connections: Arc::clone(&ports.connections),
        secrets: Arc::clone(&secrets) as _,
        signer: Arc::new(RsaSigner),
        audit: Arc::clone(&audit),
        http: Arc::clone(&http) as _,
        clock: Arc::clone(&clock) as _,
        random: Arc::new(OsRandom),
        pause: Arc::new(SystemPause),
    });
    let teardown = ProviderTeardown {
        rows: TeardownPorts {
            connections: Arc::clone(&ports.connections),
            backfills: Arc::clone(&ports.start.backfills),
            tokens: Arc::new(aws.sealed_tokens(table)),
            audit,
            documents: ports.documents.clone(),
            clock: Arc::clone(&clock) as _,
        },
        revoke: RevokePorts { vault, secrets: Arc::clone(&secrets) as _, http: Arc::clone(&http) as _ },
    };
    let resources = ResourcePorts { tokens: Arc::new(tokens), http, clock };
    let probe = ProbePorts { resources, secrets, signer: Arc::new(RsaSigner) };
    let live = LivePorts { probe, teardown: Arc::new(teardown) };
    let api = Api::new(ApiPorts { live: Some(live), ..ports });
    connector_lambda::api::serve(|request| api.handle(request)).await
}

/// Judges machine keys until Lambda ends the process.
///
/// # Errors
/// When a setting is missing, or the Runtime API fails.
pub async fn run_authorizer() -> Result<(), Failure> {
    telemetry::init();
    let aws = AwsConfig::load().await;
    let keys = Arc::new(aws.access(ProcessEnv.require("CONNECTIONS_TABLE")?));
    let authorizer = &Authorizer { keys, clock: Arc::new(SystemClock) };
    lambda_runtime::run(service_fn(|event: LambdaEvent<Question>| async move {
        let header = event.payload.identity_source.first().map(String::as_str);
        Ok::<_, Failure>(authorizer.judge(header).await?)
    }))
    .await
}

/// What searches ask besides rows. The API is there without them.
async fn services(aws: &AwsConfig, env: &ProcessEnv) -> Services {
    // Somebody waits for the answer; what is kept here is looked through instead.
    let limits = ServiceLimits { total: Duration::from_secs(4), ..ServiceLimits::default() };
    match aws.services(|name| env.get(name), env.get("MODELS_SECRET_ARN"), limits).await {
        Ok(services) => services,
        Err(error) => {
            warn!("searches ask no service: {}", chain(&*error));
            Services::none()
        }
    }
}

fn rows(aws: &AwsConfig, env: &impl Env) -> Result<ApiPorts, EnvError> {
    let table = env.require("CONNECTIONS_TABLE")?;
    let connections = Arc::new(aws.connections(table.clone()));
    let backfills_table = env.require("BACKFILLS_TABLE")?;
    let holds = Arc::new(aws.holds(backfills_table.clone()));
    let backfills = Arc::new(aws.backfills(backfills_table));
    let (access, audit) = (Arc::new(aws.access(table.clone())), Arc::new(aws.audit(table)));
    Ok(ApiPorts {
        connections: Arc::clone(&connections) as _,
        connection_lists: connections,
        run_lists: Arc::clone(&backfills) as _,
        documents: DocumentPorts {
            syncs: Arc::clone(&backfills) as _,
            tasks: Arc::new(aws.queue(env.require("DOCUMENTS_QUEUE_URL")?)),
            clock: Arc::new(SystemClock),
            limits: SyncLimits::default(),
        },
        start: StartPorts {
            backfills,
            holds,
            pages: Arc::new(aws.queue(env.require("PAGE_QUEUE_URL")?)),
            clock: Arc::new(SystemClock),
            random: Arc::new(OsRandom),
            limits: Limits::default(),
        },
        once: Arc::clone(&access) as _,
        changes: access,
        audit,
        records: None,
        live: None,
    })
}
