//! Domain values in one line each. A test changes the fields it is about.
#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a builder is test code: it may stop at bad input")]

use std::collections::{BTreeMap, BTreeSet};

use connector_domain::backfill::{Depth, EntityType, Limits, NewUnit, Run, Trigger, Unit, UnitKey, Window};
use connector_domain::capture::{classify, extract_entities, score, topics};
use connector_domain::connection::{Connection, ConnectionStatus, Integration, ResourceRef, SyncSettings};
use connector_domain::delivery::{DeliveryRecord, DeliveryState, Origin};
use connector_domain::documents::{ChunkSettings, Document, content_hash};
use connector_domain::oauth::TokenSet;
use connector_domain::observation::{IngestionSource, Observation};
use connector_domain::task::{CaptureTask, PageTask, TASK_VERSION};
use connector_domain::{
    AccountId, Actor, ConnectionId, DeliveryId, IntegrationId, ProviderKind, ResourceId, RunId, Secret, SourceEvent,
    SourceId, SourceType, Timestamp, WorkspaceId,
};

/// Noon of 6 February 2026 (UTC), and so many seconds later.
#[must_use]
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_770_379_200 + seconds).unwrap()
}

/// A workspace id.
#[must_use]
pub fn workspace(id: &str) -> WorkspaceId {
    WorkspaceId::parse(id).unwrap()
}

/// A delivery id.
#[must_use]
pub fn delivery_id(id: &str) -> DeliveryId {
    DeliveryId::parse(id).unwrap()
}

/// A repository: the id, and a name made of it.
#[must_use]
pub fn resource(id: &str) -> ResourceRef {
    ResourceRef { id: ResourceId::parse(id).unwrap(), name: format!("octo/repo-{id}") }
}

/// A merged pull request that happened at `occurred_at`; `id` tells it from others.
#[must_use]
pub fn event(id: &str, occurred_at: Timestamp) -> SourceEvent {
    let source_id = SourceId::once(ProviderKind::Github, "pr", id, "merged");
    let mut event = SourceEvent::new(
        SourceType::GithubPullRequestMerged,
        source_id,
        &format!("[PR Merged] Add feature {id}"),
        "Adds what was missing.",
        occurred_at,
    );
    event.actor = Some(actor("583231"));
    event
}

/// Who acted.
#[must_use]
pub fn actor(id: &str) -> Actor {
    Actor { id: id.to_owned(), name: format!("user-{id}"), email: None, avatar_url: None }
}

/// An observation of [`event`], captured from a webhook.
#[must_use]
pub fn observation(workspace: &WorkspaceId, id: &str, occurred_at: Timestamp) -> Observation {
    observe(workspace, event(id, occurred_at))
}

/// An observation of a fact, captured from a webhook.
#[must_use]
pub fn observe(workspace: &WorkspaceId, event: SourceEvent) -> Observation {
    let classification = classify(&event);
    Observation {
        workspace: workspace.clone(),
        significance: score(&event),
        topics: topics(&event, &classification),
        entities: extract_entities(&event),
        classification,
        ingestion_source: IngestionSource::Webhook,
        run: None,
        page: None,
        delivery: delivery_id("github#00"),
        held: false,
        captured_at: at(60),
        correlation: "c0ffee".to_owned(),
        deleted_at: None,
        event,
    }
}

/// A webhook's row, not captured by any of `pending` yet and due at [`at`]`(300)`.
#[must_use]
pub fn delivery(id: &str, pending: &[&WorkspaceId]) -> DeliveryRecord {
    DeliveryRecord {
        id: delivery_id(id),
        provider: ProviderKind::Github,
        origin: Origin::Webhook { event: "pull_request".to_owned(), transport_id: Some("72d3162e".to_owned()) },
        account: Some(AccountId::parse("42").unwrap()),
        resource: Some(ResourceId::parse("9").unwrap()),
        received_at: at(0),
        bytes: 2,
        state: DeliveryState::Received,
        pending: pending.iter().map(|workspace| (*workspace).clone()).collect(),
        outcomes: BTreeMap::new(),
        attempts: 0,
        due_at: at(300),
        correlation: "c0ffee".to_owned(),
    }
}

/// Tokens that are told apart by their text.
#[must_use]
pub fn tokens(text: &str, expires_at: Option<Timestamp>) -> TokenSet {
    TokenSet {
        access: Secret::new(format!("access-{text}")).unwrap(),
        refresh: Secret::new(format!("refresh-{text}")),
        expires_at,
        refresh_expires_at: None,
        scopes: BTreeSet::from(["read".to_owned()]),
        grant: None,
    }
}

/// A working connection.
#[must_use]
pub fn connection(id: &str, workspace: &WorkspaceId, account: &str) -> Connection {
    Connection {
        id: ConnectionId::parse(id).unwrap(),
        workspace: workspace.clone(),
        provider: ProviderKind::Github,
        account: AccountId::parse(account).unwrap(),
        account_name: "octo".to_owned(),
        status: ConnectionStatus::Active,
        created_at: at(0),
        updated_at: at(0),
    }
}

/// An active link of a repository through a connection, subscribed to everything.
#[must_use]
pub fn integration(connection: &Connection, resource_id: &str) -> Integration {
    Integration {
        id: IntegrationId::parse(format!("int-{resource_id}")).unwrap(),
        workspace: connection.workspace.clone(),
        connection: connection.id.clone(),
        provider: connection.provider,
        account: connection.account.clone(),
        resource: resource(resource_id),
        settings: SyncSettings::everything(connection.provider),
        active: true,
        inactive_reason: None,
        linked_at: at(0),
        updated_at: at(0),
    }
}

/// A run over the last 30 days of a repository's pull requests.
#[must_use]
pub fn run(id: &str, workspace: &WorkspaceId, resource_id: &str) -> Run {
    Run {
        id: RunId::parse(id).unwrap(),
        workspace: workspace.clone(),
        connection: ConnectionId::parse("conn").unwrap(),
        provider: ProviderKind::Github,
        resource: resource(resource_id),
        entities: vec![EntityType::PullRequest],
        window: Window::last(Depth::Days30, at(0)),
        trigger: Trigger::Manual,
        started_at: at(0),
        call_budget: None,
        proves: None,
        hold: false,
        prove: false,
        cancelled_at: None,
        correlation: "c0ffee".to_owned(),
    }
}

/// The key of a repository's pull requests.
#[must_use]
pub fn unit_key(workspace: &WorkspaceId, resource_id: &str) -> UnitKey {
    UnitKey {
        workspace: workspace.clone(),
        provider: ProviderKind::Github,
        resource: ResourceId::parse(resource_id).unwrap(),
        entity: EntityType::PullRequest,
    }
}

/// A unit that has not begun, of run `r`, started at [`at`]`(0)` with the usual limits.
#[must_use]
pub fn unit(workspace: &WorkspaceId, resource_id: &str) -> Unit {
    let new = NewUnit {
        key: unit_key(workspace, resource_id),
        run: RunId::parse("r").unwrap(),
        connection: ConnectionId::parse("conn").unwrap(),
        resource: resource(resource_id),
        window: Window::last(Depth::Days30, at(0)),
        later: Vec::new(),
        hold: false,
        correlation: "c0ffee".to_owned(),
    };
    Unit::start(new, None, &Limits::default(), at(0))
}

/// A message that asks for a capture.
#[must_use]
pub fn capture_task(workspace_id: &str, delivery: &str) -> CaptureTask {
    CaptureTask {
        v: TASK_VERSION,
        workspace: workspace(workspace_id),
        delivery: delivery_id(delivery),
        correlation: "c0ffee".to_owned(),
    }
}

/// A message that asks for the first page of [`unit`].
#[must_use]
pub fn page_task(workspace: &WorkspaceId, resource_id: &str) -> PageTask {
    unit(workspace, resource_id).task()
}

/// A document with this text, in so many pieces, which the claim of this number wrote.
#[must_use]
pub fn document(path: &str, text: &str, chunks: u32, fence: u64) -> Document {
    Document {
        path: path.to_owned(),
        blob: Some(content_hash(text)),
        commit: "c0ffee".to_owned(),
        bytes: text.len() as u64,
        content_hash: Some(content_hash(text)),
        config_hash: ChunkSettings::default().hash("local-1", 256),
        skipped: None,
        chunks,
        model: "local-1".to_owned(),
        fence,
        updated_at: at(5),
    }
}
