//! Asks a provider for webhooks again that did not arrive. Those that do not send again by themselves keep a log.

use std::sync::Arc;

use connector_domain::Secret;
use connector_domain::backfill::ProviderError;
use connector_domain::http::{HttpError, HttpRequest, HttpResponse};
use connector_domain::ports::{AppSigner, Clock, PortError, ProviderHttp, RedeliveryLog, Secrets};
use connector_domain::redelivery::{FailedDelivery, Redelivered};
use connector_providers::{FailedDeliveries, Provider};
use tracing::{info, warn};

use crate::tokens::mint::own_bearer;

const OPERATION: &str = "ask for webhooks again";

/// Pages of the log that are looked at. Its newest failures come first.
const MOST_PAGES: usize = 20;

/// What asking again needs of the outside.
#[derive(Clone)]
pub struct RedeliveryPorts {
    /// Which were asked for.
    pub log: Arc<dyn RedeliveryLog>,
    /// What the provider knows our app by.
    pub secrets: Arc<dyn Secrets>,
    /// Signs as the app.
    pub signer: Arc<dyn AppSigner>,
    /// The provider.
    pub http: Arc<dyn ProviderHttp>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Redeliveries {
    /// Webhooks asked for again.
    pub asked: u64,
    /// Webhooks that failed too often.
    pub given_up: u64,
}

/// Asks for all that is due. Safe to repeat: a webhook that comes twice is one delivery.
///
/// # Errors
/// When a port fails, or the provider does not answer.
pub async fn redeliver(ports: &RedeliveryPorts, provider: &dyn Provider) -> Result<Redeliveries, PortError> {
    let Some(log) = provider.failed_deliveries() else { return Ok(Redeliveries::default()) };
    let own = own_bearer(&*ports.secrets, &*ports.signer, provider, ports.clock.now()).await?;
    let Some(bearer) = own else { return Ok(Redeliveries::default()) };
    let failed = failures(ports, log, &bearer).await?;
    let known = ports.log.redelivered(provider.kind()).await?;
    let known = known.unwrap_or_else(|| Redelivered::nothing(provider.kind()));
    let now = ports.clock.now();
    let due = known.due(&failed, now);
    let mut asked = Vec::new();
    for failure in &due.again {
        match ask(ports, &log.again(&failure.id), &bearer).await {
            // What the log does not have any more cannot be had again.
            Ok(response) if response.status < 300 || response.status == 404 => asked.push(*failure),
            Ok(response) => warn!(code = "redelivery_refused", "{} answered {}", provider.kind(), response.status),
            Err(error) => warn!(code = "redelivery_failed", "a webhook could not be asked for again: {error}"),
        }
    }
    // Noted afterwards: a crash in between asks twice, which makes no second row.
    let next = known.after(&asked, &failed, now);
    if next != known {
        ports.log.put_redelivered(&next).await?;
    }
    let done = Redeliveries { asked: asked.len() as u64, given_up: due.given_up as u64 };
    if done != Redeliveries::default() {
        info!(
            provider = %provider.kind(), metric.redelivered = done.asked, metric.never_delivered = done.given_up,
            "asked for webhooks again that did not arrive"
        );
    }
    Ok(done)
}

async fn failures(
    ports: &RedeliveryPorts,
    log: &dyn FailedDeliveries,
    bearer: &Secret,
) -> Result<Vec<FailedDelivery>, PortError> {
    let mut failed = Vec::new();
    let mut cursor = None;
    for _ in 0..MOST_PAGES {
        let response = ask(ports, &log.request(cursor.as_ref()), bearer).await.map_err(unanswered)?;
        let (page, next) = log.read(&response, ports.clock.now()).map_err(refused)?;
        failed.extend(page);
        match next {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    Ok(failed)
}

async fn ask(ports: &RedeliveryPorts, request: &HttpRequest, bearer: &Secret) -> Result<HttpResponse, HttpError> {
    ports.http.send(request, Some(bearer)).await
}

fn unanswered(error: HttpError) -> PortError {
    PortError::temporary(OPERATION, error)
}

fn refused(error: ProviderError) -> PortError {
    PortError::temporary(OPERATION, error)
}
