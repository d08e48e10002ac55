//! Every provider: what is told by webhook and what is fetched are the same rows, whichever comes first.

use std::collections::{BTreeMap, BTreeSet};

use connector_adapters::system::SystemClock;
use connector_backfill::PageSettings;
use connector_domain::backfill::{RunProgress, RunState, Trigger, Window};
use connector_domain::connection::{Integration, ResourceRef, SyncSettings};
use connector_domain::http::WebhookRequest;
use connector_domain::observation::Observation;
use connector_domain::ports::Clock as _;
use connector_domain::{AccountId, ProviderKind, ResourceId, Secret, Timestamp};
use connector_flows::StartRequest;
use connector_providers::provider;
use connector_simulator::{Server, SignedWebhook, World, github, linear, sentry, vercel};
use connectors::stack::{Data, LinkRequest, LocalSecrets, Options, Stack, Template};

use crate::harness::{observations_of, workspace};

const SECRET: &str = "an-end-to-end-secret";

/// A resource of one provider, with a history of every kind that its simulation knows.
struct Source {
    account: String,
    resource: (String, String),
    token: String,
    url: String,
    webhooks: Vec<SignedWebhook>,
}

fn source(kind: ProviderKind, world: &World, server: &Server) -> Source {
    let now = world.now();
    match kind {
        ProviderKind::Github => {
            let all = world.github();
            all.set_limits(github::Limits { anonymous: 1_000_000, authenticated: 1_000_000 });
            let one = all.add_repository("acme", "rocket");
            let size = github::Populate {
                pull_requests: 8,
                issues: 6,
                discussions: 4,
                releases: 2,
                pushes: 10,
                deployments: 5,
                ..github::Populate::lively(now, 20)
            };
            one.populate(size);
            Source {
                account: one.installation_id.to_string(),
                resource: (one.id.to_string(), one.full_name()),
                token: "a-token".to_owned(),
                url: server.github_url(),
                webhooks: one.history_webhooks().iter().map(|webhook| webhook.signed(SECRET.as_bytes())).collect(),
            }
        }
        ProviderKind::Vercel => {
            let all = world.vercel();
            let one = all.add_project("acme", "rocket-web");
            one.populate(vercel::Populate { deployments: 20, ..vercel::Populate::ending(now, 20) });
            Source {
                account: one.account_id.clone(),
                resource: (one.id.clone(), one.name()),
                token: all.mint_token("acme"),
                url: server.vercel_url(),
                webhooks: one.history_webhooks().iter().map(|webhook| webhook.signed(SECRET.as_bytes())).collect(),
            }
        }
        ProviderKind::Linear => {
            let all = world.linear();
            let one = all.add_team("ROC", "Rocket");
            one.populate(linear::Populate { issues: 10, ..linear::Populate::ending(now, 20) });
            // Each body tells when it is sent, and an old one would be refused. The stack's clock is the machine's.
            let sent = |webhook: linear::Webhook| {
                let age = SystemClock.now().duration_since(webhook.sent_at);
                webhook.resent(age).signed(SECRET.as_bytes())
            };
            Source {
                account: all.organization_id(),
                resource: (one.id.clone(), one.key),
                token: all.mint_token(),
                url: server.linear_url(),
                webhooks: all.history_webhooks().into_iter().map(sent).collect(),
            }
        }
        ProviderKind::Sentry => {
            let all = world.sentry();
            let one = all.add_project("acme", "rocket");
            one.populate(sentry::Populate { issues: 8, ..sentry::Populate::ending(now, 20) });
            Source {
                account: one.installation.clone(),
                resource: (one.id.to_string(), format!("{}/{}", one.organization, one.slug())),
                token: all.mint_token("acme"),
                url: server.sentry_url(),
                webhooks: one.history_webhooks().iter().map(|webhook| webhook.signed(SECRET.as_bytes())).collect(),
            }
        }
    }
}

struct Linked {
    kind: ProviderKind,
    stack: Stack,
    world: World,
    integration: Integration,
    webhooks: Vec<SignedWebhook>,
    _server: Server,
}

impl Linked {
    async fn new(kind: ProviderKind) -> Self {
        let world = World::new(3);
        let server = Server::start(world.clone()).await.unwrap();
        let source = source(kind, &world, &server);
        let options = Options {
            api_urls: BTreeMap::from([(kind, source.url)]),
            tokens: BTreeMap::from([(kind, Secret::new(source.token).unwrap())]),
            page: PageSettings { reserve_percent: 0, page_size: 7, ..PageSettings::default() },
            ..Options::new(Data::Memory, LocalSecrets::of([(kind, Secret::new(SECRET).unwrap())]))
        };
        let stack = Stack::start(&Template::embedded().unwrap(), options).await.unwrap();
        let linked = stack
            .link(LinkRequest {
                workspace: workspace(),
                provider: kind,
                account: AccountId::parse(source.account).unwrap(),
                account_name: "acme".to_owned(),
                resource: ResourceRef { id: ResourceId::parse(source.resource.0).unwrap(), name: source.resource.1 },
                settings: SyncSettings::everything(kind),
            })
            .await
            .unwrap();
        Self { kind, stack, world, integration: linked.integration, webhooks: source.webhooks, _server: server }
    }

    async fn tell(&self) {
        for signed in &self.webhooks {
            let request =
                WebhookRequest { headers: signed.headers.clone().into_iter().collect(), body: signed.body.clone() };
            let reply = self.stack.webhook(&format!("/webhooks/{}", self.kind), "POST", request).await;
            assert_eq!(reply.status, 200, "{:?}", reply.body);
        }
        self.stack.settled().await;
    }

    /// All lists of the provider.
    async fn fetch(&self) -> RunProgress {
        let request = StartRequest {
            integration: self.integration.clone(),
            entities: provider(self.kind).unwrap().entity_types().iter().copied().collect(),
            window: Window { since: Timestamp::UNIX_EPOCH, until: self.world.now() },
            trigger: Trigger::Link,
            again: false,
            call_budget: None,
            proves: None,
            hold: false,
            prove: false,
        };
        let run = self.stack.start_backfill(request).await.unwrap().run.unwrap();
        self.stack.settled().await;
        let (progress, units) = self.stack.progress(&run).await.unwrap();
        for unit in &units {
            assert!(unit.counters.pages > 0, "{} read nothing: {:?}", unit.key, unit.state);
        }
        assert_eq!(progress.state, RunState::Completed);
        progress
    }
}

/// The rows of a stack, when nothing was given up.
async fn rows(linked: &Linked) -> BTreeMap<String, Observation> {
    assert_eq!(linked.stack.dead_letters().len(), 0, "there are dead letters");
    observations_of(&linked.stack).await
}

async fn either_order_makes_the_same_rows(kind: ProviderKind) {
    let (one, other) = (Linked::new(kind).await, Linked::new(kind).await);
    one.tell().await;
    let told = rows(&one).await;
    let progress = other.fetch().await;
    let listed = rows(&other).await;
    assert_eq!((progress.report.captured, progress.report.quarantined), (listed.len() as u64, 0));

    let both: Vec<_> = told.iter().filter_map(|(id, row)| Some((id, row, listed.get(id)?))).collect();
    assert!(both.len() > 20, "only {} facts were seen by both paths", both.len());
    // A list shows a text as it was edited to; all else of a fact stands.
    let edited = |fields: &[&str]| fields.iter().all(|field| ["title", "body"].contains(field));
    let conflicts: Vec<_> =
        both.iter().map(|(id, row, seen)| (id, row.conflicts(seen), &row.event, &seen.event)).collect();
    let conflict = conflicts.iter().find(|(_, fields, ..)| !edited(fields));
    assert!(conflict.is_none(), "the paths tell different stories: {conflict:#?}");
    let edited = conflicts.iter().filter(|(_, fields, ..)| !fields.is_empty()).count() as u64;

    let progress = one.fetch().await;
    assert!(progress.report.duplicate >= both.len() as u64, "{:?}", progress.report);
    assert!(progress.report.conflicts >= edited && progress.report.conflicts * 3 < progress.report.duplicate);
    other.tell().await;
    let (one, other) = (rows(&one).await, rows(&other).await);
    assert_eq!(one.len(), told.len() + listed.len() - both.len());
    let ids: BTreeSet<_> = one.keys().collect();
    assert_eq!(ids, other.keys().collect::<BTreeSet<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn github_tells_and_lists_the_same_facts() {
    either_order_makes_the_same_rows(ProviderKind::Github).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn vercel_tells_and_lists_the_same_facts() {
    either_order_makes_the_same_rows(ProviderKind::Vercel).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn linear_tells_and_lists_the_same_facts() {
    either_order_makes_the_same_rows(ProviderKind::Linear).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sentry_tells_and_lists_the_same_facts() {
    either_order_makes_the_same_rows(ProviderKind::Sentry).await;
}
