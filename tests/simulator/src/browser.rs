//! A person's browser, as far as connecting an account goes: it keeps cookies, follows redirects, and sends forms.

use std::{collections::BTreeMap, fmt, io};

use http_body_util::{BodyExt, Full};
use hyper::{
    HeaderMap, Method, Request,
    body::Bytes,
    header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE},
};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use url::{Url, form_urlencoded};

/// A browser. Clones have the same cookies as it had, and go on without it.
#[derive(Clone)]
pub struct Browser {
    client: Client<HttpConnector, Full<Bytes>>,
    /// By host and name: a port tells no cookies apart.
    cookies: BTreeMap<(String, String), String>,
}

/// What a browser shows, or was told to go to.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its address.
    pub url: String,
    /// The status it came with.
    pub status: u16,
    /// Its headers, lower-case names.
    pub headers: Vec<(String, String)>,
    /// Its text.
    pub html: String,
    /// Where it sends the browser.
    pub leads_to: Option<String>,
}

/// Most redirects that are followed.
const MAX_HOPS: usize = 5;

impl Default for Browser {
    fn default() -> Self {
        Self { client: Client::builder(TokioExecutor::new()).build_http(), cookies: BTreeMap::new() }
    }
}

impl fmt::Debug for Browser {
    /// Without the cookies.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Browser").finish_non_exhaustive()
    }
}

impl Browser {
    /// Without any cookies.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens an address, and goes where it leads.
    ///
    /// # Errors
    /// When nothing answers there, or it leads on for ever.
    pub async fn open(&mut self, url: &str) -> io::Result<Page> {
        let mut url = url.to_owned();
        for _ in 0..=MAX_HOPS {
            let page = self.visit(Method::GET, &url, None).await?;
            match page.leads_to {
                Some(next) => url = next,
                None => return Ok(page),
            }
        }
        Err(io::Error::other("it leads on and on"))
    }

    /// Sends the form of a page back to where the page came from, with these fields. Where the answer leads is not
    /// followed: [`Browser::open`] does.
    ///
    /// # Errors
    /// When nothing answers there.
    pub async fn submit(&mut self, page: &Page, fields: &[(&str, &str)]) -> io::Result<Page> {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.visit(Method::POST, &page.url, Some(form)).await
    }

    /// Whether it has a cookie for the host of an address, by the end of its name.
    #[must_use]
    pub fn has_cookie(&self, url: &str, name: &str) -> bool {
        let host = Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
        self.cookies.keys().any(|(held, known)| *held == host && known.ends_with(name))
    }

    async fn visit(&mut self, method: Method, url: &str, form: Option<String>) -> io::Result<Page> {
        let address = Url::parse(url).map_err(io::Error::other)?;
        let host = address.host_str().unwrap_or_default().to_owned();
        let mut request = Request::builder().method(method).uri(url);
        let cookies: Vec<_> = self.cookies.iter().filter(|((held, _), _)| *held == host).collect();
        if !cookies.is_empty() {
            let cookies: Vec<_> = cookies.into_iter().map(|((_, name), value)| format!("{name}={value}")).collect();
            request = request.header(COOKIE, cookies.join("; "));
        }
        if form.is_some() {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let body = Full::new(Bytes::from(form.unwrap_or_default()));
        let request = request.body(body).map_err(io::Error::other)?;
        let response = self.client.request(request).await.map_err(io::Error::other)?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        self.keep(&host, &parts.headers);
        let location = parts.headers.get(LOCATION).and_then(|value| value.to_str().ok());
        let leads_to = location.and_then(|location| address.join(location).ok()).map(String::from);
        let text = |(name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)| {
            (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        Ok(Page {
            url: url.to_owned(),
            status: parts.status.as_u16(),
            headers: parts.headers.iter().map(text).collect(),
            html: String::from_utf8_lossy(&body).into_owned(),
            leads_to: leads_to.filter(|_| parts.status.is_redirection()),
        })
    }

    /// This machine counts as a safe place, so a cookie that is `Secure` is kept from it over HTTP too
    /// (<https://developer.mozilla.org/en-US/docs/Web/Security/Secure_Contexts#potentially_trustworthy_origins>).
    fn keep(&mut self, host: &str, headers: &HeaderMap) {
        for cookie in headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok()) {
            let mut parts = cookie.split(';').map(str::trim);
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { continue };
            let key = (host.to_owned(), name.to_owned());
            if parts.any(|part| part.eq_ignore_ascii_case("max-age=0")) {
                self.cookies.remove(&key);
            } else {
                self.cookies.insert(key, value.to_owned());
            }
        }
    }
}

impl Page {
    /// The addresses of its links, in order.
    #[must_use]
    pub fn links(&self) -> Vec<String> {
        let ends = self.html.split("href=\"").skip(1).filter_map(|rest| rest.split_once('"'));
        ends.map(|(address, _)| address.replace("&amp;", "&")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_kept_per_host_until_they_end() {
        let mut browser = Browser::new();
        let headers = |cookie: &'static str| HeaderMap::from_iter([(SET_COOKIE, cookie.parse().unwrap())]);
        browser.keep("localhost", &headers("__Host-a=1; Secure; Path=/; Max-Age=600"));
        assert!(browser.has_cookie("http://localhost:1/x", "a") && !browser.has_cookie("http://127.0.0.1/", "a"));
        browser.keep("localhost", &headers("__Host-a=; Secure; Path=/; Max-Age=0"));
        assert!(!browser.has_cookie("http://localhost/", "a"));
    }

    #[test]
    fn links_are_read_as_a_browser_reads_them() {
        let html = r#"<a href="http://x/?a=1&amp;b=2">x</a><a href="/y">y</a>"#.to_owned();
        let page = Page { url: String::new(), status: 200, headers: Vec::new(), html, leads_to: None };
        assert_eq!(page.links(), ["http://x/?a=1&b=2", "/y"]);
    }
}
