//! The handlers of a history, and the ports they stand on. A new port is added here and nowhere else:
//! handler -> (a planted fault) -> faults of the plan -> (an index that lags) -> the watched store in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use connector_backfill::{PagePorts, PageSettings, PageWorker, Scheduler};
use connector_capture::{Capture, CapturePorts, Enrich};
use connector_documents::{DocumentsWorker, WorkerPorts};
use connector_domain::backfill::Limits;
use connector_domain::ports::{
    AuditLog, BackfillStore, Clock, ConnectionStore, DeliveryStore, HoldStore, LocalEmbedder, ObservationStore, Pause,
    ProviderHttp, Queue, Random, Secrets, StateStore, TokenRows, TokenVault, Tokens,
};
use connector_domain::task::{CaptureTask, EnrichTask, PageTask, ReplayTask};
use connector_domain::{ProviderKind, Timestamp};
use connector_flows::connect::{Connect, ConnectPorts};
use connector_flows::{ConnectionTokens, RevokePorts, StartPorts, TeardownPorts, TokenPorts};
use connector_recovery::{Recovery, RecoveryPorts, TokenRefresh};
use connector_testkit::memory::{
    FakeSigner, MemoryAudit, MemoryBackfills, MemoryConnections, MemoryDeliveries, MemoryDocuments, MemoryHolds,
    MemoryModels, MemoryObservations, MemoryStates, MemoryVault, StaticSecrets,
};
use connector_webhook::{Webhook, WebhookPorts};

use crate::documents;
use crate::embedder::SimulatedEmbedder;
use crate::enriching::enriching;
use crate::faulty::{Faulty, Sleep};
use crate::model::SimulatedModel;
use crate::monitor::Monitor;
use crate::plant::{self, Plant};
use crate::provider::Providers;
use crate::queue::SimulatedQueue;
use crate::stale::{Lag, Stale};
use crate::watch::{WatchedBackfills, WatchedObservations};
use crate::{Chance, Plan, Scenario};

/// What signs webhooks. No row and no message may hold it.
pub(crate) const SECRET: &str = "canary-webhook-secret";
/// What Linear knows our app by.
const APP_SECRET: &str = "canary-app-secret";

/// The time of a history.
pub(crate) struct SimulatedClock(Mutex<Timestamp>);

impl SimulatedClock {
    pub(crate) const fn new(now: Timestamp) -> Self {
        Self(Mutex::new(now))
    }

    pub(crate) fn set(&self, at: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is durable.
#[derive(Clone, Default)]
pub(crate) struct Stores {
    pub(crate) deliveries: Arc<MemoryDeliveries>,
    pub(crate) observations: Arc<MemoryObservations>,
    /// What the index outside was given.
    pub(crate) index: Arc<MemoryObservations>,
    pub(crate) models: Arc<MemoryModels>,
    pub(crate) backfills: Arc<MemoryBackfills>,
    pub(crate) holds: Arc<MemoryHolds>,
    pub(crate) connections: Arc<MemoryConnections>,
    pub(crate) vault: Arc<MemoryVault>,
    pub(crate) states: Arc<MemoryStates>,
    pub(crate) audit: Arc<MemoryAudit>,
    pub(crate) documents: Arc<MemoryDocuments>,
}

/// All that surrounds the handlers.
pub(crate) struct Outside {
    pub(crate) plan: Arc<Plan>,
    pub(crate) monitor: Arc<Monitor>,
    pub(crate) clock: Arc<SimulatedClock>,
    pub(crate) queue: Arc<SimulatedQueue>,
    pub(crate) stores: Stores,
    pub(crate) providers: Arc<Providers>,
    pub(crate) embedder: Arc<SimulatedEmbedder>,
    pub(crate) model: Arc<SimulatedModel>,
    pub(crate) lag: Arc<Lag>,
}

/// The handlers, as the functions have them.
pub(crate) struct Handlers {
    pub(crate) webhook: Webhook,
    pub(crate) pages: PageWorker,
    pub(crate) capture: Capture,
    pub(crate) enrich: Enrich,
    pub(crate) documents: DocumentsWorker,
    pub(crate) recovery: Recovery,
    pub(crate) renewal: TokenRefresh,
    pub(crate) scheduler: Scheduler,
    pub(crate) start: StartPorts,
    pub(crate) teardown: TeardownPorts,
    pub(crate) revoke: RevokePorts,
    pub(crate) tokens: Arc<dyn Tokens>,
    pub(crate) connect: Connect,
    /// For what people change by themselves.
    pub(crate) connections: Arc<dyn ConnectionStore>,
    pub(crate) deliveries: Arc<dyn DeliveryStore>,
    pub(crate) captures: Arc<dyn Queue<CaptureTask>>,
}

/// Most tries of a page where the provider cannot answer at all, and where it can: faults are no reason to give up.
const TRIES_OF_A_BROKEN_LIST: u32 = 8;
const TRIES: u32 = 80;

pub(crate) fn limits(scenario: &Scenario, plant: Option<Plant>) -> Limits {
    let usual = Limits::default();
    let max_attempts = if scenario.broken_list { TRIES_OF_A_BROKEN_LIST } else { TRIES };
    match plant {
        Some(Plant::RetryForever) => Limits { max_attempts: u32::MAX, ..usual },
        Some(Plant::NoLease) => Limits { lease: Duration::ZERO, max_attempts, ..usual },
        _ => Limits { max_attempts, ..usual },
    }
}

/// The handlers over all that surrounds them.
pub(crate) fn handlers(outside: &Outside, seed: u64, scenario: &Scenario, plant: Option<Plant>) -> Option<Handlers> {
    let Outside { plan, monitor, clock, queue, stores, providers, lag, .. } = outside;
    let is = |other: Plant| plant == Some(other);
    let time = Arc::clone(clock) as Arc<dyn Clock>;
    let random = Arc::new(Chance::apart(seed, 0x2a4d)) as Arc<dyn Random>;
    let limits = limits(scenario, plant);

    let connections = Stale::new(Arc::clone(&stores.connections) as Arc<dyn ConnectionStore>, lag);
    let connections: Arc<dyn ConnectionStore> = Faulty::of(plan, &connections);
    let observations =
        Arc::new(WatchedObservations { store: Arc::clone(&stores.observations), monitor: Arc::clone(monitor) });
    let mut observations: Arc<dyn ObservationStore> = Faulty::of(plan, &observations);
    let pending = Arc::new(plant::Pending::default());
    let stored_late = Arc::clone(&observations);
    observations = match plant {
        Some(Plant::GetThenPut) => Arc::new(plant::GetThenPut { store: observations, monitor: Arc::clone(monitor) }),
        Some(Plant::SwallowPartial) => Arc::new(plant::SwallowPartial { store: observations }),
        Some(Plant::WrongTenantKey) => {
            Arc::new(plant::WrongTenantKey { store: observations, rows: Arc::clone(&stores.observations) })
        }
        Some(Plant::DoneFirst) => Arc::new(plant::Deferred { store: observations, pending: Arc::clone(&pending) }),
        _ => observations,
    };

    let deliveries = Stale::new(Arc::clone(&stores.deliveries), lag);
    let deliveries: Arc<dyn DeliveryStore> = Faulty::of(plan, &deliveries);
    let of_webhooks: Arc<dyn DeliveryStore> = match plant {
        Some(Plant::AckEarly) => Arc::new(plant::AckEarly { store: Arc::clone(&deliveries) }),
        Some(Plant::HeaderKey) => Arc::new(plant::HeaderKey { store: Arc::clone(&deliveries) }),
        _ => Arc::clone(&deliveries),
    };
    let of_captures: Arc<dyn DeliveryStore> = match plant {
        Some(Plant::DoneForAll) => Arc::new(plant::DoneForAll { store: Arc::clone(&deliveries) }),
        Some(Plant::DoneFirst) => {
            let store = Arc::clone(&deliveries);
            Arc::new(plant::DoneFirst { store, observations: stored_late, pending })
        }
        _ => Arc::clone(&deliveries),
    };
    let held = Arc::new(plant::Held::default());
    let of_pages: Arc<dyn DeliveryStore> = if is(Plant::CheckpointFirst) {
        Arc::new(plant::CheckpointFirst { store: Arc::clone(&deliveries), held: Arc::clone(&held) })
    } else {
        Arc::clone(&deliveries)
    };

    let watched = WatchedBackfills { store: Arc::clone(&stores.backfills), monitor: Arc::clone(monitor) };
    let watched: Arc<dyn BackfillStore> = match plant {
        Some(Plant::NoFence) => Arc::new(plant::NoFence { store: Arc::new(watched) }),
        Some(Plant::CancelIgnored) => Arc::new(plant::CancelIgnored { store: Arc::new(watched) }),
        Some(Plant::OpensCancelled) => Arc::new(plant::OpensCancelled { store: Arc::new(watched) }),
        Some(Plant::NoSweep) => Arc::new(plant::NoSweep { store: Arc::new(watched) }),
        _ => Arc::new(watched),
    };
    let backfills = Stale::new(watched, lag);
    let backfills: Arc<dyn BackfillStore> = Faulty::of(plan, &backfills);
    let cursors = Arc::new(plant::Cursors::default());
    let of_workers: Arc<dyn BackfillStore> = if is(Plant::CursorInMessage) {
        let (cursors, monitor) = (Arc::clone(&cursors), Arc::clone(monitor));
        Arc::new(plant::CursorInMessage { store: Arc::clone(&backfills), cursors, monitor })
    } else {
        Arc::clone(&backfills)
    };

    let captures: Arc<dyn Queue<CaptureTask>> = Faulty::of(plan, queue);
    let from_pages: Arc<dyn Queue<CaptureTask>> = if is(Plant::CheckpointFirst) {
        Arc::new(plant::Flushing { queue: Arc::clone(&captures), deliveries: Arc::clone(&deliveries), held })
    } else {
        Arc::clone(&captures)
    };
    let pages: Arc<dyn Queue<PageTask>> = Faulty::of(plan, queue);
    let pages: Arc<dyn Queue<PageTask>> = match plant {
        Some(Plant::TokenInMessage) => Arc::new(plant::TokenInMessage { queue: pages, monitor: Arc::clone(monitor) }),
        Some(Plant::CursorInMessage) => {
            Arc::new(plant::Carrying { queue: pages, store: Arc::clone(&stores.backfills) as _, cursors })
        }
        _ => pages,
    };

    let known = StaticSecrets::of(ProviderKind::Github, &[SECRET]);
    known.rotate(ProviderKind::Linear, &[APP_SECRET]);
    let secrets: Arc<dyn Secrets> = Faulty::of(plan, &Arc::new(known));
    let http: Arc<dyn ProviderHttp> = Faulty::of(plan, providers);
    let http: Arc<dyn ProviderHttp> = if is(Plant::OffsetPaging) {
        Arc::new(plant::OffsetPaging { http, monitor: Arc::clone(monitor) })
    } else {
        http
    };
    let vault: Arc<dyn TokenVault> = Faulty::of(plan, &stores.vault);
    let vault: Arc<dyn TokenVault> =
        if is(Plant::RefreshUnlocked) { Arc::new(plant::RefreshUnlocked(vault)) } else { vault };
    let states: Arc<dyn StateStore> = Faulty::of(plan, &stores.states);
    let states: Arc<dyn StateStore> = match plant {
        Some(Plant::TtlTrusted) => Arc::new(plant::TtlTrusted(states)),
        Some(Plant::StateReadThenDelete) => Arc::new(plant::StateReadThenDelete(states)),
        _ => states,
    };
    let audit: Arc<dyn AuditLog> = Faulty::of(plan, &stores.audit);
    let token_ports = TokenPorts {
        vault: Arc::clone(&vault),
        connections: Arc::clone(&connections),
        secrets: Arc::clone(&secrets),
        signer: Arc::new(FakeSigner),
        audit: Arc::clone(&audit),
        http: Arc::clone(&http),
        clock: Arc::clone(&time),
        random: Arc::clone(&random),
        pause: Arc::new(Sleep(Arc::clone(plan))) as Arc<dyn Pause>,
    };
    let tokens: Arc<dyn Tokens> = Arc::new(ConnectionTokens::new(token_ports.clone()));
    let tokens: Arc<dyn Tokens> = if is(Plant::TokenByResource) {
        Arc::new(plant::TokenByResource { tokens, kept: Mutex::new(BTreeMap::new()) })
    } else {
        tokens
    };
    let routes: Arc<dyn ConnectionStore> = if is(Plant::StaleRouting) {
        Arc::new(plant::StaleRouting { store: Arc::clone(&connections), clock: Arc::clone(&time) })
    } else {
        Arc::clone(&connections)
    };

    let holds: Arc<dyn HoldStore> = Faulty::of(plan, &stores.holds);
    let holds: Arc<dyn HoldStore> = match plant {
        Some(plant @ (Plant::HoldUnfenced | Plant::HoldUnswept | Plant::HoldForgotten)) => {
            Arc::new(plant::CarelessHolds { store: holds, plant })
        }
        _ => holds,
    };
    let replays: Arc<dyn Queue<ReplayTask>> = Faulty::of(plan, queue);
    let start = StartPorts {
        backfills: Arc::clone(&backfills),
        holds: Arc::clone(&holds),
        pages: Arc::clone(&pages),
        clock: Arc::clone(&time),
        random: Arc::clone(&random),
        limits,
    };
    let rows = Faulty::of(plan, &stores.vault) as Arc<dyn TokenRows>;
    let documents = documents::asking(outside, scenario, plant);
    let looking = WorkerPorts {
        syncs: Arc::clone(&documents.syncs),
        documents: documents::kept(outside),
        tasks: Arc::clone(&documents.tasks),
        embedder: Arc::new(LocalEmbedder),
        connections: Arc::clone(&connections),
        backfills: Arc::clone(&backfills),
        tokens: Arc::clone(&tokens),
        http: Arc::clone(&http),
        clock: Arc::clone(&time),
        random: Arc::clone(&random),
    };
    let teardown = TeardownPorts {
        connections: Arc::clone(&connections),
        backfills: Arc::clone(&backfills),
        tokens: Arc::clone(&rows),
        audit: Arc::clone(&audit),
        documents: documents.clone(),
        clock: Arc::clone(&time),
    };
    let enriching = enriching(outside, scenario, plant);
    let enrichments: Arc<dyn Queue<EnrichTask>> = Faulty::of(plan, queue);
    Some(Handlers {
        webhook: Webhook::new(
            connector_providers::provider(ProviderKind::Github)?,
            WebhookPorts {
                connections: routes,
                deliveries: of_webhooks,
                captures: Arc::clone(&captures),
                secrets: Arc::clone(&secrets),
                clock: Arc::clone(&time),
            },
        ),
        pages: PageWorker::new(
            PagePorts {
                backfills: of_workers,
                connections: Arc::clone(&connections),
                deliveries: of_pages,
                captures: from_pages,
                replays: Arc::clone(&replays),
                pages: Arc::clone(&pages),
                tokens: Arc::clone(&tokens),
                http: Arc::clone(&http),
                clock: Arc::clone(&time),
                random: Arc::clone(&random),
            },
            PageSettings { page_size: scenario.page_size, reserve_percent: 0, limits },
        ),
        capture: Capture::new(CapturePorts {
            deliveries: of_captures,
            connections: Arc::clone(&connections),
            observations,
            backfills: Arc::clone(&backfills),
            holds: Arc::clone(&holds),
            replays: Arc::clone(&replays),
            tokens: Arc::clone(&rows) as _,
            audit: Arc::clone(&audit),
            enrichments: Arc::clone(&enrichments),
            notify: None,
            documents: documents.clone(),
            clock: Arc::clone(&time),
        }),
        renewal: TokenRefresh { tokens: ConnectionTokens::new(token_ports), rows, clock: Arc::clone(&time) },
        enrich: Enrich::new(enriching.clone()),
        documents: DocumentsWorker::new(looking, documents::settings()),
        recovery: Recovery::new(
            RecoveryPorts {
                enrichment: Arc::clone(&enriching.enrichment),
                enrichments: if is(Plant::EnrichUnswept) { Arc::new(plant::NothingSent) } else { enrichments },
                deliveries: Arc::clone(&deliveries),
                backfills,
                holds,
                replays,
                captures: Arc::clone(&captures),
                pages,
                documents,
                clock: Arc::clone(&time),
            },
            limits,
        ),
        scheduler: Scheduler { connections: Arc::clone(&connections), start: start.clone() },
        start,
        teardown,
        revoke: RevokePorts { vault: Arc::clone(&vault), secrets: Arc::clone(&secrets), http: Arc::clone(&http) },
        tokens,
        connect: Connect::new(
            connector_providers::provider(ProviderKind::Linear)?,
            ConnectPorts {
                states,
                connections: Arc::clone(&connections),
                vault,
                audit,
                secrets,
                http,
                clock: time,
                random,
            },
            "https://api.example.org/oauth/linear/callback".to_owned(),
        ),
        connections,
        deliveries,
        captures,
    })
}
