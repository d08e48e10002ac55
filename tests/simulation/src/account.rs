//! One account at a provider whose tokens rotate, and the handlers that connect it and renew its tokens.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use connector_domain::connection::{Connection, ConnectionStatus};
use connector_domain::oauth::Return;
use connector_domain::ports::{AuditLog, ConnectionStore, TokenError, TokenRows, Tokens};
use connector_domain::{ProviderKind, Secret, UserId, WorkspaceId};
use connector_flows::connect::{Browser, Connect, ConnectPorts, Connected, NotConnected, StartConnect};
use connector_flows::{ConnectionTokens, TokenPorts};
use connector_providers::oauth::Params;
use connector_testkit::memory::{
    FakeSigner, ManualClock, ManualPause, MemoryAudit, MemoryConnections, MemoryStates, MemoryVault, StaticSecrets,
};
use futures::FutureExt;

use crate::faulty::Faulty;
use crate::tokens::{Grants, TokenServer};
use crate::{Chance, Plan};

/// The account, with what we know of it.
pub struct Account {
    server: Arc<TokenServer>,
    states: Arc<MemoryStates>,
    connections: Arc<MemoryConnections>,
    vault: Arc<MemoryVault>,
    audit: Arc<MemoryAudit>,
    clock: Arc<ManualClock>,
    random: Arc<Chance>,
}

/// Somebody who stands before the callback.
#[derive(Debug, Clone)]
pub struct Visitor {
    state: String,
    code: String,
    browser: Browser,
}

impl Account {
    /// Nobody has connected it.
    #[must_use]
    pub fn new(grants: Grants) -> Self {
        Self {
            server: Arc::new(TokenServer::new(grants)),
            states: Arc::default(),
            connections: Arc::default(),
            vault: Arc::default(),
            audit: Arc::default(),
            clock: Arc::default(),
            random: Arc::new(Chance::new(1)),
        }
    }

    /// Lets time pass.
    pub fn advance(&self, time: Duration) {
        self.clock.advance(time);
    }

    /// Whether the provider takes this token.
    #[must_use]
    pub fn takes(&self, token: &Secret) -> bool {
        self.server.takes(token)
    }

    /// Its connections.
    #[must_use]
    pub fn connections(&self) -> Vec<Connection> {
        let Ok(account) = "org".parse() else { return Vec::new() };
        let all = self.connections.connections_of(ProviderKind::Linear, &account).now_or_never();
        all.and_then(Result::ok).unwrap_or_default()
    }

    /// Whether tokens are stored for a connection.
    #[must_use]
    pub fn has_tokens(&self, connection: &Connection) -> bool {
        self.vault.row(connection).now_or_never().is_some_and(|row| row.is_ok_and(|row| row.is_some()))
    }

    /// Why its connection needs a person, by the log; `None` when it does not.
    #[must_use]
    pub fn lost(&self) -> Option<String> {
        let connection =
            self.connections().into_iter().find(|known| known.status == ConnectionStatus::NeedsReconnect)?;
        let entries = self.audit.entries(&connection.id, 10).now_or_never()?.ok()?;
        entries.into_iter().find_map(|entry| entry.detail)
    }

    /// Brings a person as far as the callback.
    #[must_use]
    pub fn visit(&self, code: &str) -> Option<Visitor> {
        let connect = self.connect(&Arc::new(Plan::scripted([])))?;
        let (workspace, user) = (WorkspaceId::parse("acme").ok()?, UserId::parse("user").ok()?);
        let request = StartConnect { workspace, user, back: Return::Cli };
        let started = drive(None, connect.start(request))?.ok()?;
        let opened = drive(None, connect.open(Some(started.state.clone()), None))?.ok()?;
        let browser = Browser { secret: Some(opened.browser), state: None };
        Some(Visitor { state: started.state.expose().to_owned(), code: code.to_owned(), browser })
    }

    /// The callback, under a plan; `None` when it crashed.
    pub fn callback(&self, visitor: &Visitor, plan: &Arc<Plan>) -> Option<Result<Connected, NotConnected>> {
        let connect = self.connect(plan)?;
        let pairs = [("code", &visitor.code), ("state", &visitor.state)];
        let params = Params::of(pairs.map(|(name, value)| (name.to_owned(), value.clone())));
        drive(Some(plan), connect.callback(params.as_ref(), visitor.browser.clone()))
    }

    /// A token for a call, under a plan; `None` when the caller crashed.
    pub fn bearer(&self, plan: &Arc<Plan>) -> Option<Result<Option<Secret>, TokenError>> {
        let connection = self.connections().into_iter().next()?;
        let tokens = ConnectionTokens::new(TokenPorts {
            vault: Faulty::of(plan, &self.vault),
            connections: Faulty::of(plan, &self.connections),
            secrets: Faulty::of(plan, &Arc::new(StaticSecrets::of(ProviderKind::Linear, &["secret"]))),
            signer: Arc::new(FakeSigner),
            audit: Faulty::of(plan, &self.audit),
            http: Faulty::of(plan, &self.server),
            clock: Arc::clone(&self.clock) as _,
            random: Arc::clone(&self.random) as _,
            pause: Arc::new(ManualPause(Arc::clone(&self.clock))),
        });
        drive(Some(plan), tokens.bearer(&connection, None, None))
    }

    fn connect(&self, plan: &Arc<Plan>) -> Option<Connect> {
        let ports = ConnectPorts {
            states: Faulty::of(plan, &self.states),
            connections: Faulty::of(plan, &self.connections),
            vault: Faulty::of(plan, &self.vault),
            audit: Faulty::of(plan, &self.audit),
            secrets: Faulty::of(plan, &Arc::new(StaticSecrets::of(ProviderKind::Linear, &["secret"]))),
            http: Faulty::of(plan, &self.server),
            clock: Arc::clone(&self.clock) as _,
            random: Arc::clone(&self.random) as _,
        };
        let linear = connector_providers::provider(ProviderKind::Linear)?;
        Some(Connect::new(linear, ports, "https://api.example.org/oauth/linear/callback".to_owned()))
    }
}

/// Lets a task run to its end; `None` when it crashed.
fn drive<T>(plan: Option<&Plan>, task: impl Future<Output = T>) -> Option<T> {
    let mut task = pin!(task);
    loop {
        match task.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => return Some(answer),
            Poll::Pending if plan.is_some_and(Plan::take_crash) => return None,
            Poll::Pending => {}
        }
    }
}
