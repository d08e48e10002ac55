//! One request, read.

use axum::{
    extract::Request,
    http::{
        HeaderMap, Method,
        header::{AUTHORIZATION, HOST, IF_NONE_MATCH, USER_AGENT},
    },
};
use url::form_urlencoded;

use super::super::State;

/// A request as far as the API looks at it. Not printable: it holds a token.
pub(crate) struct Call {
    pub(crate) method: Method,
    /// Path below the base address.
    pub(crate) path: String,
    /// Path and query below the base address.
    pub(crate) target: String,
    pub(crate) query: Vec<(String, String)>,
    /// The base address as the caller knows it: `Link` and `location` point there.
    pub(crate) base: String,
    pub(crate) authorization: Option<String>,
    pub(crate) has_user_agent: bool,
    pub(crate) if_none_match: Option<String>,
    /// None for a version that does not exist.
    pub(crate) version: Option<Version>,
}

/// The versions of <https://docs.github.com/en/rest/about-the-rest-api/api-versions>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    V2022,
    /// Without the single `assignee`, a list's `merge_commit_sha`, and `rate`.
    V2026,
}

impl Version {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::V2022 => "2022-11-28",
            Self::V2026 => "2026-03-10",
        }
    }
}

impl Call {
    pub(crate) fn read(request: &Request) -> Self {
        let headers = request.headers();
        let uri = request.uri();
        let host = header(headers, HOST.as_str())
            .or_else(|| uri.authority().map(ToString::to_string))
            .unwrap_or_else(|| "localhost".to_owned());
        let version = match header(headers, "x-github-api-version").as_deref() {
            None | Some("2022-11-28") => Some(Version::V2022),
            Some("2026-03-10") => Some(Version::V2026),
            Some(_) => None,
        };
        Self {
            method: request.method().clone(),
            path: uri.path().to_owned(),
            target: uri.path_and_query().map_or_else(|| uri.path().to_owned(), ToString::to_string),
            query: form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect(),
            base: format!("http://{host}/github"),
            authorization: header(headers, AUTHORIZATION.as_str()),
            has_user_agent: header(headers, USER_AGENT.as_str()).is_some_and(|agent| !agent.trim().is_empty()),
            if_none_match: header(headers, IF_NONE_MATCH.as_str()),
            version,
        }
    }

    /// The path with `/repositories/{id}` written as `/repos/{owner}/{name}`.
    pub(crate) fn canonical_path(&self, state: &State) -> String {
        let mut parts = self.path.splitn(4, '/').skip(1);
        let (Some("repositories"), Some(id)) = (parts.next(), parts.next()) else {
            return self.path.clone();
        };
        match id.parse().ok().and_then(|id: u64| state.repos.get(&id)) {
            Some(repo) => {
                let rest = parts.next().map(|rest| format!("/{rest}")).unwrap_or_default();
                format!("/repos/{}{rest}", repo.view().full_name)
            }
            None => self.path.clone(),
        }
    }

    /// The first value of a query parameter.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(held, _)| held == name).map(|(_, value)| value.as_str())
    }

    /// A version is checked before anything asks for it.
    pub(crate) fn older_fields(&self) -> bool {
        self.version != Some(Version::V2026)
    }
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}
