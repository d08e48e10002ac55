//! What a [`ModelStore`] promises.

use connector_domain::capture::Category;
use connector_domain::model::{ClusterSummary, DailyLimit, ModelClassification, PROMPT_VERSION, Reading, Said, Usage};
use connector_domain::ports::ModelStore;
use connector_domain::{ProviderKind, SourceId, Timestamp};
use futures::future::join_all;

use super::some_workspace;
use crate::builders::at;

/// Runs the whole suite.
///
/// # Panics
/// When the store breaks a promise.
pub async fn models(store: &dyn ModelStore) {
    no_more_calls_are_taken_than_a_day_has(store).await;
    the_last_answer_to_a_question_is_kept(store).await;
    the_last_summary_of_a_cluster_is_kept(store).await;
    a_look_is_asked_for_by_week(store).await;
}

async fn no_more_calls_are_taken_than_a_day_has(store: &dyn ModelStore) {
    let (workspace, other) = (some_workspace(), some_workspace());
    let limit = DailyLimit { calls: 3, tokens: 100 };
    let noon: Timestamp = "2026-02-06T12:00:00Z".parse().unwrap();
    let night: Timestamp = "2026-02-07T00:00:00Z".parse().unwrap();
    let taken = join_all((0..10).map(|_| store.take_call(&workspace, noon, limit))).await;
    assert_eq!(taken.into_iter().filter(|taken| *taken.as_ref().unwrap()).count(), 3);
    assert_eq!(store.usage(&workspace, noon).await.unwrap(), Usage { calls: 3, tokens: 0 });
    assert!(store.take_call(&workspace, night, limit).await.unwrap(), "a new day");
    assert!(store.take_call(&other, noon, limit).await.unwrap(), "another workspace");
    store.count_tokens(&other, noon, 60).await.unwrap();
    assert!(store.take_call(&other, noon, limit).await.unwrap());
    store.count_tokens(&other, noon, 60).await.unwrap();
    assert!(!store.take_call(&other, noon, limit).await.unwrap(), "its tokens are spent");
    assert_eq!(store.usage(&other, noon).await.unwrap(), Usage { calls: 2, tokens: 120 });
    assert_eq!(store.usage(&some_workspace(), noon).await.unwrap(), Usage::default());
    let nothing = DailyLimit { calls: 0, tokens: 100 };
    assert!(!store.take_call(&some_workspace(), noon, nothing).await.unwrap());
}

async fn the_last_answer_to_a_question_is_kept(store: &dyn ModelStore) {
    let (workspace, other) = (some_workspace(), some_workspace());
    let id = SourceId::once(ProviderKind::Github, "pr", "9#1", "merged");
    let reading = |model: &str, said: Said| Reading {
        source_id: id.clone(),
        model: model.to_owned(),
        prompt: PROMPT_VERSION,
        at: at(1),
        said,
    };
    let sorted = |primary| {
        Said::Classification(ModelClassification {
            primary,
            secondary: vec![Category::Testing],
            topics: vec!["checkout".to_owned()],
            confidence: 91,
        })
    };
    let (old, new) = (reading("one", sorted(Category::Other)), reading("two", sorted(Category::Incident)));
    let named = reading("one", Said::Entities(Vec::new()));
    for put in [&old, &named, &new, &new] {
        store.put_reading(&workspace, put).await.unwrap();
    }
    assert_eq!(store.readings(&workspace, &id).await.unwrap(), [new, named]);
    assert!(store.readings(&other, &id).await.unwrap().is_empty());
    let longer = SourceId::once(ProviderKind::Github, "pr", "9#1", "merged-again");
    assert!(store.readings(&workspace, &longer).await.unwrap().is_empty());
}

async fn the_last_summary_of_a_cluster_is_kept(store: &dyn ModelStore) {
    let workspace = some_workspace();
    let summary = |cluster: &str, week: &str, content: &str| ClusterSummary {
        cluster: cluster.to_owned(),
        week: week.to_owned(),
        content: content.to_owned(),
        text: "What became of it.".to_owned(),
        model: "one".to_owned(),
        at: at(1),
    };
    let (first, second) = (summary("a", "2026-02-02", "x"), summary("b", "2026-02-02", "y"));
    for put in [&summary("a", "2026-02-02", "old"), &first, &second, &summary("a", "2026-02-09", "x")] {
        store.put_summary(&workspace, put).await.unwrap();
    }
    store.put_look(&workspace, "2026-02-02", at(9)).await.unwrap();
    assert_eq!(store.summaries(&workspace, "2026-02-02").await.unwrap(), [first, second]);
    assert!(store.summaries(&some_workspace(), "2026-02-02").await.unwrap().is_empty());
}

async fn a_look_is_asked_for_by_week(store: &dyn ModelStore) {
    let workspace = some_workspace();
    assert_eq!(store.look(&workspace, "2026-02-02").await.unwrap(), None);
    for second in [3, 9] {
        store.put_look(&workspace, "2026-02-02", at(second)).await.unwrap();
        assert_eq!(store.look(&workspace, "2026-02-02").await.unwrap(), Some(at(second)));
    }
    assert_eq!(store.look(&workspace, "2026-02-09").await.unwrap(), None);
    assert_eq!(store.look(&some_workspace(), "2026-02-02").await.unwrap(), None);
}
