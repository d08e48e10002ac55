//! Tokens, sealed in the embedded DynamoDB under a local key.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use connector_adapters::system::OsRandom;
use connector_adapters::vault::{DataKey, KeyBytes, KeyService, LocalKeyService, SealContext, Sealer, Vault};
use connector_domain::Secret;
use connector_domain::connection::Connection;
use connector_domain::oauth::{TokenRow, TokenSet};
use connector_domain::ports::{Clock, PortError, PortErrorKind, Put, TokenVault};
use connector_testkit::builders::{connection, tokens, workspace};
use connector_testkit::memory::ManualClock;

use crate::support::dynamo::{client, stores};

/// Counts what it is asked to open.
struct Counted(LocalKeyService, AtomicUsize);

#[async_trait]
impl KeyService for Counted {
    async fn generate(&self, context: &SealContext) -> Result<DataKey, PortError> {
        self.0.generate(context).await
    }

    async fn open(&self, sealed: &[u8], context: &SealContext) -> Result<KeyBytes, PortError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.open(sealed, context).await
    }
}

struct Fixture {
    vault: Vault,
    keys: Arc<Counted>,
    clock: Arc<ManualClock>,
}

fn fixture(key: [u8; 32]) -> Fixture {
    let keys = Arc::new(Counted(LocalKeyService::new(key), AtomicUsize::new(0)));
    let clock = Arc::new(ManualClock::default());
    let (keyed, timed) = (Arc::clone(&keys) as Arc<dyn KeyService>, Arc::clone(&clock) as Arc<dyn Clock>);
    let vault = Vault::new(stores().sealed_tokens(), Sealer::new(keyed, timed, Arc::new(OsRandom)));
    Fixture { vault, keys, clock }
}

impl Fixture {
    async fn seal(&self, connection: &Connection, token: &str) {
        let new = TokenSet { access: Secret::new(token).unwrap(), ..tokens("vault", None) };
        let known = self.vault.load(connection).await.unwrap().map(|(row, _)| row);
        let row = TokenRow::granted(&new, known.as_ref(), 0.5, self.clock.now());
        let stored = self.vault.store(connection, &row, &new, known.map(|row| row.version)).await.unwrap();
        assert_eq!(stored, Put::Stored);
    }

    async fn open(&self, connection: &Connection) -> Option<String> {
        let (_, tokens) = self.vault.load(connection).await.unwrap()?;
        Some(tokens.access.expose_str().unwrap().to_owned())
    }

    async fn refusal(&self, connection: &Connection) -> PortErrorKind {
        self.vault.load(connection).await.unwrap_err().kind
    }

    fn opened(&self) -> usize {
        self.keys.1.load(Ordering::Relaxed)
    }
}

fn owned(id: &str) -> Connection {
    connection(&format!("vault-{id}"), &workspace("vault"), "42")
}

async fn row(connection: &Connection) -> std::collections::HashMap<String, AttributeValue> {
    let get = client()
        .get_item()
        .table_name("connections")
        .key("PK", AttributeValue::S(format!("CONN#{}", connection.id)))
        .key("SK", AttributeValue::S("TOKEN".to_owned()));
    get.send().await.unwrap().item.unwrap()
}

#[tokio::test]
async fn a_token_opens_for_its_connection() {
    let fixture = fixture([1; 32]);
    let own = owned("own");
    assert_eq!(fixture.open(&own).await, None, "a connection may call without a token");
    fixture.seal(&own, "ghs_canary").await;
    assert_eq!(fixture.open(&own).await.as_deref(), Some("ghs_canary"));
    let stored = row(&own).await;
    for value in stored.values() {
        let bytes = match value {
            AttributeValue::B(bytes) => bytes.as_ref().to_vec(),
            other => format!("{other:?}").into_bytes(),
        };
        assert!(!bytes.windows(10).any(|bytes| bytes == b"ghs_canary"));
    }
}

#[tokio::test]
async fn every_token_has_a_key_of_its_own() {
    let fixture = fixture([1; 32]);
    let own = owned("renewed");
    fixture.seal(&own, "one").await;
    let first = row(&own).await;
    assert_eq!(fixture.open(&own).await.as_deref(), Some("one"));
    fixture.seal(&own, "two").await;
    let second = row(&own).await;
    assert_eq!(fixture.open(&own).await.as_deref(), Some("two"));
    assert!(first["edk"] != second["edk"] && first["nonce"] != second["nonce"]);
}

#[tokio::test]
async fn a_row_that_was_moved_or_altered_does_not_open() {
    let fixture = fixture([1; 32]);
    let (own, other) = (owned("victim"), owned("thief"));
    fixture.seal(&own, "ghs_canary").await;
    fixture.seal(&other, "mine").await;
    assert_eq!(fixture.open(&own).await.as_deref(), Some("ghs_canary"), "its key is in the cache now");

    let put = async |item| client().put_item().table_name("connections").set_item(Some(item)).send().await.unwrap();
    let good = row(&own).await;
    let mut moved = good.clone();
    moved.insert("PK".to_owned(), AttributeValue::S(format!("CONN#{}", other.id)));
    put(moved).await;
    assert_eq!(fixture.refusal(&other).await, PortErrorKind::Corrupt);

    let elsewhere = Connection { workspace: workspace("other"), ..own.clone() };
    assert_eq!(fixture.refusal(&elsewhere).await, PortErrorKind::Corrupt);

    for name in ["edk", "nonce", "ct"] {
        let mut bad = good.clone();
        let mut bytes = bad[name].as_b().unwrap().clone().into_inner();
        bytes[0] ^= 1;
        bad.insert(name.to_owned(), AttributeValue::B(bytes.into()));
        put(bad).await;
        assert_eq!(fixture.refusal(&own).await, PortErrorKind::Corrupt, "{name}");
    }
    for (name, value) in [
        ("v", AttributeValue::N("2".to_owned())),
        ("nonce", AttributeValue::B(vec![1, 2].into())),
        ("ct", AttributeValue::B(Vec::new().into())),
        ("edk", AttributeValue::S("text".to_owned())),
    ] {
        let mut bad = good.clone();
        bad.insert(name.to_owned(), value);
        put(bad).await;
        assert_eq!(fixture.refusal(&own).await, PortErrorKind::Corrupt, "{name}");
    }
    put(good).await;
    assert_eq!(fixture.open(&own).await.as_deref(), Some("ghs_canary"));
    assert_eq!(super::vault::fixture([2; 32]).refusal(&own).await, PortErrorKind::Corrupt, "another key");
}

#[tokio::test]
async fn a_data_key_is_kept_for_minutes() {
    let fixture = fixture([1; 32]);
    let own = owned("cached");
    fixture.seal(&own, "one").await;
    for _ in 0..10 {
        fixture.open(&own).await;
    }
    assert_eq!(fixture.opened(), 1);
    fixture.clock.advance(Duration::from_secs(300));
    fixture.open(&own).await;
    assert_eq!(fixture.opened(), 2, "a disabled key is without effect after five minutes");
}
