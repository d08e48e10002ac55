//! What a [`VectorIndex`] promises.

use std::collections::BTreeMap;

use connector_domain::enrich::{Embedding, Indexed, VectorQuery, View, feature};
use connector_domain::ports::VectorIndex;
use connector_domain::{SourceId, Timestamp, WorkspaceId};

use super::some_workspace;
use crate::builders::{at, observation};

/// What the vectors of the suite are called by. An index that takes those of one model only must take these.
pub const MODEL: &str = "contract:3";

/// Runs the whole suite.
///
/// # Panics
/// When the index breaks a promise.
pub async fn vectors(index: &dyn VectorIndex) {
    what_is_alike_is_found_by_its_nearest_view(index).await;
    workspaces_never_see_each_other(index).await;
    what_is_deleted_is_not_found(index).await;
}

fn vector(values: [i8; 3]) -> Embedding {
    Embedding { model: MODEL.to_owned(), values: values.to_vec() }
}

/// A fact of a second, with a vector for each view.
fn fact(workspace: &WorkspaceId, n: i64, views: &[(View, [i8; 3])]) -> Indexed {
    let row = observation(workspace, &format!("9#{n}"), at(n));
    let views: BTreeMap<_, _> = views.iter().map(|(view, values)| (*view, vector(*values))).collect();
    Indexed::new(&row, feature(&row).with_views(views))
}

fn query(values: [i8; 3], since: i64, until: i64, limit: usize) -> VectorQuery {
    VectorQuery { vector: vector(values), since: at(since), until: at(until), limit }
}

async fn found(index: &dyn VectorIndex, workspace: &WorkspaceId, query: &VectorQuery) -> Vec<(SourceId, View)> {
    let found = index.nearest(workspace, query).await.unwrap();
    assert!(found.iter().all(|one| (0.0..=1.0).contains(&one.similarity)), "{found:?}");
    assert!(found.is_sorted_by(|a, b| a.similarity >= b.similarity), "{found:?}");
    found.into_iter().map(|one| (one.source_id, one.view)).collect()
}

async fn what_is_alike_is_found_by_its_nearest_view(index: &dyn VectorIndex) {
    let workspace = some_workspace();
    let facts = [
        fact(&workspace, 0, &[(View::Title, [127, 0, 0]), (View::Content, [0, 127, 0]), (View::Summary, [90, 90, 0])]),
        fact(&workspace, 1, &[(View::Title, [127, 30, 0]), (View::Summary, [0, 0, 127])]),
        fact(&workspace, 2, &[(View::Summary, [0, 0, -127])]),
    ];
    let [first, second, _] = &facts;
    let id = |one: &Indexed| one.feature.source_id.clone();
    for _ in 0..2 {
        index.upsert(&workspace, &facts).await.unwrap();
    }
    index.upsert(&workspace, &[]).await.unwrap();
    let both = [(id(first), View::Title), (id(second), View::Title)];
    assert_eq!(found(index, &workspace, &query([127, 0, 0], 0, 9, 10)).await, both, "each once, none that points away");
    assert_eq!(found(index, &workspace, &query([127, 0, 0], 0, 9, 1)).await, both[..1]);
    assert_eq!(found(index, &workspace, &query([127, 0, 0], 1, 9, 10)).await, both[1..], "of the time asked for");
    assert_eq!(found(index, &workspace, &query([127, 0, 0], 0, 0, 10)).await, both[..1]);
    assert_eq!(found(index, &workspace, &query([0, 127, 0], 0, 0, 10)).await, [(id(first), View::Content)]);
    assert_eq!(found(index, &workspace, &query([0, 0, 127], 0, 9, 10)).await, [(id(second), View::Summary)]);
    let other = VectorQuery {
        vector: Embedding { model: "other:3".to_owned(), ..vector([127, 0, 0]) },
        ..query([1, 0, 0], 0, 9, 9)
    };
    assert_eq!(index.nearest(&workspace, &other).await.unwrap(), [], "vectors of two models are never compared");
}

async fn workspaces_never_see_each_other(index: &dyn VectorIndex) {
    let (one, other) = (some_workspace(), some_workspace());
    index.upsert(&one, &[fact(&one, 0, &[(View::Summary, [127, 0, 0])])]).await.unwrap();
    assert_eq!(found(index, &one, &query([127, 0, 0], 0, 9, 10)).await.len(), 1);
    assert!(found(index, &other, &query([127, 0, 0], 0, 9, 10)).await.is_empty());
}

async fn what_is_deleted_is_not_found(index: &dyn VectorIndex) {
    let workspace = some_workspace();
    let facts = [0, 1].map(|n| fact(&workspace, n, &[(View::Summary, [127, 0, 0])]));
    index.upsert(&workspace, &facts).await.unwrap();
    let gone: Vec<(SourceId, Timestamp)> = vec![(facts[0].feature.source_id.clone(), at(0))];
    for _ in 0..2 {
        index.delete(&workspace, &gone).await.unwrap();
    }
    let left = [(facts[1].feature.source_id.clone(), View::Summary)];
    assert_eq!(found(index, &workspace, &query([127, 0, 0], 0, 9, 10)).await, left);
}
