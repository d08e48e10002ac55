//! Linear as far as tokens go. Tokens are numbered.

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use connector_domain::Secret;
use connector_domain::http::{Body, Headers, HttpError, HttpRequest, HttpResponse};
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
    /// For each grant the number of the tokens that are good; 0 after it was taken back.
    grants: Vec<u64>,
    codes: Vec<String>,
    /// The newest access and refresh token.
    given: Option<[String; 2]>,
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
        let place = token.expose_str().and_then(|token| place(token, ACCESS));
        place.is_some_and(|(grant, number)| number > 0 && self.state().grants.get(grant) == Some(&number))
    }

    /// The newest tokens.
    pub(crate) fn given(&self) -> Option<[String; 2]> {
        self.state().given.clone()
    }

    fn answer(&self, fields: &[(String, String)]) -> (u16, Value) {
        let field = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let state = &mut *self.state();
        let refused = || (400, json!({ "error": "invalid_grant" }));
        let grant = if let Some(code) = field("code") {
            if state.codes.iter().any(|used| used == code) {
                return refused();
            }
            state.codes.push(code.to_owned());
            state.grants.push(1);
            state.grants.len() - 1
        } else {
            let Some((grant, used)) = field("refresh_token").and_then(|token| place(token, REFRESH)) else {
                return refused();
            };
            match state.grants.get_mut(grant).filter(|current| **current > 0) {
                Some(current) if used == *current => *current += 1,
                Some(current) if used + 1 == *current && self.grants == Grants::Grace => {}
                _ => return refused(),
            }
            grant
        };
        let number = state.grants.get(grant).copied().unwrap_or_default();
        let [access, refresh] = [ACCESS, REFRESH].map(|kind| format!("{kind}{grant}-{number}"));
        state.given = Some([access.clone(), refresh.clone()]);
        (200, json!({ "access_token": access, "refresh_token": refresh, "expires_in": 1_000, "scope": "read" }))
    }

    /// A grant is taken back, with all its tokens.
    fn revoke(&self, fields: &[(String, String)]) {
        let token = fields.iter().find(|(name, _)| name == "token").map(|(_, token)| token.as_str());
        let place = token.and_then(|token| place(token, REFRESH).or_else(|| place(token, ACCESS)));
        if let Some((grant, _)) = place
            && let Some(current) = self.state().grants.get_mut(grant)
        {
            *current = 0;
        }
    }
}

/// Of which grant a token is, and which number it has.
fn place(token: &str, kind: &str) -> Option<(usize, u64)> {
    let (grant, number) = token.strip_prefix(kind)?.split_once('-')?;
    Some((grant.parse().ok()?, number.parse().ok()?))
}

#[async_trait]
impl ProviderHttp for TokenServer {
    async fn send(&self, request: &HttpRequest, _: Option<&Secret>) -> Result<HttpResponse, HttpError> {
        let fields = |body: &Body| form_urlencoded::parse(body.expose()).into_owned().collect::<Vec<_>>();
        let (status, body) = match (request.path.as_str(), &request.body) {
            ("/oauth/token", Some(body)) => self.answer(&fields(body)),
            ("/oauth/revoke", Some(body)) => {
                self.revoke(&fields(body));
                (200, json!({}))
            }
            ("/graphql", _) => (200, json!({ "data": { "organization": { "id": "org", "name": "Acme" } } })),
            _ => (200, json!({})),
        };
        Ok(HttpResponse { status, headers: Headers::default(), body: body.to_string().into_bytes() })
    }
}
