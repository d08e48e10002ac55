//! One request, read.

use std::ops::Deref;

use axum::{extract::Request, http::header::USER_AGENT};

use super::super::State;
use crate::wire::{self, header};

/// A request as far as GitHub's API looks at it. Not printable: it holds a token.
pub(crate) struct Call {
    common: wire::Call,
    pub(crate) has_user_agent: bool,
    /// None for a version that does not exist.
    pub(crate) version: Option<Version>,
}

impl Deref for Call {
    type Target = wire::Call;

    fn deref(&self) -> &wire::Call {
        &self.common
    }
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
    /// Reads a request, body and all.
    pub(crate) async fn receive(request: Request) -> Self {
        let mut call = Self::read(&request);
        call.common.body = wire::receive(request).await;
        call
    }

    pub(crate) fn read(request: &Request) -> Self {
        let headers = request.headers();
        let version = match header(headers, "x-github-api-version").as_deref() {
            None | Some("2022-11-28") => Some(Version::V2022),
            Some("2026-03-10") => Some(Version::V2026),
            Some(_) => None,
        };
        Self {
            common: wire::Call::read(request, "/github"),
            has_user_agent: header(headers, USER_AGENT.as_str()).is_some_and(|agent| !agent.trim().is_empty()),
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

    /// A version is checked before anything asks for it.
    pub(crate) fn older_fields(&self) -> bool {
        self.version != Some(Version::V2026)
    }
}
