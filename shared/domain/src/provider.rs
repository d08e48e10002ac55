//! The providers this system knows by name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::http::Host;

/// A service whose accounts can be connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProviderKind {
    /// <https://docs.github.com/en/webhooks>
    Github,
    /// <https://vercel.com/docs/webhooks>
    Vercel,
    /// <https://linear.app/developers/webhooks>
    Linear,
    /// <https://docs.sentry.io/organization/integrations/integration-platform/webhooks/>
    Sentry,
}

impl ProviderKind {
    /// All of them, in the order they are shown.
    pub const ALL: [Self; 4] = [Self::Github, Self::Vercel, Self::Linear, Self::Sentry];

    /// The lower-case name used in keys, URLs and messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Github => "github",
            Self::Vercel => "vercel",
            Self::Linear => "linear",
            Self::Sentry => "sentry",
        }
    }

    /// The setting that names where its secret is kept.
    #[must_use]
    pub const fn secret_setting(self) -> &'static str {
        match self {
            Self::Github => "GITHUB_SECRET_ARN",
            Self::Vercel => "VERCEL_SECRET_ARN",
            Self::Linear => "LINEAR_SECRET_ARN",
            Self::Sentry => "SENTRY_SECRET_ARN",
        }
    }

    /// Where one of its hosts usually is.
    #[must_use]
    pub const fn usual_url(self, host: Host) -> &'static str {
        match (self, host) {
            (Self::Github, Host::Api) => "https://api.github.com",
            (Self::Github, Host::Web) => "https://github.com",
            (Self::Vercel, Host::Api) => "https://api.vercel.com",
            (Self::Vercel, Host::Web) => "https://vercel.com",
            (Self::Linear, Host::Api) => "https://api.linear.app",
            (Self::Linear, Host::Web) => "https://linear.app",
            (Self::Sentry, Host::Api | Host::Web) => "https://sentry.io",
        }
    }

    /// The setting that names where one of its hosts is, when it is not where it usually is.
    #[must_use]
    pub const fn url_setting(self, host: Host) -> &'static str {
        match (self, host) {
            (Self::Github, Host::Api) => "GITHUB_API_URL",
            (Self::Github, Host::Web) => "GITHUB_WEB_URL",
            (Self::Vercel, Host::Api) => "VERCEL_API_URL",
            (Self::Vercel, Host::Web) => "VERCEL_WEB_URL",
            (Self::Linear, Host::Api) => "LINEAR_API_URL",
            (Self::Linear, Host::Web) => "LINEAR_WEB_URL",
            (Self::Sentry, Host::Api) => "SENTRY_API_URL",
            (Self::Sentry, Host::Web) => "SENTRY_WEB_URL",
        }
    }
}

impl fmt::Display for ProviderKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no provider.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown provider (expected github, vercel, linear or sentry)")]
pub struct UnknownProvider;

impl FromStr for ProviderKind {
    type Err = UnknownProvider;

    fn from_str(text: &str) -> Result<Self, UnknownProvider> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(UnknownProvider)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_back() {
        for kind in ProviderKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{kind}\""));
        }
        assert!("GitHub".parse::<ProviderKind>().is_err());
        assert!("toString".parse::<ProviderKind>().is_err());
    }
}
