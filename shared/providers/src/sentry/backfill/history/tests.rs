use connector_domain::connection::ResourceRef;
use connector_domain::{AccountId, ResourceId, SourceEvent};

use super::*;
use crate::sentry::backfill::{page_request, read_page};
use connector_domain::backfill::EntityType;

fn window() -> Window {
    Window { since: "2026-01-01T00:00:00Z".parse().unwrap(), until: "2026-02-01T00:00:00Z".parse().unwrap() }
}

fn with_scope<T>(then: impl FnOnce(&Scope<'_>) -> T) -> T {
    let resource = ResourceRef { id: ResourceId::parse("7001").unwrap(), name: "acme/shop".into() };
    let account = AccountId::parse("5001").unwrap();
    then(&Scope {
        account: &account,
        resource: &resource,
        entity: EntityType::IssueEvent,
        window: window(),
        page_size: 100,
    })
}

fn asked(cursor: Option<&Cursor>) -> String {
    let request = with_scope(|scope| page_request(scope, cursor)).unwrap();
    let query: Vec<String> = request.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{}?{}", request.path, query.join("&"))
}

fn answered(cursor: Option<&Cursor>, status: u16, link: &str, body: &str) -> Result<Option<Cursor>, Disposition> {
    let headers = [("Link", link)].into_iter().collect();
    let response = HttpResponse { status, headers, body: body.into() };
    let read = with_scope(|scope| read_page(scope, cursor, &response, Timestamp::UNIX_EPOCH));
    read.map(|meta| meta.next).map_err(|error| error.disposition)
}

const MORE: &str = "<u>; rel=\"next\"; results=\"true\"; cursor=\"17:0:0\"";
const LAST: &str = "<u>; rel=\"next\"; results=\"false\"; cursor=\"17:0:0\"";

#[test]
fn issues_that_may_have_changed_are_asked_for_one_by_one() {
    let list = "/api/0/organizations/acme/issues/?project=7001&query=&sort=new&limit=50\
                &start=2025-12-02T00:00:00&end=2026-02-01T00:00:01";
    assert_eq!(asked(None), list);
    let untouched = r#"{"id":"1","status":"unresolved","substatus":"new","assignedTo":null,"numComments":0}"#;
    let touched = [
        r#"{"id":"2","status":"unresolved","substatus":"ongoing","assignedTo":null,"numComments":0}"#,
        r#"{"id":"3","status":"resolved","substatus":null,"assignedTo":null,"numComments":0}"#,
        r#"{"id":"4","status":"unresolved","substatus":"new","assignedTo":{"id":"5"},"numComments":0}"#,
        r#"{"id":"5","status":"unresolved","substatus":"new","assignedTo":null,"numComments":1}"#,
        r#"{"id":"6"}"#,
    ];
    let page = format!("[{untouched},{},{{}}]", touched.join(","));
    let mut place = answered(None, 200, MORE, &page).unwrap();
    for id in 2..7 {
        let here = place.unwrap();
        let detail = "collapse=release&collapse=stats&collapse=tags";
        assert_eq!(asked(Some(&here)), format!("/api/0/organizations/acme/issues/{id}/?{detail}"));
        place = answered(Some(&here), 200, "", r#"{"id":"2","activity":[]}"#).unwrap();
    }
    let next = place.unwrap();
    assert_eq!(asked(Some(&next)), format!("{list}&cursor=17:0:0"));
    assert_eq!(answered(Some(&next), 200, LAST, &format!("[{untouched}]")), Ok(None));
}

#[test]
fn an_issue_that_is_gone_ends_nothing() {
    let page = r#"[{"id":"2"},{"id":"3"}]"#;
    let first = answered(None, 200, LAST, page).unwrap().unwrap();
    let gone = r#"{"detail":"The requested resource does not exist"}"#;
    let second = answered(Some(&first), 404, "", gone).unwrap().unwrap();
    assert!(asked(Some(&second)).contains("/issues/3/"));
    assert_eq!(transform(window(), gone.as_bytes()), Transformed::Items(Vec::new()));
    assert_eq!(answered(None, 404, "", gone), Err(Disposition::Fail(FailCode::NOT_FOUND)));
    assert_eq!(answered(Some(&second), 403, "", ""), Err(Disposition::Fail(FailCode::FORBIDDEN)));
    assert_eq!(answered(Some(&second), 200, "", "<html>"), Err(Disposition::unavailable(None)));
}

fn happened(seen: &str, activity: &str) -> Vec<Item> {
    let issue = format!(
        r#"{{"id":"7","title":"t","firstSeen":"2026-01-01T00:00:00Z","lastSeen":"{seen}","activity":[{activity}]}}"#
    );
    let Transformed::Items(items) = transform(window(), issue.as_bytes()) else { panic!() };
    items
}

fn change(kind: &str, at: &str) -> String {
    format!(r#"{{"id":"5","type":"{kind}","user":{{"id":"9","name":"Ann"}},"dateCreated":"{at}","data":{{}}}}"#)
}

#[test]
fn each_change_has_its_own_time_and_who_did_it() {
    let kinds = [
        ("set_resolved", "resolved"),
        ("set_resolved_by_age", "resolved"),
        ("set_resolved_in_release", "resolved"),
        ("set_resolved_in_commit", "resolved"),
        ("set_unresolved", "unresolved"),
        ("set_escalating", "escalated"),
        ("set_ignored", "archived"),
        ("assigned", "assigned"),
    ];
    for (kind, word) in kinds {
        let items = happened("2026-01-02T00:00:00Z", &change(kind, "2026-01-03T00:00:00.5Z"));
        let [Item::History { event, live }] = &items[..] else { panic!("{kind}: {items:?}") };
        let SourceEvent { source_id, occurred_at, actor, .. } = &**event;
        assert_eq!(source_id.as_str(), format!("sentry:issue:7:{word}@2026-01-03T00:00:00Z"));
        assert_eq!(live.as_ref().unwrap().as_str(), format!("sentry:issue:7:{word}@2026-01-02T00:00:00Z"));
        assert_eq!(occurred_at.to_string(), "2026-01-03T00:00:00Z");
        assert_eq!(actor.as_ref().unwrap().name, "Ann");
    }
    for other in ["first_seen", "set_resolved_in_pull_request", "auto_set_ongoing", "merge", "seer_coding_started"] {
        let items = happened("2026-01-02T00:00:00Z", &change(other, "2026-01-03T00:00:00Z"));
        assert!(matches!(items[..], [Item::Ignored(_)]), "{other}: {items:?}");
    }
}

#[test]
fn a_change_of_an_issue_that_was_seen_since_has_no_webhook_s_identity() {
    let resolved = change("set_resolved", "2026-01-03T00:00:00Z");
    assert!(matches!(happened("2026-01-03T00:00:00Z", &resolved)[..], [Item::History { live: Some(_), .. }]));
    assert!(matches!(happened("2026-01-03T00:00:01Z", &resolved)[..], [Item::History { live: None, .. }]));
    let outside = change("set_resolved", "2025-12-03T00:00:00Z");
    assert!(matches!(happened("2026-01-03T00:00:01Z", &outside)[..], [Item::Ignored(_)]));
}

#[test]
fn a_history_that_is_longer_than_shown_is_told() {
    let times = |at: &str| vec![change("merge", at); 100].join(",");
    let items = happened("2026-01-02T00:00:00Z", &times("2026-01-03T00:00:00Z"));
    assert!(matches!(&items[100..], [Item::Quarantined(error)] if error.path == "activity"));
    assert_eq!(happened("2026-01-02T00:00:00Z", &times("2025-12-31T00:00:00Z")).len(), 100);
    let whole = format!(
        "{},{}",
        vec![change("merge", "2026-01-03T00:00:00Z"); 99].join(","),
        change("first_seen", "2026-01-03T00:00:00Z")
    );
    assert_eq!(happened("2026-01-02T00:00:00Z", &whole).len(), 100);
}
