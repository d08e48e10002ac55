//! Walking lists page by page.

use std::collections::BTreeSet;

use connector_simulator::github::{IssuePaging, NewIssue};

use crate::client::{Stage, numbers};

#[tokio::test]
async fn a_walk_meets_every_item_exactly_once() {
    let stage = Stage::filled(123, 77, 8).await;
    for (list, expected) in [("pulls", 123), ("issues", 200)] {
        for size in [7, 30, 100] {
            let path = format!("/repos/acme/rocket/{list}?state=all&per_page={size}");
            let met = numbers(&stage.all(&path).await);
            let distinct: BTreeSet<u64> = met.iter().copied().collect();
            assert_eq!((met.len(), distinct.len()), (expected, expected), "{path}");
        }
    }
    assert_eq!(stage.all("/repos/acme/rocket/releases?per_page=3").await.len(), 8);
}

#[tokio::test]
async fn numbered_pages_link_as_github_links_them() {
    let stage = Stage::filled(13, 0, 0).await;
    let pages = stage.walk("/repos/acme/rocket/pulls?per_page=3&state=all").await;
    let rels: Vec<Vec<String>> =
        pages.iter().map(|page| page.links().into_iter().map(|(rel, _)| rel).collect()).collect();
    assert_eq!(rels[0], ["next", "last"]);
    for middle in &rels[1..4] {
        assert_eq!(*middle, ["prev", "next", "last", "first"]);
    }
    assert_eq!(rels[4], ["prev", "first"]);
    assert_eq!(rels.len(), 5);
    let by_id = format!("/github/repositories/{}/pulls?per_page=3&state=all&page=2", stage.repository.id);
    let next = pages[0].link("next").unwrap();
    assert!(next.starts_with("http://127.0.0.1:") && next.ends_with(&by_id), "{next}");
    assert!(pages[0].link("last").unwrap().ends_with("&page=5"));
}

#[tokio::test]
async fn issues_link_by_cursor_without_first_or_last() {
    let stage = Stage::filled(5, 8, 0).await;
    let pages = stage.walk("/repos/acme/rocket/issues?state=all&per_page=5").await;
    assert_eq!(pages.len(), 3);
    let rels: Vec<String> = pages[1].links().into_iter().map(|(rel, _)| rel).collect();
    assert_eq!(rels, ["next", "prev"]);
    let next = pages[0].link("next").unwrap();
    assert!(next.contains("after=Y3Vyc29yOnYyO") && next.ends_with("&page=2"), "{next}");
    let back = stage.get(&pages[1].link("prev").unwrap()).await;
    assert_eq!(numbers(&back.items()), numbers(&pages[0].items()), "prev leads back");
}

#[tokio::test]
async fn issues_can_be_paged_as_before_2025() {
    let stage = Stage::filled(0, 8, 0).await;
    stage.github.set_issue_paging(IssuePaging::PageNumbers);
    let first = stage.get("/repos/acme/rocket/issues?state=all&per_page=3").await;
    assert!(first.link("last").unwrap().ends_with("per_page=3&page=3"));
    assert_eq!(stage.all("/repos/acme/rocket/issues?state=all&per_page=3").await.len(), 8);
}

#[tokio::test]
async fn page_numbers_of_issues_end_at_ten_thousand() {
    let stage = Stage::filled(0, 3, 0).await;
    let deep = stage.get("/repos/acme/rocket/issues?state=all&per_page=100&page=100").await;
    assert_eq!(deep.status, 422);
    assert!(deep.json()["message"].as_str().unwrap().contains("cursor based pagination"));
    assert_eq!(stage.get("/repos/acme/rocket/issues?per_page=100&page=99").await.items().len(), 0);
    assert_eq!(stage.get("/repos/acme/rocket/issues?after=garbage").await.status, 422);
}

#[tokio::test]
async fn page_sizes_are_clamped_and_default_to_thirty() {
    let stage = Stage::filled(120, 0, 0).await;
    for (asked, expected) in [
        ("", 30),
        ("&per_page=0", 30),
        ("&per_page=-5", 30),
        ("&per_page=many", 30),
        ("&per_page=1", 1),
        ("&per_page=100", 100),
        ("&per_page=5000", 100),
    ] {
        let page = stage.get(&format!("/repos/acme/rocket/pulls?state=all{asked}")).await;
        assert_eq!(page.items().len(), expected, "{asked}");
    }
}

#[tokio::test]
async fn one_page_has_no_link_and_a_page_past_the_end_is_empty() {
    let stage = Stage::empty().await;
    let nothing = stage.get("/repos/acme/rocket/pulls?state=all").await;
    assert_eq!((nothing.items().len(), nothing.header("link")), (0, None));
    stage.repository.open_issue(NewIssue::default(), stage.world.now());
    assert_eq!(stage.get("/repos/acme/rocket/issues").await.header("link"), None);
    let past = stage.get("/repos/acme/rocket/pulls?state=all&page=9").await;
    assert_eq!(past.items().len(), 0);
    assert_eq!(past.link("next"), None, "nothing leads further");
}

#[derive(serde::Deserialize)]
struct Numbered {
    number: u64,
}

#[tokio::test]
async fn ten_thousand_pull_requests_are_made_and_walked() {
    let stage = Stage::filled(10_000, 0, 0).await;
    let pages = stage.walk("/repos/acme/rocket/pulls?state=all&per_page=100&sort=created&direction=asc").await;
    assert_eq!(pages.len(), 100);
    // Only the numbers: 150 MB as generic values would take most of the test's time.
    let met: Vec<u64> = pages
        .iter()
        .flat_map(|page| serde_json::from_slice::<Vec<Numbered>>(&page.body).unwrap())
        .map(|item| item.number)
        .collect();
    assert!(met.iter().copied().eq(1..=10_000), "in order of creation, none missing");
}
