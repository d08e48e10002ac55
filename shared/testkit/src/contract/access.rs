//! What [`MachineKeys`], [`OnceStore`] and [`ChangeLog`] promise.

use connector_domain::access::{MachineKey, Scope};
use connector_domain::change::{Change, ChangeAction};
use connector_domain::ports::{Begun, ChangeLog, MachineKeys, OnceKey, OnceStore, Put};
use futures::future::join_all;

use super::lists::{all, refuses};
use super::{some_workspace, unique};
use crate::builders::at;

/// Runs the suite of [`MachineKeys`].
///
/// # Panics
/// When the store breaks a promise.
pub async fn machine_keys(store: &dyn MachineKeys) {
    let (ours, theirs) = (some_workspace(), some_workspace());
    let key = MachineKey {
        id: unique("key"),
        workspace: ours.clone(),
        name: "ci".to_owned(),
        scopes: [Scope::Read, Scope::Write].into(),
        sha256: "00".repeat(32),
        created_by: "user-1".to_owned(),
        created_at: at(0),
        expires_at: at(100),
        revoked_at: None,
    };
    assert_eq!(store.find(&key.id).await.unwrap(), None);
    assert_eq!(store.add(&key).await.unwrap(), Put::Stored);
    assert_eq!(store.add(&MachineKey { workspace: theirs.clone(), ..key.clone() }).await.unwrap(), Put::Conflict);
    assert_eq!(store.find(&key.id).await.unwrap().as_ref(), Some(&key));
    assert_eq!(store.of_workspace(&ours).await.unwrap(), std::slice::from_ref(&key));
    assert_eq!(store.of_workspace(&theirs).await.unwrap(), []);

    assert_eq!(store.revoke(&theirs, &key.id, at(5)).await.unwrap(), None, "it is not theirs");
    assert_eq!(store.find(&key.id).await.unwrap().as_ref(), Some(&key));
    let revoked = MachineKey { revoked_at: Some(at(5)), ..key };
    for time in [5, 9] {
        let answer = store.revoke(&ours, &revoked.id, at(time)).await.unwrap();
        assert_eq!(answer.as_ref(), Some(&revoked), "the first end stands");
    }
    assert_eq!(store.find(&revoked.id).await.unwrap().as_ref(), Some(&revoked));
    assert_eq!(store.of_workspace(&ours).await.unwrap(), [revoked]);
}

fn some_request() -> OnceKey {
    OnceKey { workspace: some_workspace(), name: unique("name"), request: "asks".to_owned() }
}

/// Runs the suite of [`OnceStore`].
///
/// # Panics
/// When the store breaks a promise.
pub async fn once(store: &dyn OnceStore) {
    let key = some_request();
    let begin = async |key: &OnceKey, now: i64| store.begin(key, at(now), at(now + 60)).await.unwrap();
    let answered = || Begun::Answered { status: 202, body: "{\"a\":1}".to_owned() };
    assert_eq!(begin(&key, 0).await, Begun::First);
    assert_eq!(begin(&key, 1).await, Begun::Busy);
    let other = OnceKey { request: "asks for more".to_owned(), ..key.clone() };
    assert_eq!(begin(&other, 1).await, Begun::Different);
    assert_eq!(begin(&OnceKey { workspace: some_workspace(), ..key.clone() }, 1).await, Begun::First, "theirs");
    assert_eq!(begin(&key, 60).await, Begun::First, "whoever was at it is gone");
    store.answered(&key, 202, "{\"a\":1}", at(1_000)).await.unwrap();
    assert_eq!(begin(&key, 61).await, answered());
    assert_eq!(begin(&key, 999).await, answered());
    assert_eq!(begin(&other, 999).await, Begun::Different);
    assert_eq!(begin(&other, 1_000).await, Begun::First, "answers are not kept for ever");

    let key = some_request();
    assert_eq!(begin(&key, 0).await, Begun::First);
    store.forget(&key).await.unwrap();
    assert_eq!(begin(&key, 0).await, Begun::First, "it had no effect");

    let key = some_request();
    let begun = join_all((0..6).map(|_| store.begin(&key, at(0), at(60)))).await;
    assert_eq!(begun.into_iter().filter(|begun| *begun.as_ref().unwrap() == Begun::First).count(), 1);
}

/// Runs the suite of [`ChangeLog`].
///
/// # Panics
/// When the store breaks a promise.
pub async fn changes(store: &dyn ChangeLog) {
    let workspace = some_workspace();
    let entry = |n: i64| Change {
        id: unique("change"),
        at: at(-n),
        workspace: workspace.clone(),
        by: "user-1".to_owned(),
        action: ChangeAction::Linked,
        target: format!("github:{n}"),
    };
    let made: Vec<_> = (0..9).map(entry).collect();
    for n in [3, 0, 8, 1, 5, 2, 7, 4, 6] {
        store.append(&made[n]).await.unwrap();
        store.append(&Change { target: "other".to_owned(), ..made[n].clone() }).await.unwrap();
    }
    for limit in [1, 4, 50] {
        assert_eq!(all(limit, async |paging| store.changes_in(&workspace, &paging).await).await, made, "{limit}");
    }
    assert_eq!(all(9, async |paging| store.changes_in(&some_workspace(), &paging).await).await, []);
    refuses(async |paging| store.changes_in(&workspace, &paging).await).await;
}
