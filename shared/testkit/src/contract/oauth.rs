//! What a [`StateStore`], a [`TokenVault`] and an [`AuditLog`] promise.

use std::collections::BTreeSet;

use connector_domain::audit::{Actor, AuditAction, AuditEntry};
use connector_domain::connection::Connection;
use connector_domain::oauth::{
    ConnectFailure, ConnectOutcome, ConnectState, Lease, OneTimeSecret, Return, Step, TokenRow,
};
use connector_domain::ports::{AuditLog, Put, StateStore, TokenVault};
use connector_domain::{ConnectionId, ProviderKind, UserId};

use super::{some_workspace, unique};
use crate::builders::{at, connection, tokens};

/// Runs the whole suite over states.
///
/// # Panics
/// When the store breaks a promise.
pub async fn states(store: &dyn StateStore) {
    a_state_is_good_once_and_for_its_own_browser(store).await;
    of_many_who_take_a_state_one_gets_it(store).await;
    an_outcome_is_kept_for_a_while(store).await;
}

/// A secret that no other part uses.
fn secret() -> OneTimeSecret {
    let mut bytes = [0; 32];
    for half in bytes.chunks_exact_mut(8) {
        let digits = unique("x");
        half.copy_from_slice(&u64::from_str_radix(&digits[2..], 16).unwrap().to_be_bytes());
    }
    OneTimeSecret::of(bytes).unwrap()
}

fn state(verifier: Option<OneTimeSecret>) -> ConnectState {
    ConnectState {
        provider: ProviderKind::Linear,
        workspace: some_workspace(),
        user: UserId::parse("user#1").unwrap(),
        back: Return::Cli,
        browser: None,
        verifier,
        poll: secret().hash(),
        created_at: at(0),
        expires_at: at(600),
    }
}

fn same(a: &ConnectState, b: &ConnectState) {
    assert_eq!((a.provider, &a.workspace, &a.user, a.back), (b.provider, &b.workspace, &b.user, b.back));
    assert_eq!((&a.verifier, &a.poll, a.created_at, a.expires_at), (&b.verifier, &b.poll, b.created_at, b.expires_at));
}

async fn a_state_is_good_once_and_for_its_own_browser(store: &dyn StateStore) {
    const LINEAR: ProviderKind = ProviderKind::Linear;
    for verifier in [None, Some(secret())] {
        let (key, browser, other) = (secret().hash(), secret().hash(), secret().hash());
        let stored = state(verifier);
        store.put(&key, &stored).await.unwrap();
        assert!(store.take(&key, LINEAR, &browser, at(1)).await.unwrap().is_none(), "nobody has opened it");
        assert!(store.bind(&key, ProviderKind::Vercel, &browser, at(1)).await.unwrap().is_none());
        assert!(store.bind(&key, LINEAR, &browser, at(600)).await.unwrap().is_none(), "too late");
        assert!(store.bind(&secret().hash(), LINEAR, &browser, at(1)).await.unwrap().is_none());
        for _ in 0..2 {
            let bound = store.bind(&key, LINEAR, &browser, at(1)).await.unwrap().unwrap();
            same(&bound, &stored);
            assert_eq!(bound.browser.as_ref(), Some(&browser), "the same browser may load the page again");
        }
        assert!(store.bind(&key, LINEAR, &other, at(1)).await.unwrap().is_none(), "another browser");

        for (provider, hash, now) in [(LINEAR, &other, 2), (ProviderKind::Vercel, &browser, 2), (LINEAR, &browser, 600)]
        {
            assert!(store.take(&key, provider, hash, at(now)).await.unwrap().is_none());
        }
        let taken = store.take(&key, LINEAR, &browser, at(599)).await.unwrap().unwrap();
        same(&taken, &stored);
        assert!(store.take(&key, LINEAR, &browser, at(2)).await.unwrap().is_none(), "a state is good once");
        assert!(store.bind(&key, LINEAR, &browser, at(2)).await.unwrap().is_none());
    }
}

async fn of_many_who_take_a_state_one_gets_it(store: &dyn StateStore) {
    let (key, browser) = (secret().hash(), secret().hash());
    store.put(&key, &state(None)).await.unwrap();
    store.bind(&key, ProviderKind::Linear, &browser, at(1)).await.unwrap().unwrap();
    let all = (0..8).map(|_| store.take(&key, ProviderKind::Linear, &browser, at(2)));
    let got = futures::future::join_all(all).await;
    assert_eq!(got.into_iter().filter(|taken| taken.as_ref().unwrap().is_some()).count(), 1);
}

async fn an_outcome_is_kept_for_a_while(store: &dyn StateStore) {
    let poll = secret().hash();
    assert_eq!(store.outcome(&poll, at(0)).await.unwrap(), None);
    let connection = ConnectionId::parse("c").unwrap();
    for outcome in [
        ConnectOutcome::Pending,
        ConnectOutcome::Failed { code: ConnectFailure::Denied },
        ConnectOutcome::Connected { connection, account: "Acme".to_owned(), again: true },
    ] {
        store.put_outcome(&poll, &outcome, at(60)).await.unwrap();
        assert_eq!(store.outcome(&poll, at(59)).await.unwrap(), Some(outcome));
    }
    assert_eq!(store.outcome(&poll, at(60)).await.unwrap(), None);
}

/// Runs the whole suite over tokens.
///
/// # Panics
/// When the vault breaks a promise.
pub async fn vault(vault: &dyn TokenVault) {
    tokens_change_on_top_of_what_was_read(vault).await;
    of_many_who_take_the_lease_one_gets_it(vault).await;
    what_is_due_is_listed_until_it_is_done(vault).await;
}

fn some_connection() -> Connection {
    Connection { provider: ProviderKind::Linear, ..connection(&unique("conn"), &some_workspace(), &unique("acct")) }
}

async fn tokens_change_on_top_of_what_was_read(vault: &dyn TokenVault) {
    let (own, other) = (some_connection(), some_connection());
    assert_eq!(vault.load(&own).await.unwrap(), None);
    assert_eq!(vault.delete(&own, 1).await.unwrap(), Put::Stored, "there is nothing to forget");
    let first = tokens("first", Some(at(86_400)));
    let row = TokenRow::granted(&first, None, 0.5, at(0));
    assert_eq!(vault.mark(&own, &row, 1).await.unwrap(), Put::Conflict, "there are no tokens to mark");
    assert_eq!(vault.store(&own, &row, &first, Some(1)).await.unwrap(), Put::Conflict);
    assert_eq!(vault.store(&own, &row, &first, None).await.unwrap(), Put::Stored);
    assert_eq!(vault.store(&own, &row, &first, None).await.unwrap(), Put::Conflict);
    assert_eq!(vault.load(&own).await.unwrap(), Some((row.clone(), first.clone())));

    let lease = Lease { owner: "a".to_owned(), until: at(30) };
    let leased = TokenRow { version: 2, lease: Some(lease), interrupted: true, ..row.clone() };
    assert_eq!(vault.mark(&own, &leased, 1).await.unwrap(), Put::Stored);
    assert_eq!(vault.mark(&own, &leased, 1).await.unwrap(), Put::Conflict);
    assert_eq!(vault.load(&own).await.unwrap(), Some((leased.clone(), first)), "the tokens stay");

    // Without an end, without a refresh token and without scopes.
    let mut bare = tokens("second", None);
    (bare.refresh, bare.refresh_expires_at, bare.grant) = (None, Some(at(9)), Some("icfg_1".to_owned()));
    bare.scopes = BTreeSet::new();
    let next = TokenRow::granted(&bare, Some(&leased), 0.5, at(60));
    assert_eq!(vault.store(&own, &next, &bare, Some(1)).await.unwrap(), Put::Conflict);
    assert_eq!(vault.store(&own, &next, &bare, Some(2)).await.unwrap(), Put::Stored);
    assert_eq!(vault.load(&own).await.unwrap(), Some((next, bare)));
    assert_eq!(vault.load(&other).await.unwrap(), None);

    assert_eq!(vault.delete(&own, 2).await.unwrap(), Put::Conflict, "they are newer than what was read");
    assert_eq!(vault.delete(&own, 3).await.unwrap(), Put::Stored);
    assert_eq!(vault.load(&own).await.unwrap(), None);
}

async fn of_many_who_take_the_lease_one_gets_it(vault: &dyn TokenVault) {
    let own = some_connection();
    let first = tokens("first", Some(at(100)));
    let row = TokenRow::granted(&first, None, 0.5, at(0));
    vault.store(&own, &row, &first, None).await.unwrap();
    let next: Vec<_> = (0..8)
        .map(|n| TokenRow {
            version: 2,
            lease: Some(Lease { owner: format!("caller-{n}"), until: at(130) }),
            ..row.clone()
        })
        .collect();
    let got = futures::future::join_all(next.iter().map(|next| vault.mark(&own, next, 1))).await;
    let won: Vec<_> = got.into_iter().map(|put| put.unwrap() == Put::Stored).collect();
    assert_eq!(won.iter().filter(|won| **won).count(), 1);
    let winner = won.iter().position(|won| *won).unwrap();
    assert_eq!(vault.load(&own).await.unwrap().unwrap().0, next[winner]);
}

async fn what_is_due_is_listed_until_it_is_done(vault: &dyn TokenVault) {
    // Before the time of all other tests, so that only these are due.
    let (own, later, endless) = (some_connection(), some_connection(), some_connection());
    for (connection, seconds) in [(&own, Some(-8_000)), (&later, Some(-7_000)), (&endless, None)] {
        let tokens = tokens("due", seconds.map(at));
        let row = TokenRow::granted(&tokens, None, 0.5, at(-9_000));
        vault.store(connection, &row, &tokens, None).await.unwrap();
    }
    let some = async |seconds, limit| {
        let due = vault.due(at(seconds), limit).await.unwrap();
        let name =
            |id| [(&own, "own"), (&later, "later")].into_iter().find(|(of, _)| of.id == id).map(|(_, name)| name);
        due.into_iter().filter_map(name).collect::<Vec<_>>()
    };
    let due = async |seconds| some(seconds, 10).await;
    assert_eq!(due(-8_201).await, [""; 0]);
    assert_eq!(due(-8_200).await, ["own"]);
    assert_eq!(due(-7_000).await, ["own", "later"], "the oldest first");
    assert_eq!(some(-7_000, 1).await, ["own"]);

    let row = vault.load(&own).await.unwrap().unwrap().0;
    let leased = match row.step(false, true, "a", at(-8_200)) {
        Step::Refresh(leased) => leased,
        other => unreachable!("{other:?}"),
    };
    vault.mark(&own, &leased, row.version).await.unwrap();
    assert_eq!(due(-8_171).await, [""; 0], "somebody is at it");
    assert_eq!(due(-8_170).await, ["own"], "or was");
    vault.mark(&own, &leased.refused(), leased.version).await.unwrap();
    assert_eq!(due(-8_170).await, [""; 0]);
    let new = tokens("new", Some(at(-6_000)));
    let row = TokenRow::granted(&new, Some(&leased.refused()), 0.5, at(-8_000));
    vault.store(&own, &row, &new, Some(leased.version + 1)).await.unwrap();
    assert_eq!(due(-6_400).await, ["later", "own"]);
    for connection in [&own, &later, &endless] {
        let version = vault.row(connection).await.unwrap().unwrap().version;
        vault.delete(connection, version).await.unwrap();
    }
    assert_eq!(due(-6_000).await, [""; 0]);
}

/// Runs the whole suite over the audit log.
///
/// # Panics
/// When the log breaks a promise.
pub async fn audit(log: &dyn AuditLog) {
    let (own, other) = (some_connection(), some_connection());
    let entry = |of: &Connection, id: &str, seconds| AuditEntry {
        id: id.to_owned(),
        at: at(seconds),
        workspace: of.workspace.clone(),
        connection: of.id.clone(),
        provider: of.provider,
        by: Actor::User(UserId::parse("user").unwrap()),
        action: AuditAction::Connected,
        detail: None,
    };
    let mut all: Vec<_> = (0..5).map(|n| entry(&own, &format!("e#{n}"), n)).collect();
    all.push(AuditEntry { by: Actor::Provider, detail: Some("uninstalled".to_owned()), ..entry(&own, "z", 4) });
    for entry in &all {
        log.append(entry).await.unwrap();
        log.append(&AuditEntry { action: AuditAction::TornDown, ..entry.clone() }).await.unwrap();
    }
    log.append(&entry(&other, "e", 9)).await.unwrap();
    all.reverse();
    assert_eq!(log.entries(&own.id, 100).await.unwrap(), all, "the newest first, and none is changed");
    assert_eq!(log.entries(&own.id, 2).await.unwrap(), all[..2]);
}
