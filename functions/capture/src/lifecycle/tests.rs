//! What a provider's announcements do to connections and links, in any order and again.

use std::sync::Arc;

use connector_domain::backfill::UnitState;
use connector_domain::connection::ResourceRef;
use connector_domain::documents::{Hold, Sync, SyncLimits, SyncState};
use connector_domain::oauth::TokenRow;
use connector_domain::ports::{BackfillStore, TokenRows, TokenVault};
use connector_domain::task::DocumentsTask;
use connector_domain::transformed::Transformed;
use connector_domain::{AccountId, Delivery};
use connector_flows::documents::DocumentPorts;
use connector_testkit::builders::{at, connection, integration, resource, tokens, unit, workspace};
use connector_testkit::memory::{
    ManualClock, MemoryAudit, MemoryBackfills, MemoryConnections, MemoryDocuments, MemoryQueue, MemoryVault,
};

use super::*;

macro_rules! fixture {
    ($name:literal) => {
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/providers/fixtures/", $name, ".json")
    };
}

/// Two workspaces connected one account; `acme` linked two repositories and `beta` one of them.
async fn connected() -> Arc<MemoryConnections> {
    let store = Arc::new(MemoryConnections::default());
    for (name, repositories) in [("acme", &["1", "2"][..]), ("beta", &["1"][..])] {
        let made = connection(name, &workspace(name), "42");
        store.put_connection(&made).await.unwrap();
        for repository in repositories {
            store.put_integration(&integration(&made, repository)).await.unwrap();
        }
    }
    store
}

fn ports(store: &Arc<MemoryConnections>) -> TeardownPorts {
    let clock = ManualClock::default();
    clock.set(at(60));
    TeardownPorts {
        connections: Arc::clone(store) as _,
        backfills: Arc::new(MemoryBackfills::default()),
        tokens: Arc::new(MemoryVault::default()),
        audit: Arc::new(MemoryAudit::default()),
        documents: DocumentPorts {
            syncs: Arc::new(MemoryDocuments::default()),
            tasks: Arc::new(MemoryQueue::default()),
            clock: Arc::new(ManualClock::default()),
            limits: SyncLimits::default(),
        },
        clock: Arc::new(clock),
    }
}

async fn change(store: &Arc<MemoryConnections>, action: LifecycleAction) {
    let change = LifecycleChange { account: AccountId::parse("42").unwrap(), action, at: None };
    for _ in 0..2 {
        apply(&ports(store), ProviderKind::Github, &workspace("acme"), &change, at(60)).await.unwrap();
    }
}

async fn status(store: &MemoryConnections, name: &str) -> ConnectionStatus {
    store.connection(&connection(name, &workspace(name), "42").id).await.unwrap().unwrap().status
}

/// The links of a workspace: repository, name and whether it is active or why not.
async fn links_of(store: &MemoryConnections, name: &str) -> Vec<(String, String)> {
    let mut links = store.integrations_in(&workspace(name)).await.unwrap();
    links.sort_by_key(|link| link.resource.id.clone());
    let state = |link: Integration| link.inactive_reason.unwrap_or_else(|| link.resource.name.clone());
    links.into_iter().map(|link| (link.resource.id.to_string(), state(link))).collect()
}

fn name(id: &str) -> (String, String) {
    (id.to_owned(), resource(id).name)
}

#[tokio::test]
async fn an_uninstall_ends_the_connection_and_its_links_and_nobody_elses() {
    let store = connected().await;
    change(&store, LifecycleAction::Uninstalled).await;
    assert_eq!(status(&store, "acme").await, ConnectionStatus::Revoked);
    let gone = |id: &str| (id.to_owned(), "uninstalled".to_owned());
    assert_eq!(links_of(&store, "acme").await, [gone("1"), gone("2")]);
    assert_eq!(status(&store, "beta").await, ConnectionStatus::Active);
    assert_eq!(links_of(&store, "beta").await, [name("1")]);

    change(&store, LifecycleAction::Unsuspended).await;
    assert_eq!(status(&store, "acme").await, ConnectionStatus::Revoked, "revoked is final");
}

#[tokio::test]
async fn a_suspension_comes_and_goes() {
    let store = connected().await;
    change(&store, LifecycleAction::Suspended).await;
    assert_eq!(status(&store, "acme").await, ConnectionStatus::Suspended);
    change(&store, LifecycleAction::Unsuspended).await;
    assert_eq!(status(&store, "acme").await, ConnectionStatus::Active);
    assert_eq!(links_of(&store, "acme").await, [name("1"), name("2")]);
}

#[tokio::test]
async fn documents_that_waited_for_the_end_of_a_suspension_are_looked_at() {
    let store = connected().await;
    let mut ports = ports(&store);
    let looks: Arc<MemoryQueue<DocumentsTask>> = Arc::default();
    ports.documents.tasks = Arc::clone(&looks) as _;
    let suspended = Connection { status: ConnectionStatus::Suspended, ..connection("acme", &workspace("acme"), "42") };
    store.put_connection(&suspended).await.unwrap();
    let sync = Sync::ask(None, &integration(&suspended, "1"), None, "cor", &ports.documents.limits, at(0));
    let state = SyncState::Waiting { until: at(9_000), reason: Hold::Suspended };
    ports.documents.syncs.put_sync(&Sync { state, ..sync.clone() }, None).await.unwrap();
    let action = LifecycleAction::Unsuspended;
    let change = LifecycleChange { account: AccountId::parse("42").unwrap(), action, at: None };
    apply(&ports, ProviderKind::Github, &workspace("acme"), &change, at(60)).await.unwrap();
    let asked: Vec<_> = looks.drain().into_iter().map(|task| task.documents).collect();
    assert_eq!(asked, [sync.key]);
}

#[tokio::test]
async fn removed_and_deleted_repositories_are_not_captured_any_more() {
    let store = connected().await;
    let unknown = resource("77");
    change(&store, LifecycleAction::ResourcesRemoved(vec![unknown, resource("1")])).await;
    let reason = "deleted";
    change(&store, LifecycleAction::ResourceGone { resource: resource("2").id, reason }).await;
    assert_eq!(
        links_of(&store, "acme").await,
        [("1".into(), "removed_from_installation".into()), ("2".into(), "deleted".into())]
    );
    assert_eq!(links_of(&store, "beta").await, [name("1")]);
}

#[tokio::test]
async fn a_rename_changes_the_name_alone() {
    let store = connected().await;
    let renamed = ResourceRef { name: "octo/new".into(), ..resource("1") };
    change(&store, LifecycleAction::ResourceRenamed(renamed)).await;
    assert_eq!(links_of(&store, "acme").await, [("1".into(), "octo/new".into()), name("2")]);
}

#[tokio::test]
async fn a_renamed_account_renames_what_is_named_after_it() {
    let store = connected().await;
    let (first, second) = (ResourceRef { name: "octo/one".into(), ..resource("1") }, resource("2"));
    let other = ResourceRef { name: "octopus/two".into(), ..second };
    change(&store, LifecycleAction::ResourceRenamed(first)).await;
    change(&store, LifecycleAction::ResourceRenamed(other)).await;
    let owner_was = Some("octo".to_owned());
    change(&store, LifecycleAction::AccountRenamed { name: "hexa".into(), owner_was }).await;
    assert_eq!(links_of(&store, "acme").await, [("1".into(), "hexa/one".into()), ("2".into(), "octopus/two".into())]);
    assert_eq!(links_of(&store, "beta").await, [name("1")]);
    let renamed = store.connection(&connection("acme", &workspace("acme"), "42").id).await.unwrap().unwrap();
    assert_eq!(renamed.account_name, "hexa");
}

#[tokio::test]
async fn an_announcement_from_before_the_connection_is_about_another_one() {
    let store = connected().await;
    let account = AccountId::parse("42").unwrap();
    let late = LifecycleChange { account, action: LifecycleAction::Uninstalled, at: Some(at(-1)) };
    apply(&ports(&store), ProviderKind::Github, &workspace("acme"), &late, at(60)).await.unwrap();
    assert_eq!(status(&store, "acme").await, ConnectionStatus::Active);
}

/// What a provider sends when the app is taken off an account, and when it came. Only then has it an end here.
#[tokio::test]
async fn every_provider_can_end_a_connection_by_its_own_announcement() {
    for (kind, event, raw) in [
        (ProviderKind::Github, "installation", include_str!(fixture!("github/webhooks/installation.deleted"))),
        (ProviderKind::Linear, "OAuthApp", include_str!(fixture!("linear/webhooks/OAuthApp.revoked"))),
        (ProviderKind::Sentry, "installation", include_str!(fixture!("sentry/webhooks/installation.deleted"))),
        (
            ProviderKind::Vercel,
            "integration-configuration.removed",
            include_str!(fixture!("vercel/webhooks/integration-configuration.removed")),
        ),
    ] {
        let provider = connector_providers::provider(kind).unwrap();
        let delivery = Delivery::webhook(kind, event.to_owned(), None, raw.into(), at(0));
        let Transformed::Lifecycle(change) = provider.transform(&delivery.verify(|_| Ok::<_, ()>(())).unwrap()) else {
            panic!("{kind}")
        };
        // Connected before it was sent, and once more where the provider says when that was: since then.
        for (created, ends) in [(at(-86_400 * 365), true), (at(86_400), change.at.is_none())] {
            let store = Arc::new(MemoryConnections::default());
            let made = connection("acme", &workspace("acme"), change.account.as_str());
            let made = Connection { provider: kind, created_at: created, ..made };
            store.put_connection(&made).await.unwrap();
            apply(&ports(&store), kind, &workspace("acme"), &change, at(60)).await.unwrap();
            let ended = store.connection(&made.id).await.unwrap().unwrap().status == ConnectionStatus::Revoked;
            assert_eq!(ended, ends, "{kind} {created}");
        }
    }
}

#[tokio::test]
async fn a_suspension_is_noted_and_heals_nothing_else() {
    let store = connected().await;
    let ports = ports(&store);
    let announce = async |action: LifecycleAction, received_at| {
        let change = LifecycleChange { account: AccountId::parse("42").unwrap(), action, at: None };
        for _ in 0..2 {
            apply(&ports, ProviderKind::Github, &workspace("acme"), &change, received_at).await.unwrap();
        }
    };
    announce(LifecycleAction::Suspended, at(1)).await;
    announce(LifecycleAction::Unsuspended, at(2)).await;
    let id = connection("acme", &workspace("acme"), "42").id;
    let noted: Vec<_> = ports.audit.entries(&id, 9).await.unwrap().into_iter().map(|entry| entry.action).collect();
    assert_eq!(noted, [AuditAction::Unsuspended, AuditAction::Suspended], "each once");
    let mut lost = store.connection(&id).await.unwrap().unwrap();
    lost.status = ConnectionStatus::NeedsReconnect;
    store.put_connection(&lost).await.unwrap();
    announce(LifecycleAction::Suspended, at(3)).await;
    announce(LifecycleAction::Unsuspended, at(4)).await;
    assert_eq!(
        status(&store, "acme").await,
        ConnectionStatus::NeedsReconnect,
        "a person must connect again all the same"
    );
}

/// What may happen to a connection at the same time.
#[derive(Debug, Clone, Copy)]
enum Act {
    Uninstalled,
    Disconnected,
    Suspended,
    Unsuspended,
    RepositoryRemoved,
    /// A worker that has read the connection before all else finds its token refused.
    StaleRefusal,
}

const ACTS: [Act; 6] =
    [Act::Uninstalled, Act::Disconnected, Act::Suspended, Act::Unsuspended, Act::RepositoryRemoved, Act::StaleRefusal];

/// Every order of so many things, as orders of their numbers.
fn orders(of: usize) -> Vec<Vec<usize>> {
    if of == 0 {
        return vec![Vec::new()];
    }
    let shorter = orders(of - 1);
    let with_last = |order: &Vec<usize>| {
        let order = order.clone();
        (0..of).map(move |place| {
            let mut order = order.clone();
            order.insert(place, of - 1);
            order
        })
    };
    shorter.iter().flat_map(with_last).collect()
}

#[tokio::test]
async fn an_end_is_the_same_in_every_order_and_when_repeated() {
    let all = orders(ACTS.len());
    assert_eq!(all.len(), 720);
    for order in all {
        let acts: Vec<Act> = order.into_iter().map(|n| ACTS[n]).collect();
        let store = connected().await;
        let vault = Arc::new(MemoryVault::default());
        let backfills = Arc::new(MemoryBackfills::default());
        let ports =
            TeardownPorts { tokens: Arc::clone(&vault) as _, backfills: Arc::clone(&backfills) as _, ..ports(&store) };
        let first = store.connection(&connection("acme", &workspace("acme"), "42").id).await.unwrap().unwrap();
        let held = tokens("1", None);
        vault.store(&first, &TokenRow::granted(&held, None, 0.5, at(0)), &held, None).await.unwrap();
        let mut running = unit(&workspace("acme"), "1");
        running.connection = first.id.clone();
        backfills.put_unit(&running, None).await.unwrap();
        for act in acts.iter().chain(&acts) {
            let announced = match act {
                Act::Uninstalled => LifecycleAction::Uninstalled,
                Act::Suspended => LifecycleAction::Suspended,
                Act::Unsuspended => LifecycleAction::Unsuspended,
                Act::RepositoryRemoved => LifecycleAction::ResourcesRemoved(vec![resource("1")]),
                Act::Disconnected => {
                    let ending = Ending { by: Actor::System, reason: "disconnected" };
                    let known = store.connection(&first.id).await.unwrap().unwrap();
                    tear_down(&ports, &known, &ending, None).await.unwrap();
                    continue;
                }
                Act::StaleRefusal => {
                    let refused = Connection { status: ConnectionStatus::NeedsReconnect, ..first.clone() };
                    store.put_connection(&refused).await.unwrap();
                    continue;
                }
            };
            let change = LifecycleChange { account: first.account.clone(), action: announced, at: None };
            apply(&ports, ProviderKind::Github, &workspace("acme"), &change, at(60)).await.unwrap();
        }
        assert_eq!(status(&store, "acme").await, ConnectionStatus::Revoked, "{acts:?}");
        let links = store.integrations_in(&workspace("acme")).await.unwrap();
        assert!(links.iter().all(|link| !link.active && link.inactive_reason.is_some()), "{acts:?}");
        assert!(vault.row(&first).await.unwrap().is_none(), "{acts:?}");
        let unit = backfills.unit(&running.key).await.unwrap().unwrap();
        assert_eq!(unit.state, UnitState::Cancelled, "{acts:?}");
        let noted = ports.audit.entries(&first.id, 20).await.unwrap();
        for action in [AuditAction::TeardownStarted, AuditAction::TornDown] {
            assert_eq!(noted.iter().filter(|entry| entry.action == action).count(), 1, "{acts:?}");
        }
        // Nothing leads to it any more, and all that leads to others still does.
        let routes = store.connections_of(ProviderKind::Github, &first.account).await.unwrap();
        let routed: Vec<_> = routes.into_iter().filter(|route| route.status.receives()).collect();
        assert_eq!(routed.iter().map(|route| route.workspace.as_str()).collect::<Vec<_>>(), ["beta"], "{acts:?}");
        let (captured, _) = store.active_integrations(None).await.unwrap();
        assert!(captured.iter().all(|link| link.workspace == workspace("beta")), "{acts:?}");
    }
}
