//! Tokens, sealed in the embedded DynamoDB under a local key.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use connector_adapters::system::OsRandom;
use connector_adapters::vault::{DataKey, KeyBytes, KeyService, LocalKeyService, SealContext, Sealer, Vault};
use connector_domain::connection::Connection;
use connector_domain::oauth::{AppCredentials, ConnectState, OneTimeSecret, Return, TokenRow, TokenSet};
use connector_domain::ports::{Clock, PortError, PortErrorKind, Put, TokenRows, TokenVault};
use connector_domain::{ProviderKind, Secret};
use connector_testkit::builders::{connection, tokens, workspace};
use connector_testkit::memory::ManualClock;

use crate::support::dynamo::{client, stores};

/// Counts what it is asked to open, and refuses everything as long as it is told to.
struct Counted {
    service: LocalKeyService,
    opened: AtomicUsize,
    refusal: Mutex<Option<PortErrorKind>>,
}

impl Counted {
    fn check(&self) -> Result<(), PortError> {
        match *self.refusal.lock().unwrap() {
            None => Ok(()),
            Some(PortErrorKind::Temporary) => Err(PortError::temporary("open a data key", "ThrottlingException")),
            Some(_) => Err(PortError::permanent("open a data key", "DisabledException")),
        }
    }
}

#[async_trait]
impl KeyService for Counted {
    async fn generate(&self, context: &SealContext) -> Result<DataKey, PortError> {
        self.check()?;
        self.service.generate(context).await
    }

    async fn open(&self, sealed: &[u8], context: &SealContext) -> Result<KeyBytes, PortError> {
        self.check()?;
        self.opened.fetch_add(1, Ordering::Relaxed);
        self.service.open(sealed, context).await
    }
}

struct Fixture {
    vault: Vault,
    keys: Arc<Counted>,
    clock: Arc<ManualClock>,
}

fn fixture(key: [u8; 32]) -> Fixture {
    let (service, opened) = (LocalKeyService::new(key), AtomicUsize::new(0));
    let keys = Arc::new(Counted { service, opened, refusal: Mutex::new(None) });
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
        self.keys.opened.load(Ordering::Relaxed)
    }

    fn refuse(&self, kind: Option<PortErrorKind>) {
        *self.keys.refusal.lock().unwrap() = kind;
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

#[tokio::test]
async fn a_key_service_that_refuses_costs_time_and_nothing_else() {
    for kind in [PortErrorKind::Temporary, PortErrorKind::Permanent] {
        let fixture = fixture([1; 32]);
        let (own, other) = (owned(&format!("held-{kind:?}")), owned(&format!("new-{kind:?}")));
        fixture.seal(&own, "ghs_canary").await;
        assert_eq!(fixture.open(&own).await.as_deref(), Some("ghs_canary"));
        let before = row(&own).await;
        fixture.refuse(Some(kind));
        // The data key that is in memory goes on, as long as it may.
        fixture.clock.advance(Duration::from_secs(299));
        assert_eq!(fixture.open(&own).await.as_deref(), Some("ghs_canary"));
        fixture.clock.advance(Duration::from_secs(1));
        assert_eq!(fixture.refusal(&own).await, kind);
        // New tokens are not stored in any other form, nor old ones changed.
        let new = tokens("ghs_new", None);
        let known = fixture.vault.row(&own).await.unwrap().unwrap();
        for (connection, known) in [(&own, Some(known)), (&other, None)] {
            let granted = TokenRow::granted(&new, known.as_ref(), 0.5, fixture.clock.now());
            let expected = known.map(|row| row.version);
            assert_eq!(fixture.vault.store(connection, &granted, &new, expected).await.unwrap_err().kind, kind);
        }
        assert_eq!(row(&own).await, before);
        assert_eq!(fixture.vault.row(&other).await.unwrap(), None);
        fixture.refuse(None);
        assert_eq!(fixture.open(&own).await.as_deref(), Some("ghs_canary"), "nothing was lost");
    }
}

#[tokio::test]
async fn what_is_sealed_for_one_purpose_does_not_open_for_another() {
    let service = LocalKeyService::new([1; 32]);
    let own = owned("purpose");
    let state = ConnectState {
        provider: own.provider,
        workspace: own.workspace.clone(),
        user: "user".parse().unwrap(),
        back: Return::Cli,
        browser: None,
        verifier: None,
        poll: OneTimeSecret::of([1; 32]).unwrap().hash(),
        created_at: fixture([1; 32]).clock.now(),
        expires_at: fixture([1; 32]).clock.now(),
    };
    let hash = OneTimeSecret::of([2; 32]).unwrap().hash();
    let other = OneTimeSecret::of([3; 32]).unwrap().hash();
    let contexts = [
        SealContext::token(&own),
        SealContext::token(&Connection { workspace: workspace("other"), ..own.clone() }),
        SealContext::token(&owned("another")),
        SealContext::token(&Connection { provider: ProviderKind::Linear, ..own.clone() }),
        SealContext::verifier(&hash, &state),
        SealContext::verifier(&other, &state),
        SealContext::verifier(&hash, &ConnectState { workspace: workspace("other"), ..state.clone() }),
        SealContext::verifier(&hash, &ConnectState { provider: ProviderKind::Linear, ..state.clone() }),
    ];
    for (at, sealed_for) in contexts.iter().enumerate() {
        let key = service.generate(sealed_for).await.unwrap();
        for (other, context) in contexts.iter().enumerate() {
            let opened = service.open(&key.sealed, context).await;
            assert_eq!(opened.is_ok(), at == other, "{sealed_for:?} {context:?}");
            if let Err(error) = opened {
                assert_eq!(error.kind, PortErrorKind::Corrupt);
            }
        }
    }
}

/// What holds a secret in clear has no way to be printed or serialised. A type that gets one does not compile here: the
/// name is then ambiguous.
#[test]
fn what_is_in_clear_cannot_be_written_down() {
    macro_rules! lacks {
        ($($kind:ty: $($bound:path)|+;)*) => { $( $({
            trait Lacks<Marker> {
                fn holds() {}
            }
            struct Has;
            impl<T: ?Sized> Lacks<()> for T {}
            impl<T: ?Sized + $bound> Lacks<Has> for T {}
            <$kind as Lacks<_>>::holds();
        })+ )* };
    }
    lacks! {
        Secret: serde::Serialize | std::fmt::Display;
        TokenSet: serde::Serialize | std::fmt::Display;
        OneTimeSecret: serde::Serialize | std::fmt::Display;
        AppCredentials: serde::Serialize | std::fmt::Display;
        DataKey: serde::Serialize | std::fmt::Display | std::fmt::Debug;
        LocalKeyService: serde::Serialize | std::fmt::Display | std::fmt::Debug;
    }
    // What can be debugged shows nothing of it.
    let held = tokens("canary", None);
    let state = OneTimeSecret::of([0x41; 32]).unwrap();
    let shown = format!("{held:?} {state:?}");
    assert!(!shown.contains("canary") && !shown.contains(state.expose()), "{shown}");
}
