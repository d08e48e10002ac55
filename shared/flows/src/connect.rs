//! Connecting an account: start, the consent screen, and the way back.
//!
//! The state is what ties the three together. It is made for one workspace, bound to the browser that opens it, and spent
//! by the first callback that names it, in one conditional delete. Only then is anything asked of the provider.

mod callback;
mod save;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use callback::Browser;
use connector_domain::http::WebPage;
use connector_domain::oauth::{
    AppCredentials, CONNECT_TTL, ConnectFailure, ConnectOutcome, ConnectState, OneTimeSecret, Return,
};
use connector_domain::ports::{
    AuditLog, Clock, ConnectionStore, PortError, ProviderHttp, Random, Secrets, StateStore, TokenVault,
};
use connector_domain::{ConnectionId, ProviderKind, Timestamp, UserId, WorkspaceId};
use connector_providers::Provider;
use connector_providers::oauth::Consent;
use tracing::error;

/// What connecting needs of the outside.
#[derive(Clone)]
pub struct ConnectPorts {
    /// Who is at a consent screen.
    pub states: Arc<dyn StateStore>,
    /// What is connected.
    pub connections: Arc<dyn ConnectionStore>,
    /// Where tokens go.
    pub vault: Arc<dyn TokenVault>,
    /// Where it is noted.
    pub audit: Arc<dyn AuditLog>,
    /// What the providers know us by.
    pub secrets: Arc<dyn Secrets>,
    /// The providers.
    pub http: Arc<dyn ProviderHttp>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Makes secrets and ids.
    pub random: Arc<dyn Random>,
}

/// Connects accounts of one provider.
#[derive(Clone)]
pub struct Connect {
    provider: &'static dyn Provider,
    ports: ConnectPorts,
    /// Where the provider sends people back to.
    redirect_uri: String,
}

/// Who wants to connect, which is known for sure.
#[derive(Debug, Clone)]
pub struct StartConnect {
    /// For which workspace.
    pub workspace: WorkspaceId,
    /// Who.
    pub user: UserId,
    /// Where to go then.
    pub back: Return,
}

/// A connect that has begun.
#[derive(Debug, Clone)]
pub struct Started {
    /// Opens the consent screen, once, in one browser.
    pub state: OneTimeSecret,
    /// Asks how it went.
    pub poll: OneTimeSecret,
    /// Until when both are good.
    pub expires_at: Timestamp,
}

/// The way to the consent screen.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The provider's page.
    pub page: WebPage,
    /// What the browser must bring back.
    pub browser: OneTimeSecret,
    /// For which workspace, to show.
    pub workspace: WorkspaceId,
}

/// An account that is connected now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connected {
    /// The connection.
    pub connection: ConnectionId,
    /// For which workspace.
    pub workspace: WorkspaceId,
    /// The name of the account.
    pub account: String,
    /// Whether the workspace had it connected before.
    pub again: bool,
    /// Where to go now.
    pub back: Return,
}

/// An account that is not, and where to go all the same, when that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotConnected {
    /// Why.
    pub failure: ConnectFailure,
    /// Where to go.
    pub back: Option<Return>,
}

impl From<ConnectFailure> for NotConnected {
    fn from(failure: ConnectFailure) -> Self {
        Self { failure, back: None }
    }
}

impl Connect {
    /// Connects accounts of a provider, which sends people back to `redirect_uri`.
    #[must_use]
    pub const fn new(provider: &'static dyn Provider, ports: ConnectPorts, redirect_uri: String) -> Self {
        Self { provider, ports, redirect_uri }
    }

    /// Which provider.
    #[must_use]
    pub fn provider(&self) -> ProviderKind {
        self.provider.kind()
    }

    /// Whether the browser must keep the state, because the provider does not send it back.
    #[must_use]
    pub fn browser_keeps_state(&self) -> bool {
        !self.provider.returns_state()
    }

    /// Begins.
    ///
    /// # Errors
    /// When the provider is not set up, or a store fails.
    pub async fn start(&self, request: StartConnect) -> Result<Started, ConnectFailure> {
        self.app(false).await?;
        let now = self.ports.clock.now();
        let expires_at = now.checked_add(CONNECT_TTL).unwrap_or(now);
        let (state, poll) = (self.secret()?, self.secret()?);
        let verifier = if self.provider.takes_pkce() { Some(self.secret()?) } else { None };
        let row = ConnectState {
            provider: self.provider(),
            workspace: request.workspace,
            user: request.user,
            back: request.back,
            browser: None,
            verifier,
            poll: poll.hash(),
            created_at: now,
            expires_at,
        };
        let outcome = ConnectOutcome::Pending;
        self.ports.states.put_outcome(&row.poll, &outcome, expires_at).await.map_err(unavailable)?;
        self.ports.states.put(&state.hash(), &row).await.map_err(unavailable)?;
        Ok(Started { state, poll, expires_at })
    }

    /// Binds a state to the browser that opens it. `known` is what that browser kept, when it loads the page again.
    ///
    /// # Errors
    /// When the state is not good, or was opened in another browser.
    pub async fn open(
        &self,
        state: Option<OneTimeSecret>,
        known: Option<OneTimeSecret>,
    ) -> Result<Opened, ConnectFailure> {
        let state = state.ok_or(ConnectFailure::StateInvalid)?;
        let browser = known.map_or_else(|| self.secret(), Ok)?;
        let now = self.ports.clock.now();
        let bound = self.ports.states.bind(&state.hash(), self.provider(), &browser.hash(), now).await;
        let row = bound.map_err(unavailable)?.ok_or(ConnectFailure::StateInvalid)?;
        let app = self.app(false).await?;
        let verifier = row.verifier.as_ref();
        let consent = Consent { state: &state, redirect_uri: &self.redirect_uri, verifier };
        let page = self.provider.consent(&app, consent).ok_or(ConnectFailure::Misconfigured)?;
        Ok(Opened { page, browser, workspace: row.workspace })
    }

    /// How a connect went, for who holds the secret of its start.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn outcome(&self, poll: &OneTimeSecret) -> Result<Option<ConnectOutcome>, ConnectFailure> {
        let outcome = self.ports.states.outcome(&poll.hash(), self.ports.clock.now()).await;
        outcome.map_err(unavailable)
    }

    async fn app(&self, fresh: bool) -> Result<AppCredentials, ConnectFailure> {
        let app = self.ports.secrets.app(self.provider(), fresh).await.map_err(unavailable)?;
        app.ok_or(ConnectFailure::Misconfigured)
    }

    fn secret(&self) -> Result<OneTimeSecret, ConnectFailure> {
        self.ports.random.one_time().ok_or(ConnectFailure::Unavailable)
    }
}

/// Something of ours did not answer: the log says what.
fn unavailable(error: PortError) -> ConnectFailure {
    let source = error.source.as_ref().map(ToString::to_string).unwrap_or_default();
    error!(code = ConnectFailure::Unavailable.code(), "{error}: {source}");
    ConnectFailure::Unavailable
}
