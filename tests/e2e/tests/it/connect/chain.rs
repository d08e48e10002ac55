//! From the start of a connect to an observation, through the addresses that people and programs use.

use connector_domain::connection::{Connection, ConnectionStatus};
use connector_domain::{ConnectionId, ProviderKind};
use connector_simulator::Browser;
use serde_json::{Value, json};

use super::Desk;

/// What the simulated account gives access to, by name.
fn resource(kind: ProviderKind) -> &'static str {
    match kind {
        ProviderKind::Github | ProviderKind::Sentry => "acme/rocket",
        ProviderKind::Vercel => "rocket",
        ProviderKind::Linear => "ROC",
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_connected_linked_and_remembered() {
    let desk = Desk::new().await;
    for kind in ProviderKind::ALL {
        // A person's browser does all of it by itself.
        let (url, poll) = desk.start(kind).await;
        assert_eq!(desk.outcome(kind, &poll).await, json!({ "status": "pending" }));
        let mut browser = Browser::new();
        let first = browser.open(&url).await.unwrap();
        assert!(first.html.contains("<strong>acme</strong>"), "{kind}: for which workspace it is");
        assert!(browser.has_cookie(&url, &format!("connect-{kind}")));
        let screen = browser.open(&first.links().pop().unwrap()).await.unwrap();
        let sent = browser.submit(&screen, &[("decision", "approve")]).await.unwrap();
        let done = browser.open(&sent.leads_to.unwrap()).await.unwrap();
        assert_eq!(done.status, 200, "{kind}: {}", done.html);
        assert!(!browser.has_cookie(&url, &format!("connect-{kind}")), "{kind}: the cookie stays");

        let outcome = desk.outcome(kind, &poll).await;
        assert_eq!((&outcome["status"], &outcome["again"]), (&json!("connected"), &json!(false)), "{kind}: {outcome}");
        let connection = outcome["connection"].as_str().unwrap();
        let listed = desk.ask("GET", &format!("/connections/{connection}/resources"), None).await.json();
        let found = listed["items"].as_array().unwrap().iter().find(|item| item["name"] == resource(kind));
        let found = found.unwrap_or_else(|| panic!("{kind}: {listed}"));
        assert_eq!(found["linked"], false);

        let body = json!({ "resources": [found["id"]] });
        let linked = desk.ask("POST", &format!("/connections/{connection}/link"), Some(body)).await.json();
        assert_eq!(linked["results"][0]["outcome"], "created", "{kind}: {linked}");
        desk.stack.settled().await;
        let run = linked["results"][0]["run"].as_str().unwrap();
        let run = desk.ask("GET", &format!("/runs/{run}"), None).await.json();
        assert_eq!(run["state"], "completed", "{kind}: {run}");
        let stored = run["captured"]["observations"].as_u64().unwrap();
        let shown = desk.ask("GET", &format!("/observations?source={kind}"), None).await.json();
        assert!(stored > 3 && !shown["items"].as_array().unwrap().is_empty(), "{kind}: {run}");
        assert_eq!(desk.stack.dead_letters().len(), 0, "{kind}");
    }
    let refused: Vec<_> =
        desk.tap.passed().into_iter().filter(|passed| passed.answer.contains("Bad credentials")).collect();
    assert!(refused.is_empty(), "every token is one that the provider gave");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connecting_again_is_the_same_connection() {
    let desk = Desk::new().await;
    for (n, kind) in ProviderKind::ALL.into_iter().enumerate() {
        let first = desk.connect(kind).await;
        let second = desk.connect(kind).await;
        assert_eq!((first, desk.connections().await), (second, n + 1), "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connected_again_its_documents_are_looked_at_at_once() {
    let desk = Desk::new().await;
    let connection = desk.connect(ProviderKind::Github).await;
    let listed = desk.ask("GET", &format!("/connections/{connection}/resources"), None).await.json();
    let id = listed["items"][0]["id"].as_str().unwrap();
    let link = json!({ "resources": [id] });
    let linked = desk.ask("POST", &format!("/connections/{connection}/link"), Some(link)).await;
    assert_eq!(linked.status, 200, "{}", linked.text());
    let documents = format!("/sources/github:{id}/documents");
    let shown = async || {
        desk.stack.settled().await;
        let shown = desk.ask("GET", &documents, None).await.json();
        (shown["state"].clone(), shown["reason"].clone())
    };
    assert_eq!(shown().await, (json!("no_config"), Value::Null));

    let connections = &desk.stack.stores().connections;
    let made = connections.connection(&ConnectionId::parse(&*connection).unwrap()).await.unwrap().unwrap();
    let lost = Connection { status: ConnectionStatus::NeedsReconnect, ..made };
    connections.put_connection(&lost).await.unwrap();
    let asked = desk.ask("POST", &format!("{documents}/sync"), None).await;
    assert_eq!(asked.status, 202, "{}", asked.text());
    assert_eq!(shown().await, (json!("waiting"), json!("needs_reconnect")));
    assert_eq!(desk.connect(ProviderKind::Github).await, connection);
    assert_eq!(shown().await, (json!("no_config"), Value::Null));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_that_end_are_renewed_without_a_person() {
    let desk = Desk::new().await;
    for kind in [ProviderKind::Linear, ProviderKind::Sentry, ProviderKind::Github] {
        let connection = desk.connect(kind).await;
        let path = format!("/connections/{connection}/resources");
        for _ in 0..3 {
            desk.clock.advance(std::time::Duration::from_secs(25 * 3_600));
            let listed = desk.ask("GET", &path, None).await;
            assert_eq!(listed.status, 200, "{kind}: {}", listed.text());
        }
        let shown: Value = desk.ask("GET", &format!("/connections/{connection}"), None).await.json();
        assert_eq!(shown["status"], "active", "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_ends_at_the_provider_too() {
    let desk = Desk::new().await;
    for kind in [ProviderKind::Vercel, ProviderKind::Linear] {
        let connection = desk.connect(kind).await;
        let ended = desk.ask("POST", &format!("/connections/{connection}/disconnect"), None).await;
        assert_eq!((ended.status, ended.json()["status"].clone()), (200, json!("revoked")), "{kind}: {}", ended.text());
        let revoked = desk.tap.passed().into_iter().any(|passed| match kind {
            ProviderKind::Vercel => {
                passed.method == "DELETE" && passed.path.contains("/v1/integrations/configuration/")
            }
            _ => passed.path.ends_with("/oauth/revoke"),
        });
        assert!(revoked, "{kind}: nobody told the provider");
        let listed = desk.ask("GET", &format!("/connections/{connection}/resources"), None).await;
        assert_eq!(listed.status, 409, "{kind}: {}", listed.text());
        let anew = desk.connect(kind).await;
        let listed = desk.ask("GET", &format!("/connections/{anew}/resources"), None).await;
        assert_eq!(listed.status, 200, "{kind}: {}", listed.text());
    }
}
