//! The way back from the consent screen.

use connector_domain::http::{HttpRequest, HttpResponse};
use connector_domain::oauth::{
    AppCredentials, CONNECT_TTL, ConnectFailure, ConnectOutcome, ConnectState, Grant, GrantError, Identity,
    OneTimeSecret, TokenSet,
};
use connector_providers::oauth::{Asked, Params, Proof, Redirect};
use tracing::{info, warn};

use super::{Connect, Connected, NotConnected, unavailable};

/// What a browser brings back.
#[derive(Debug, Clone, Default)]
pub struct Browser {
    /// What it was given when it opened the state.
    pub secret: Option<OneTimeSecret>,
    /// The state, where the provider does not send it back.
    pub state: Option<OneTimeSecret>,
}

/// Most questions of one proof. GitHub pages through the installations of a person.
const MAX_QUESTIONS: usize = 60;

impl Connect {
    /// Finishes: the state is spent, the code exchanged, the account proven, the tokens stored, in this order.
    /// `params` is `None` when the query could not be taken at all.
    ///
    /// # Errors
    /// When the account is not connected. All that can be wrong with a state is one failure.
    pub async fn callback(&self, params: Option<&Params>, browser: Browser) -> Result<Connected, NotConnected> {
        let (params, state) = self.take(params, browser).await?;
        let (result, back) = (self.finish(params, &state).await, state.back);
        let outcome = match &result {
            Ok(connected) => ConnectOutcome::Connected {
                connection: connected.connection.clone(),
                account: connected.account.clone(),
                again: connected.again,
            },
            Err(code) => ConnectOutcome::Failed { code: *code },
        };
        // Whoever waits sees that it has expired when this is lost.
        let now = self.ports.clock.now();
        let expires_at = now.checked_add(CONNECT_TTL).unwrap_or(now);
        if let Err(error) = self.ports.states.put_outcome(&state.poll, &outcome, expires_at).await {
            unavailable(error);
        }
        result.map_err(|failure| {
            info!(provider = %self.provider(), code = failure.code(), "did not connect an account");
            NotConnected { failure, back: Some(back) }
        })
    }

    /// The one check that cannot be made twice.
    async fn take<'a>(
        &self,
        params: Option<&'a Params>,
        browser: Browser,
    ) -> Result<(&'a Params, ConnectState), ConnectFailure> {
        let refused = |reason| {
            warn!(provider = %self.provider(), code = ConnectFailure::StateInvalid.code(), reason, "refused a callback");
            ConnectFailure::StateInvalid
        };
        let params = params.ok_or_else(|| refused("query"))?;
        let state = if self.provider.returns_state() { params.state() } else { browser.state };
        let state = state.ok_or_else(|| refused("no_state"))?;
        let secret = browser.secret.ok_or_else(|| refused("no_cookie"))?;
        let now = self.ports.clock.now();
        let taken = self.ports.states.take(&state.hash(), self.provider(), &secret.hash(), now).await;
        let row = taken.map_err(unavailable)?.ok_or_else(|| refused("no_such_state"))?;
        Ok((params, row))
    }

    async fn finish(&self, params: &Params, state: &ConnectState) -> Result<Connected, ConnectFailure> {
        let redirect = self.provider.redirected(params)?;
        if self.provider.takes_pkce() && state.verifier.is_none() {
            return Err(ConnectFailure::Misconfigured);
        }
        let (app, grant) = self.exchange(&redirect, state).await?;
        match self.prove(&redirect, &grant).await {
            Ok(identity) => {
                let connected = self.save(state, &grant, identity).await?;
                if self.provider.minting().is_some() {
                    self.give_back(&app, &grant.tokens).await;
                }
                Ok(connected)
            }
            Err(failure) => {
                self.give_back(&app, &grant.tokens).await;
                Err(failure)
            }
        }
    }

    async fn exchange(
        &self,
        redirect: &Redirect,
        state: &ConnectState,
    ) -> Result<(AppCredentials, Grant), ConnectFailure> {
        let mut app = self.app(false).await?;
        let mut answer = self.ask_grant(&app, redirect, state).await;
        if answer.as_ref().err() == Some(&GrantError::App) {
            // Our own secret may have been rotated a moment ago. A code that was refused with it is still good.
            app = self.app(true).await?;
            answer = self.ask_grant(&app, redirect, state).await;
        }
        match answer {
            Ok(grant) => Ok((app, grant)),
            Err(GrantError::Refused) => Err(ConnectFailure::CodeRefused),
            Err(GrantError::App) => Err(ConnectFailure::Misconfigured),
            Err(GrantError::Unavailable | GrantError::Malformed) => Err(ConnectFailure::ProviderUnavailable),
        }
    }

    async fn ask_grant(
        &self,
        app: &AppCredentials,
        redirect: &Redirect,
        state: &ConnectState,
    ) -> Result<Grant, GrantError> {
        let request = self.provider.exchange(app, redirect, &self.redirect_uri, state.verifier.as_ref());
        let request = request.ok_or(GrantError::Refused)?;
        let response = self.send(&request, None).await.map_err(|_| GrantError::Unavailable)?;
        self.provider.read_grant(Asked::Code, &response, self.ports.clock.now())
    }

    async fn prove(&self, redirect: &Redirect, grant: &Grant) -> Result<Identity, ConnectFailure> {
        let mut answers = Vec::new();
        loop {
            match self.provider.prove(redirect, grant, &answers) {
                Proof::Proven(identity) => return Ok(identity),
                Proof::Failed(failure) => return Err(failure),
                Proof::Ask(_) if answers.len() >= MAX_QUESTIONS => return Err(ConnectFailure::NotOwner),
                Proof::Ask(request) => answers.push(self.send(&request, Some(&grant.tokens)).await?),
            }
        }
    }

    /// Tokens that nobody keeps are taken back, as well as it can be.
    async fn give_back(&self, app: &AppCredentials, tokens: &TokenSet) {
        let Some(call) = self.provider.revoke(app, tokens) else { return };
        let answer = self.ports.http.send(&call.request, call.bearer.as_ref()).await;
        if !answer.is_ok_and(|response| response.status < 300) {
            warn!(provider = %self.provider(), "could not give a token back");
        }
    }

    async fn send(&self, request: &HttpRequest, tokens: Option<&TokenSet>) -> Result<HttpResponse, ConnectFailure> {
        let bearer = tokens.map(|tokens| &tokens.access);
        self.ports.http.send(request, bearer).await.map_err(|error| {
            warn!(provider = %self.provider(), "no answer: {error}");
            ConnectFailure::ProviderUnavailable
        })
    }
}
