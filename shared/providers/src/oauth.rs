//! Connecting accounts: what each provider must know of its own consent screen, tokens and proofs.
//!
//! Sans I/O as everything here: a flow describes a [`Call`] and reads its answer.

pub(crate) mod form;
pub(crate) mod grant;
mod jwt;
mod params;

use connector_domain::http::{HttpRequest, HttpResponse, WebPage};
use connector_domain::oauth::{AppCredentials, ConnectFailure, Grant, GrantError, Identity, OneTimeSecret, TokenSet};
use connector_domain::{AccountId, ResourceId, Secret, Timestamp};

pub(crate) use jwt::{hs256, unsigned_rs256};
pub use params::{MAX_QUERY, Params};

/// A request with the token it goes with.
#[derive(Debug, Clone)]
pub struct Call {
    /// The request.
    pub request: HttpRequest,
    /// Its token; `None` where the request itself says who asks.
    pub bearer: Option<Secret>,
}

/// What a person's browser brings to the consent screen.
#[derive(Debug, Clone, Copy)]
pub struct Consent<'a> {
    /// Comes back with the person.
    pub state: &'a OneTimeSecret,
    /// Where the person comes back to.
    pub redirect_uri: &'a str,
    /// Opens the code afterwards; only its challenge leaves.
    pub verifier: Option<&'a OneTimeSecret>,
}

/// What came back with the person.
#[derive(Debug, Clone)]
pub struct Redirect {
    /// Is exchanged for tokens.
    pub code: Secret,
    /// The installation that the address names. Anybody can write one into an address: it proves nothing.
    pub installation: Option<String>,
}

/// Which tokens were asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Those of a code.
    Code,
    /// Those after the ones before.
    Refresh,
}

/// How far the proof is that the account is the person's.
#[derive(Debug, Clone)]
pub enum Proof {
    /// Ask this with the new token, and go on with all answers so far.
    Ask(HttpRequest),
    /// It is.
    Proven(Identity),
    /// It is not, or cannot be told.
    Failed(ConnectFailure),
}

/// Connects accounts.
pub trait OAuthFlow: Send + Sync {
    /// Whether the provider takes a PKCE challenge. Where it does, none is ever left out.
    fn takes_pkce(&self) -> bool {
        false
    }

    /// Whether the state comes back in the address. Where it does not, the browser keeps it.
    fn returns_state(&self) -> bool {
        true
    }

    /// The consent screen; `None` when the app's credentials lack what its address needs.
    fn consent(&self, app: &AppCredentials, consent: Consent<'_>) -> Option<WebPage>;

    /// Reads what came back with the person.
    ///
    /// # Errors
    /// When the person or the provider said no, or something is missing.
    fn redirected(&self, params: &Params) -> Result<Redirect, ConnectFailure>;

    /// Asks for the tokens of a code.
    fn exchange(
        &self,
        app: &AppCredentials,
        redirect: &Redirect,
        redirect_uri: &str,
        verifier: Option<&OneTimeSecret>,
    ) -> Option<HttpRequest>;

    /// Reads tokens out of an answer.
    ///
    /// # Errors
    /// When there are none; says whose fault it is.
    fn read_grant(&self, asked: Asked, response: &HttpResponse, now: Timestamp) -> Result<Grant, GrantError>;

    /// Goes on with the proof that the account is the person's, from all answers so far.
    fn prove(&self, redirect: &Redirect, grant: &Grant, answers: &[HttpResponse]) -> Proof;

    /// How the app itself gets tokens for an account; `None` where the person's token is kept.
    fn minting(&self) -> Option<&dyn Minting> {
        None
    }

    /// Whether these tokens can be renewed without a person.
    fn renews(&self, _tokens: &TokenSet) -> bool {
        false
    }

    /// Asks for the tokens after these; `None` when they cannot be renewed.
    fn refresh(
        &self,
        _app: &AppCredentials,
        _account: &AccountId,
        _tokens: &TokenSet,
        _unique: &str,
        _now: Timestamp,
    ) -> Option<Call> {
        None
    }

    /// Takes the grant back; `None` where there is nothing to take back.
    fn revoke(&self, app: &AppCredentials, tokens: &TokenSet) -> Option<Call>;
}

/// Tokens that the app gets by its own signature, and nobody stores.
pub trait Minting: Send + Sync {
    /// What the app signs (RS256) to be itself for some minutes: a JWT without its signature.
    fn assertion(&self, app: &AppCredentials, now: Timestamp) -> String;

    /// Asks for a token for an account, for one resource of it when one is named.
    fn request(&self, account: &AccountId, resource: Option<&ResourceId>) -> HttpRequest;

    /// Reads the token.
    ///
    /// # Errors
    /// When there is none. `Refused` says that the account does not have the app any more.
    fn read(&self, response: &HttpResponse) -> Result<TokenSet, GrantError>;

    /// Asks, as the app, what an account grants it.
    fn installed_request(&self, account: &AccountId) -> HttpRequest;

    /// Reads what it grants.
    ///
    /// # Errors
    /// When it cannot be read. `Refused` says that the account does not have the app any more.
    fn read_installed(&self, response: &HttpResponse) -> Result<Installed, GrantError>;
}

/// What an account grants our app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// Whether the provider has suspended the app there.
    pub suspended: bool,
    /// What the app needs and may not read, by the provider's names.
    pub missing_permissions: Vec<&'static str>,
    /// What the app captures and is not told of, by the provider's names. Nothing else would say so: such an event just
    /// never comes.
    pub missing_events: Vec<&'static str>,
}
