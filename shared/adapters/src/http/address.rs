//! Where a request goes. A path or a redirect can lead anywhere within a provider's origin, and nowhere else.

use std::collections::BTreeMap;

use connector_domain::ProviderKind;
use connector_domain::http::{Host, HttpError, HttpRequest};
use url::Url;

/// The URL cannot be a provider's base address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a base address is https://host[:port][/path], or http:// on this machine")]
pub struct InvalidBaseUrl;

/// A provider's base address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BaseUrl(Url);

impl BaseUrl {
    /// Where the providers usually are.
    pub(super) fn usual() -> BTreeMap<(ProviderKind, Host), Self> {
        let both = ProviderKind::ALL.into_iter().flat_map(|kind| [(kind, Host::Api), (kind, Host::Web)]);
        both.filter_map(|(kind, host)| Some(((kind, host), Self::parse(kind.usual_url(host)).ok()?))).collect()
    }

    pub(crate) fn parse(text: &str) -> Result<Self, InvalidBaseUrl> {
        let url = Url::parse(text).map_err(|_| InvalidBaseUrl)?;
        let here = match url.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            None => return Err(InvalidBaseUrl),
        };
        let plain =
            url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
        match url.scheme() {
            "https" if plain => Ok(Self(url)),
            "http" if plain && here => Ok(Self(url)),
            _ => Err(InvalidBaseUrl),
        }
    }

    /// The URL of a path below it, which is ours and plain.
    pub(crate) fn below(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("{}{path}", self.0.path().trim_end_matches('/')));
        url
    }

    /// The URL of a request.
    pub(super) fn join(&self, request: &HttpRequest) -> Result<Url, HttpError> {
        if !is_plain(&request.path) {
            return Err(HttpError::Invalid);
        }
        let mut url = self.0.clone();
        let path = format!("{}{}", self.0.path().trim_end_matches('/'), request.path);
        url.set_path(&path);
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        if self.is_origin_of(&url) { Ok(url) } else { Err(HttpError::Invalid) }
    }

    /// The URL that a redirect from `url` leads to; `None` when it leaves the origin.
    pub(super) fn follow(&self, url: &Url, location: &str) -> Option<Url> {
        let next = url.join(location).ok()?;
        (self.is_origin_of(&next) && next.username().is_empty() && next.password().is_none()).then_some(next)
    }

    fn is_origin_of(&self, url: &Url) -> bool {
        self.0.scheme() == url.scheme()
            && self.0.host() == url.host()
            && self.0.port_or_known_default() == url.port_or_known_default()
    }
}

/// Whether a path is what it looks like: no second host, no way up, no query, nothing that a server may read otherwise.
fn is_plain(path: &str) -> bool {
    path.starts_with('/')
        && !path.starts_with("//")
        && path.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '\\' | '?' | '#'))
        && path.split('/').all(|segment| {
            let dots = segment.to_ascii_lowercase().replace("%2e", ".");
            dots != "." && dots != ".."
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn join(base: &str, path: &str) -> Result<String, HttpError> {
        let request = HttpRequest::get(ProviderKind::Github, path);
        BaseUrl::parse(base).unwrap().join(&request).map(|url| url.to_string())
    }

    #[test]
    fn a_path_stays_under_its_base() {
        let api = "https://api.example.org";
        assert_eq!(join(api, "/repos/o/r").unwrap(), "https://api.example.org/repos/o/r");
        assert_eq!(join("https://ghe.example.org/api/v3/", "/user").unwrap(), "https://ghe.example.org/api/v3/user");
        assert_eq!(join(api, "/@evil.example").unwrap(), "https://api.example.org/@evil.example");
        assert_eq!(join(api, "/a%20b/%C3%A9").unwrap(), "https://api.example.org/a%20b/%C3%A9");
        for bad in [
            "",
            "repos",
            "@evil",
            "//evil",
            "/\\evil",
            "\\\\evil",
            "/..",
            "/a/../b",
            "/a/.",
            "/%2e%2E/b",
            "/a/.%2e",
            "/a?b=c",
            "/a#b",
            "/a b",
            "/a\n",
            "/a\u{e9}",
            "https://evil",
            "/a\tb",
        ] {
            assert!(matches!(join(api, bad), Err(HttpError::Invalid)), "{bad:?}");
        }
    }

    #[test]
    fn a_query_is_encoded() {
        let request = HttpRequest::get(ProviderKind::Github, "/search").query("q", "a&b=c #/d").query("page", "2");
        let url = BaseUrl::parse("https://api.example.org").unwrap().join(&request).unwrap();
        assert_eq!(url.as_str(), "https://api.example.org/search?q=a%26b%3Dc+%23%2Fd&page=2");
    }

    #[test]
    fn a_base_is_https_or_here() {
        for good in [
            "https://api.github.com",
            "https://ghe.example.org:8443/api",
            "http://127.0.0.1:8080",
            "http://[::1]:1",
            "http://localhost",
        ] {
            assert!(BaseUrl::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "api.github.com",
            "ftp://x",
            "http://example.org",
            "http://169.254.169.254",
            "https://u@x",
            "https://u:p@x",
            "https://x?y",
            "https://x#y",
            "file:///etc/passwd",
            "https://",
            "http://127.0.0.1.evil.example",
        ] {
            assert_eq!(BaseUrl::parse(bad), Err(InvalidBaseUrl), "{bad:?}");
        }
        assert_eq!(BaseUrl::usual().len(), 2 * ProviderKind::ALL.len());
    }

    #[test]
    fn a_redirect_stays_in_its_origin() {
        let base = BaseUrl::parse("https://api.example.org").unwrap();
        let from = Url::parse("https://api.example.org/repos/o/r?page=2").unwrap();
        let follow = |location: &str| base.follow(&from, location).map(|url| url.to_string());
        assert_eq!(follow("/repositories/9?page=2").as_deref(), Some("https://api.example.org/repositories/9?page=2"));
        assert_eq!(follow("https://api.example.org:443/x").as_deref(), Some("https://api.example.org/x"));
        for bad in [
            "https://evil.example/",
            "//evil.example",
            "http://api.example.org/",
            "https://api.example.org:8443/",
            "https://api.example.org@evil.example/",
            "https://u:p@api.example.org/",
            "\\\\evil.example",
            "javascript:x",
            "https://api.example.org.evil.example/",
        ] {
            assert_eq!(follow(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_path_and_no_redirect_changes_the_host(text in "[/@:.?#%\\\\a-z0-9 \\[\\]]{0,40}") {
            let base = BaseUrl::parse("https://api.example.org/v1").unwrap();
            if let Ok(url) = base.join(&HttpRequest::get(ProviderKind::Github, format!("/{text}"))) {
                prop_assert_eq!((url.scheme(), url.host_str(), url.port()), ("https", Some("api.example.org"), None));
                prop_assert!(url.path().starts_with("/v1/"), "{url}");
            }
            if let Some(url) = base.follow(&Url::parse("https://api.example.org/v1/x").unwrap(), &text) {
                prop_assert_eq!((url.scheme(), url.host_str(), url.port()), ("https", Some("api.example.org"), None));
                prop_assert_eq!(url.username(), "");
            }
        }
    }
}
