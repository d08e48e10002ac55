use connector_domain::ResourceId;
use connector_domain::backfill::{Disposition, FailCode};
use connector_domain::http::Headers;

use super::*;

fn resource(name: &str) -> ResourceRef {
    ResourceRef { id: ResourceId::parse("7001").unwrap(), name: name.into() }
}

fn window() -> Window {
    Window { since: "2026-01-01T00:00:00.9Z".parse().unwrap(), until: "2026-02-01T00:00:00Z".parse().unwrap() }
}

fn asked(entity: EntityType, name: &str, page_size: u32, cursor: Option<&Cursor>) -> Option<String> {
    let scope = Scope {
        account: &connector_domain::AccountId::parse("5001").unwrap(),
        resource: &resource(name),
        entity,
        window: window(),
        page_size,
    };
    let request = page_request(&scope, cursor)?;
    let query: Vec<String> = request.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(request.headers[1], ("x-github-api-version", "2022-11-28".to_owned()));
    Some(format!("{}?{}", request.path, query.join("&")))
}

fn read(entity: EntityType, cursor: Option<&Cursor>, link: &str, body: &str) -> Result<PageMeta, ProviderError> {
    let scope = Scope {
        account: &connector_domain::AccountId::parse("5001").unwrap(),
        resource: &resource("acme/shop"),
        entity,
        window: window(),
        page_size: 100,
    };
    let headers: Headers = [("Link", link)].into_iter().collect();
    let response = HttpResponse { status: 200, headers, body: body.into() };
    read_page(&scope, cursor, &response, Timestamp::UNIX_EPOCH)
}

#[test]
fn each_list_is_asked_for_in_an_order_that_loses_nothing() {
    assert_eq!(
        asked(EntityType::Issue, "acme/shop", 100, None).unwrap(),
        "/repos/acme/shop/issues?per_page=100&page=1&sort=updated&direction=asc&since=2026-01-01T00:00:00Z&state=all"
    );
    assert_eq!(
        asked(EntityType::PullRequest, "acme/shop", 30, None).unwrap(),
        "/repos/acme/shop/pulls?per_page=30&page=1&state=all&sort=updated&direction=desc"
    );
    assert_eq!(
        asked(EntityType::Release, "a.b/c-d", 999, None).unwrap(),
        "/repos/a.b/c-d/releases?per_page=100&page=1"
    );
    assert_eq!(
        asked(EntityType::Comment, "acme/shop", 100, None).unwrap(),
        "/repos/acme/shop/issues/comments?per_page=100&page=1&sort=updated&direction=asc&since=2026-01-01T00:00:00Z"
    );
    assert_eq!(
        asked(EntityType::ReviewComment, "acme/shop", 100, None).unwrap(),
        "/repos/acme/shop/pulls/comments?per_page=100&page=1&sort=updated&direction=asc&since=2026-01-01T00:00:00Z"
    );
    assert_eq!(
        asked(EntityType::IssueEvent, "acme/shop", 100, None).unwrap(),
        "/repos/acme/shop/issues/events?per_page=100&page=1"
    );
    assert_eq!(asked(EntityType::Push, "acme/shop", 100, None).unwrap(), "/repos/acme/shop?");
    assert_eq!(asked(EntityType::Cycle, "acme/shop", 100, None), None);
}

#[test]
fn a_name_that_is_not_owner_and_repository_is_not_asked_for() {
    for name in ["", "shop", "/shop", "acme/", "acme/shop/x", "../shop", "acme/..", "acme/sh op", "acme/shop\n"] {
        assert_eq!(asked(EntityType::Issue, name, 1, None), None, "{name:?}");
    }
    assert!(asked(EntityType::Issue, "acmé/sh?p#", 1, None).unwrap().starts_with("/repos/acm%C3%A9/sh%3Fp%23/issues?"));
}

#[test]
fn issues_go_on_from_the_last_update_and_read_past_the_window() {
    // The second item was updated after the window; it may have been opened within.
    let body = r#"[{"id":1,"updated_at":"2026-01-09T00:00:00Z"},{"id":2,"updated_at":"2026-03-01T00:00:05Z"}]"#;
    let next = read(EntityType::Issue, None, "<https://x/?page=2>; rel=\"next\"", body).unwrap().next.unwrap();
    let request = asked(EntityType::Issue, "acme/shop", 100, Some(&next)).unwrap();
    assert!(request.contains("page=1&") && request.contains("&since=2026-03-01T00:00:04Z&"), "{request}");
    assert_eq!(read(EntityType::Issue, Some(&next), "", body).unwrap().next, None);
}

#[test]
fn pull_requests_end_below_the_window() {
    let more = "<https://x/repositories/7001/pulls?per_page=100&page=2>; rel=\"next\"";
    let inside = r#"[{"id":1,"updated_at":"2026-01-09T00:00:00Z"}]"#;
    let below = r#"[{"id":1,"updated_at":"2025-12-31T00:00:00Z"}]"#;
    let next = read(EntityType::PullRequest, None, more, inside).unwrap().next.unwrap();
    assert!(asked(EntityType::PullRequest, "acme/shop", 100, Some(&next)).unwrap().contains("&page=2&"));
    assert_eq!(read(EntityType::PullRequest, None, more, below).unwrap().next, None);
    // After several pages comes the pass over what was updated meanwhile: from the head, down to where it began.
    let closing = read(EntityType::PullRequest, Some(&next), more, below).unwrap().next.unwrap();
    assert!(asked(EntityType::PullRequest, "acme/shop", 100, Some(&closing)).unwrap().contains("&page=1&"));
    let older = r#"[{"id":1,"updated_at":"2026-01-08T00:00:00Z"}]"#;
    assert_eq!(read(EntityType::PullRequest, Some(&closing), more, older).unwrap().next, None);
}

#[test]
fn a_short_page_is_not_the_last_one() {
    let next = read(EntityType::Release, None, "<https://x/?page=2>; rel=\"next\"", "[]").unwrap();
    assert_eq!((next.items, next.next.is_some()), (0, true));
}

#[test]
fn pages_of_events_overlap_and_end_below_the_window() {
    let more = "<https://x/?page=2>; rel=\"next\"";
    let page = |ids: std::ops::Range<u32>, at: &str| {
        let items: Vec<_> = ids.rev().map(|id| format!(r#"{{"id":{id},"created_at":"{at}"}}"#)).collect();
        format!("[{}]", items.join(","))
    };
    let next = read(EntityType::IssueEvent, None, more, &page(101..201, "2026-01-09T00:00:00Z")).unwrap().next.unwrap();
    let second = asked(EntityType::IssueEvent, "acme/shop", 100, Some(&next)).unwrap();
    assert!(second.ends_with("/issues/events?per_page=99&page=2"), "{second}");
    let below = page(4..102, "2025-12-31T00:00:00Z");
    assert_eq!(read(EntityType::IssueEvent, Some(&next), more, &below).unwrap().next, None);
    // The event that the first page ended with is not there any more, nor one above it: it goes back.
    let back = read(EntityType::IssueEvent, Some(&next), more, &page(4..90, "2026-01-08T00:00:00Z")).unwrap().next;
    assert_eq!(
        asked(EntityType::IssueEvent, "acme/shop", 100, back.as_ref()),
        asked(EntityType::IssueEvent, "acme/shop", 100, None)
    );
}

#[test]
fn pushes_are_those_to_the_default_branch_of_today() {
    let first = read(EntityType::Push, None, "", r#"{"default_branch":"release/2 x"}"#).unwrap();
    let start = first.next.unwrap();
    let request = asked(EntityType::Push, "acme/shop", 100, Some(&start)).unwrap();
    assert_eq!(request, "/repos/acme/shop/activity?per_page=100&direction=desc&ref=refs/heads/release/2 x");
    let push = |at: &str, reference: &str| format!(r#"[{{"id":1,"timestamp":"{at}","ref":"{reference}"}}]"#);
    let more = "<https://x/repositories/7001/activity?after=Y3Vy%3D%3D&per_page=100>; rel=\"next\"";
    let inside = push("2026-01-09T00:00:00Z", "refs/heads/release/2 x");
    let next = read(EntityType::Push, Some(&start), more, &inside).unwrap().next.unwrap();
    assert_eq!(asked(EntityType::Push, "acme/shop", 100, Some(&next)).unwrap(), format!("{request}&after=Y3Vy=="));
    assert_eq!(read(EntityType::Push, Some(&next), "", &inside).unwrap().next, None);
    let below = push("2025-12-31T00:00:00Z", "refs/heads/release/2 x");
    assert_eq!(read(EntityType::Push, Some(&next), more, &below).unwrap().next, None);

    let malformed = |cursor, link, body: &str| read(EntityType::Push, cursor, link, body).unwrap_err().disposition;
    let other = push("2026-01-09T00:00:00Z", "refs/heads/main");
    assert_eq!(malformed(Some(&start), "", &other), Disposition::Fail(FailCode::MALFORMED));
    let numbered = "<https://x/repositories/7001/activity?page=2>; rel=\"next\"";
    assert_eq!(malformed(Some(&start), numbered, &inside), Disposition::Fail(FailCode::MALFORMED));
}

fn happened(event: &str, at: &str, issue: &str) -> Vec<Item> {
    let raw = format!(r#"[{{"id":1,"event":"{event}","created_at":"{at}","commit_id":"abc","issue":{issue}}}]"#);
    let window = Window { since: Timestamp::UNIX_EPOCH, until: Timestamp::MAX };
    let transformed = transform_page(&resource("acme/shop"), EntityType::IssueEvent, window, raw.as_bytes());
    let Transformed::Items(items) = transformed else { panic!("{transformed:?}") };
    items
}

fn told(event: &str, at: &str, issue: &str) -> String {
    match &happened(event, at, issue)[..] {
        [Item::Event(event)] => format!("{} {}", event.source_id, event.occurred_at),
        [Item::Ignored(reason)] => reason.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_closing_has_the_time_of_the_thing_where_that_is_of_this_closing() {
    let issue = r#"{"number":7,"title":"t","closed_at":"2026-01-09T12:00:01Z"}"#;
    // GitHub writes the event a moment after it changes the issue, at times in the next second.
    let same = "github:issue:7001#7:closed@2026-01-09T12:00:01Z 2026-01-09T12:00:01Z";
    assert_eq!(told("closed", "2026-01-09T12:00:02Z", issue), same);
    assert_eq!(told("closed", "2026-01-09T12:00:01Z", issue), same);
    let earlier = "github:issue:7001#7:closed@2026-01-08T00:00:00Z 2026-01-08T00:00:00Z";
    assert_eq!(told("closed", "2026-01-08T00:00:00Z", issue), earlier);
    let reopened = "github:issue:7001#7:reopened@2026-01-08T09:15:00Z 2026-01-08T09:15:59Z";
    assert_eq!(told("reopened", "2026-01-08T09:15:59Z", issue), reopened);
    assert_eq!(told("labeled", "2026-01-08T09:15:59Z", issue), "action_not_captured:labeled");
    assert_eq!(told("merged", "2026-01-08T09:15:59Z", issue), "action_not_captured:merged");
}

#[test]
fn a_merge_is_one_fact_and_what_came_before_it_another() {
    let merged = r#"{"number":7,"title":"t","closed_at":"2026-01-09T12:00:01Z","draft":false,
        "pull_request":{"merged_at":"2026-01-09T12:00:00Z"}}"#;
    assert_eq!(told("merged", "2026-01-09T12:00:01Z", merged), "github:pr:7001#7:merged 2026-01-09T12:00:00Z");
    assert_eq!(told("closed", "2026-01-09T12:00:01Z", merged), "closed_by_merge");
    let given_up = "github:pr:7001#7:closed@2026-01-02T00:00:00Z 2026-01-02T00:00:00Z";
    assert_eq!(told("closed", "2026-01-02T00:00:00Z", merged), given_up);
    let ready = "github:pr:7001#7:ready_for_review@2026-01-03T08:30:00Z 2026-01-03T08:30:20Z";
    assert_eq!(told("ready_for_review", "2026-01-03T08:30:20Z", merged), ready);
    let [Item::Event(event)] = &happened("ready_for_review", "2026-01-03T08:30:20Z", merged)[..] else { panic!() };
    assert!(!event.metadata.contains_key("draft"), "what is so today need not have been so then");
}

#[test]
fn an_event_of_nothing_is_kept_aside() {
    let aside = |issue| matches!(&happened("closed", "2026-01-02T00:00:00Z", issue)[..], [Item::Quarantined(_)]);
    assert!(aside("null") && aside("{}") && aside(r#"{"number":7}"#));
}

fn listed(body: &str, cursor: Option<&Cursor>) -> Result<PageMeta, Disposition> {
    read(EntityType::Review, cursor, "", body).map_err(|error| error.disposition)
}

fn below(id: &str) -> Cursor {
    Cursor::parse(format!(r#"{{"v":1,"trunk":null,"open":[{{"ids":["{id}"],"after":null}}]}}"#)).unwrap()
}

#[test]
fn a_query_names_the_repository_or_the_item_whose_list_goes_on() {
    let body = |cursor: Option<&Cursor>, page_size| {
        let scope = Scope {
            account: &connector_domain::AccountId::parse("5001").unwrap(),
            resource: &resource("acme/shop"),
            entity: EntityType::Review,
            window: window(),
            page_size,
        };
        let request = page_request(&scope, cursor).unwrap();
        assert_eq!(request.path, "/graphql");
        serde_json::from_slice::<serde_json::Value>(request.body.unwrap().expose()).unwrap()["variables"].to_string()
    };
    assert_eq!(body(None, 100), r#"{"after":null,"first":50,"name":"shop","owner":"acme"}"#);
    assert_eq!(body(None, 0), r#"{"after":null,"first":1,"name":"shop","owner":"acme"}"#);
    assert_eq!(body(Some(&below("PR_7")), 100), r#"{"after":null,"id":"PR_7"}"#);
}

#[test]
fn only_what_is_in_the_window_is_followed_below() {
    let page = |at: &str, more: bool| {
        format!(
            r#"{{"data":{{"repository":{{"id":7001,"list":{{"pageInfo":{{"hasNextPage":{more},"endCursor":"c"}},"nodes":[
                {{"node_id":"PR_7","at":"{at}","below":{{"pageInfo":{{"hasNextPage":true,"endCursor":"r"}},"nodes":[]}}}}
            ]}}}}}}}}"#
        )
    };
    let next = listed(&page("2026-01-09T00:00:00Z", false), None).unwrap().next.unwrap();
    assert!(next.as_str().contains("PR_7") && next.as_str().contains(r#""trunk":null"#), "{next:?}");
    assert_eq!(listed(&page("2025-12-31T00:00:00Z", true), None).unwrap().next, None);
}

#[test]
fn an_item_that_is_gone_has_no_list_any_more() {
    let gone = r#"{"data":{"node":null},"errors":[{"type":"NOT_FOUND","path":["node"],"message":"x"}]}"#;
    let meta = listed(gone, Some(&below("PR_7"))).unwrap();
    assert_eq!((meta.items, meta.next), (0, None));
    let transformed = transform_page(&resource("acme/shop"), EntityType::Review, window(), gone.as_bytes());
    assert_eq!(transformed, Transformed::Items(Vec::new()));
    let no_repository = r#"{"data":{"repository":null},"errors":[{"type":"NOT_FOUND","path":["repository"]}]}"#;
    assert_eq!(listed(no_repository, None), Err(Disposition::Fail(FailCode::NOT_FOUND)));
}

#[test]
fn another_repository_of_the_same_name_is_not_read() {
    let page = |id: u32| {
        format!(r#"{{"data":{{"repository":{{"id":{id},"list":{{"nodes":[],"pageInfo":{{"hasNextPage":false}}}}}}}}}}"#)
    };
    assert_eq!(listed(&page(7001), None).unwrap().next, None);
    assert_eq!(listed(&page(7002), None), Err(Disposition::Fail(FailCode::NOT_FOUND)));
}

#[test]
fn an_answer_without_the_list_is_no_end() {
    for body in [
        r#"{"data":null}"#,
        r#"{"data":{"repository":null}}"#,
        r#"{"data":{"node":{"below":{"nodes":[],"pageInfo":{"hasNextPage":false}}}}}"#,
        r#"{"data":{"repository":{"id":7001,"list":{"nodes":[],"pageInfo":{"hasNextPage":true,"endCursor":null}}}}}"#,
    ] {
        assert_eq!(listed(body, None), Err(Disposition::unavailable(None)), "{body}");
    }
}
