//! The callback from every side: states that are not good, accounts that are somebody else's, and two at once.

use std::time::Duration;

use connector_domain::http::HttpResponse;
use connector_domain::oauth::{OneTimeSecret, SecretHash};
use connector_domain::ports::{PortError, TokenRows};
use connector_providers::oauth::Params;
use connector_testkit::builders::{at, workspace};
use connector_testkit::memory::{
    ManualClock, MemoryAudit, MemoryConnections, MemoryStates, MemoryVault, ScriptedHttp, SeededRandom, StaticSecrets,
};
use futures::future::join_all;
use serde_json::{Value, json};

use super::*;
use connector_domain::audit::Actor;

struct Desk {
    connect: Connect,
    http: Arc<ScriptedHttp>,
    states: Arc<MemoryStates>,
    connections: Arc<MemoryConnections>,
    vault: Arc<MemoryVault>,
    audit: Arc<MemoryAudit>,
    clock: Arc<ManualClock>,
}

const INSTALLATION: &str = "7a485448-a9e2-4c85-8a3c-4f44175783c9";

fn desk(kind: ProviderKind) -> Desk {
    let provider = connector_providers::provider(kind).unwrap();
    let clock = Arc::new(ManualClock::default());
    let http = Arc::new(ScriptedHttp::default());
    let states = Arc::new(MemoryStates::default());
    let connections = Arc::new(MemoryConnections::default());
    let vault = Arc::new(MemoryVault::default());
    let audit = Arc::new(MemoryAudit::default());
    let secrets = StaticSecrets::none();
    for kind in ProviderKind::ALL {
        secrets.rotate(kind, &["client-secret"]);
    }
    let ports = ConnectPorts {
        states: Arc::clone(&states) as _,
        connections: Arc::clone(&connections) as _,
        vault: Arc::clone(&vault) as _,
        audit: Arc::clone(&audit) as _,
        secrets: Arc::new(secrets),
        http: Arc::clone(&http) as _,
        clock: Arc::clone(&clock) as _,
        random: Arc::new(SeededRandom::new(1)),
    };
    let connect = Connect::new(provider, ports, format!("https://api.example.org/oauth/{kind}/callback"));
    Desk { connect, http, states, connections, vault, audit, clock }
}

/// A browser that came as far as the consent screen.
#[derive(Clone)]
struct Visit {
    state: OneTimeSecret,
    poll: OneTimeSecret,
    browser: Browser,
}

impl Desk {
    async fn visit(&self, workspace_id: &str) -> Visit {
        let user = UserId::parse("user").unwrap();
        let request = StartConnect { workspace: workspace(workspace_id), user, back: Return::Cli };
        let started = self.connect.start(request).await.unwrap();
        let opened = self.connect.open(Some(started.state.clone()), None).await.unwrap();
        let browser = Browser { secret: Some(opened.browser), state: Some(started.state.clone()) };
        Visit { state: started.state, poll: started.poll, browser }
    }

    /// The redirect that the provider would make.
    fn redirect(&self, visit: &Visit) -> Value {
        let state = visit.state.expose();
        match self.connect.provider() {
            ProviderKind::Github => json!({ "code": "c0de", "state": state, "installation_id": "5001" }),
            ProviderKind::Vercel => json!({ "code": "c0de", "state": state, "configurationId": "icfg_1" }),
            ProviderKind::Linear => json!({ "code": "c0de", "state": state }),
            ProviderKind::Sentry => json!({ "code": "c0de", "installationId": INSTALLATION }),
        }
    }

    /// What the provider answers to a callback that is good.
    fn script(&self) {
        let answers = match self.connect.provider() {
            ProviderKind::Github => vec![
                (200, json!({ "access_token": "ghu_1", "token_type": "bearer" })),
                (200, json!({ "installations": [{ "id": 5001, "account": { "login": "acme" } }] })),
                (204, json!({})),
            ],
            ProviderKind::Vercel => vec![
                (200, json!({ "access_token": "v_1", "installation_id": "icfg_1", "team_id": "team_1" })),
                (200, json!({ "id": "icfg_1", "teamId": "team_1" })),
                (200, json!({ "name": "acme" })),
            ],
            ProviderKind::Linear => vec![
                (200, json!({ "access_token": "l_1", "refresh_token": "l_2", "expires_in": 86_399, "scope": "read" })),
                (200, json!({ "data": { "organization": { "id": "org", "name": "acme" } } })),
            ],
            ProviderKind::Sentry => vec![
                (201, json!({ "token": "s_1", "refreshToken": "s_2", "expiresAt": at(28_800) })),
                (200, json!({ "uuid": INSTALLATION, "organization": { "slug": "acme" } })),
            ],
        };
        for (status, body) in answers {
            self.http.respond(status, &[], &body.to_string());
        }
    }

    async fn callback(&self, fields: &Value, browser: Browser) -> Result<Connected, NotConnected> {
        self.connect.callback(params(fields).as_ref(), browser).await
    }

    async fn connected(&self, workspace_id: &str) -> Connected {
        let visit = self.visit(workspace_id).await;
        self.script();
        self.callback(&self.redirect(&visit), visit.browser).await.unwrap()
    }
}

fn params(fields: &Value) -> Option<Params> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Params::of(fields.as_object().unwrap().iter().map(|(name, value)| (name.clone(), text(value))))
}

#[tokio::test]
async fn an_account_is_connected_with_its_tokens_and_noted() {
    for kind in ProviderKind::ALL {
        let desk = desk(kind);
        let visit = desk.visit("acme").await;
        assert_eq!(desk.connect.outcome(&visit.poll).await.unwrap(), Some(ConnectOutcome::Pending));
        desk.script();
        let connected = desk.callback(&desk.redirect(&visit), visit.browser.clone()).await.unwrap();
        assert_eq!((connected.account.as_str(), connected.again, connected.back), ("acme", false, Return::Cli));
        let stored = desk.connections.connection(&connected.connection).await.unwrap().unwrap();
        assert_eq!(stored.workspace, workspace("acme"));
        assert_eq!(desk.vault.row(&stored).await.unwrap().is_some(), kind != ProviderKind::Github, "{kind}");
        let entries = desk.audit.entries(&stored.id, 10).await.unwrap();
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0].by, Actor::User(UserId::parse("user").unwrap()));
        let outcome = desk.connect.outcome(&visit.poll).await.unwrap();
        assert!(matches!(outcome, Some(ConnectOutcome::Connected { .. })), "{kind}");
        assert_eq!(desk.states.waiting(), 0);
        if kind == ProviderKind::Github {
            let last = desk.http.requests().pop().unwrap().request;
            assert_eq!(last.path, "/applications/client-github/token", "the person's token is given back");
        }
    }
}

#[tokio::test]
async fn a_state_that_is_not_good_has_one_answer_and_no_effect() {
    for kind in ProviderKind::ALL {
        let desk = desk(kind);
        let visit = desk.visit("acme").await;
        let other =
            super::tests::desk(if kind == ProviderKind::Github { ProviderKind::Linear } else { ProviderKind::Github });
        let foreign = OneTimeSecret::of([9; 32]).unwrap();
        let good = desk.redirect(&visit);
        let with_state = |state: &str| {
            let mut fields = good.clone();
            fields["state"] = json!(state);
            fields
        };
        let browser = |secret: Option<&OneTimeSecret>, state: Option<&OneTimeSecret>| Browser {
            secret: secret.cloned(),
            state: state.cloned(),
        };
        let own = visit.browser.secret.as_ref();
        let tampered = visit.state.expose().replacen(|_: char| true, "_", 1);
        let kept = !desk.connect.provider.returns_state();
        let mut cases = vec![
            ("no cookie", good.clone(), Browser::default()),
            ("another browser", good.clone(), browser(Some(&foreign), Some(&visit.state))),
            ("foreign", with_state(foreign.expose()), browser(own, Some(&foreign))),
            ("tampered", with_state(&tampered), browser(own, OneTimeSecret::parse(&tampered).as_ref())),
        ];
        if !kept {
            for (name, state) in [("none", ""), ("short", "x"), ("long", &"x".repeat(8_000)), ("odd", "\u{0}<b>")] {
                cases.push((name, with_state(state), visit.browser.clone()));
            }
        } else {
            cases.push(("none", good.clone(), browser(own, None)));
        }
        let refused = NotConnected::from(ConnectFailure::StateInvalid);
        for (name, fields, browser) in cases {
            assert_eq!(desk.callback(&fields, browser).await, Err(refused), "{kind} {name}");
        }
        assert_eq!(
            desk.connect.callback(None, visit.browser.clone()).await,
            Err(refused),
            "{kind} repeated parameters"
        );
        // A code of one provider brought to another's callback.
        let mixed = Connect { ports: desk.connect.ports.clone(), ..other.connect };
        let mut fields = with_state(visit.state.expose());
        fields["installation_id"] = json!("5001");
        assert_eq!(
            mixed.callback(params(&fields).as_ref(), visit.browser.clone()).await,
            Err(refused),
            "{kind} mix-up"
        );

        assert_eq!((desk.states.waiting(), desk.http.requests().len()), (1, 0), "{kind}: nothing was spent or asked");
        desk.clock.advance(CONNECT_TTL);
        assert_eq!(desk.callback(&good, visit.browser.clone()).await, Err(refused), "{kind} expired");

        let visit = desk.visit("acme").await;
        desk.script();
        desk.callback(&desk.redirect(&visit), visit.browser.clone()).await.unwrap();
        let calls = desk.http.requests().len();
        assert_eq!(desk.callback(&desk.redirect(&visit), visit.browser).await, Err(refused), "{kind} replayed");
        assert_eq!(desk.http.requests().len(), calls);
    }
}

#[tokio::test]
async fn of_many_callbacks_at_once_one_wins() {
    for kind in ProviderKind::ALL {
        let desk = desk(kind);
        let visit = desk.visit("acme").await;
        desk.script();
        let fields = desk.redirect(&visit);
        let all = join_all((0..8).map(|_| desk.callback(&fields, visit.browser.clone()))).await;
        assert_eq!(all.iter().filter(|result| result.is_ok()).count(), 1, "{kind}");
        let refused = NotConnected::from(ConnectFailure::StateInvalid);
        assert!(all.iter().all(|result| result.as_ref().err().is_none_or(|error| *error == refused)));
        assert!(matches!(desk.connect.outcome(&visit.poll).await.unwrap(), Some(ConnectOutcome::Connected { .. })));
    }
}

#[tokio::test]
async fn a_state_opens_in_one_browser() {
    let desk = desk(ProviderKind::Linear);
    let visit = desk.visit("acme").await;
    let other = desk.connect.open(Some(visit.state.clone()), None).await;
    assert_eq!(other.unwrap_err(), ConnectFailure::StateInvalid);
    let again = desk.connect.open(Some(visit.state.clone()), visit.browser.secret.clone()).await.unwrap();
    assert_eq!(Some(again.browser), visit.browser.secret, "the same browser loads the page again");
    assert_eq!(desk.connect.open(None, None).await.unwrap_err(), ConnectFailure::StateInvalid);
}

#[tokio::test]
async fn an_account_of_somebody_else_is_not_connected_and_the_token_goes_back() {
    let desk = desk(ProviderKind::Github);
    let visit = desk.visit("thief").await;
    let mut fields = desk.redirect(&visit);
    fields["installation_id"] = json!("4242");
    desk.script();
    let error = desk.callback(&fields, visit.browser).await.unwrap_err();
    assert_eq!(error, NotConnected { failure: ConnectFailure::NotOwner, back: Some(Return::Cli) });
    let victim = connector_domain::AccountId::parse("4242").unwrap();
    assert_eq!(desk.connections.connections_of(ProviderKind::Github, &victim).await.unwrap(), []);
    assert_eq!(desk.http.requests().pop().unwrap().request.path, "/applications/client-github/token");
    let outcome = desk.connect.outcome(&visit.poll).await.unwrap();
    assert_eq!(outcome, Some(ConnectOutcome::Failed { code: ConnectFailure::NotOwner }));
}

#[tokio::test]
async fn a_no_spends_the_state_and_asks_the_provider_nothing() {
    let desk = desk(ProviderKind::Linear);
    let visit = desk.visit("acme").await;
    let fields = json!({ "error": "access_denied", "state": visit.state.expose() });
    let error = desk.callback(&fields, visit.browser.clone()).await.unwrap_err();
    assert_eq!(error.failure, ConnectFailure::Denied);
    assert_eq!((desk.states.waiting(), desk.http.requests().len()), (0, 0));
}

#[tokio::test]
async fn connecting_again_is_the_same_connection_and_anothers_is_its_own() {
    for kind in ProviderKind::ALL {
        let desk = desk(kind);
        let first = desk.connected("acme").await;
        let before = desk.connections.connection(&first.connection).await.unwrap().unwrap();
        desk.connections
            .put_connection(&connector_domain::connection::Connection {
                status: connector_domain::connection::ConnectionStatus::NeedsReconnect,
                ..before.clone()
            })
            .await
            .unwrap();
        desk.clock.advance(Duration::from_secs(60));
        let second = desk.connected("acme").await;
        assert_eq!((&second.connection, second.again), (&first.connection, true));
        let after = desk.connections.connection(&first.connection).await.unwrap().unwrap();
        assert_eq!(after.status, connector_domain::connection::ConnectionStatus::Active);
        assert_eq!(after.created_at, at(60), "what is announced late about the first grant is older");

        let other = desk.connected("beta").await;
        assert_ne!(other.connection, first.connection);
        assert!(!other.again);
        assert_eq!(desk.connections.connection(&first.connection).await.unwrap(), Some(after), "{kind}");
        let all = desk.connections.connections_of(kind, &before.account).await.unwrap();
        assert_eq!(all.len(), 2);
    }
}

#[tokio::test]
async fn an_outage_is_told_apart_from_a_refusal() {
    for (answer, failure) in [
        (None, ConnectFailure::ProviderUnavailable),
        (Some((503, "")), ConnectFailure::ProviderUnavailable),
        (Some((400, r#"{"error":"invalid_grant"}"#)), ConnectFailure::CodeRefused),
        (Some((400, r#"{"error":"invalid_request"}"#)), ConnectFailure::Misconfigured),
    ] {
        let desk = desk(ProviderKind::Linear);
        let visit = desk.visit("acme").await;
        for _ in 0..2 {
            if let Some((status, body)) = answer {
                let body = body.as_bytes().to_vec();
                desk.http.push(Ok(HttpResponse { status, headers: Default::default(), body }));
            }
        }
        let error = desk.callback(&desk.redirect(&visit), visit.browser).await.unwrap_err();
        assert_eq!(error.failure, failure);
    }
}

/// A key service that is down, as the vault answers then.
struct Down;

#[async_trait::async_trait]
impl StateStore for Down {
    async fn put(&self, _: &SecretHash, _: &ConnectState) -> Result<(), PortError> {
        Err(PortError::temporary("make a data key", "hunter2"))
    }
    async fn bind(
        &self,
        _: &SecretHash,
        _: ProviderKind,
        _: &SecretHash,
        _: Timestamp,
    ) -> Result<Option<ConnectState>, PortError> {
        Err(PortError::permanent("open a data key", "disabled"))
    }
    async fn take(
        &self,
        _: &SecretHash,
        _: ProviderKind,
        _: &SecretHash,
        _: Timestamp,
    ) -> Result<Option<ConnectState>, PortError> {
        Err(PortError::permanent("open a data key", "disabled"))
    }
    async fn put_outcome(&self, _: &SecretHash, _: &ConnectOutcome, _: Timestamp) -> Result<(), PortError> {
        Ok(())
    }
    async fn outcome(&self, _: &SecretHash, _: Timestamp) -> Result<Option<ConnectOutcome>, PortError> {
        Ok(None)
    }
}

#[tokio::test]
async fn nothing_begins_while_the_key_service_is_down() {
    let mut desk = desk(ProviderKind::Linear);
    let visit = desk.visit("acme").await;
    desk.connect.ports.states = Arc::new(Down);
    let user = UserId::parse("user").unwrap();
    let request = StartConnect { workspace: workspace("acme"), user, back: Return::Settings };
    assert_eq!(desk.connect.start(request).await.unwrap_err(), ConnectFailure::Unavailable);
    assert_eq!(desk.connect.open(Some(visit.state.clone()), None).await.unwrap_err(), ConnectFailure::Unavailable);
    let error = desk.callback(&desk.redirect(&visit), visit.browser).await.unwrap_err();
    assert_eq!(error, NotConnected::from(ConnectFailure::Unavailable));
    assert_eq!(desk.http.requests().len(), 0);
}

#[tokio::test]
async fn an_account_whose_connection_has_ended_can_be_connected_again_whatever_the_clocks_say() {
    use connector_domain::connection::{Connection, ConnectionStatus};
    let desk = desk(ProviderKind::Linear);
    desk.clock.set(at(60));
    let first = desk.connected("acme").await;
    let ended = desk.connections.connection(&first.connection).await.unwrap().unwrap();
    let ended = Connection { status: ConnectionStatus::Revoked, ..ended };
    desk.connections.put_connection(&ended).await.unwrap();
    // The clock of this machine is behind that of the one before.
    desk.clock.set(at(0));
    let second = desk.connected("acme").await;
    assert_eq!((&second.connection, second.again), (&first.connection, true));
    let stored = desk.connections.connection(&first.connection).await.unwrap().unwrap();
    assert_eq!(stored.status, ConnectionStatus::Active);
    assert!(stored.created_at > ended.created_at);
}
