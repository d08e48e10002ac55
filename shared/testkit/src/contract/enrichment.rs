//! What an [`EnrichmentStore`] promises.

use std::collections::BTreeSet;

use connector_domain::capture::CaptureOutcome;
use connector_domain::enrich::{Account, Activity, Advance, Embedding, LinkKey, Step, View, feature, links, week};
use connector_domain::observation::Observation;
use connector_domain::ports::{EnrichmentStore, ObservationFilter, ObservationStore};
use connector_domain::transformed::Deletion;
use connector_domain::{ProviderKind, Reference, ReferenceKind, SourceId, Timestamp, WorkspaceId};

use super::some_workspace;
use crate::builders::{at, delivery_id, event, observation, observe};

/// Runs the whole suite on a store that keeps observations too.
///
/// # Panics
/// When the store breaks a promise.
pub async fn enrichment<S: EnrichmentStore + ObservationStore>(store: &S) {
    what_is_captured_waits_until_every_step_is_done(store).await;
    what_waits_is_sent_again_once_and_given_up_for_good(store).await;
    what_a_duplicate_says_otherwise_is_noted(store).await;
    links_are_found_on_both_sides_of_a_moment(store).await;
    many_are_read_and_linked_at_once(store).await;
    what_an_account_did_is_counted_once(store).await;
    features_are_kept_by_week(store).await;
    what_was_deleted_is_withheld(store).await;
    vectors_of_a_service_are_not_lost(store).await;
    what_is_given_up_and_what_failed_is_noted(store).await;
}

async fn captured<S: EnrichmentStore + ObservationStore>(store: &S, workspace: &WorkspaceId) -> Observation {
    let row = observation(workspace, "9#1", at(0));
    assert!(store.put_if_absent(std::slice::from_ref(&row)).await[0].is_ok());
    row
}

async fn waits(store: &impl EnrichmentStore, workspace: &WorkspaceId, now: Timestamp) -> usize {
    let due = store.due(now, 100_000).await.unwrap();
    due.iter().filter(|(of, _)| of == workspace).count()
}

/// Captured at [`at`]`(60)`, and due five minutes later.
const DUE: i64 = 360;

async fn what_is_captured_waits_until_every_step_is_done<S: EnrichmentStore + ObservationStore>(store: &S) {
    let workspace = some_workspace();
    let row = captured(store, &workspace).await;
    let id = &row.event.source_id;
    assert_eq!(waits(store, &workspace, at(DUE - 1)).await, 0);
    assert_eq!(waits(store, &workspace, at(DUE)).await, 1);
    store.advance(&workspace, id, &Advance::of([Step::Links])).await.unwrap();
    store.advance(&workspace, id, &Advance::of([Step::Actor])).await.unwrap();
    let (kept, progress) = store.load(&workspace, id).await.unwrap().unwrap();
    assert_eq!((kept, progress.attempts, progress.due_at), (row.clone(), 0, Some(at(DUE))));
    assert_eq!(progress.open().collect::<Vec<_>>(), [Step::Features]);
    store.advance(&workspace, id, &Advance::default()).await.unwrap();
    assert_eq!(waits(store, &workspace, at(DUE)).await, 1);
    store.advance(&workspace, id, &Advance::of([Step::Features]).complete()).await.unwrap();
    assert_eq!(waits(store, &workspace, Timestamp::MAX).await, 0);
    let (kept, progress) = store.load(&workspace, id).await.unwrap().unwrap();
    assert!(kept == row && progress.is_complete() && progress.due_at.is_none());
    assert_eq!(ObservationStore::get(store, &workspace, id).await.unwrap(), Some(row.clone()), "as it was");

    assert!(store.put_if_absent(&[row]).await[0].is_ok());
    assert_eq!(waits(store, &workspace, Timestamp::MAX).await, 0, "a duplicate does not begin anew");
    let nothing = SourceId::once(ProviderKind::Github, "pr", "none", "merged");
    assert!(store.load(&workspace, &nothing).await.unwrap().is_none());
    assert!(store.advance(&workspace, &nothing, &Advance::of(Step::BASE)).await.is_err());
    assert!(store.load(&workspace, &nothing).await.unwrap().is_none(), "and nothing is made by that");
}

async fn what_waits_is_sent_again_once_and_given_up_for_good<S: EnrichmentStore + ObservationStore>(store: &S) {
    let workspace = some_workspace();
    let row = captured(store, &workspace).await;
    let id = &row.event.source_id;
    assert!(!store.redrive(&workspace, id, 1, Some(at(900))).await.unwrap(), "somebody else was first");
    assert!(store.redrive(&workspace, id, 0, Some(at(900))).await.unwrap());
    assert!(!store.redrive(&workspace, id, 0, Some(at(999))).await.unwrap());
    assert_eq!(waits(store, &workspace, at(899)).await, 0);
    assert_eq!(waits(store, &workspace, at(900)).await, 1);
    assert!(store.redrive(&workspace, id, 1, None).await.unwrap());
    assert_eq!(waits(store, &workspace, Timestamp::MAX).await, 0);
    let (_, progress) = store.load(&workspace, id).await.unwrap().unwrap();
    assert_eq!((progress.attempts, progress.is_complete()), (2, false));
    assert!(!store.redrive(&workspace, id, 2, Some(at(0))).await.unwrap(), "it is out");
}

async fn what_a_duplicate_says_otherwise_is_noted<S: EnrichmentStore + ObservationStore>(store: &S) {
    let workspace = some_workspace();
    let row = captured(store, &workspace).await;
    let noted = async || {
        let (kept, progress) = store.load(&workspace, &row.event.source_id).await.unwrap().unwrap();
        assert_eq!(kept, row, "the row is kept as it is");
        progress.conflicts.into_iter().collect::<Vec<_>>()
    };
    let mut again = Observation { delivery: delivery_id("github#ff"), ..row.clone() };
    assert!(store.put_if_absent(std::slice::from_ref(&again)).await[0].is_ok());
    assert_eq!(noted().await, Vec::<String>::new());
    again.event.title = "[PR Merged] Renamed".to_owned();
    for _ in 0..2 {
        assert!(store.put_if_absent(std::slice::from_ref(&again)).await[0].is_ok());
        assert_eq!(noted().await, ["title"]);
    }
    again.event.body = "Edited.".to_owned();
    assert!(store.put_if_absent(&[again]).await[0].is_ok());
    assert_eq!(noted().await, ["body", "title"]);
}

async fn links_are_found_on_both_sides_of_a_moment(store: &impl EnrichmentStore) {
    let (workspace, other) = (some_workspace(), some_workspace());
    let key = LinkKey::parse("item:github.com/acme/shop#7").unwrap();
    let mut all = Vec::new();
    for n in 0..6 {
        let mut event = event(&format!("9#{n}"), at(n / 2));
        let url = "https://github.com/acme/shop/pull/7";
        event.references = vec![Reference::new(ReferenceKind::Pr, "#7").unwrap().url(url)];
        let found = links(&observe(&workspace, event));
        assert_eq!(found.len(), 1);
        all.extend(found);
    }
    for _ in 0..2 {
        store.put_links(&workspace, &all).await.unwrap();
    }
    let found = async |second, limit| store.links(&workspace, &key, at(second), limit).await.unwrap();
    assert_eq!(found(-1, 10).await, all, "in the order of time, each once");
    assert_eq!(found(9, 10).await, all);
    assert_eq!(found(1, 1).await, all[1..3]);
    assert_eq!(found(1, 2).await, all[..4]);
    assert!(store.links(&other, &key, at(0), 10).await.unwrap().is_empty());
    let part = LinkKey::parse("item:github.com/acme/shop#").unwrap();
    assert!(store.links(&workspace, &part, at(0), 10).await.unwrap().is_empty(), "a key is whole");
}

async fn many_are_read_and_linked_at_once<S: EnrichmentStore + ObservationStore>(store: &S) {
    let (workspace, other) = (some_workspace(), some_workspace());
    let key = LinkKey::parse("item:github.com/acme/shop#7").unwrap();
    let url = "https://github.com/acme/shop/pull/7";
    let rows: Vec<_> = (0..60)
        .map(|n| {
            let mut event = event(&format!("9#{n}"), at(n));
            event.references = vec![Reference::new(ReferenceKind::Pr, "#7").unwrap().url(url)];
            observe(&workspace, event)
        })
        .collect();
    assert!(store.put_if_absent(&rows).await.iter().all(Result::is_ok));
    let mut ids: Vec<_> = rows.iter().rev().map(|row| row.event.source_id.clone()).collect();
    ids.insert(7, SourceId::once(ProviderKind::Github, "pr", "none", "merged"));
    let loaded: Vec<_> = store.load_all(&workspace, &ids).await.unwrap().into_iter().map(|(row, _)| row).collect();
    assert_eq!(loaded, rows.iter().rev().cloned().collect::<Vec<_>>(), "in the order in which they are asked for");
    assert_eq!(store.load_all(&workspace, &[]).await.unwrap(), []);
    assert_eq!(store.load_all(&other, &ids).await.unwrap(), []);

    let all: Vec<_> = rows.iter().flat_map(links).collect();
    let twice = [&all[..], &all[..1]].concat();
    store.put_links(&workspace, &twice).await.unwrap();
    store.put_links(&workspace, &[]).await.unwrap();
    assert_eq!(store.links(&workspace, &key, at(0), 100).await.unwrap(), all);
}

async fn what_an_account_did_is_counted_once(store: &impl EnrichmentStore) {
    let workspace = some_workspace();
    let did = |n: i64, name: &str, email: Option<&str>, login: Option<&str>| Activity {
        source_id: SourceId::once(ProviderKind::Github, "pr", n, "merged"),
        at: at(n),
        name: name.to_owned(),
        email: email.map(str::to_owned),
        avatar_url: None,
        login: login.map(str::to_owned),
    };
    let (first, second, third) = (
        did(1, "old", Some("a@x.dev"), None),
        did(2, "mid", None, Some("m")),
        did(3, "new", Some("b@x.dev"), Some("n")),
    );
    let octocat = Account::new(ProviderKind::Github, "583231");
    let (one, two) = ([second.clone()], [third.clone(), first.clone(), second, third]);
    for acts in [&one[..], &two[..], &two[..], &[first]] {
        store.note_activity(&workspace, &octocat, acts).await.unwrap();
    }
    store.note_activity(&workspace, &octocat, &[]).await.unwrap();
    let found = store.identities(&workspace).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].name.as_str(), found[0].login.as_deref()),
        ("new", Some("n")),
        "the latest fact says who it is"
    );
    assert_eq!((found[0].observations, found[0].last_active_at), (3, at(3)));
    assert_eq!(found[0].emails.iter().collect::<Vec<_>>(), ["a@x.dev", "b@x.dev"]);
    assert!(store.identities(&some_workspace()).await.unwrap().is_empty());
}

async fn features_are_kept_by_week(store: &impl EnrichmentStore) {
    let workspace = some_workspace();
    let mut all = Vec::new();
    for n in 0..3 {
        let row = observation(&workspace, &format!("9#{n}"), at(n));
        all.push(feature(&row));
    }
    for one in all.iter().rev().chain(&all) {
        store.put_feature(&workspace, one).await.unwrap();
    }
    let later = observation(&workspace, "9#9", at(7 * 86_400));
    store.put_feature(&workspace, &feature(&later)).await.unwrap();
    assert_eq!(store.features(&workspace, &week(at(0))).await.unwrap(), all);
    assert_eq!(store.features(&workspace, &week(at(7 * 86_400))).await.unwrap().len(), 1);
    assert!(store.features(&some_workspace(), &week(at(0))).await.unwrap().is_empty());
}

async fn what_was_deleted_is_withheld<S: EnrichmentStore + ObservationStore>(store: &S) {
    let (workspace, other) = (some_workspace(), some_workspace());
    let url = "https://github.com/acme/shop/pull/7";
    let fact = |workspace: &WorkspaceId, id: &str| {
        let mut event = event(id, at(0));
        event.references = vec![Reference::new(ReferenceKind::Pr, "#7").unwrap().url(url)];
        observe(workspace, event)
    };
    let (gone, stays) = (fact(&workspace, "9#1"), fact(&workspace, "9#10"));
    let foreign = fact(&other, "9#1");
    for row in [&gone, &stays, &foreign] {
        assert!(store.put_if_absent(std::slice::from_ref(row)).await[0].is_ok());
        store.put_links(&row.workspace, &links(row)).await.unwrap();
        store.put_feature(&row.workspace, &feature(row)).await.unwrap();
    }
    let deletion = |second| Deletion::of(&gone.event.source_id, at(second));
    store.put_deletions(&workspace, &[deletion(90)]).await.unwrap();
    store.put_deletions(&workspace, &[deletion(70)]).await.unwrap();
    store.put_deletions(&workspace, &[]).await.unwrap();

    let facts =
        async |of: &WorkspaceId, fact: &Observation| store.facts_of(of, fact.event.source_id.subject()).await.unwrap();
    assert_eq!(facts(&workspace, &gone).await, std::slice::from_ref(&gone.event.source_id), "and none of 9#10");
    assert_eq!(facts(&some_workspace(), &gone).await, []);

    let withheld = gone.clone().withheld(at(90));
    let id = &gone.event.source_id;
    assert_eq!(ObservationStore::get(store, &workspace, id).await.unwrap().as_ref(), Some(&withheld), "the later one");
    assert_eq!(store.load(&workspace, id).await.unwrap().map(|(row, _)| row).as_ref(), Some(&withheld));
    let filter = ObservationFilter {
        provider: None,
        source_type: None,
        actor: None,
        entity: None,
        since: Timestamp::MIN,
        until: Timestamp::MAX,
        limit: 9,
        cursor: None,
    };
    let listed = store.list(&workspace, &filter).await.unwrap().observations;
    assert!(listed.contains(&withheld) && listed.contains(&stays) && listed.len() == 2, "{listed:?}");
    assert_eq!(ObservationStore::get(store, &other, id).await.unwrap(), Some(foreign));
    let key = LinkKey::parse("item:github.com/acme/shop#7").unwrap();
    let found = store.links(&workspace, &key, at(0), 9).await.unwrap();
    assert_eq!(found.iter().map(|link| &link.source_id).collect::<Vec<_>>(), [&stays.event.source_id]);
    assert_eq!(store.features(&workspace, &week(at(0))).await.unwrap().len(), 1);
    assert_eq!(store.features(&other, &week(at(0))).await.unwrap().len(), 1);
    let outcome = store.put_if_absent(&[Observation { delivery: delivery_id("github#02"), ..gone }]).await.remove(0);
    assert_eq!(outcome.unwrap(), CaptureOutcome::Duplicate { conflicts: vec![] }, "the row itself is as it was");
}

async fn vectors_of_a_service_are_not_lost(store: &impl EnrichmentStore) {
    let workspace = some_workspace();
    let row = observation(&workspace, "9#1", at(0));
    let (id, local) = (&row.event.source_id, feature(&row));
    let service = Embedding { model: "other".to_owned(), values: vec![-127, 0, 5] };
    let embedded = local.clone().with_views(View::ALL.map(|view| (view, service.clone())).into());
    for (put, kept) in [(&local, &local), (&embedded, &embedded), (&local, &embedded), (&embedded, &embedded)] {
        store.put_feature(&workspace, put).await.unwrap();
        assert_eq!(store.feature(&workspace, id, at(0)).await.unwrap().as_ref(), Some(kept));
        assert_eq!(store.features(&workspace, &week(at(0))).await.unwrap(), std::slice::from_ref(kept));
    }
    assert_eq!(store.feature(&workspace, id, at(1)).await.unwrap(), None);
    assert_eq!(store.feature(&some_workspace(), id, at(0)).await.unwrap(), None);
    for _ in 0..2 {
        store.delete_features(&workspace, &[(id.clone(), at(0))]).await.unwrap();
        assert_eq!(store.feature(&workspace, id, at(0)).await.unwrap(), None);
    }
}

async fn what_is_given_up_and_what_failed_is_noted<S: EnrichmentStore + ObservationStore>(store: &S) {
    let workspace = some_workspace();
    let row = captured(store, &workspace).await;
    let id = &row.event.source_id;
    let failed = Advance { failed: BTreeSet::from([Step::Classify, Step::Extract]), ..Advance::default() };
    store.advance(&workspace, id, &failed).await.unwrap();
    let again = Advance { failed: BTreeSet::from([Step::Classify]), ..Advance::of([Step::Links]) };
    store.advance(&workspace, id, &again).await.unwrap();
    let given_up =
        Advance { fell_back: [(Step::Extract, "declined".to_owned())].into(), ..Advance::of([Step::Extract]) };
    store.advance(&workspace, id, &given_up).await.unwrap();
    let (kept, progress) = store.load(&workspace, id).await.unwrap().unwrap();
    assert_eq!(kept, row, "the fact is as it was");
    assert_eq!(progress.failed, [(Step::Classify, 2), (Step::Extract, 1)].into());
    assert_eq!(progress.fell_back, [(Step::Extract, "declined".to_owned())].into());
    assert_eq!(progress.done, BTreeSet::from([Step::Links, Step::Extract]));
    assert_eq!(waits(store, &workspace, at(DUE)).await, 1);
}
