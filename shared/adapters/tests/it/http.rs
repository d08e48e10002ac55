//! Requests to providers on the wire.

use std::io::Write;
use std::time::Duration;

use connector_adapters::http::{HttpLimits, ReqwestHttp};
use connector_domain::http::{Body, HttpError, HttpRequest, HttpResponse, Method};
use connector_domain::ports::ProviderHttp;
use connector_domain::{ProviderKind, Secret};

use crate::support::tcp::{Server, Then, response, serve};

const LIMIT: usize = 100_000;

fn http(server: &Server) -> ReqwestHttp {
    let limits = HttpLimits { connect: Duration::from_secs(5), total: Duration::from_millis(200), body: LIMIT };
    at(&server.url, HttpLimits { total: Duration::from_secs(30), ..limits })
}

fn hasty(server: &Server) -> ReqwestHttp {
    at(&server.url, HttpLimits { total: Duration::from_millis(100), ..HttpLimits::default() })
}

fn at(url: &str, limits: HttpLimits) -> ReqwestHttp {
    ReqwestHttp::builder().base_url(ProviderKind::Github, url).unwrap().limits(limits).build().unwrap()
}

fn get(path: &str) -> HttpRequest {
    HttpRequest::get(ProviderKind::Github, path)
}

async fn send(http: &ReqwestHttp, request: &HttpRequest) -> Result<HttpResponse, HttpError> {
    let token = Secret::new("ghs_canary").unwrap();
    let answer = http.send(request, Some(&token)).await;
    if let Err(error) = &answer {
        let mut text = format!("{error:?} {error}");
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            text.push_str(&format!(" {cause:?} {cause}"));
            source = cause.source();
        }
        assert!(!text.contains("canary"), "{text}");
    }
    answer
}

#[tokio::test]
async fn a_request_carries_what_it_should() {
    let body = "{\"ok\":\u{e9}}".as_bytes();
    let answer = response("200 OK", &[("ETag", "\"x\""), ("Link", "<a>"), ("link", "<b>")], body);
    let server = serve(vec![answer]).await;
    let request = get("/repos/o/r/pulls").query("state", "all").query("page", "2").header("Accept", "application/json");
    let response = send(&http(&server), &request).await.unwrap();
    assert_eq!((response.status, response.body.as_slice()), (200, body));
    assert_eq!(response.headers.first("etag"), Some("\"x\""));
    assert!(response.headers.single("link").is_err(), "a repeated header stays repeated");
    let head = &server.heads()[0];
    assert!(head.starts_with("get /repos/o/r/pulls?state=all&page=2 http/1.1\r\n"), "{head}");
    for line in [
        "authorization: bearer ghs_canary\r\n",
        "accept: application/json\r\n",
        "accept-encoding: gzip\r\n",
        concat!("user-agent: memory-connectors/", env!("CARGO_PKG_VERSION"), "\r\n"),
    ] {
        assert!(head.contains(line), "{line} in {head}");
    }

    http(&server).send(&get("/"), None).await.unwrap();
    assert!(!server.heads()[1].contains("authorization"));
}

#[tokio::test]
async fn a_persons_key_of_linear_is_no_bearer_token() {
    let server = serve(vec![response("200 OK", &[], b"{}"), response("200 OK", &[], b"{}")]).await;
    let http = ReqwestHttp::builder().base_url(ProviderKind::Linear, &server.url).unwrap().build().unwrap();
    for token in ["lin_api_canary", "lin_oauth_canary"] {
        let token = Secret::new(token);
        http.send(&HttpRequest::get(ProviderKind::Linear, "/graphql"), token.as_ref()).await.unwrap();
    }
    assert!(server.heads()[0].contains("authorization: lin_api_canary\r\n"));
    assert!(server.heads()[1].contains("authorization: bearer lin_oauth_canary\r\n"));
}

#[tokio::test]
async fn a_body_is_posted_as_json() {
    let server = serve(vec![response("200 OK", &[], b"{}")]).await;
    let mut request = get("/graphql");
    request.method = Method::Post;
    request.body = Some(Body::Json("{\"query\":\"{ viewer { id } }\"}".to_owned()));
    send(&http(&server), &request).await.unwrap();
    let head = &server.heads()[0];
    assert!(head.starts_with("post /graphql ") && head.contains("content-type: application/json\r\n"), "{head}");
    assert!(head.contains("content-length: 29\r\n"), "{head}");
}

#[tokio::test]
async fn every_status_is_an_answer() {
    for status in ["304 Not Modified", "403 Forbidden", "404 Not Found", "429 Too Many", "500 Oh", "302 Found"] {
        let server = serve(vec![response(status, &[("retry-after", "7")], b"")]).await;
        let answer = send(&http(&server), &get("/")).await.unwrap();
        assert_eq!(answer.status.to_string(), status[..3]);
        assert_eq!(answer.headers.first("retry-after"), Some("7"));
    }
}

#[tokio::test]
async fn redirects_are_followed_within_the_origin() {
    let hop = |to: &str| response("301 Moved", &[("location", to)], b"");
    let server = serve(vec![
        hop("/repositories/9/pulls?page=2"),
        response("307 Temporary", &[("location", "x")], b""),
        hop("?page=3"),
        response("200 OK", &[], b"[]"),
    ])
    .await;
    assert_eq!(send(&http(&server), &get("/repos/o/r/pulls")).await.unwrap().body, b"[]");
    let heads = server.heads();
    assert!(heads[1].starts_with("get /repositories/9/pulls?page=2 "));
    assert!(heads[2].starts_with("get /repositories/9/x "));
    assert!(heads[3].starts_with("get /repositories/9/x?page=3 "));
    assert!(heads.iter().all(|head| head.contains("authorization: bearer ghs_canary")));

    let server = serve(vec![hop("/round")]).await;
    assert!(matches!(send(&http(&server), &get("/round")).await, Err(HttpError::Redirected)));
    assert_eq!(server.heads().len(), 4, "three hops and no more");
}

#[tokio::test]
async fn no_redirect_leaves_the_origin() {
    let other = serve(vec![response("200 OK", &[], b"stolen")]).await;
    let port = other.url.rsplit(':').next().unwrap();
    for to in [
        other.url.clone(),
        format!("//127.0.0.1:{port}/"),
        format!("http://localhost:{port}/"),
        "https://evil.example/".to_owned(),
        "file:///etc/passwd".to_owned(),
        "http://[".to_owned(),
    ] {
        let server = serve(vec![response("302 Found", &[("location", &to)], b"")]).await;
        assert!(matches!(send(&http(&server), &get("/")).await, Err(HttpError::Redirected)), "{to}");
    }
    assert_eq!(other.heads(), Vec::<String>::new());

    let server = serve(vec![response("307 Temporary", &[("location", "/x")], b"")]).await;
    let mut post = get("/graphql");
    post.method = Method::Post;
    assert!(matches!(send(&http(&server), &post).await, Err(HttpError::Redirected)), "a body is sent once");
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_body_is_inflated_and_bounded() {
    let plain = vec![b'a'; LIMIT];
    for (body, encoding) in [(plain.clone(), "identity"), (gzip(&plain), "gzip")] {
        let server = serve(vec![response("200 OK", &[("content-encoding", encoding)], &body)]).await;
        assert_eq!(send(&http(&server), &get("/")).await.unwrap().body.len(), LIMIT);
    }
    let large = vec![b'a'; LIMIT + 1];
    let bomb = gzip(&vec![0; 5_000_000]);
    assert!(bomb.len() < LIMIT);
    let endless = |body: &[u8]| ([b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n", body].concat(), Then::Close);
    for answer in [
        response("200 OK", &[], &large),
        response("200 OK", &[("content-encoding", "gzip")], &gzip(&large)),
        response("200 OK", &[("content-encoding", "gzip")], &bomb),
        endless(&large),
    ] {
        let server = serve(vec![answer]).await;
        let error = send(&http(&server), &get("/")).await.unwrap_err();
        assert!(matches!(error, HttpError::TooLarge { limit: LIMIT }), "{error:?}");
    }
}

#[tokio::test]
async fn a_broken_answer_is_no_answer() {
    let truncated = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[{".to_vec();
    let chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n[{\"a\"\r\n".to_vec();
    let cut = gzip(&[b'a'; 1_000]);
    let cut = response("200 OK", &[("content-encoding", "gzip")], &cut[..cut.len() / 2]).0;
    let noise = response("200 OK", &[("content-encoding", "gzip")], b"not gzip").0;
    for bytes in [truncated, chunked, cut, noise, b"SSH-2.0-x\r\n".to_vec(), Vec::new()] {
        let server = serve(vec![(bytes, Then::Close)]).await;
        let error = send(&http(&server), &get("/x").query("token", "canary")).await.unwrap_err();
        assert!(matches!(error, HttpError::Unreachable(_)), "{error:?}");
    }
}

#[tokio::test]
async fn a_provider_that_stalls_is_left() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n".to_vec();
    let partly = [head.as_slice(), b"[{"].concat();
    for bytes in [Vec::new(), b"HTTP/1.1 200 OK\r\nx".to_vec(), head, partly] {
        let server = serve(vec![(bytes, Then::Stall)]).await;
        let error = send(&hasty(&server), &get("/")).await.unwrap_err();
        assert!(matches!(error, HttpError::Timeout), "{error:?}");
    }
}

#[tokio::test]
async fn nobody_at_home_is_unreachable() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = send(&at(&url, HttpLimits::default()), &get("/x").query("token", "canary")).await.unwrap_err();
    assert!(matches!(error, HttpError::Unreachable(_)), "{error:?}");
}

#[tokio::test]
async fn a_request_that_says_too_much_is_not_sent() {
    let server = serve(vec![response("200 OK", &[], b"")]).await;
    for request in [
        get("//evil.example/"),
        get("/../x"),
        get("@evil.example"),
        get("/x").header("authorization", "Bearer other"),
        get("/x").header("Host", "evil.example"),
        get("/x").header("cookie", "a=b"),
        get("/x").header("accept", "a\r\nx-injected: b"),
        get("/x").header("bad name", "a"),
    ] {
        assert!(matches!(send(&http(&server), &request).await, Err(HttpError::Invalid)), "{request:?}");
    }
    let token = Secret::new("a\r\nx-injected: b").unwrap();
    assert!(matches!(http(&server).send(&get("/"), Some(&token)).await, Err(HttpError::Invalid)));
    assert_eq!(server.heads(), Vec::<String>::new());
}

#[test]
fn a_base_address_is_checked() {
    for bad in ["http://example.org", "ftp://x", "https://u:p@x", ""] {
        assert!(ReqwestHttp::builder().base_url(ProviderKind::Github, bad).is_err(), "{bad}");
    }
}
