//! Walking lists page by page.

use std::collections::BTreeSet;

use connector_simulator::linear::{Cursors, NewIssue};
use serde_json::json;

use super::{Stage, code, texts};

#[tokio::test]
async fn a_walk_meets_every_item_exactly_once_newest_first() {
    let stage = Stage::filled(130).await;
    for cursors in [Cursors::Ids, Cursors::Places] {
        stage.linear.set_cursors(cursors);
        for by in ["createdAt", "updatedAt"] {
            for size in [7, 50, 250] {
                let items = stage.all("issues", &format!("first: {size}, orderBy: {by}"), &format!("id {by}")).await;
                let distinct: BTreeSet<String> = texts(&items, "id").into_iter().collect();
                assert_eq!((items.len(), distinct.len()), (130, 130), "{by} {size}");
                assert!(texts(&items, by).is_sorted_by(|one, other| one >= other), "{by} descends");
            }
        }
    }
}

#[tokio::test]
async fn some_items_are_of_the_very_same_moment() {
    let stage = Stage::filled(130).await;
    let times = texts(&stage.all("issues", "first: 250", "createdAt").await, "createdAt");
    assert!(times.windows(2).any(|pair| pair[0] == pair[1]), "ties, which a cursor by time would lose");
}

#[tokio::test]
async fn a_page_is_fifty_long_and_its_cursors_are_ids() {
    let stage = Stage::filled(60).await;
    let page = stage.data("{ issues { nodes { id } edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }").await;
    let issues = &page["issues"];
    let ids = texts(issues["nodes"].as_array().unwrap(), "id");
    assert_eq!(ids.len(), 50);
    let info = json!({
        "hasNextPage": true, "hasPreviousPage": false, "startCursor": ids[0], "endCursor": ids[49],
    });
    assert_eq!(issues["pageInfo"], info);
    assert_eq!(texts(issues["edges"].as_array().unwrap(), "cursor"), ids);
    let last = stage.data("{ issues(last: 2) { nodes { id } pageInfo { hasPreviousPage hasNextPage } } }").await;
    assert_eq!(last["issues"]["nodes"].as_array().unwrap().len(), 2);
    assert_eq!(last["issues"]["pageInfo"], json!({ "hasPreviousPage": true, "hasNextPage": false }));
    let before = stage.data(&format!("{{ issues(last: 3, before: \"{}\") {{ nodes {{ id }} }} }}", ids[4])).await;
    assert_eq!(texts(before["issues"]["nodes"].as_array().unwrap(), "id"), ids[1..4]);
}

#[tokio::test]
async fn pages_have_limits() {
    let stage = Stage::empty().await;
    for (arguments, constraint) in [
        ("first: 251", "first must not be greater than 250"),
        ("first: 0", "first must not be less than 1"),
        ("first: 5, after: \"bogus-cursor\"", "after must be a cursor of this list"),
    ] {
        let reply = stage.ask(&format!("{{ issues({arguments}) {{ nodes {{ id }} }} }}")).await;
        assert_eq!((reply.status, code(&reply).as_str()), (200, "INVALID_INPUT"), "{arguments}");
        let error = &reply.json()["errors"][0];
        assert_eq!(error["message"], "Argument Validation Error");
        assert_eq!(error["extensions"]["userPresentableMessage"], constraint);
    }
    assert_eq!(stage.ask("{ issues(first: 250) { nodes { id } } }").await.status, 200);
}

#[tokio::test]
async fn lists_within_items_have_pages_of_their_own() {
    let stage = Stage::empty().await;
    let parent = stage.team.open_issue(NewIssue::titled("Parent"), stage.at(0)).id;
    for second in 1..=3 {
        let child = NewIssue { parent: Some(parent.clone()), ..NewIssue::titled("Child") };
        stage.team.open_issue(child, stage.at(second));
    }
    let query = "query($after: String) { issue(id: \"ENG-1\") { children(first: 2, after: $after) {
        nodes { identifier } pageInfo { hasNextPage endCursor } } } }";
    let first = super::data(&stage.ask_with(query, json!({})).await)["issue"]["children"].clone();
    assert_eq!(first["nodes"], json!([{ "identifier": "ENG-4" }, { "identifier": "ENG-3" }]));
    let after = json!({ "after": first["pageInfo"]["endCursor"] });
    let second = super::data(&stage.ask_with(query, after).await)["issue"]["children"].clone();
    assert_eq!(
        (&second["nodes"], &second["pageInfo"]["hasNextPage"]),
        (&json!([{ "identifier": "ENG-2" }]), &json!(false))
    );
}

#[tokio::test]
async fn the_archive_and_the_trash_are_shown_on_request_only() {
    let stage = Stage::empty().await;
    let ids: Vec<String> =
        (0..4).map(|second| stage.team.open_issue(NewIssue::default(), stage.at(second)).id).collect();
    stage.team.archive_issue(&ids[0], stage.at(500));
    stage.team.trash_issue(&ids[1], "tadeo", stage.at(501));
    stage.team.purge_issue(&ids[2]);
    let listed =
        |arguments: &'static str| stage.all("issues", arguments, "identifier archivedAt trashed updatedAt createdAt");
    assert_eq!(texts(&listed("first: 5").await, "identifier"), ["ENG-4"]);
    let all = listed("first: 5, includeArchived: true").await;
    assert_eq!(texts(&all, "identifier"), ["ENG-4", "ENG-2", "ENG-1"], "what was purged is nowhere");
    assert_eq!((&all[1]["trashed"], &all[2]["trashed"]), (&json!(true), &json!(null)));
    assert_eq!(all[2]["archivedAt"], "2026-06-01T12:08:20.000Z");
    assert_eq!(all[2]["updatedAt"], all[2]["createdAt"], "to be put away is no update");
    let next = stage.team.open_issue(NewIssue::default(), stage.at(600));
    assert_eq!(super::body(&next)["data"]["identifier"], "ENG-5", "no number is used twice");
}

#[tokio::test]
async fn three_thousand_issues_are_made_and_walked() {
    let stage = Stage::filled(3_000).await;
    let arguments = "first: 250, includeArchived: true, orderBy: updatedAt";
    let pages = stage.walk("issues", arguments, "id stateHistory(first: 5) { nodes { startedAt } }").await;
    let distinct: BTreeSet<String> = texts(&pages.concat(), "id").into_iter().collect();
    assert_eq!((pages.len(), distinct.len()), (12, 3_000));
}
