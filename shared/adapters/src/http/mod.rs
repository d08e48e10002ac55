//! Requests to the providers over one client.
//!
//! Whatever a provider's module describes, the host is fixed here per provider, and a token leaves for that host only.

pub(crate) mod address;
pub(crate) mod body;

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use connector_domain::http::{Headers, Host, HttpError, HttpRequest, HttpResponse, Method};
use connector_domain::ports::{PortError, ProviderHttp};
use connector_domain::{ProviderKind, Secret};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::{Client, Response};
use zeroize::Zeroizing;

use address::BaseUrl;
pub use address::InvalidBaseUrl;

/// Most redirects of one request.
const MAX_HOPS: usize = 3;
/// How we call ourselves; GitHub refuses who does not.
/// <https://docs.github.com/en/rest/using-the-rest-api/getting-started-with-the-rest-api#user-agent-required>
pub(crate) const USER_AGENT: &str = concat!("memory-connectors/", env!("CARGO_PKG_VERSION"));
/// Headers that a described request must not set.
const OURS: [HeaderName; 3] = [AUTHORIZATION, reqwest::header::HOST, reqwest::header::COOKIE];

/// Bounds of every request.
#[derive(Debug, Clone, Copy)]
pub struct HttpLimits {
    /// Time to connect.
    pub connect: Duration,
    /// Time for the whole answer of each hop.
    pub total: Duration,
    /// Bytes of a body, inflated.
    pub body: usize,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), total: Duration::from_secs(30), body: 8 * 1024 * 1024 }
    }
}

/// The providers over HTTP.
#[derive(Debug, Clone)]
pub struct ReqwestHttp {
    client: Client,
    bases: BTreeMap<(ProviderKind, Host), BaseUrl>,
    limits: HttpLimits,
}

/// Makes a [`ReqwestHttp`].
#[derive(Debug, Clone)]
pub struct HttpBuilder {
    bases: BTreeMap<(ProviderKind, Host), BaseUrl>,
    limits: HttpLimits,
}

/// Every provider at its usual addresses, or where a setting says.
///
/// # Errors
/// When a setting is not an address, which it names, or TLS cannot be set up.
pub fn from_settings(setting: impl Fn(&'static str) -> Option<String>) -> Result<ReqwestHttp, PortError> {
    let mut http = ReqwestHttp::builder();
    for provider in ProviderKind::ALL {
        for host in [Host::Api, Host::Web] {
            let name = provider.url_setting(host);
            if let Some(url) = setting(name) {
                let invalid = |error| PortError::permanent("set up HTTP", format!("{name}: {error}"));
                http = http.host_url(provider, host, &url).map_err(invalid)?;
            }
        }
    }
    http.build()
}

impl ReqwestHttp {
    /// Starts with every provider at its usual address and the usual limits.
    #[must_use]
    pub fn builder() -> HttpBuilder {
        HttpBuilder { bases: BaseUrl::usual(), limits: HttpLimits::default() }
    }

    /// Follows redirects by hand, within the origin: a renamed repository answers so.
    async fn follow(&self, request: &HttpRequest, bearer: Option<&Secret>) -> Result<Response, HttpError> {
        let base = self.bases.get(&(request.provider, request.host)).ok_or(HttpError::Invalid)?;
        let mut url = base.join(request)?;
        for _ in 0..=MAX_HOPS {
            let method = match request.method {
                Method::Get => reqwest::Method::GET,
                Method::Post => reqwest::Method::POST,
                Method::Put => reqwest::Method::PUT,
                Method::Delete => reqwest::Method::DELETE,
            };
            let mut call = self.client.request(method, url.clone()).headers(headers(request, bearer)?);
            if let Some(body) = &request.body {
                call = call.body(body.expose().to_vec());
            }
            let response = call.send().await.map_err(body::error)?;
            let Some(location) = redirect(&response) else { return Ok(response) };
            if request.method != Method::Get {
                return Err(HttpError::Redirected);
            }
            url = base.follow(&url, &location).ok_or(HttpError::Redirected)?;
        }
        Err(HttpError::Redirected)
    }
}

impl HttpBuilder {
    /// Reaches a provider elsewhere: over HTTPS, or over HTTP on this machine.
    ///
    /// # Errors
    /// When it is another kind of URL.
    pub fn base_url(self, provider: ProviderKind, url: &str) -> Result<Self, InvalidBaseUrl> {
        self.host_url(provider, Host::Api, url)
    }

    /// Reaches one of a provider's hosts elsewhere, in the same way.
    ///
    /// # Errors
    /// When it is another kind of URL.
    pub fn host_url(mut self, provider: ProviderKind, host: Host, url: &str) -> Result<Self, InvalidBaseUrl> {
        self.bases.insert((provider, host), BaseUrl::parse(url)?);
        Ok(self)
    }

    /// Sets the bounds of every request.
    #[must_use]
    pub const fn limits(mut self, limits: HttpLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Makes the client.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn build(self) -> Result<ReqwestHttp, PortError> {
        let client = Client::builder()
            .user_agent(USER_AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(self.limits.connect)
            .timeout(self.limits.total)
            .build()
            .map_err(|error| PortError::permanent("set up HTTP", error))?;
        Ok(ReqwestHttp { client, bases: self.bases, limits: self.limits })
    }
}

#[async_trait]
impl ProviderHttp for ReqwestHttp {
    async fn send(&self, request: &HttpRequest, bearer: Option<&Secret>) -> Result<HttpResponse, HttpError> {
        let response = self.follow(request, bearer).await?;
        let status = response.status().as_u16();
        // A header value that is not text is of no use to any provider's module.
        let headers: Headers =
            response.headers().iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))).collect();
        let body = body::read(response, self.limits.body).await?;
        Ok(HttpResponse { status, headers, body })
    }
}

fn headers(request: &HttpRequest, bearer: Option<&Secret>) -> Result<HeaderMap, HttpError> {
    let mut headers = HeaderMap::new();
    for (name, value) in &request.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| HttpError::Invalid)?;
        if OURS.contains(&name) {
            return Err(HttpError::Invalid);
        }
        headers.append(name, HeaderValue::from_str(value).map_err(|_| HttpError::Invalid)?);
    }
    if let Some(body) = &request.body {
        let kind = HeaderValue::from_static(body.content_type());
        headers.entry(reqwest::header::CONTENT_TYPE).or_insert(kind);
    }
    if let Some(value) = authorization(request, bearer)? {
        let mut value = HeaderValue::from_bytes(&value).map_err(|_| HttpError::Invalid)?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    Ok(headers)
}

/// A token, or our app's own name and secret; never both.
fn authorization(request: &HttpRequest, bearer: Option<&Secret>) -> Result<Option<Zeroizing<Vec<u8>>>, HttpError> {
    match (bearer, &request.basic) {
        (None, None) => Ok(None),
        (Some(bearer), None) => {
            let scheme: &[u8] = if stands_alone(request.provider, bearer) { b"" } else { b"Bearer " };
            Ok(Some(Zeroizing::new([scheme, bearer.expose()].concat())))
        }
        (None, Some((name, secret))) => {
            let pair = Zeroizing::new([name.as_bytes(), b":", secret.expose()].concat());
            let pair = Zeroizing::new(STANDARD.encode(&*pair));
            Ok(Some(Zeroizing::new([b"Basic ", pair.as_bytes()].concat())))
        }
        (Some(_), Some(_)) => Err(HttpError::Invalid),
    }
}

/// A person's API key of Linear is refused when it is called a bearer token.
/// <https://linear.app/developers/graphql#personal-api-keys>
fn stands_alone(provider: ProviderKind, token: &Secret) -> bool {
    provider == ProviderKind::Linear && token.expose().starts_with(b"lin_api_")
}

/// Where a response redirects to, if it does.
fn redirect(response: &Response) -> Option<String> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    // A redirect that names no place is an answer like any other.
    Some(response.headers().get(LOCATION)?.to_str().unwrap_or_default().to_owned())
}
