//! The whole way through the function's own requests and answers.

use std::collections::BTreeMap;
use std::sync::Arc;

use connector_domain::ProviderKind;
use connector_domain::backfill::{EntityType, Limits, PauseReason, UnitState};
use connector_domain::connection::{Connection, ConnectionStatus};
use connector_domain::documents::SyncLimits;
use connector_domain::http::Headers;
use connector_domain::ports::{BackfillStore, ConnectionStore};
use connector_domain::task::PageTask;
use connector_lambda::api::Caller;
use connector_testkit::builders::{integration, unit};
use connector_testkit::memory::{
    ManualClock, MemoryAudit, MemoryBackfills, MemoryConnections, MemoryDocuments, MemoryHolds, MemoryQueue,
    MemoryStates, MemoryVault, ScriptedHttp, SeededRandom, StaticSecrets,
};

use super::*;

const HOST: &str = "connect.example.org";

struct Desk {
    oauth: OAuth,
    http: Arc<ScriptedHttp>,
    connections: Arc<MemoryConnections>,
    backfills: Arc<MemoryBackfills>,
    pages: Arc<MemoryQueue<PageTask>>,
}

fn desk(kind: ProviderKind) -> Desk {
    let http = Arc::new(ScriptedHttp::default());
    let (connections, backfills): (Arc<MemoryConnections>, Arc<MemoryBackfills>) = Default::default();
    let clock: Arc<ManualClock> = Arc::default();
    let pages = Arc::new(MemoryQueue::new(Arc::clone(&clock) as _));
    let start = StartPorts {
        backfills: Arc::clone(&backfills) as _,
        holds: Arc::new(MemoryHolds::default()),
        pages: Arc::clone(&pages) as _,
        clock: Arc::clone(&clock) as _,
        random: Arc::new(SeededRandom::new(4)),
        limits: Limits::default(),
    };
    let documents = DocumentPorts {
        syncs: Arc::new(MemoryDocuments::default()),
        tasks: Arc::new(MemoryQueue::new(Arc::clone(&clock) as _)),
        clock: Arc::clone(&clock) as _,
        limits: SyncLimits::default(),
    };
    let ports = ConnectPorts {
        states: Arc::new(MemoryStates::default()),
        connections: Arc::clone(&connections) as _,
        vault: Arc::new(MemoryVault::default()),
        audit: Arc::new(MemoryAudit::default()),
        secrets: Arc::new(StaticSecrets::of(kind, &["client-secret-canary"])),
        http: Arc::clone(&http) as _,
        clock,
        random: Arc::new(SeededRandom::new(3)),
    };
    let settings = OAuthSettings { settings_url: Some("https://app.example.org/settings".into()), web_url: None };
    let oauth =
        OAuth::new(connector_providers::provider(kind).unwrap(), ports, settings).restarting(start, Some(documents));
    Desk { oauth, http, connections, backfills, pages }
}

fn somebody() -> Caller {
    let claims = [("sub", "u1"), ("workspaces", "[acme beta]"), ("scope", "connectors:read connectors:write")];
    Caller::Token(claims.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
}

impl Desk {
    async fn send(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &str, caller: Caller) -> Answer {
        let kind = self.oauth.provider.kind();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let headers: Headers = [("Host", HOST)].iter().chain(headers).copied().collect();
        let request = ApiRequest {
            method: method.to_owned(),
            path: format!("/oauth/{kind}{path}"),
            query: query.to_owned(),
            headers,
            body: body.as_bytes().to_vec(),
            caller,
        };
        self.oauth.handle(request).await
    }

    async fn start(&self, body: &str, caller: Caller) -> Answer {
        self.send("POST", "/start", &[], body, caller).await
    }

    async fn get(&self, target: &str, headers: &[(&str, &str)]) -> Answer {
        self.send("GET", target, headers, "", Caller::Nobody).await
    }
}

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
}

fn field(answer: &Answer, name: &str) -> String {
    serde_json::from_str::<Value>(&answer.body).unwrap()[name].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_person_connects_linear_and_the_terminal_hears_of_it() {
    let desk = desk(ProviderKind::Linear);
    let started = desk.start(r#"{"workspace":"acme","return":"cli"}"#, somebody()).await;
    assert_eq!(started.status, 201);
    let bearer = format!("Bearer {}", field(&started, "poll"));
    let url = field(&started, "url");
    let state = url.strip_prefix("https://connect.example.org/oauth/linear/start?state=").unwrap().to_owned();
    let asked = desk.get("/status", &[("authorization", &bearer)]).await;
    assert_eq!((asked.status, field(&asked, "status").as_str()), (200, "pending"));

    let consent = desk.get(&format!("/start?state={state}"), &[]).await;
    assert_eq!(consent.status, 200);
    let callback = "redirect_uri=https%3A%2F%2Fconnect.example.org%2Foauth%2Flinear%2Fcallback";
    assert!(consent.body.contains("https://linear.app/oauth/authorize?") && consent.body.contains(callback));
    assert!(consent.body.contains("<strong>acme</strong>"));
    let cookie = header(&consent, "set-cookie").split(';').next().unwrap().to_owned();

    desk.http.respond(
        200,
        &[],
        r#"{"access_token":"token-canary","refresh_token":"refresh-canary","expires_in":86399}"#,
    );
    let name = r#"<script>alert(1)</script>"#;
    let organization = json!({ "data": { "organization": { "id": "org", "name": name } } });
    desk.http.respond(200, &[], &organization.to_string());
    let done = desk.get(&format!("/callback?code=code-canary&state={state}"), &[("cookie", &cookie)]).await;
    assert_eq!(done.status, 200, "{}", done.body);
    assert!(done.body.contains("&lt;script&gt;") && !done.body.contains("<script"));
    assert!(done.body.contains("go back to your terminal"));
    assert!(header(&done, "set-cookie").contains("Max-Age=0"));
    for answer in [&started, &consent, &done] {
        assert!(!format!("{answer:?}").contains("canary"));
    }
    let asked = desk.get("/status", &[("authorization", &bearer)]).await;
    assert_eq!(field(&asked, "status"), "connected");

    let replayed = desk.get(&format!("/callback?code=code-canary&state={state}"), &[("cookie", &cookie)]).await;
    assert_eq!(replayed.status, 400);
}

#[tokio::test]
async fn connected_again_its_history_goes_on_at_once() {
    let desk = desk(ProviderKind::Linear);
    let connect = async || {
        let url = field(&desk.start(r#"{"workspace":"acme"}"#, somebody()).await, "url");
        let query = url.split_once('?').unwrap().1.to_owned();
        let consent = desk.get(&format!("/start?{query}"), &[]).await;
        let cookie = header(&consent, "set-cookie").split(';').next().unwrap().to_owned();
        desk.http.respond(200, &[], r#"{"access_token":"a","refresh_token":"r","expires_in":86399}"#);
        desk.http.respond(200, &[], r#"{"data":{"organization":{"id":"org","name":"Acme"}}}"#);
        assert_eq!(desk.get(&format!("/callback?code=c&{query}"), &[("cookie", &cookie)]).await.status, 200);
    };
    connect().await;
    let account = "org".parse().unwrap();
    let made = desk.connections.connections_of(ProviderKind::Linear, &account).await.unwrap().remove(0);
    desk.connections.put_integration(&integration(&made, "team")).await.unwrap();
    let mut stopped = unit(&made.workspace, "team");
    (stopped.key.provider, stopped.key.entity) = (ProviderKind::Linear, EntityType::Issue);
    (stopped.connection, stopped.state) = (made.id.clone(), UnitState::Paused { why: PauseReason::NeedsReconnect });
    desk.backfills.put_unit(&stopped, None).await.unwrap();
    let lost = Connection { status: ConnectionStatus::NeedsReconnect, ..made.clone() };
    desk.connections.put_connection(&lost).await.unwrap();
    assert!(desk.pages.is_empty());
    connect().await;
    let asked: Vec<_> = desk.pages.drain().into_iter().map(|task| task.unit).collect();
    assert_eq!(asked, [stopped.key]);
    let again = desk.connections.connection(&made.id).await.unwrap().unwrap();
    assert_eq!(again.status, ConnectionStatus::Active, "the same connection");
}

#[tokio::test]
async fn sentry_sends_no_state_back_and_the_browser_brings_it() {
    let desk = desk(ProviderKind::Sentry);
    let url = field(&desk.start(r#"{"workspace":"acme"}"#, somebody()).await, "url");
    let consent = desk.get(&format!("/start?{}", url.split_once('?').unwrap().1), &[]).await;
    assert!(consent.body.contains("https://sentry.io/sentry-apps/memory/external-install/\""));
    let cookie = header(&consent, "set-cookie").split(';').next().unwrap().to_owned();
    let uuid = "7a485448-a9e2-4c85-8a3c-4f44175783c9";
    desk.http.respond(201, &[], r#"{"token":"t","refreshToken":"r","expiresAt":"2026-02-06T20:00:00Z"}"#);
    desk.http.respond(200, &[], &json!({ "uuid": uuid, "organization": { "slug": "acme" } }).to_string());
    let target = format!("/callback?code=c&installationId={uuid}&orgSlug=acme");
    assert_eq!(desk.get(&target, &[]).await.status, 400, "without the browser that began");
    let done = desk.get(&target, &[("cookie", &cookie)]).await;
    assert_eq!(done.status, 200, "{}", done.body);
    assert!(done.body.contains("https://app.example.org/settings"));
}

#[tokio::test]
async fn only_somebody_of_the_workspace_starts() {
    let desk = desk(ProviderKind::Github);
    let body = r#"{"workspace":"acme"}"#;
    assert_eq!(desk.start(body, Caller::Nobody).await.status, 404);
    let unknown = desk.start(r#"{"workspace":"nowhere"}"#, somebody()).await;
    let foreign = desk.start(r#"{"workspace":"gamma"}"#, somebody()).await;
    assert_eq!((unknown.status, &unknown), (404, &foreign), "one answer for both");
    let reader = [("sub", "u1"), ("workspaces", "acme"), ("scope", "connectors:read")];
    let reader: BTreeMap<_, _> = reader.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    assert_eq!(desk.start(body, Caller::Token(reader)).await.status, 404);
    for bad in ["", "{}", "[]", r#"{"workspace":""}"#, r#"{"workspace":"acme","return":"https://evil.example"}"#] {
        assert_eq!(desk.start(bad, somebody()).await.status, 400, "{bad}");
    }
    let long = format!(r#"{{"workspace":"acme"{}}}"#, " ".repeat(MAX_BODY));
    assert_eq!(desk.start(&long, somebody()).await.status, 400);
    assert_eq!(desk.start(body, somebody()).await.status, 201);
}

#[tokio::test]
async fn nothing_of_a_request_is_shown_or_followed() {
    let evil = "%3Cscript%3Ealert(1)%3C%2Fscript%3E%0D%0AX-Evil%3A1";
    for kind in ProviderKind::ALL {
        let desk = desk(kind);
        for target in [
            format!("/callback?error={evil}&error_description={evil}&state={evil}&next=https%3A%2F%2Fevil.example"),
            format!("/callback?code={evil}&state={evil}"),
            "/callback?state=a&state=b".to_owned(),
            format!("/callback?{}", "x".repeat(20_000)),
            format!("/start?state={evil}"),
            "/start".to_owned(),
            "/callback".to_owned(),
        ] {
            let answer = desk.get(&target, &[("cookie", "__Host-connect-github=<script>")]).await;
            assert_eq!(answer.status, 400, "{kind} {target}");
            assert!(answer.body.contains("state_invalid"));
            let shown = format!("{answer:?}");
            assert!(!shown.contains("alert") && !shown.contains("evil") && !shown.to_lowercase().contains("x-evil"));
        }
        assert!(desk.http.requests().is_empty());
    }
}

#[tokio::test]
async fn pages_are_locked_down() {
    let desk = desk(ProviderKind::Vercel);
    let page = desk.get("/callback", &[]).await;
    let policy = header(&page, "content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(policy.ends_with("base-uri 'none'; form-action 'none'; frame-ancestors 'none'"));
    assert!(!policy.contains("unsafe"));
    assert_eq!(header(&page, "referrer-policy"), "no-referrer");
    assert!(header(&page, "strict-transport-security").starts_with("max-age="));
    assert!(!page.body.contains("<script") && !page.body.contains(" style=") && !page.body.contains("src="));
}

#[tokio::test]
async fn how_it_went_is_for_who_started() {
    let desk = desk(ProviderKind::Github);
    let other = format!("Bearer {}", OneTimeSecret::of([5; 32]).unwrap().expose());
    for headers in [&[][..], &[("authorization", "Bearer x")], &[("authorization", &other)]] {
        assert_eq!(desk.get("/status", headers).await.status, 404);
    }
    for (method, path) in [("POST", "/callback"), ("DELETE", "/start"), ("GET", "/"), ("GET", ""), ("GET", "/start/")] {
        assert_eq!(desk.send(method, path, &[], "", somebody()).await.status, 404, "{method} {path}");
    }
}

#[tokio::test]
async fn a_host_that_is_none_is_refused() {
    let desk = desk(ProviderKind::Github);
    for host in ["", "a b", "evil@x", "x/y", "x?y"] {
        let request = ApiRequest {
            method: "GET".into(),
            path: "/oauth/github/start".into(),
            query: String::new(),
            headers: [("host", host)].into_iter().collect(),
            body: Vec::new(),
            caller: Caller::Nobody,
        };
        assert_eq!(desk.oauth.handle(request).await.status, 400, "{host}");
    }
}
