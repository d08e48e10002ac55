//! What a [`ConnectionStore`] promises.

use std::collections::BTreeSet;

use connector_domain::connection::{Connection, ConnectionStatus, Integration, WorkspaceSettings};
use connector_domain::ports::{ConnectionStore, Put};
use connector_domain::{AccountId, ConnectionId, ProviderKind, ResourceId};

use super::{some_workspace, unique};
use crate::builders::{at, connection, integration, workspace};

/// Runs the whole suite.
///
/// # Panics
/// When the store breaks a promise.
pub async fn connections(store: &dyn ConnectionStore) {
    a_connection_is_found_by_id_and_by_account(store).await;
    a_connection_stays_where_it_is(store).await;
    a_connection_that_has_ended_is_made_anew_or_not_at_all(store).await;
    a_link_is_found_from_both_sides(store).await;
    active_links_are_listed_once(store).await;
    ids_do_not_run_into_each_other(store).await;
    settings_have_defaults(store).await;
}

async fn of_account(store: &dyn ConnectionStore, provider: ProviderKind, account: &AccountId) -> Vec<Connection> {
    let mut found = store.connections_of(provider, account).await.unwrap();
    found.sort_unstable_by(|a, b| a.id.cmp(&b.id));
    found
}

fn some_connection() -> Connection {
    connection(&unique("conn"), &some_workspace(), &unique("acct"))
}

async fn a_connection_is_found_by_id_and_by_account(store: &dyn ConnectionStore) {
    let mut first = some_connection();
    let mut second = connection(&unique("conn"), &some_workspace(), first.account.as_str());
    if second.id < first.id {
        std::mem::swap(&mut first, &mut second);
    }
    assert_eq!(store.connection(&first.id).await.unwrap(), None);
    assert_eq!(of_account(store, ProviderKind::Github, &first.account).await, []);
    for connection in [&first, &second] {
        store.put_connection(connection).await.unwrap();
        assert_eq!(store.connection(&connection.id).await.unwrap().as_ref(), Some(connection));
    }
    assert_eq!(of_account(store, ProviderKind::Github, &first.account).await, [first.clone(), second.clone()]);
    assert_eq!(of_account(store, ProviderKind::Vercel, &first.account).await, [], "ids of two providers may be equal");

    first.status = ConnectionStatus::Revoked;
    first.account_name = "renamed".to_owned();
    first.updated_at = at(9);
    store.put_connection(&first).await.unwrap();
    assert_eq!(store.connection(&first.id).await.unwrap().as_ref(), Some(&first));
    assert_eq!(of_account(store, ProviderKind::Github, &first.account).await, [first, second]);
}

async fn a_connection_stays_where_it_is(store: &dyn ConnectionStore) {
    let first = some_connection();
    store.put_connection(&first).await.unwrap();
    let moved = [
        Connection { workspace: some_workspace(), ..first.clone() },
        Connection { account: AccountId::parse(unique("acct")).unwrap(), ..first.clone() },
        Connection { provider: ProviderKind::Linear, ..first.clone() },
    ];
    for moved in moved {
        assert!(store.put_connection(&moved).await.is_err(), "{moved:?}");
        assert_eq!(
            of_account(store, moved.provider, &moved.account).await.len(),
            usize::from(moved.account == first.account && moved.provider == first.provider)
        );
    }
    assert_eq!(store.connection(&first.id).await.unwrap(), Some(first));
}

async fn a_connection_that_has_ended_is_made_anew_or_not_at_all(store: &dyn ConnectionStore) {
    use ConnectionStatus::{Active, NeedsReconnect, Revoked, Suspended};
    let made = some_connection();
    let put = async |status, created| {
        let new = Connection { status, created_at: at(created), updated_at: at(99), ..made.clone() };
        store.put_connection(&new).await.unwrap() == Put::Stored
    };
    let stands = async || {
        let stored = store.connection(&made.id).await.unwrap().unwrap();
        assert_eq!(of_account(store, made.provider, &made.account).await, std::slice::from_ref(&stored));
        (stored.status, stored.created_at)
    };
    for status in [Active, Suspended, NeedsReconnect, Active, Revoked, Revoked] {
        assert!(put(status, 0).await, "{status:?}");
    }
    for status in [Active, Suspended, NeedsReconnect] {
        assert!(!put(status, 0).await, "{status:?}");
    }
    assert_eq!(stands().await, (Revoked, at(0)));
    assert!(put(Active, 10).await, "connected again");
    for status in [Active, NeedsReconnect, Revoked] {
        assert!(!put(status, 0).await, "who was at it before knows nothing of that: {status:?}");
    }
    assert_eq!(stands().await, (Active, at(10)));
}

async fn a_link_is_found_from_both_sides(store: &dyn ConnectionStore) {
    let (a, b) = (some_connection(), some_connection());
    let (repo, other) = (unique("repo"), unique("repo"));
    let mut rows = [integration(&a, &repo), integration(&a, &other), integration(&b, &repo)];
    let resource = ResourceId::parse(repo.as_str()).unwrap();
    assert_eq!(store.integration(ProviderKind::Github, &resource, &a.workspace).await.unwrap(), None);
    for row in &rows {
        store.put_integration(row).await.unwrap();
    }
    rows[0].active = false;
    rows[0].inactive_reason = Some("uninstalled".to_owned());
    rows[0].connection = ConnectionId::parse(unique("conn")).unwrap();
    rows[0].settings.events = BTreeSet::from(["push".to_owned()]);
    rows[0].resource.name = "octo/renamed".to_owned();
    store.put_integration(&rows[0]).await.unwrap();

    let sorted = |mut found: Vec<Integration>| {
        found.sort_unstable_by_key(|row| (row.workspace.clone(), row.resource.id.clone()));
        found
    };
    let one = store.integration(ProviderKind::Github, &resource, &a.workspace).await.unwrap();
    assert_eq!(one.as_ref(), Some(&rows[0]));
    let of = store.integrations_of(ProviderKind::Github, &resource).await.unwrap();
    assert_eq!(sorted(of), sorted(vec![rows[0].clone(), rows[2].clone()]), "active or not");
    let within = store.integrations_in(&a.workspace).await.unwrap();
    assert_eq!(sorted(within), sorted(vec![rows[0].clone(), rows[1].clone()]), "active or not");
    assert_eq!(store.integrations_of(ProviderKind::Sentry, &resource).await.unwrap(), []);
    assert_eq!(store.integrations_in(&some_workspace()).await.unwrap(), []);
}

async fn active_links_are_listed_once(store: &dyn ConnectionStore) {
    let connection = some_connection();
    let mut rows: Vec<_> = (0..9).map(|_| integration(&connection, &unique("repo"))).collect();
    for row in &rows {
        store.put_integration(row).await.unwrap();
    }
    let active = async || {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let (page, next) = store.active_integrations(after).await.unwrap();
            found.extend(page.into_iter().filter(|row| row.workspace == connection.workspace));
            match next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        found.sort_unstable_by(|a, b| a.resource.id.cmp(&b.resource.id));
        found
    };
    rows.sort_unstable_by(|a, b| a.resource.id.cmp(&b.resource.id));
    assert_eq!(active().await, rows);

    let mut ended = rows.remove(4);
    ended.active = false;
    store.put_integration(&ended).await.unwrap();
    rows[0].resource.name = "octo/renamed".to_owned();
    store.put_integration(&rows[0]).await.unwrap();
    assert_eq!(active().await, rows, "an ended link is gone, a changed one is listed as it is");

    ended.active = true;
    store.put_integration(&ended).await.unwrap();
    assert_eq!(active().await.len(), 9, "it comes back");
}

async fn ids_do_not_run_into_each_other(store: &dyn ConnectionStore) {
    let base = unique("ws");
    for (workspace_id, resource) in [("a#b", "c"), ("a", "b#c"), ("a%23b", "c"), ("a", "github#c"), ("a/b", "\u{e9}")] {
        let owner = workspace(&format!("{base}{workspace_id}"));
        let row = integration(&connection(&unique("conn"), &owner, "42"), resource);
        store.put_integration(&row).await.unwrap();
        let found = store.integration(row.provider, &row.resource.id, &owner).await.unwrap();
        assert_eq!(found.as_ref(), Some(&row));
        let mut within = store.integrations_in(&owner).await.unwrap();
        within.retain(|found| *found == row);
        assert_eq!(within.len(), 1);
    }
    let twice = store.integrations_in(&workspace(&format!("{base}a"))).await.unwrap();
    assert_eq!(twice.len(), 2);
    assert_eq!(store.integrations_in(&workspace(&format!("{base}a#b"))).await.unwrap().len(), 1);
}

async fn settings_have_defaults(store: &dyn ConnectionStore) {
    let workspace = some_workspace();
    assert_eq!(store.settings(&workspace).await.unwrap(), WorkspaceSettings::default());
    let mut settings = WorkspaceSettings::default();
    for threshold in [0, 100] {
        settings.significance_threshold = threshold;
        settings.weights.insert("base:push".to_owned(), i16::from(threshold) - 50);
        store.put_settings(&workspace, &settings).await.unwrap();
        assert_eq!(store.settings(&workspace).await.unwrap(), settings);
    }
    assert_eq!(store.settings(&some_workspace()).await.unwrap(), WorkspaceSettings::default());
    assert_eq!(store.integrations_in(&workspace).await.unwrap(), [], "settings are no link");
}
