//! A linked repository, the stores, and the handlers over them.

use std::sync::{Arc, Mutex, PoisonError};

use connector_backfill::{PagePorts, PageSettings, PageWorker};
use connector_capture::{Capture, CapturePorts, Enrich, EnrichPorts};
use connector_domain::backfill::Limits;
use connector_domain::connection::{Connection, ConnectionStatus, Integration, ResourceRef, SyncSettings};
use connector_domain::http::WebhookRequest;
use connector_domain::ports::{
    BackfillStore, Clock, ConnectionStore, DeliveryStore, EnrichmentStore, LocalEmbedder, ObservationStore,
    ProviderHttp, Queue, Secrets,
};
use connector_domain::task::{CaptureTask, EnrichTask, PageTask};
use connector_domain::{AccountId, ConnectionId, IntegrationId, ProviderKind, ResourceId, Timestamp, WorkspaceId};
use connector_flows::StartPorts;
use connector_recovery::{Recovery, RecoveryPorts};
use connector_simulator::World;
use connector_simulator::github::Repository;
use connector_testkit::memory::{
    MemoryAudit, MemoryBackfills, MemoryConnections, MemoryDeliveries, MemoryObservations, MemoryVault, StaticSecrets,
    StaticTokens,
};
use connector_webhook::{Webhook, WebhookPorts};
use futures::FutureExt;

use crate::faulty::Faulty;
use crate::provider::InProcess;
use crate::queue::SimulatedQueue;
use crate::{Chance, Plan, Scenario};

pub(super) const WORKSPACE: &str = "acme";
pub(super) const SECRET: &str = "simulated-webhook-secret";

pub(super) struct Stores {
    pub(super) deliveries: Arc<MemoryDeliveries>,
    pub(super) observations: Arc<MemoryObservations>,
    pub(super) backfills: Arc<MemoryBackfills>,
}

pub(super) struct Handlers {
    pub(super) webhook: Webhook,
    pub(super) pages: PageWorker,
    pub(super) capture: Capture,
    pub(super) enrich: Enrich,
    pub(super) recovery: Recovery,
    pub(super) start: StartPorts,
}

pub(super) struct SimulatedClock(pub(super) Mutex<Timestamp>);

impl SimulatedClock {
    pub(super) fn set(&self, at: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn webhooks(repository: &Repository, every: usize) -> Vec<(u64, WebhookRequest)> {
    let all = repository.history_webhooks();
    let chosen = all.iter().step_by(every.max(1)).take(if every == 0 { 0 } else { usize::MAX });
    (0..)
        .zip(chosen)
        .map(|(id, webhook)| {
            let signed = webhook.signed(SECRET.as_bytes());
            (id, WebhookRequest { headers: signed.headers.into_iter().collect(), body: signed.body })
        })
        .collect()
}

pub(super) fn link(
    connections: &MemoryConnections,
    repository: &Repository,
    now: Timestamp,
) -> Result<Integration, Box<dyn std::error::Error>> {
    let connection = Connection {
        id: ConnectionId::parse("connection")?,
        workspace: WorkspaceId::parse(WORKSPACE)?,
        provider: ProviderKind::Github,
        account: AccountId::parse(repository.installation_id.to_string())?,
        account_name: repository.owner(),
        status: ConnectionStatus::Active,
        created_at: now,
        updated_at: now,
    };
    let mut settings = SyncSettings::everything(ProviderKind::Github);
    settings.backfill.enabled = false;
    let integration = Integration {
        id: IntegrationId::parse("integration")?,
        workspace: connection.workspace.clone(),
        connection: connection.id.clone(),
        provider: ProviderKind::Github,
        account: connection.account.clone(),
        resource: ResourceRef { id: ResourceId::parse(repository.id.to_string())?, name: repository.full_name() },
        settings,
        active: true,
        inactive_reason: None,
        linked_at: now,
        updated_at: now,
    };
    let stored = async {
        connections.put_connection(&connection).await?;
        connections.put_integration(&integration).await
    };
    stored.now_or_never().ok_or("a memory port waited")??;
    Ok(integration)
}

pub(super) fn handlers(
    plan: &Arc<Plan>,
    clock: &Arc<SimulatedClock>,
    queue: &Arc<SimulatedQueue>,
    world: &World,
    connections: &Arc<MemoryConnections>,
    stores: &Stores,
    scenario: Scenario,
) -> Result<Handlers, Box<dyn std::error::Error>> {
    fn faulty<P: ?Sized>(plan: &Arc<Plan>, port: Arc<P>) -> Arc<Faulty<P>> {
        Arc::new(Faulty { plan: Arc::clone(plan), port })
    }
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    let connections: Arc<dyn ConnectionStore> = faulty(plan, Arc::clone(connections));
    let deliveries: Arc<dyn DeliveryStore> = faulty(plan, Arc::clone(&stores.deliveries));
    let observations: Arc<dyn ObservationStore> = faulty(plan, Arc::clone(&stores.observations));
    let enrichment: Arc<dyn EnrichmentStore> = faulty(plan, Arc::clone(&stores.observations));
    let enrichments: Arc<dyn Queue<EnrichTask>> = faulty(plan, Arc::clone(queue));
    let backfills: Arc<dyn BackfillStore> = faulty(plan, Arc::clone(&stores.backfills));
    let captures: Arc<dyn Queue<CaptureTask>> = faulty(plan, Arc::clone(queue));
    let pages: Arc<dyn Queue<PageTask>> = faulty(plan, Arc::clone(queue));
    let secrets: Arc<dyn Secrets> = faulty(plan, Arc::new(StaticSecrets::of(ProviderKind::Github, &[SECRET])));
    let http: Arc<dyn ProviderHttp> = faulty(plan, Arc::new(InProcess(connector_simulator::router(world.clone()))));
    let limits = Limits { max_attempts: 50, ..Limits::default() };
    let random = Arc::new(Chance::new(1));
    let github = connector_providers::provider(ProviderKind::Github).ok_or("no provider")?;
    Ok(Handlers {
        webhook: Webhook::new(
            github,
            WebhookPorts {
                connections: Arc::clone(&connections),
                deliveries: Arc::clone(&deliveries),
                captures: Arc::clone(&captures),
                secrets,
                clock: Arc::clone(&clock),
            },
        ),
        pages: PageWorker::new(
            PagePorts {
                backfills: Arc::clone(&backfills),
                connections: Arc::clone(&connections),
                deliveries: Arc::clone(&deliveries),
                captures: Arc::clone(&captures),
                pages: Arc::clone(&pages),
                tokens: Arc::new(StaticTokens::default()),
                http,
                clock: Arc::clone(&clock),
                random: Arc::clone(&random) as _,
            },
            PageSettings { page_size: scenario.page_size, reserve_percent: 0, limits },
        ),
        capture: Capture::new(CapturePorts {
            deliveries: Arc::clone(&deliveries),
            connections,
            observations,
            backfills: Arc::clone(&backfills),
            tokens: Arc::new(MemoryVault::default()),
            audit: Arc::new(MemoryAudit::default()),
            enrichments: Arc::clone(&enrichments),
            clock: Arc::clone(&clock),
        }),
        enrich: Enrich::new(EnrichPorts { enrichment: Arc::clone(&enrichment), embedder: Arc::new(LocalEmbedder) }),
        recovery: Recovery::new(
            RecoveryPorts {
                enrichment,
                enrichments,
                deliveries,
                backfills: Arc::clone(&backfills),
                captures,
                pages: Arc::clone(&pages),
                clock: Arc::clone(&clock),
            },
            limits,
        ),
        start: StartPorts { backfills, pages, clock, random, limits },
    })
}
