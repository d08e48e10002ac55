//! Wires the API's functions to AWS.

use std::sync::Arc;

use connector_adapters::AwsConfig;
use connector_adapters::http::ReqwestHttp;
use connector_adapters::system::{OsRandom, SystemClock};
use connector_domain::ProviderKind;
use connector_domain::backfill::Limits;
use connector_flows::{ResourcePorts, StartPorts};
use connector_lambda::env::{Env, EnvError, ProcessEnv};
use connector_lambda::telemetry;
use lambda_runtime::{LambdaEvent, service_fn};

use crate::authorizer::Question;
use crate::ports::RecordPorts;
use crate::{Api, ApiPorts, Authorizer, LivePorts};

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
    let records = RecordPorts {
        deliveries: Arc::clone(&deliveries) as _,
        delivery_log: deliveries,
        observations: Arc::new(aws.observations(env.require("OBSERVATIONS_TABLE")?)),
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
    let tokens = aws.vault(env.require("CONNECTIONS_TABLE")?, env.require("TOKEN_KEY_ARN")?);
    let resources =
        ResourcePorts { tokens: Arc::new(tokens), http: Arc::new(http(&env)?), clock: Arc::new(SystemClock) };
    let teardown = Arc::new(crate::teardown::RowsTeardown::of(&ports));
    let api = Api::new(ApiPorts { live: Some(LivePorts { resources, teardown }), ..ports });
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

fn rows(aws: &AwsConfig, env: &impl Env) -> Result<ApiPorts, EnvError> {
    let table = env.require("CONNECTIONS_TABLE")?;
    let connections = Arc::new(aws.connections(table.clone()));
    let backfills = Arc::new(aws.backfills(env.require("BACKFILLS_TABLE")?));
    let access = Arc::new(aws.access(table));
    Ok(ApiPorts {
        connections: Arc::clone(&connections) as _,
        connection_lists: connections,
        run_lists: Arc::clone(&backfills) as _,
        start: StartPorts {
            backfills,
            pages: Arc::new(aws.queue(env.require("PAGE_QUEUE_URL")?)),
            clock: Arc::new(SystemClock),
            random: Arc::new(OsRandom),
            limits: Limits::default(),
        },
        once: Arc::clone(&access) as _,
        changes: access,
        records: None,
        live: None,
    })
}

/// One client for all providers, each at its usual address or where the environment says.
fn http(env: &impl Env) -> Result<ReqwestHttp, Failure> {
    let mut http = ReqwestHttp::builder();
    for provider in ProviderKind::ALL {
        if let Some(url) = env.get(provider.api_url_setting()) {
            let invalid = EnvError::Invalid { name: provider.api_url_setting(), expected: "an http or https URL" };
            http = http.base_url(provider, &url).map_err(|_| invalid)?;
        }
    }
    Ok(http.build()?)
}
