//! The story of one webhook request.

use std::sync::Arc;
use std::time::Duration;

use connector_domain::delivery::{DeliveryRecord, DeliveryState};
use connector_domain::http::WebhookRequest;
use connector_domain::ports::{Clock, ConnectionStore, DeliveryStore, PortError, PutDelivery, Queue, Secrets};
use connector_domain::task::CaptureTask;
use connector_domain::{AccountId, Delivery, ResourceId, Verified, WorkspaceId};
use connector_lambda::http::Reply;
use connector_lambda::telemetry::chain;
use connector_providers::{Provider, Rejection, Route};
use serde_json::json;
use tracing::{error, info, warn};

/// How long a stored delivery may wait for its capture before recovery sends it again.
const DUE_AFTER: Duration = Duration::from_secs(300);

/// What the webhook function needs of the outside.
#[derive(Clone)]
pub struct WebhookPorts {
    /// Whose account and resource it is.
    pub connections: Arc<dyn ConnectionStore>,
    /// Where the bytes go.
    pub deliveries: Arc<dyn DeliveryStore>,
    /// Who captures them.
    pub captures: Arc<dyn Queue<CaptureTask>>,
    /// What signs them.
    pub secrets: Arc<dyn Secrets>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Accepts the webhooks of one provider.
#[derive(Clone)]
pub struct Webhook {
    provider: &'static dyn Provider,
    ports: WebhookPorts,
}

/// Whom a delivery is for.
struct Target {
    account: Option<AccountId>,
    resource: Option<ResourceId>,
    workspaces: Vec<WorkspaceId>,
    /// Why it is for nobody, when it is for nobody.
    reason: &'static str,
    detail: String,
}

impl Webhook {
    /// The webhook function of a provider.
    #[must_use]
    pub const fn new(provider: &'static dyn Provider, ports: WebhookPorts) -> Self {
        Self { provider, ports }
    }

    /// Answers one request. A fault of ours is a 503, on which senders that retry do.
    pub async fn handle(&self, request: WebhookRequest) -> Reply {
        let provider = self.provider.kind();
        let delivery = match self.verify(request).await {
            Ok(Ok(delivery)) => delivery,
            Ok(Err(rejection)) => {
                warn!(%provider, code = rejection.code(), "refused a webhook: {rejection}");
                return Reply::problem(rejection.status(), rejection.code(), &rejection.to_string());
            }
            Err(error) => return unavailable(&error),
        };
        match self.accept(&delivery).await {
            Ok(reply) => reply,
            Err(error) => unavailable(&error),
        }
    }

    /// A secret may have been rotated a moment ago: before a signature is refused, the secrets are read afresh once.
    async fn verify(&self, request: WebhookRequest) -> Result<Result<Delivery<Verified>, Rejection>, PortError> {
        let provider = self.provider.kind();
        let now = self.ports.clock.now();
        let secrets = self.ports.secrets.webhook_secrets(provider, false).await?;
        let verified = self.provider.verify(request.clone(), &secrets, now);
        if !matches!(verified, Err(Rejection::WrongSignature | Rejection::NotConfigured)) {
            return Ok(verified);
        }
        let secrets = self.ports.secrets.webhook_secrets(provider, true).await?;
        Ok(self.provider.verify(request, &secrets, now))
    }

    async fn accept(&self, delivery: &Delivery<Verified>) -> Result<Reply, PortError> {
        let target = self.target(delivery).await?;
        let record = self.record(delivery, &target);
        let id = record.id.clone();
        let pending = match self.ports.deliveries.put_if_absent(&record, &delivery.raw).await? {
            PutDelivery::Stored => record.pending.clone(),
            PutDelivery::Exists(known) => {
                let pending = self.reopened(*known, &target).await?;
                if pending.is_empty() {
                    info!(provider = %delivery.provider, delivery.id = %id, "known delivery {id}");
                    return Ok(Reply::ok(json!({ "status": "duplicate", "delivery": id })));
                }
                pending
            }
        };
        if pending.is_empty() {
            info!(provider = %delivery.provider, delivery.id = %id, reason = target.detail, "stored {id}, for nobody");
            return Ok(Reply::ok(json!({ "status": "ignored", "reason": target.reason, "delivery": id })));
        }
        let tasks: Vec<_> = pending.iter().map(|workspace| record.capture_task(workspace)).collect();
        if let Err(error) = self.ports.captures.send(&tasks, Duration::ZERO).await {
            // The delivery is durable and due: recovery will send these tasks.
            error!(delivery.id = %id, "stored {id} and could not enqueue it: {}", chain(&error));
        }
        info!(provider = %delivery.provider, delivery.id = %id, workspaces = tasks.len(), "accepted {id}");
        Ok(Reply::ok(json!({ "status": "accepted", "delivery": id })))
    }

    /// A delivery that comes again is captured by whoever has not captured it: a first attempt may have stopped half-way,
    /// and a workspace may have linked the resource since, for the first time or again.
    async fn reopened(&self, known: DeliveryRecord, target: &Target) -> Result<Vec<WorkspaceId>, PortError> {
        let told =
            |workspace: &WorkspaceId| known.outcomes.contains_key(workspace) || known.pending.contains(workspace);
        let of_target = |wanted: &dyn Fn(&WorkspaceId) -> bool| -> Vec<_> {
            target.workspaces.iter().filter(|workspace| wanted(workspace)).cloned().collect()
        };
        let (untold, dropped) = (of_target(&|ws| !told(ws)), of_target(&|ws| known.was_unlinked_for(ws)));
        let waiting = match known.state {
            DeliveryState::Received | DeliveryState::Dead(_) => known.pending,
            DeliveryState::Processed | DeliveryState::Skipped(_) => Vec::new(),
        };
        // A row that waits for nobody new is open as it is.
        let open = known.state == DeliveryState::Received && untold.is_empty();
        let missing = [untold, waiting].concat();
        if !missing.is_empty() && !open {
            self.ports.deliveries.reopen(&known.id, &missing, self.due_at()).await?;
        }
        for workspace in &dropped {
            self.ports.deliveries.replay(&known.id, workspace, self.due_at()).await?;
        }
        Ok([missing, dropped].concat())
    }

    /// Routes by the account in the verified body, then by resource: one that is linked under another account's connection
    /// is somebody else's, whatever names the body holds.
    async fn target(&self, delivery: &Delivery<Verified>) -> Result<Target, PortError> {
        let nobody = |reason, detail| Target { account: None, resource: None, workspaces: Vec::new(), reason, detail };
        let (account, resource) = match self.provider.route(delivery) {
            Route::Account { account, resource } => (account, resource),
            Route::Nowhere(reason) => return Ok(nobody("not_routed", reason.to_string())),
            Route::Unreadable(at) => return Ok(nobody("unreadable", format!("{}: {}", at.path, at.reason))),
        };
        let connections = self.ports.connections.connections_of(delivery.provider, &account).await?;
        let live: Vec<_> = connections.iter().filter(|connection| connection.status.receives()).collect();
        let mut reason = if live.is_empty() { "no_connection" } else { "not_linked" };
        let mut workspaces = Vec::new();
        match &resource {
            None => workspaces.extend(live.iter().map(|connection| connection.workspace.clone())),
            Some(resource) if !live.is_empty() => {
                for link in self.ports.connections.integrations_of(delivery.provider, resource).await? {
                    if !live.iter().any(|connection| connection.id == link.connection) {
                        reason = "tenant_mismatch";
                    } else if link.active {
                        workspaces.push(link.workspace);
                    }
                }
            }
            Some(_) => {}
        }
        workspaces.sort_unstable();
        workspaces.dedup();
        Ok(Target { account: Some(account), resource, workspaces, reason, detail: reason.to_owned() })
    }

    fn record(&self, delivery: &Delivery<Verified>, target: &Target) -> DeliveryRecord {
        let id = delivery.id();
        let state = if target.workspaces.is_empty() {
            DeliveryState::Skipped(target.detail.clone())
        } else {
            DeliveryState::Received
        };
        DeliveryRecord {
            correlation: id.correlation(),
            id,
            provider: delivery.provider,
            origin: delivery.origin.clone(),
            account: target.account.clone(),
            resource: target.resource.clone(),
            received_at: delivery.received_at,
            bytes: delivery.raw.len() as u64,
            state,
            pending: target.workspaces.clone(),
            outcomes: std::collections::BTreeMap::new(),
            attempts: 0,
            due_at: self.due_at(),
        }
    }

    fn due_at(&self) -> connector_domain::Timestamp {
        let now = self.ports.clock.now();
        now.checked_add(DUE_AFTER).unwrap_or(now)
    }
}

fn unavailable(error: &PortError) -> Reply {
    error!(code = "unavailable", "could not take a webhook: {}", chain(error));
    Reply::problem(503, "unavailable", "the delivery could not be stored; send it again")
}

#[cfg(test)]
mod tests;
