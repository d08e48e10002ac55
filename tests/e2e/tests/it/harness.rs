//! The local stack and the simulator, with one linked repository.

use std::collections::BTreeMap;
use std::time::Duration;

use connector_adapters::system::SystemClock;
use connector_backfill::PageSettings;
use connector_domain::access::Scope;
use connector_domain::backfill::{EntityType, RunProgress, Trigger, Window};
use connector_domain::connection::{Integration, ResourceRef, SyncSettings};
use connector_domain::http::WebhookRequest;
use connector_domain::observation::Observation;
use connector_domain::ports::{Clock, ObservationFilter};
use connector_domain::{AccountId, ProviderKind, ResourceId, RunId, Secret, Timestamp, WorkspaceId};
use connector_flows::{StartRequest, Started};
use connector_lambda::api::{ApiRequest, Caller};
use connector_simulator::github::{Limits, Populate, Repository, Webhook};
use connector_simulator::{Server, World};
use connectors::stack::{Data, Grant, LinkRequest, LocalSecrets, Options, Stack, Template};
use serde_json::Value;

const SECRET: &str = "an-end-to-end-secret";
pub(crate) const PATH: &str = "/webhooks/github";

pub(crate) struct Harness {
    pub(crate) world: World,
    pub(crate) repository: Repository,
    pub(crate) stack: Stack,
    pub(crate) integration: Integration,
    pub(crate) server: Server,
}

pub(crate) fn workspace() -> WorkspaceId {
    WorkspaceId::parse("acme").unwrap()
}

impl Harness {
    /// A stack in memory and a repository with this history, linked.
    pub(crate) async fn new(history: Populate) -> Self {
        Self::with(history, PageSettings { reserve_percent: 0, ..PageSettings::default() }).await
    }

    pub(crate) async fn with(history: Populate, page: PageSettings) -> Self {
        Self::choosing(history, |options| Options { page, ..options }).await
    }

    /// The same with what else is chosen.
    pub(crate) async fn choosing(history: Populate, choose: impl FnOnce(Options) -> Options) -> Self {
        let world = World::new(3);
        world.github().set_limits(Limits { anonymous: 1_000_000, authenticated: 1_000_000 });
        let repository = world.github().add_repository("acme", "rocket");
        repository.populate(history);
        let server = Server::start(world.clone()).await.unwrap();
        let secrets = LocalSecrets::of([(ProviderKind::Github, Secret::new(SECRET).unwrap())]);
        let options = Options {
            api_urls: BTreeMap::from([(ProviderKind::Github, server.github_url())]),
            tokens: Secret::new("a-token").map(|token| (ProviderKind::Github, token)).into_iter().collect(),
            ..Options::new(Data::Memory, secrets)
        };
        let stack = Stack::start(&Template::embedded().unwrap(), choose(options)).await.unwrap();
        let linked = stack
            .link(LinkRequest {
                workspace: workspace(),
                provider: ProviderKind::Github,
                account: AccountId::parse(repository.installation_id.to_string()).unwrap(),
                account_name: repository.owner(),
                resource: ResourceRef {
                    id: ResourceId::parse(repository.id.to_string()).unwrap(),
                    name: repository.full_name(),
                },
                settings: SyncSettings::everything(ProviderKind::Github),
            })
            .await
            .unwrap();
        Self { world, repository, stack, integration: linked.integration, server }
    }

    /// Sends a webhook and answers the status.
    pub(crate) async fn send(&self, webhook: &Webhook) -> (u16, String) {
        let signed = webhook.signed(SECRET.as_bytes());
        let request = WebhookRequest { headers: signed.headers.into_iter().collect(), body: signed.body };
        let reply = self.stack.webhook(PATH, "POST", request).await;
        (reply.status, reply.body["status"].as_str().unwrap_or_default().to_owned())
    }

    /// Sends a webhook with this body and answers the status.
    pub(crate) async fn send_signed(&self, event: &str, body: &str) -> u16 {
        let github = connector_providers::provider(ProviderKind::Github).unwrap();
        let headers = github.sign(event, "d-1", body.as_bytes(), &Secret::new(SECRET).unwrap(), self.world.now());
        let request = WebhookRequest { headers, body: body.into() };
        self.stack.webhook(PATH, "POST", request).await.status
    }

    /// Starts fetching lists; with none named, all that the provider has.
    pub(crate) async fn start(&self, entities: &[EntityType]) -> Started {
        let github = connector_providers::provider(ProviderKind::Github).unwrap();
        let entities = if entities.is_empty() { github.entity_types() } else { entities };
        let request = StartRequest {
            integration: self.integration.clone(),
            entities: entities.iter().copied().collect(),
            window: Window { since: Timestamp::UNIX_EPOCH, until: self.world.now() },
            trigger: Trigger::Link,
            again: false,
            call_budget: None,
            proves: None,
            hold: false,
            prove: false,
        };
        self.stack.start_backfill(request).await.unwrap()
    }

    /// Runs a backfill to its end.
    pub(crate) async fn backfill(&self, entities: &[EntityType]) -> (RunId, RunProgress) {
        let run = self.start(entities).await.run.unwrap();
        self.stack.settled().await;
        let (progress, _) = self.stack.progress(&run).await.unwrap();
        (run, progress)
    }

    /// All observations, by identity.
    pub(crate) async fn observations(&self) -> BTreeMap<String, Observation> {
        observations_of(&self.stack).await
    }

    /// Nothing may be left in any queue.
    pub(crate) async fn check_quiet(&self) {
        self.stack.settled().await;
        assert_eq!(self.stack.dead_letters().len(), 0, "there are dead letters");
    }

    /// What the management API answers somebody of the workspace who may do everything.
    pub(crate) async fn api(&self, method: &str, path: &str) -> (u16, Value) {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let (workspaces, lives) = ([workspace()], Duration::from_secs(60));
        let grant = Grant {
            workspaces: &workspaces,
            scopes: &Scope::ALL,
            subject: "ann",
            audience: "memory-connectors",
            lives,
        };
        let bearer = format!("Bearer {}", self.stack.issuer().mint(&grant, SystemClock.now()));
        let request = ApiRequest {
            method: method.to_owned(),
            path: format!("/v1/workspaces/acme{path}"),
            query: query.to_owned(),
            headers: [("authorization", bearer)].into_iter().collect(),
            body: Vec::new(),
            caller: Caller::Nobody,
        };
        let answer = self.stack.answer(request).await;
        (answer.status, serde_json::from_str(&answer.body).unwrap())
    }
}

/// All observations of a stack, by identity.
pub(crate) async fn observations_of(stack: &Stack) -> BTreeMap<String, Observation> {
    let filter = ObservationFilter {
        provider: None,
        source_type: None,
        actor: None,
        entity: None,
        since: "2015-01-01T00:00:00Z".parse().unwrap(),
        until: "2027-01-01T00:00:00Z".parse().unwrap(),
        limit: 100_000,
        cursor: None,
    };
    let page = stack.stores().observations.list(&workspace(), &filter).await.unwrap();
    assert_eq!(page.next, None);
    let count = page.observations.len();
    let by_id: BTreeMap<_, _> = page
        .observations
        .into_iter()
        .map(|observation| (observation.event.source_id.to_string(), observation))
        .collect();
    assert_eq!(by_id.len(), count, "an identity has two rows");
    by_id
}
