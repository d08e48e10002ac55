//! Requests a provider describes and responses it parses, as plain values. Sending them is an adapter's work.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::{ProviderKind, Secret};

/// Header names are kept in lower case; a header may come more than once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(BTreeMap<String, Vec<String>>);

/// A header that must stand alone came more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repeated;

impl Headers {
    /// Adds a value.
    pub fn add(&mut self, name: &str, value: impl Into<String>) {
        self.0.entry(name.to_ascii_lowercase()).or_default().push(value.into());
    }

    /// The first value, for headers where a repetition does no harm.
    #[must_use]
    pub fn first(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.first().map(String::as_str)
    }

    /// Every name with each of its values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().flat_map(|(name, values)| values.iter().map(|value| (name.as_str(), value.as_str())))
    }

    /// The only value.
    ///
    /// # Errors
    /// When there are several: signatures must not be picked from a list that a sender controls.
    pub fn single(&self, name: &str) -> Result<Option<&str>, Repeated> {
        match self.0.get(name).map(Vec::as_slice) {
            None | Some([]) => Ok(None),
            Some([value]) => Ok(Some(value)),
            Some(_) => Err(Repeated),
        }
    }
}

impl<N: AsRef<str>, V: Into<String>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut headers = Self::default();
        for (name, value) in pairs {
            headers.add(name.as_ref(), value);
        }
        headers
    }
}

/// A webhook request as it arrived: nothing decoded, nothing trusted.
#[derive(Debug, Clone)]
pub struct WebhookRequest {
    /// All headers.
    pub headers: Headers,
    /// The body, byte for byte: signatures cover exactly these bytes.
    pub body: Vec<u8>,
}

/// How to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Read.
    Get,
    /// Read through a query language, or act.
    Post,
    /// Set.
    Put,
    /// Take back.
    Delete,
}

/// Which of a provider's two hosts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Host {
    /// Its API.
    #[default]
    Api,
    /// Where people sign in. GitHub gives its user tokens there.
    Web,
}

/// The body of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// JSON without credentials.
    Json(String),
    /// JSON that holds credentials.
    SecretJson(Secret),
    /// A form that holds credentials.
    SecretForm(Secret),
}

impl Body {
    /// Its media type.
    #[must_use]
    pub const fn content_type(&self) -> &'static str {
        match self {
            Self::Json(_) | Self::SecretJson(_) => "application/json",
            Self::SecretForm(_) => "application/x-www-form-urlencoded",
        }
    }

    /// Its bytes.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        match self {
            Self::Json(text) => text.as_bytes(),
            Self::SecretJson(secret) | Self::SecretForm(secret) => secret.expose(),
        }
    }
}

/// A page of a provider for a person's browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebPage {
    /// Whose.
    pub provider: ProviderKind,
    /// The path, percent-encoded, starting with `/`.
    pub path: String,
    /// Query parameters, not encoded.
    pub query: Vec<(&'static str, String)>,
}

/// A request to a provider. It names no host: the adapter knows the two hosts of each provider,
/// so a link in a response can never carry a token elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// Whose.
    pub provider: ProviderKind,
    /// At which host.
    pub host: Host,
    /// How.
    pub method: Method,
    /// The path, percent-encoded, starting with `/`.
    pub path: String,
    /// Query parameters, not encoded.
    pub query: Vec<(&'static str, String)>,
    /// Headers beyond authorization and user agent, which the adapter adds.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Option<Body>,
    /// Our app's own name and secret, where the provider wants them in place of a token.
    pub basic: Option<(String, Secret)>,
}

impl HttpRequest {
    /// A GET without parameters.
    #[must_use]
    pub fn get(provider: ProviderKind, path: impl Into<String>) -> Self {
        Self {
            provider,
            host: Host::Api,
            method: Method::Get,
            path: path.into(),
            query: Vec::new(),
            headers: Vec::new(),
            body: None,
            basic: None,
        }
    }

    /// A request with a body.
    #[must_use]
    pub fn with_body(provider: ProviderKind, method: Method, path: impl Into<String>, body: Body) -> Self {
        Self { method, body: Some(body), ..Self::get(provider, path) }
    }

    /// Adds a query parameter.
    #[must_use]
    pub fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// A response, complete.
#[derive(Debug, Clone)]
pub struct HttpResponse {
    /// Status code.
    pub status: u16,
    /// All headers.
    pub headers: Headers,
    /// The body, inflated.
    pub body: Vec<u8>,
}

/// What went wrong before a provider could answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// No answer in time.
    #[error("the provider did not answer in time")]
    Timeout,
    /// No connection, or it broke.
    #[error("the provider could not be reached")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The body exceeds what we read.
    #[error("the response is larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// A redirect led to another host, or too far.
    #[error("the provider redirected to a place we do not follow")]
    Redirected,
    /// The request could not be built.
    #[error("the request is not valid")]
    Invalid,
}

/// What the budget headers of a response said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RateLimit {
    /// Calls left in the window.
    pub remaining: Option<u64>,
    /// Size of the window in calls.
    pub limit: Option<u64>,
    /// When the window starts anew.
    pub resets_at: Option<crate::Timestamp>,
}

/// Longest wait that is believed, whatever a header says.
pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(3_600);
/// Shortest wait.
pub const MIN_RETRY_AFTER: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_names_fold_and_repetition_is_seen() {
        let headers: Headers = [("X-Sig", "a"), ("x-sig", "b"), ("X-One", "1")].into_iter().collect();
        assert_eq!(headers.single("x-sig"), Err(Repeated));
        assert_eq!(headers.single("x-one"), Ok(Some("1")));
        assert_eq!(headers.single("x-none"), Ok(None));
        assert_eq!(headers.first("x-sig"), Some("a"));
    }
}
