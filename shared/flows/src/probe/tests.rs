//! What a look at a connection says, and that it changes nothing.

use connector_domain::ProviderKind;
use connector_domain::http::HttpError;
use connector_providers::github::app;
use connector_testkit::builders::{connection, workspace};
use connector_testkit::memory::{FakeSigner, ManualClock, ScriptedHttp, StaticSecrets, StaticTokens};
use serde_json::json;

use super::*;

struct Desk {
    ports: ProbePorts,
    http: Arc<ScriptedHttp>,
    own: Connection,
}

fn desk(provider: ProviderKind) -> Desk {
    let http = Arc::new(ScriptedHttp::default());
    let resources = ResourcePorts {
        tokens: Arc::new(StaticTokens::of("a-token")),
        http: Arc::clone(&http) as _,
        clock: Arc::new(ManualClock::default()),
    };
    let secrets = Arc::new(StaticSecrets::of(provider, &["secret"]));
    let ports = ProbePorts { resources, secrets, signer: Arc::new(FakeSigner) };
    Desk { ports, http, own: Connection { provider, ..connection("own", &workspace("acme"), "42") } }
}

impl Desk {
    async fn look(&self) -> Probe {
        probe(&self.ports, &self.own).await
    }
}

const REPOSITORIES: &str = r#"{"total_count":0,"repositories":[]}"#;

#[tokio::test]
async fn what_the_app_lacks_is_told() {
    let desk = desk(ProviderKind::Github);
    let permissions = json!({ "metadata": "read", "contents": "read", "issues": "read", "pull_requests": "read",
        "deployments": "read", "discussions": "read" });
    let events: Vec<_> = app::events().filter(|event| *event != "issues").collect();
    desk.http.respond(200, &[], REPOSITORIES);
    desk.http.respond(200, &[], &json!({ "permissions": permissions, "events": events }).to_string());
    let seen = desk.look().await;
    assert_eq!(seen.access, Access::Works);
    let installed = seen.installed.unwrap();
    assert!(installed.missing_permissions.is_empty() && !installed.suspended);
    assert_eq!(installed.missing_events, ["issues"], "GitHub would never send one, and never say so");
    let asked = desk.http.requests().pop().unwrap();
    assert_eq!(asked.request.path, "/app/installations/42");
    assert_eq!(asked.bearer.unwrap().split('.').count(), 3, "signed by the app");
}

#[tokio::test]
async fn an_outage_says_nothing_about_the_connection() {
    for kind in [ProviderKind::Github, ProviderKind::Vercel, ProviderKind::Linear, ProviderKind::Sentry] {
        for status in [429, 500, 502, 503] {
            let desk = desk(kind);
            desk.http.respond(status, &[], "<html>");
            desk.http.respond(status, &[], "<html>");
            let unavailable = Probe { access: Access::Unavailable, installed: None };
            assert_eq!(desk.look().await, unavailable, "{kind} {status}");
        }
        let desk = desk(kind);
        desk.http.push(Err(HttpError::Timeout));
        desk.http.push(Err(HttpError::Timeout));
        assert_eq!(desk.look().await.access, Access::Unavailable, "{kind}");
    }
}

#[tokio::test]
async fn a_refused_token_and_an_app_that_is_gone_need_a_person() {
    let desk = desk(ProviderKind::Vercel);
    desk.http.respond(401, &[], "{}");
    assert_eq!(desk.look().await.access, Access::NeedsReconnect);
    let desk = super::tests::desk(ProviderKind::Github);
    desk.http.respond(503, &[], "{}");
    desk.http.respond(404, &[], "{}");
    assert_eq!(desk.look().await.access, Access::NeedsReconnect);
}
