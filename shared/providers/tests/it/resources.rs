//! What can be linked is found by its name, and listed to its end.

use connector_domain::backfill::{Cursor, Disposition, FailCode};
use connector_domain::http::{HttpRequest, HttpResponse};
use connector_domain::{AccountId, ProviderKind, Timestamp};
use connector_providers::{AccountRef, Provider, provider};
use serde_json::Value;

/// A provider, a name of one of its resources, and what its API says of it.
struct Case {
    kind: ProviderKind,
    name: &'static str,
    asked: &'static str,
    answer: &'static str,
    id: &'static str,
    account: (&'static str, &'static str),
}

const CASES: [Case; 4] = [
    Case {
        kind: ProviderKind::Github,
        name: "acme/shop",
        asked: "/repos/acme/shop",
        answer: r#"{"id":7001,"full_name":"acme/shop","owner":{"id":5001,"login":"acme"}}"#,
        id: "7001",
        account: ("5001", "acme"),
    },
    Case {
        kind: ProviderKind::Vercel,
        name: "acme/shop",
        asked: "/v9/projects/shop?slug=acme",
        answer: r#"{"id":"prj_1","name":"shop","accountId":"team_1"}"#,
        id: "prj_1",
        account: ("team_1", "team_1"),
    },
    Case {
        kind: ProviderKind::Linear,
        name: "ENG",
        asked: r#"/graphql {"key":"ENG"}"#,
        answer: r#"{"data":{"organization":{"id":"org-1","urlKey":"acme"},"teams":{"nodes":[{"id":"team-1","key":"ENG"}]}}}"#,
        id: "team-1",
        account: ("org-1", "acme"),
    },
    Case {
        kind: ProviderKind::Sentry,
        name: "acme/shop",
        asked: "/api/0/projects/acme/shop/",
        answer: r#"{"id":"77","slug":"shop","organization":{"id":"5","slug":"acme"}}"#,
        id: "77",
        account: ("5", "acme"),
    },
];

/// What all pages of a list are, and where the second one starts.
const LISTS: [(ProviderKind, &str, &str, [&str; 2], &str); 4] = [
    (
        ProviderKind::Github,
        "<https://api.github.com/installation/repositories?page=2>; rel=\"next\"",
        "/installation/repositories?per_page=100&page=",
        [
            r#"{"total_count":2,"repositories":[{"id":7001,"full_name":"acme/shop"}]}"#,
            r#"{"total_count":2,"repositories":[{"id":7002,"full_name":"acme/web"}]}"#,
        ],
        "2",
    ),
    (
        ProviderKind::Vercel,
        "",
        "/v10/projects?limit=100&teamId=team_1&from=",
        [
            r#"{"projects":[{"id":"prj_1","name":"shop"}],"pagination":{"count":1,"next":1770000000001}}"#,
            r#"{"projects":[{"id":"prj_2","name":"web"}],"pagination":{"count":1,"next":null}}"#,
        ],
        "1770000000001",
    ),
    (
        ProviderKind::Linear,
        "",
        "/graphql ",
        [
            r#"{"data":{"teams":{"pageInfo":{"hasNextPage":true,"endCursor":"t1"},"nodes":[{"id":"t1","key":"ENG"}]}}}"#,
            r#"{"data":{"teams":{"pageInfo":{"hasNextPage":false,"endCursor":"t2"},"nodes":[{"id":"t2","key":"OPS"}]}}}"#,
        ],
        r#"{"after":"t1"}"#,
    ),
    (
        ProviderKind::Sentry,
        "<https://sentry.io/x>; rel=\"next\"; results=\"true\"; cursor=\"0:100:0\"",
        "/api/0/organizations/acme/projects/?per_page=100&cursor=",
        [r#"[{"id":"77","slug":"shop"}]"#, r#"[{"id":"78","slug":"web"}]"#],
        "0:100:0",
    ),
];

fn of(kind: ProviderKind) -> &'static dyn Provider {
    provider(kind).unwrap()
}

fn now() -> Timestamp {
    Timestamp::UNIX_EPOCH
}

fn answer(status: u16, link: &str, body: &str) -> HttpResponse {
    HttpResponse { status, headers: [("Link", link)].into_iter().collect(), body: body.into() }
}

/// Path, parameters and, for a query, its variables.
fn shown(request: &HttpRequest) -> String {
    let mut text = request.path.clone();
    for (n, (name, value)) in request.query.iter().enumerate() {
        text += &format!("{}{name}={value}", if n == 0 { '?' } else { '&' });
    }
    if let Some(body) = &request.body {
        let body: Value = serde_json::from_slice(body.expose()).unwrap();
        text += &format!(" {}", body["variables"]);
    }
    text
}

#[test]
fn a_resource_is_found_by_its_name() {
    for case in CASES {
        let provider = of(case.kind);
        assert_eq!(shown(&provider.resource_request(case.name).unwrap()), case.asked);
        let found = provider.read_resource(&answer(200, "", case.answer), now()).unwrap();
        assert_eq!((found.resource.id.as_str(), found.resource.name.is_empty()), (case.id, false));
        assert_eq!((found.account.as_str(), found.account_name.as_str()), case.account);
        assert!(!provider.resource_form().is_empty());
    }
}

#[test]
fn a_name_cannot_lead_a_request_elsewhere() {
    for case in CASES {
        for name in ["", "/", "..", "../x", "x/..", "a b", "a/b/c", "a/b\n", "a/"] {
            assert_eq!(of(case.kind).resource_request(name), None, "{} {name:?}", case.kind);
        }
    }
    let odd = of(ProviderKind::Sentry).resource_request("ac?me/sh#op").unwrap();
    assert_eq!(odd.path, "/api/0/projects/ac%3Fme/sh%23op/");
}

#[test]
fn what_is_no_resource_says_why() {
    for case in CASES {
        let provider = of(case.kind);
        let missing = provider.read_resource(&answer(404, "", "{}"), now()).unwrap_err();
        assert_eq!(missing.disposition, Disposition::Fail(FailCode::NOT_FOUND), "{}", case.kind);
        let refused = provider.read_resource(&answer(401, "", "{}"), now()).unwrap_err();
        assert_eq!(refused.disposition, Disposition::RefreshToken, "{}", case.kind);
        for body in ["", "<html>", "[]", r#"{"id":""}"#] {
            assert!(provider.read_resource(&answer(200, "", body), now()).is_err(), "{} {body}", case.kind);
        }
    }
    let nobody = r#"{"data":{"organization":{"id":"org-1","urlKey":"acme"},"teams":{"nodes":[]}}}"#;
    let error = of(ProviderKind::Linear).read_resource(&answer(200, "", nobody), now()).unwrap_err();
    assert_eq!(error.disposition, Disposition::Fail(FailCode::NOT_FOUND));
}

#[test]
fn a_list_is_read_to_its_end() {
    let team = AccountId::parse("team_1").unwrap();
    let account = AccountRef { id: &team, name: "acme" };
    for (kind, link, asked, pages, second) in LISTS {
        let provider = of(kind);
        let first = provider.read_resources(&account, None, &answer(200, link, pages[0]), now()).unwrap();
        let next = first.next.unwrap();
        assert_eq!(shown(&provider.resources_request(&account, Some(&next))), format!("{asked}{second}"));
        let last = provider.read_resources(&account, Some(&next), &answer(200, "", pages[1]), now()).unwrap();
        assert_eq!((first.resources.len(), last.resources.len(), last.next), (1, 1, None::<Cursor>), "{kind}");
        assert_ne!(first.resources, last.resources);
    }
}
