//! The ports that functions are handed locally.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use connector_adapters::http::ReqwestHttp;
use connector_adapters::services::Services;
use connector_adapters::signer::RsaSigner;
use connector_adapters::system::{OsRandom, SystemPause};
use connector_adapters::vault::{LocalKeyService, Sealer, Vault};
use connector_api::{ApiPorts, ProviderTeardown, RecordPorts};
use connector_capture::{Around, EnrichPorts, enrich_ports};
use connector_domain::backfill::Limits;
use connector_domain::connection::Connection;
use connector_domain::documents::SyncLimits;
use connector_domain::http::Host;
use connector_domain::ports::{
    AuditLog, BackfillStore, Clock, ConnectionStore, DeliveryStore, DocumentStore, EnrichmentStore, HoldStore,
    ObservationStore, PortError, ProviderHttp, Queue, Random, RedeliveryLog, Secrets, StateStore, TokenError,
    TokenRows, TokenVault, Tokens,
};
use connector_domain::task::{CaptureTask, EnrichTask, PageTask, ReplayTask, Task};
use connector_domain::{ProviderKind, ResourceId, Secret};
use connector_flows::connect::ConnectPorts;
use connector_flows::documents::DocumentPorts;
use connector_flows::{
    ConnectionTokens, ProbePorts, RedeliveryPorts, ResourcePorts, RevokePorts, StartPorts, TeardownPorts, TokenPorts,
};

use super::queue::{Activity, LocalQueue, Sender};
use super::template::{Function, QueueSpec, Template};
use super::{Database, Options, StackError, Stores, TemplateError, key};

/// What turns services on.
const SERVICE_SETTINGS: [&str; 4] = ["EMBEDDER", "VECTOR_INDEX", "LANGUAGE_MODEL", "MODELS_SECRET_ARN"];

/// Everything that functions may need.
pub(super) struct Ports {
    pub(super) stores: Stores,
    /// All but the dead-letter queues, which are part of theirs.
    pub(super) queues: BTreeMap<String, Arc<LocalQueue>>,
    pub(super) activity: Arc<Activity>,
    pub(super) secrets: Arc<dyn Secrets>,
    pub(super) tokens: Arc<dyn Tokens>,
    pub(super) own_tokens: ConnectionTokens,
    pub(super) vault: Arc<dyn TokenVault>,
    pub(super) token_rows: Arc<dyn TokenRows>,
    pub(super) redeliveries: Arc<dyn RedeliveryLog>,
    pub(super) states: Arc<dyn StateStore>,
    pub(super) audit: Arc<dyn AuditLog>,
    pub(super) http: Arc<dyn ProviderHttp>,
    pub(super) services: Services,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Arc<dyn Random>,
}

impl Ports {
    pub(super) fn new(template: &Template, options: &Options, database: &Database) -> Result<Self, StackError> {
        let activity = Arc::new(Activity::default());
        let dead: BTreeSet<_> =
            template.queues.values().filter_map(|queue| Some(&queue.dead_letters.as_ref()?.queue)).collect();
        let queue = |(name, spec): (&String, &QueueSpec)| {
            let queue = LocalQueue::new(name, spec.clone(), options.retry_after, Arc::clone(&activity));
            (name.clone(), Arc::new(queue))
        };
        let mut http = ReqwestHttp::builder();
        for (&provider, url) in &options.api_urls {
            http = http.base_url(provider, url).map_err(|_| StackError::ApiUrl { provider })?;
        }
        for (&provider, url) in &options.web_urls {
            http = http.host_url(provider, Host::Web, url).map_err(|_| StackError::ApiUrl { provider })?;
        }
        let http: Arc<dyn ProviderHttp> = Arc::new(http.build().map_err(|error| StackError::Http(error.to_string()))?);
        let clock = Arc::clone(&options.clock.0);
        let keys = LocalKeyService::new(key::open(&options.data, key::SEAL, &OsRandom)?);
        let sealer = Sealer::new(Arc::new(keys), Arc::clone(&clock), Arc::new(OsRandom));
        let adapter = database.adapter();
        let vault: Arc<dyn TokenVault> = Arc::new(Vault::new(adapter.sealed_tokens(), sealer.clone()));
        let audit: Arc<dyn AuditLog> = Arc::new(adapter.audit());
        let secrets: Arc<dyn Secrets> = Arc::new(options.secrets.clone());
        let own = ConnectionTokens::new(TokenPorts {
            vault: Arc::clone(&vault),
            connections: Arc::clone(&database.stores().connections),
            secrets: Arc::clone(&secrets),
            signer: Arc::new(RsaSigner),
            audit: Arc::clone(&audit),
            http: Arc::clone(&http),
            clock: Arc::clone(&clock),
            random: Arc::new(OsRandom),
            pause: Arc::new(SystemPause),
        });
        let tokens = Arc::new(Given { tokens: options.tokens.clone(), own: own.clone() });
        Ok(Self {
            stores: database.stores().clone(),
            queues: template.queues.iter().filter(|(name, _)| !dead.contains(name)).map(queue).collect(),
            activity,
            secrets,
            tokens,
            own_tokens: own,
            vault,
            token_rows: Arc::new(adapter.sealed_tokens()),
            redeliveries: Arc::new(adapter.deliveries(Duration::ZERO)),
            states: Arc::new(adapter.states(sealer)),
            audit,
            http,
            services: options.services.clone(),
            clock: Arc::clone(&clock),
            random: Arc::new(OsRandom),
        })
    }
}

/// A function of the template, asking for ports by the settings that it reads in AWS.
pub(super) struct Wiring<'a> {
    pub(super) name: &'a str,
    pub(super) function: &'a Function,
    pub(super) ports: &'a Ports,
}

impl Wiring<'_> {
    pub(super) fn connections(&self) -> Result<Arc<dyn ConnectionStore>, TemplateError> {
        self.setting("CONNECTIONS_TABLE").map(|_| Arc::clone(&self.ports.stores.connections))
    }

    pub(super) fn deliveries(&self) -> Result<Arc<dyn DeliveryStore>, TemplateError> {
        self.setting("DELIVERIES_TABLE").map(|_| Arc::clone(&self.ports.stores.deliveries))
    }

    pub(super) fn observations(&self) -> Result<Arc<dyn ObservationStore>, TemplateError> {
        self.setting("OBSERVATIONS_TABLE").map(|_| Arc::clone(&self.ports.stores.observations))
    }

    pub(super) fn backfills(&self) -> Result<Arc<dyn BackfillStore>, TemplateError> {
        self.setting("BACKFILLS_TABLE").map(|_| Arc::clone(&self.ports.stores.backfills))
    }

    pub(super) fn holds(&self) -> Result<Arc<dyn HoldStore>, TemplateError> {
        self.setting("BACKFILLS_TABLE").map(|_| Arc::clone(&self.ports.stores.holds))
    }

    pub(super) fn replays(&self) -> Result<Arc<dyn Queue<ReplayTask>>, TemplateError> {
        self.queue("CAPTURE_QUEUE_URL")
    }

    pub(super) fn captures(&self) -> Result<Arc<dyn Queue<CaptureTask>>, TemplateError> {
        self.queue("CAPTURE_QUEUE_URL")
    }

    pub(super) fn enrichment(&self) -> Result<Arc<dyn EnrichmentStore>, TemplateError> {
        self.setting("OBSERVATIONS_TABLE").map(|_| Arc::clone(&self.ports.stores.enrichment))
    }

    pub(super) fn enrichments(&self) -> Result<Arc<dyn Queue<EnrichTask>>, TemplateError> {
        self.queue("ENRICH_QUEUE_URL")
    }

    /// What enriching needs, with the services that were chosen here: the template has each at its default, which is off.
    pub(super) fn enrich(&self) -> Result<EnrichPorts, TemplateError> {
        for setting in SERVICE_SETTINGS {
            self.setting(setting)?;
        }
        let (enrichment, looks) = (self.enrichment()?, self.enrichments()?);
        let models = Arc::clone(&self.ports.stores.models);
        Ok(enrich_ports(&self.ports.services, Around { enrichment, models, looks, clock: self.clock() }))
    }

    /// What asking for a look at a repository needs.
    pub(super) fn documents(&self) -> Result<DocumentPorts, TemplateError> {
        self.setting("BACKFILLS_TABLE")?;
        Ok(DocumentPorts {
            syncs: Arc::clone(&self.ports.stores.document_syncs),
            tasks: self.queue("DOCUMENTS_QUEUE_URL")?,
            clock: self.clock(),
            limits: SyncLimits::default(),
        })
    }

    pub(super) fn document_store(&self) -> Result<Arc<dyn DocumentStore>, TemplateError> {
        self.setting("OBSERVATIONS_TABLE").map(|_| Arc::clone(&self.ports.stores.documents))
    }

    pub(super) fn pages(&self) -> Result<Arc<dyn Queue<PageTask>>, TemplateError> {
        self.queue("PAGE_QUEUE_URL")
    }

    pub(super) fn tokens(&self) -> Result<Arc<dyn Tokens>, TemplateError> {
        self.setting("TOKEN_KEY_ARN").map(|_| Arc::clone(&self.ports.tokens))
    }

    /// Those that are stored and renewed, whatever token was given for a provider.
    pub(super) fn own_tokens(&self) -> Result<ConnectionTokens, TemplateError> {
        self.setting("TOKEN_KEY_ARN").map(|_| self.ports.own_tokens.clone())
    }

    pub(super) fn token_rows(&self) -> Result<Arc<dyn TokenRows>, TemplateError> {
        self.setting("CONNECTIONS_TABLE").map(|_| Arc::clone(&self.ports.token_rows))
    }

    pub(super) fn audit(&self) -> Result<Arc<dyn AuditLog>, TemplateError> {
        self.setting("CONNECTIONS_TABLE").map(|_| Arc::clone(&self.ports.audit))
    }

    /// What connecting accounts of a provider needs.
    pub(super) fn connect(&self, provider: ProviderKind) -> Result<ConnectPorts, TemplateError> {
        self.setting("TOKEN_KEY_ARN")?;
        Ok(ConnectPorts {
            states: Arc::clone(&self.ports.states),
            connections: self.connections()?,
            vault: Arc::clone(&self.ports.vault),
            audit: self.audit()?,
            secrets: self.secrets(provider)?,
            http: self.http(),
            clock: self.clock(),
            random: self.random(),
        })
    }

    pub(super) fn secrets(&self, provider: ProviderKind) -> Result<Arc<dyn Secrets>, TemplateError> {
        self.setting(provider.secret_setting()).map(|_| Arc::clone(&self.ports.secrets))
    }

    /// What starting runs needs.
    pub(super) fn start(&self, limits: Limits) -> Result<StartPorts, TemplateError> {
        Ok(StartPorts {
            backfills: self.backfills()?,
            holds: self.holds()?,
            pages: self.pages()?,
            clock: self.clock(),
            random: self.random(),
            limits,
        })
    }

    /// What looking at a connection needs.
    pub(super) fn probe(&self) -> Result<ProbePorts, TemplateError> {
        let resources = ResourcePorts { tokens: self.tokens()?, http: self.http(), clock: self.clock() };
        Ok(ProbePorts { resources, secrets: Arc::clone(&self.ports.secrets), signer: Arc::new(RsaSigner) })
    }

    /// What the management API needs of rows.
    pub(super) fn api(&self, limits: Limits) -> Result<ApiPorts, TemplateError> {
        let stores = &self.ports.stores;
        Ok(ApiPorts {
            connections: self.connections()?,
            connection_lists: Arc::clone(&stores.connection_lists),
            run_lists: Arc::clone(&stores.run_lists),
            start: self.start(limits)?,
            once: Arc::clone(&stores.access) as _,
            changes: Arc::clone(&stores.access) as _,
            audit: self.audit()?,
            documents: self.documents()?,
            records: None,
            live: None,
        })
    }

    /// What asking for webhooks again needs.
    pub(super) fn redelivery(&self) -> Result<RedeliveryPorts, TemplateError> {
        self.setting("DELIVERIES_TABLE")?;
        Ok(RedeliveryPorts {
            log: Arc::clone(&self.ports.redeliveries),
            secrets: self.secrets(ProviderKind::Github)?,
            signer: Arc::new(RsaSigner),
            http: self.http(),
            clock: self.clock(),
        })
    }

    /// How a connection ends, at the provider too.
    pub(super) fn teardown(&self) -> Result<ProviderTeardown, TemplateError> {
        for kind in ProviderKind::ALL {
            self.secrets(kind)?;
        }
        let rows = TeardownPorts {
            connections: self.connections()?,
            backfills: self.backfills()?,
            tokens: self.token_rows()?,
            audit: self.audit()?,
            documents: self.documents()?,
            clock: self.clock(),
        };
        let (vault, secrets) = (Arc::clone(&self.ports.vault), Arc::clone(&self.ports.secrets));
        Ok(ProviderTeardown { rows, revoke: RevokePorts { vault, secrets, http: self.http() } })
    }

    /// What the management API needs of what was captured.
    pub(super) fn records(&self) -> Result<RecordPorts, TemplateError> {
        let stores = &self.ports.stores;
        Ok(RecordPorts {
            deliveries: self.deliveries()?,
            delivery_log: Arc::clone(&stores.delivery_log),
            observations: self.observations()?,
            enrichment: self.enrichment()?,
            models: Arc::clone(&stores.models),
            documents: self.document_store()?,
            embedder: Arc::clone(&self.ports.services.embedder),
            index: self.ports.services.index.clone(),
            captures: self.captures()?,
            keys: Arc::clone(&stores.access) as _,
        })
    }

    pub(super) fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.ports.clock)
    }

    pub(super) fn random(&self) -> Arc<dyn Random> {
        Arc::clone(&self.ports.random)
    }

    pub(super) fn http(&self) -> Arc<dyn ProviderHttp> {
        Arc::clone(&self.ports.http)
    }

    /// Something is wrong with the function.
    pub(super) fn problem(&self, problem: impl Into<String>) -> TemplateError {
        TemplateError::at(self.name, problem)
    }

    fn queue<T: Task>(&self, setting: &str) -> Result<Arc<dyn Queue<T>>, TemplateError> {
        let queue = self.ports.queues.get(self.setting(setting)?);
        let queue = queue.ok_or_else(|| self.problem(format!("its setting {setting} names no queue")))?;
        Ok(Arc::new(Sender::new(Arc::clone(queue))))
    }

    fn setting(&self, name: &str) -> Result<&str, TemplateError> {
        let setting = self.function.settings.get(name);
        setting.map(String::as_str).ok_or_else(|| self.problem(format!("its setting {name} is missing")))
    }
}

/// The token given for a connection's provider, or the connection's own, sealed under the local key.
struct Given {
    tokens: BTreeMap<ProviderKind, Secret>,
    own: ConnectionTokens,
}

#[async_trait]
impl Tokens for Given {
    async fn bearer(
        &self,
        connection: &Connection,
        resource: Option<&ResourceId>,
        refused: Option<&Secret>,
    ) -> Result<Option<Secret>, TokenError> {
        match self.tokens.get(&connection.provider) {
            Some(_) if refused.is_some() => {
                self.stays_refused(connection).await?;
                Err(TokenError::NeedsReconnect)
            }
            Some(token) => Ok(Some(token.clone())),
            None => self.own.bearer(connection, resource, refused).await,
        }
    }

    async fn stays_refused(&self, connection: &Connection) -> Result<(), PortError> {
        self.own.stays_refused(connection).await
    }
}
