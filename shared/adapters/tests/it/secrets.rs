//! Webhook secrets on the wire.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use connector_adapters::secrets::SecretsManager;
use connector_domain::ProviderKind;
use connector_domain::ports::{Clock, PortErrorKind, Secrets};
use connector_testkit::memory::ManualClock;
use serde_json::{Value, json};

use crate::support::aws::{self, Service};

/// Documents by stage, and when each version was made; no document is an unknown version.
type Stored = Arc<Mutex<BTreeMap<&'static str, (String, i64)>>>;

struct Fixture {
    service: Service,
    stored: Stored,
    clock: Arc<ManualClock>,
    secrets: SecretsManager,
}

impl Fixture {
    async fn new(versions: &[(&'static str, &str)]) -> Self {
        let stored = Stored::default();
        let answers = Arc::clone(&stored);
        let service = aws::serve(move |operation, body| {
            assert_eq!((operation, &body["SecretId"]), ("GetSecretValue", &json!("arn:github")));
            match answers.lock().unwrap().get(body["VersionStage"].as_str().unwrap()) {
                None => aws::error(400, "ResourceNotFoundException"),
                Some((down, _)) if down == "down" => aws::error(500, "InternalServiceError"),
                Some((document, created)) => (200, json!({ "SecretString": document, "CreatedDate": created })),
            }
        })
        .await;
        let clock = Arc::new(ManualClock::default());
        let client = aws::client!(aws_sdk_secretsmanager, &service.url);
        let ids = [(ProviderKind::Github, "arn:github".to_owned())];
        let secrets = SecretsManager::new(client, ids, Arc::clone(&clock) as Arc<dyn Clock>);
        let fixture = Self { service, stored, clock, secrets };
        for (stage, document) in versions {
            fixture.store(stage, document);
        }
        fixture
    }

    fn store(&self, stage: &'static str, document: &str) {
        self.stored.lock().unwrap().insert(stage, (document.to_owned(), self.clock.now().as_second()));
    }

    async fn ask(&self, fresh: bool) -> Vec<String> {
        let secrets = self.secrets.webhook_secrets(ProviderKind::Github, fresh).await.unwrap();
        secrets.iter().map(|secret| secret.expose_str().unwrap().to_owned()).collect()
    }

    fn stages(&self) -> Vec<String> {
        self.service.calls().iter().map(|(_, body)| body["VersionStage"].as_str().unwrap().to_owned()).collect()
    }
}

fn document(secret: &str) -> String {
    json!({ "app_id": "1", "webhook_secret": secret }).to_string()
}

#[tokio::test]
async fn the_current_one_first_then_the_one_before() {
    let fixture = Fixture::new(&[("AWSCURRENT", &document("new")), ("AWSPREVIOUS", &document("old"))]).await;
    assert_eq!(fixture.ask(false).await, ["new", "old"]);
    assert_eq!(fixture.stages(), ["AWSCURRENT", "AWSPREVIOUS"]);
    let other = fixture.secrets.webhook_secrets(ProviderKind::Linear, true).await.unwrap();
    assert!(other.is_empty(), "a provider that is not configured has none");
}

#[tokio::test]
async fn the_one_before_is_good_for_a_day() {
    let fixture = Fixture::new(&[("AWSCURRENT", &document("new")), ("AWSPREVIOUS", &document("old"))]).await;
    fixture.clock.advance(Duration::from_secs(24 * 3_600 - 1));
    assert_eq!(fixture.ask(false).await, ["new", "old"]);
    fixture.clock.advance(Duration::from_secs(300));
    assert_eq!(fixture.ask(false).await, ["new"]);
}

#[tokio::test]
async fn no_secret_is_closed() {
    let previous = document("old");
    for current in [None, Some(document("")), Some("{}".to_owned()), Some(r#"{"webhook_secret":null}"#.to_owned())] {
        let fixture = Fixture::new(&[("AWSPREVIOUS", &previous)]).await;
        if let Some(current) = &current {
            fixture.store("AWSCURRENT", current);
        }
        assert_eq!(fixture.ask(false).await, Vec::<String>::new(), "{current:?}");
    }
    for previous in [None, Some(document("")), Some(document("new"))] {
        let fixture = Fixture::new(&[("AWSCURRENT", &document("new"))]).await;
        if let Some(previous) = &previous {
            fixture.store("AWSPREVIOUS", previous);
        }
        assert_eq!(fixture.ask(false).await, ["new"]);
    }
}

#[tokio::test]
async fn secrets_are_kept_for_minutes_and_read_afresh_now_and_then() {
    let fixture = Fixture::new(&[("AWSCURRENT", &document("one"))]).await;
    assert_eq!(fixture.ask(true).await, ["one"]);
    fixture.store("AWSCURRENT", &document("two"));
    let calls = fixture.service.calls().len();
    for _ in 0..100 {
        assert_eq!(fixture.ask(true).await, ["one"], "not twice within half a minute");
    }
    fixture.clock.advance(Duration::from_secs(30));
    assert_eq!(fixture.ask(false).await, ["one"]);
    assert_eq!(fixture.service.calls().len(), calls);
    assert_eq!(fixture.ask(true).await, ["two"]);

    fixture.store("AWSCURRENT", &document("three"));
    fixture.clock.advance(Duration::from_secs(299));
    assert_eq!(fixture.ask(false).await, ["two"]);
    fixture.clock.advance(Duration::from_secs(1));
    assert_eq!(fixture.ask(false).await, ["three"]);
}

#[tokio::test]
async fn a_fault_is_no_absence() {
    let fixture = Fixture::new(&[("AWSCURRENT", &document("one"))]).await;
    assert_eq!(fixture.ask(false).await, ["one"]);
    fixture.store("AWSCURRENT", "down");
    fixture.clock.advance(Duration::from_secs(60));
    assert_eq!(fixture.ask(false).await, ["one"], "the last good one is good while it lasts");
    let ask = async |fresh| fixture.secrets.webhook_secrets(ProviderKind::Github, fresh).await;
    assert_eq!(ask(true).await.unwrap_err().kind, PortErrorKind::Temporary);
    let calls = fixture.service.calls().len();
    assert_eq!(fixture.ask(true).await, ["one"], "and is not asked for again at once");
    assert_eq!(fixture.service.calls().len(), calls);
    fixture.clock.advance(Duration::from_secs(300));
    assert_eq!(ask(false).await.unwrap_err().kind, PortErrorKind::Temporary, "but not longer");

    let fixture = Fixture::new(&[("AWSCURRENT", "{\"webhook_secret\":\"hunter2\"")]).await;
    let error = fixture.secrets.webhook_secrets(ProviderKind::Github, false).await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Permanent);
    assert!(!format!("{error:?}").contains("hunter2"));
}

#[tokio::test]
async fn many_requests_at_once_read_once() {
    let fixture = Fixture::new(&[("AWSCURRENT", &document("one")), ("AWSPREVIOUS", &document("old"))]).await;
    let all = futures::future::join_all((0..20).map(|_| fixture.ask(false))).await;
    assert!(all.iter().all(|secrets| secrets == &["one", "old"]));
    assert_eq!(fixture.service.calls().len(), 2);
    let bodies: Vec<Value> = fixture.service.calls().into_iter().map(|(_, body)| body).collect();
    assert_eq!(bodies[0]["SecretId"], "arn:github");
}
