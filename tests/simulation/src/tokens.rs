//! Linear as far as tokens go. Tokens are numbered.

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use connector_domain::Secret;
use connector_domain::http::{Headers, HttpError, HttpRequest, HttpResponse};
use connector_domain::ports::ProviderHttp;
use serde_json::{Value, json};
use url::form_urlencoded;

/// How a provider treats a refresh token that was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grants {
    /// It is dead at once, and so is the access token beside it.
    Strict,
    /// For a while it gives the same answer again, as Linear's does.
    Grace,
}

/// What gives and renews tokens.
#[derive(Debug)]
pub(crate) struct TokenServer {
    grants: Grants,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The number of the tokens that are good; 0 before there are any, or after they were taken back.
    current: u64,
    last: u64,
    codes: Vec<String>,
    renewals: u64,
}

const REFRESH: &str = "canary-linear-refresh-";
const ACCESS: &str = "canary-linear-access-";

impl TokenServer {
    pub(crate) fn new(grants: Grants) -> Self {
        Self { grants, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it takes this access token.
    pub(crate) fn takes(&self, token: &Secret) -> bool {
        let current = self.state().current;
        current > 0 && token.expose_str() == Some(format!("{ACCESS}{current}").as_str())
    }

    /// How often tokens were renewed.
    pub(crate) fn renewals(&self) -> u64 {
        self.state().renewals
    }

    /// The newest tokens.
    pub(crate) fn given(&self) -> [String; 2] {
        let last = self.state().last;
        [format!("{ACCESS}{last}"), format!("{REFRESH}{last}")]
    }

    fn answer(&self, fields: &[(String, String)]) -> (u16, Value) {
        let field = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let mut state = self.state();
        let refused = || (400, json!({ "error": "invalid_grant" }));
        if let Some(code) = field("code") {
            if state.codes.iter().any(|used| used == code) {
                return refused();
            }
            state.codes.push(code.to_owned());
            state.last += 1;
            state.current = state.last;
        } else {
            let used = field("refresh_token").and_then(|token| token.strip_prefix(REFRESH)?.parse::<u64>().ok());
            match used {
                Some(used) if used == state.current && used > 0 => {
                    state.last += 1;
                    state.current = state.last;
                    state.renewals += 1;
                }
                Some(used) if used + 1 == state.current && self.grants == Grants::Grace => {}
                _ => return refused(),
            }
        }
        let current = state.current;
        let (access, refresh) = (format!("{ACCESS}{current}"), format!("{REFRESH}{current}"));
        (200, json!({ "access_token": access, "refresh_token": refresh, "expires_in": 1_000, "scope": "read" }))
    }
}

#[async_trait]
impl ProviderHttp for TokenServer {
    async fn send(&self, request: &HttpRequest, _: Option<&Secret>) -> Result<HttpResponse, HttpError> {
        let (status, body) = match (request.path.as_str(), &request.body) {
            ("/oauth/token", Some(body)) => {
                let fields: Vec<_> = form_urlencoded::parse(body.expose()).into_owned().collect();
                self.answer(&fields)
            }
            ("/oauth/revoke", _) => {
                self.state().current = 0;
                (200, json!({}))
            }
            ("/graphql", _) => (200, json!({ "data": { "organization": { "id": "org", "name": "Acme" } } })),
            _ => (200, json!({})),
        };
        Ok(HttpResponse { status, headers: Headers::default(), body: body.to_string().into_bytes() })
    }
}
