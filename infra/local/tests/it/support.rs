//! A stack with a simulated GitHub, and a client that can send whatever it likes.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use connector_domain::backfill::{EntityType, RunProgress, RunState, Trigger, Window};
use connector_domain::connection::{Integration, ResourceRef, SyncSettings};
use connector_domain::observation::Observation;
use connector_domain::ports::ObservationFilter;
use connector_domain::{AccountId, ProviderKind, ResourceId, RunId, Secret, Timestamp, WorkspaceId};
use connector_flows::StartRequest;
use connector_simulator::github::{Limits, Populate, Repository, SignedWebhook};
use connector_simulator::{Server, World};
use connectors::stack::{Data, LinkRequest, LocalSecrets, Options, Stack, Template};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) const SECRET: &str = "for tests only";

/// GitHub with one repository.
pub(crate) struct GitHub {
    pub(crate) world: World,
    pub(crate) repository: Repository,
    pub(crate) server: Server,
}

pub(crate) async fn github() -> GitHub {
    let world = World::new(7);
    // Two runs of many small pages are more than the sixty calls an hour of a caller without a token.
    world.github().set_limits(Limits { anonymous: 10_000, ..Limits::default() });
    let repository = world.github().add_repository("acme", "rocket");
    let server = Server::start(world.clone()).await.unwrap();
    GitHub { world, repository, server }
}

impl GitHub {
    /// A history that is small, and many pages long.
    pub(crate) fn populate(&self) {
        let size = Populate { pull_requests: 12, issues: 8, releases: 3, ..Populate::ending(self.world.now(), 30) };
        self.repository.populate(size);
    }
}

pub(crate) fn workspace() -> WorkspaceId {
    WorkspaceId::parse("acme").unwrap()
}

pub(crate) fn options(data: Data, github: &GitHub) -> Options {
    let secrets = LocalSecrets::of([(ProviderKind::Github, Secret::new(SECRET).unwrap())]);
    let mut options = Options::new(data, secrets);
    options.api_urls.insert(ProviderKind::Github, github.server.github_url());
    options.page.page_size = 2;
    // So that a page whose worker was killed can be taken at once.
    options.page.limits.lease = Duration::ZERO;
    options
}

pub(crate) async fn start(data: Data, github: &GitHub) -> Stack {
    Stack::start(&Template::embedded().unwrap(), options(data, github)).await.unwrap()
}

pub(crate) fn dir(path: &Path) -> Data {
    Data::Dir(path.to_owned())
}

pub(crate) fn link_request(repository: &Repository) -> LinkRequest {
    LinkRequest {
        workspace: workspace(),
        provider: ProviderKind::Github,
        account: AccountId::parse(repository.installation_id.to_string()).unwrap(),
        account_name: repository.owner(),
        resource: ResourceRef {
            id: ResourceId::parse(repository.id.to_string()).unwrap(),
            name: repository.full_name(),
        },
        settings: SyncSettings::everything(ProviderKind::Github),
    }
}

/// The lists that the simulator has.
const LISTS: [EntityType; 3] = [EntityType::PullRequest, EntityType::Issue, EntityType::Release];

/// Everything that ever happened.
pub(crate) fn everything(integration: Integration) -> StartRequest {
    StartRequest {
        integration,
        entities: BTreeSet::from(LISTS),
        window: Window { since: Timestamp::UNIX_EPOCH, until: "2100-01-01T00:00:00Z".parse().unwrap() },
        trigger: Trigger::Manual,
        again: false,
        call_budget: None,
        proves: None,
        hold: false,
        prove: false,
    }
}

/// The observations of the workspace, newest first.
pub(crate) async fn observations(stack: &Stack) -> Vec<Observation> {
    let filter = ObservationFilter {
        provider: None,
        source_type: None,
        actor: None,
        entity: None,
        since: "2026-01-01T00:00:00Z".parse().unwrap(),
        until: "2027-01-01T00:00:00Z".parse().unwrap(),
        limit: 1_000,
        cursor: None,
    };
    let mut found = Vec::new();
    let mut cursor = None;
    loop {
        let filter = ObservationFilter { cursor, ..filter.clone() };
        let page = stack.stores().observations.list(&workspace(), &filter).await.unwrap();
        found.extend(page.observations);
        cursor = page.next;
        if cursor.is_none() {
            return found;
        }
    }
}

/// The source ids of what is stored, sorted.
pub(crate) fn ids(observations: &[Observation]) -> Vec<String> {
    let mut ids: Vec<_> = observations.iter().map(|observation| observation.event.source_id.to_string()).collect();
    ids.sort();
    ids
}

/// Waits until the run has ended and is captured.
pub(crate) async fn finish(stack: &Stack, run: &RunId) -> RunProgress {
    stack.settled().await;
    let (progress, units) = stack.progress(run).await.unwrap();
    assert!(progress.is_settled(), "{:?}", units.iter().map(|unit| &unit.state).collect::<Vec<_>>());
    assert_eq!(progress.state, RunState::Completed);
    progress
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Value,
}

/// Sends a request as it is given: no client library stands between that would mend it.
pub(crate) async fn send(url: &str, method: &str, path: &str, headers: &[(&str, String)], body: &[u8]) -> Answer {
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
    head.push_str(&format!("content-length: {}\r\n", body.len()));
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    // A server may answer, and close, before it has read all of an oversized body.
    let _refused = stream.write_all(body).await;
    let mut answer = Vec::new();
    let _closed = stream.read_to_end(&mut answer).await;
    let text = String::from_utf8(answer).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_lowercase(), body: serde_json::from_str(body).unwrap_or(Value::Null) }
}

pub(crate) async fn post(url: &str, webhook: &SignedWebhook) -> Answer {
    send(url, "POST", "/webhooks/github", &webhook.headers, &webhook.body).await
}
