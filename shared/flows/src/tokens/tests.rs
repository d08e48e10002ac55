//! One renewal for many callers, and no end without a name.

use std::task::Poll;
use std::time::Duration;

use connector_domain::http::{HttpError, HttpRequest, HttpResponse};
use connector_domain::oauth::{TokenRow, TokenSet};
use connector_domain::ports::{PortErrorKind, Put, TokenRows};
use connector_domain::{ProviderKind, Timestamp};
use connector_testkit::builders::{at, connection, tokens, workspace};
use connector_testkit::memory::{
    FakeSigner, ManualClock, ManualPause, MemoryAudit, MemoryConnections, MemoryVault, ScriptedHttp, SeededRandom,
    StaticSecrets,
};
use futures::future::join_all;
use serde_json::json;

use super::*;

/// A provider whose answers take a while, so that others run in between.
struct Slow(Arc<ScriptedHttp>);

#[async_trait]
impl ProviderHttp for Slow {
    async fn send(&self, request: &HttpRequest, bearer: Option<&Secret>) -> Result<HttpResponse, HttpError> {
        let mut turns = 3;
        let others = std::future::poll_fn(|context| {
            turns -= 1;
            context.waker().wake_by_ref();
            if turns == 0 { Poll::Ready(()) } else { Poll::Pending }
        });
        others.await;
        self.0.send(request, bearer).await
    }
}

struct Desk {
    tokens: ConnectionTokens,
    http: Arc<ScriptedHttp>,
    vault: Arc<MemoryVault>,
    connections: Arc<MemoryConnections>,
    secrets: Arc<StaticSecrets>,
    audit: Arc<MemoryAudit>,
    clock: Arc<ManualClock>,
    own: Connection,
}

impl Desk {
    async fn new(provider: ProviderKind) -> Self {
        let clock = Arc::new(ManualClock::default());
        let http = Arc::new(ScriptedHttp::default());
        let vault = Arc::new(MemoryVault::default());
        let connections = Arc::new(MemoryConnections::default());
        let audit = Arc::new(MemoryAudit::default());
        let secrets = Arc::new(StaticSecrets::of(provider, &["client-secret"]));
        let own = Connection { provider, ..connection("c", &workspace("acme"), "42") };
        connections.put_connection(&own).await.unwrap();
        let tokens = ConnectionTokens::new(TokenPorts {
            vault: Arc::clone(&vault) as _,
            connections: Arc::clone(&connections) as _,
            secrets: Arc::clone(&secrets) as _,
            signer: Arc::new(FakeSigner),
            audit: Arc::clone(&audit) as _,
            http: Arc::new(Slow(Arc::clone(&http))),
            clock: Arc::clone(&clock) as _,
            random: Arc::new(SeededRandom::new(7)),
            pause: Arc::new(ManualPause(Arc::clone(&clock))),
        });
        Self { tokens, http, vault, connections, secrets, audit, clock, own }
    }

    /// Linear, with tokens of a thousand seconds.
    async fn linear() -> Self {
        let desk = Self::new(ProviderKind::Linear).await;
        let first = tokens("1", Some(at(1_000)));
        let row = TokenRow::granted(&first, None, 0.5, at(0));
        assert_eq!(desk.vault.store(&desk.own, &row, &first, None).await.unwrap(), Put::Stored);
        desk
    }

    fn answer_renewed(&self, text: &str) {
        let body = json!({
            "access_token": format!("access-{text}"), "refresh_token": format!("refresh-{text}"),
            "token_type": "Bearer", "expires_in": 1_000, "scope": "read",
        });
        self.http.respond(200, &[], &body.to_string());
    }

    async fn ask(&self, refused: Option<&str>) -> Result<Option<String>, TokenError> {
        let refused = refused.and_then(Secret::new);
        let token = self.tokens.bearer(&self.own, None, refused.as_ref()).await?;
        Ok(token.map(|token| token.expose_str().unwrap().to_owned()))
    }

    async fn good(&self, refused: Option<&str>) -> String {
        self.ask(refused).await.unwrap().unwrap()
    }

    async fn status(&self) -> ConnectionStatus {
        self.connections.connection(&self.own.id).await.unwrap().unwrap().status
    }

    async fn noted(&self) -> Vec<String> {
        let entries = self.audit.entries(&self.own.id, 10).await.unwrap();
        entries.into_iter().filter_map(|entry| entry.detail).collect()
    }

    fn calls(&self) -> usize {
        self.http.requests().len()
    }
}

#[tokio::test]
async fn fifty_callers_of_an_expired_token_renew_it_once() {
    let desk = Desk::linear().await;
    desk.clock.set(at(2_000));
    desk.answer_renewed("2");
    let all = join_all((0..50).map(|_| desk.good(None))).await;
    assert!(all.iter().all(|token| token == "access-2"), "{all:?}");
    assert_eq!(desk.calls(), 1);
    let sent = &desk.http.requests()[0].request;
    let body = String::from_utf8(sent.body.as_ref().unwrap().expose().to_vec()).unwrap();
    assert!(body.contains("grant_type=refresh_token") && body.contains("refresh-1"));
}

#[tokio::test]
async fn fifty_callers_whose_token_was_refused_renew_it_once() {
    let desk = Desk::linear().await;
    desk.answer_renewed("2");
    let all = join_all((0..50).map(|_| desk.good(Some("access-1")))).await;
    assert!(all.iter().all(|token| token == "access-2"), "{all:?}");
    assert_eq!(desk.good(Some("access-1")).await, "access-2", "it was renewed before");
    assert_eq!(desk.calls(), 1);
}

#[tokio::test]
async fn a_token_is_renewed_before_it_ends_while_others_use_it() {
    let desk = Desk::linear().await;
    desk.clock.set(at(700));
    assert_eq!(desk.good(None).await, "access-1");
    desk.clock.set(at(900));
    desk.answer_renewed("2");
    let all = join_all((0..10).map(|_| desk.good(None))).await;
    assert_eq!(all.iter().filter(|token| *token == "access-2").count(), 1, "{all:?}");
    assert!(all.iter().all(|token| token == "access-1" || token == "access-2"));
    assert_eq!(desk.calls(), 1);
}

#[tokio::test]
async fn a_refusal_ends_the_connection_and_is_noted_once() {
    let desk = Desk::linear().await;
    desk.clock.set(at(2_000));
    desk.http.respond(400, &[], r#"{"error":"invalid_grant"}"#);
    let all = join_all((0..10).map(|_| desk.ask(None))).await;
    assert!(all.iter().all(|token| matches!(token, Err(TokenError::NeedsReconnect))));
    assert_eq!((desk.status().await, desk.calls()), (ConnectionStatus::NeedsReconnect, 1));
    assert_eq!(desk.noted().await, ["token_refused"]);
}

#[tokio::test]
async fn what_is_found_out_of_a_connection_that_was_made_anew_since_ends_nothing() {
    let desk = Desk::linear().await;
    desk.clock.set(at(2_000));
    let anew = Connection { created_at: at(1_500), updated_at: at(1_500), ..desk.own.clone() };
    desk.connections.put_connection(&anew).await.unwrap();
    desk.tokens.stays_refused(&desk.own).await.unwrap();
    assert_eq!((desk.status().await, desk.noted().await.len()), (ConnectionStatus::Active, 0));
    desk.tokens.stays_refused(&anew).await.unwrap();
    assert_eq!(
        (desk.status().await, desk.noted().await),
        (ConnectionStatus::NeedsReconnect, vec!["token_refused".into()])
    );
}

#[tokio::test]
async fn an_outage_of_the_provider_ends_nothing() {
    for (status, body) in [(503, "<html>"), (429, ""), (200, "not json"), (500, r#"{"error":"invalid_grant"}"#)] {
        let desk = Desk::linear().await;
        desk.clock.set(at(900));
        desk.http.respond(status, &[], body);
        assert_eq!(desk.good(None).await, "access-1", "the old one lives");
        assert_eq!(desk.good(None).await, "access-1");
        assert_eq!(desk.calls(), 1, "a provider that is down is not asked at every call");
        desk.clock.set(at(1_000));
        desk.http.respond(status, &[], body);
        let error = desk.ask(None).await.unwrap_err();
        assert!(matches!(error, TokenError::Port(error) if error.kind == PortErrorKind::Temporary));
        desk.answer_renewed("2");
        assert_eq!(desk.good(None).await, "access-2");
        assert_eq!((desk.status().await, desk.noted().await.len()), (ConnectionStatus::Active, 0));
    }
}

#[tokio::test]
async fn a_secret_of_ours_that_was_rotated_is_read_afresh_and_never_the_connections_fault() {
    let desk = Desk::linear().await;
    desk.good(None).await;
    desk.clock.set(at(2_000));
    desk.http.respond(401, &[], r#"{"error":"invalid_client"}"#);
    desk.answer_renewed("2");
    assert!(desk.secrets.app(ProviderKind::Linear, false).await.unwrap().is_some(), "it is in the cache");
    desk.secrets.rotate(ProviderKind::Linear, &["rotated"]);
    assert_eq!(desk.good(None).await, "access-2");
    let last = desk.http.requests().pop().unwrap().request.body.unwrap();
    assert!(String::from_utf8_lossy(last.expose()).contains("rotated"));

    desk.clock.set(at(4_000));
    for _ in 0..2 {
        desk.http.respond(401, &[], r#"{"error":"invalid_client"}"#);
    }
    let error = desk.ask(None).await.unwrap_err();
    assert!(matches!(error, TokenError::Port(error) if error.kind == PortErrorKind::Permanent));
    assert_eq!(desk.status().await, ConnectionStatus::Active);
}

#[tokio::test]
async fn a_caller_that_vanished_is_waited_for_as_long_as_its_lease() {
    let desk = Desk::linear().await;
    desk.clock.set(at(2_000));
    let (row, _) = desk.vault.load(&desk.own).await.unwrap().unwrap();
    let connector_domain::oauth::Step::Refresh(leased) = row.step(false, true, "vanished", at(2_000)) else { panic!() };
    desk.vault.mark(&desk.own, &leased, row.version).await.unwrap();
    let error = desk.ask(None).await.unwrap_err();
    assert!(
        matches!(error, TokenError::Port(error) if error.kind == PortErrorKind::Temporary),
        "ten seconds of patience"
    );
    desk.clock.set(at(2_030));
    // Its renewal had reached the provider, which takes the old refresh token no more.
    desk.http.respond(400, &[], r#"{"error":"invalid_grant"}"#);
    assert!(matches!(desk.ask(None).await, Err(TokenError::NeedsReconnect)));
    assert_eq!(desk.noted().await, ["refresh_lost"]);
}

#[tokio::test]
async fn a_renewal_that_was_given_up_for_lost_and_comes_back_spares_the_person() {
    let desk = Desk::linear().await;
    desk.clock.set(at(2_000));
    let (row, before) = desk.vault.load(&desk.own).await.unwrap().unwrap();
    let connector_domain::oauth::Step::Refresh(leased) = row.step(false, true, "frozen", at(2_000)) else { panic!() };
    desk.vault.mark(&desk.own, &leased, row.version).await.unwrap();
    desk.clock.set(at(2_030));
    desk.http.respond(400, &[], r#"{"error":"invalid_grant"}"#);
    assert!(matches!(desk.ask(None).await, Err(TokenError::NeedsReconnect)));
    assert_eq!(desk.status().await, ConnectionStatus::NeedsReconnect);
    // The one that was frozen has what the provider gave it.
    let late = before.renewed(tokens("2", Some(at(3_000))));
    let kept = desk.tokens.keep(&desk.own, &leased, late).await.unwrap().unwrap();
    assert_eq!((kept.expose_str(), desk.status().await), (Some("access-2"), ConnectionStatus::Active));
    assert_eq!(desk.good(None).await, "access-2");
}

#[tokio::test]
async fn tokens_that_are_good_for_less_are_told() {
    let desk = Desk::linear().await;
    desk.clock.set(at(2_000));
    desk.http.respond(200, &[], r#"{"access_token":"a","refresh_token":"r","expires_in":"1000","scope":"other"}"#);
    assert!(matches!(desk.ask(None).await, Err(TokenError::NeedsReconnect)));
    assert_eq!(desk.noted().await, ["scope_lost"]);
}

#[tokio::test]
async fn a_connection_without_tokens_calls_without() {
    let desk = Desk::new(ProviderKind::Vercel).await;
    assert_eq!(desk.ask(None).await.unwrap(), None);
    let first = TokenSet { refresh: None, ..tokens("1", None) };
    desk.vault.store(&desk.own, &TokenRow::granted(&first, None, 0.5, at(0)), &first, None).await.unwrap();
    desk.clock.set(at(1_000_000_000));
    assert_eq!(desk.good(None).await, "access-1", "it does not end");
    assert!(matches!(desk.ask(Some("access-1")).await, Err(TokenError::NeedsReconnect)), "until it is refused");
    assert_eq!(desk.calls(), 0);
}

fn answer_minted(desk: &Desk, token: &str, expires_at: Timestamp) {
    let body = json!({ "token": token, "expires_at": expires_at, "permissions": {} });
    desk.http.respond(201, &[], &body.to_string());
}

#[tokio::test]
async fn what_the_app_mints_is_kept_until_five_minutes_before_its_end() {
    let desk = Desk::new(ProviderKind::Github).await;
    answer_minted(&desk, "ghs_1", at(3_600));
    assert_eq!(desk.good(None).await, "ghs_1");
    desk.clock.set(at(3_299));
    assert_eq!(desk.good(None).await, "ghs_1");
    assert_eq!(desk.calls(), 1);
    desk.clock.set(at(3_300));
    answer_minted(&desk, "ghs_2", at(7_200));
    assert_eq!(desk.good(None).await, "ghs_2");
    answer_minted(&desk, "ghs_3", at(7_200));
    assert_eq!(desk.good(Some("ghs_2")).await, "ghs_3", "it was refused");
    let sent = desk.http.requests();
    assert_eq!(sent[0].bearer.as_ref().unwrap().split('.').count(), 3, "signed by the app");
    assert!(desk.vault.row(&desk.own).await.unwrap().is_none(), "it is stored nowhere");
}

#[tokio::test]
async fn what_the_app_mints_is_for_one_repository() {
    let desk = Desk::new(ProviderKind::Github).await;
    for (repository, token) in [("7", "ghs_7"), ("8", "ghs_8")] {
        answer_minted(&desk, token, at(3_600));
        let id = ResourceId::parse(repository).unwrap();
        for _ in 0..2 {
            let bearer = desk.tokens.bearer(&desk.own, Some(&id), None).await.unwrap();
            assert_eq!(bearer, Secret::new(token));
        }
        let sent = desk.http.requests().pop().unwrap().request.body.unwrap();
        assert_eq!(
            sent.expose(),
            json!({ "repository_ids": [id.as_str().parse::<u64>().unwrap()] }).to_string().as_bytes()
        );
    }
    assert_eq!(desk.calls(), 2);
}

#[tokio::test]
async fn an_app_that_is_not_installed_any_more_needs_a_person() {
    let desk = Desk::new(ProviderKind::Github).await;
    for status in [403, 500] {
        desk.http.respond(status, &[], "{}");
        let error = desk.ask(None).await.unwrap_err();
        assert!(matches!(error, TokenError::Port(error) if error.kind == PortErrorKind::Temporary), "{status}");
    }
    for _ in 0..2 {
        desk.http.respond(401, &[], "{}");
    }
    let error = desk.ask(None).await.unwrap_err();
    assert!(matches!(error, TokenError::Port(error) if error.kind == PortErrorKind::Permanent), "our key is wrong");
    assert_eq!(desk.status().await, ConnectionStatus::Active);
    desk.http.respond(404, &[], "{}");
    assert!(matches!(desk.ask(None).await, Err(TokenError::NeedsReconnect)));
    assert_eq!(desk.status().await, ConnectionStatus::NeedsReconnect);
}

#[tokio::test]
async fn who_slept_through_its_lease_saves_what_it_has() {
    let desk = Desk::linear().await;
    desk.clock.set(at(2_000));
    desk.answer_renewed("2");
    let mut sleeper = Box::pin(desk.ask(None));
    assert!(futures::poll!(&mut sleeper).is_pending(), "it has asked the provider");
    desk.clock.advance(Duration::from_secs(60));
    // Another one took over and was refused, since the provider has renewed the tokens for the sleeper.
    let (row, _) = desk.vault.load(&desk.own).await.unwrap().unwrap();
    let connector_domain::oauth::Step::Refresh(taken) = row.step(false, true, "other", at(2_060)) else { panic!() };
    desk.vault.mark(&desk.own, &taken, row.version).await.unwrap();
    desk.vault.mark(&desk.own, &taken.refused(), taken.version).await.unwrap();
    assert_eq!(sleeper.await.unwrap().unwrap(), "access-2");
    assert_eq!(desk.good(None).await, "access-2", "the loss is none");
}
