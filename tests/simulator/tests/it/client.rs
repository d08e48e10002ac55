//! The smallest client of the providers, and a world with GitHub to talk to.

use connector_simulator::{
    Server, World,
    github::{GitHub, Populate, Repository},
};
use http_body_util::{BodyExt, Full};
use hyper::{HeaderMap, Method, Request, body::Bytes};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::Value;

/// A served world with one repository.
pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) github: GitHub,
    pub(crate) repository: Repository,
    server: Server,
    http: Http,
}

/// Sends requests to one provider.
pub(crate) struct Http {
    base: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Stage {
    /// `acme/rocket`, empty.
    pub(crate) async fn empty() -> Self {
        let world = World::new(1);
        let github = world.github();
        let repository = github.add_repository("acme", "rocket");
        let server = Server::start(world.clone()).await.unwrap();
        let http = Http::to(server.github_url());
        Self { world, github, repository, server, http }
    }

    /// `acme/rocket` with so many pull requests, issues and releases over the last 60 days.
    pub(crate) async fn filled(pull_requests: u32, issues: u32, releases: u32) -> Self {
        let stage = Self::empty().await;
        let ending = Populate::ending(stage.world.now(), 60);
        stage.repository.populate(Populate { pull_requests, issues, releases, ..ending });
        stage
    }

    /// `acme/rocket` with so many pull requests and issues, and all that people say, push and deploy.
    pub(crate) async fn lively(pull_requests: u32, issues: u32) -> Self {
        let stage = Self::empty().await;
        let history = Populate::lively(stage.world.now(), 60);
        stage.repository.populate(Populate { pull_requests, issues, ..history });
        stage
    }

    /// Gets a path below the base address, or a whole address, with a token.
    pub(crate) async fn get(&self, target: &str) -> Reply {
        self.send(Method::GET, target, &[("authorization", "Bearer somebody")]).await.unwrap()
    }

    /// Gets a path without a token.
    pub(crate) async fn get_anonymous(&self, target: &str) -> Reply {
        self.send(Method::GET, target, &[]).await.unwrap()
    }

    /// Sends a request with these headers, and a user agent unless they name one (an empty one is left out).
    pub(crate) async fn send(&self, method: Method, target: &str, headers: &[(&str, &str)]) -> Result<Reply, String> {
        self.http.send(method, target, headers).await
    }

    /// The same with a body.
    pub(crate) async fn send_body(
        &self,
        method: Method,
        target: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Result<Reply, String> {
        self.http.send_body(method, target, headers, body).await
    }

    /// Stops the server, and hands out the client with its open connection, and where the server was.
    pub(crate) async fn stop(self) -> (Client<HttpConnector, Full<Bytes>>, String) {
        self.server.stop().await;
        (self.http.client, self.http.base)
    }

    /// Follows `next` from here to the end and answers every page.
    pub(crate) async fn walk(&self, target: &str) -> Vec<Reply> {
        let mut pages = vec![self.get(target).await];
        while let Some(next) = pages.last().and_then(|page| page.link("next")) {
            assert!(pages.len() < 2_000, "the walk does not end");
            pages.push(self.get(&next).await);
        }
        pages
    }

    /// Every item of a list, in the order it comes.
    pub(crate) async fn all(&self, target: &str) -> Vec<Value> {
        self.walk(target).await.iter().flat_map(Reply::items).collect()
    }
}

impl Http {
    /// A client of the provider at this base address.
    pub(crate) fn to(base: String) -> Self {
        Self { base, client: Client::builder(TokioExecutor::new()).build_http() }
    }

    /// Gets a path below the base address, or a whole address, with a token.
    pub(crate) async fn get(&self, target: &str) -> Reply {
        self.get_with("somebody", target).await
    }

    /// The same with this token.
    pub(crate) async fn get_with(&self, token: &str, target: &str) -> Reply {
        self.send(Method::GET, target, &[("authorization", &format!("Bearer {token}"))]).await.unwrap()
    }

    /// Sends a request with these headers, and a user agent unless they name one (an empty one is left out).
    pub(crate) async fn send(&self, method: Method, target: &str, headers: &[(&str, &str)]) -> Result<Reply, String> {
        self.send_body(method, target, headers, String::new()).await
    }

    /// The same with a body.
    pub(crate) async fn send_body(
        &self,
        method: Method,
        target: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Result<Reply, String> {
        let uri = if target.starts_with("http") { target.to_owned() } else { format!("{}{target}", self.base) };
        let mut request = Request::builder().method(method).uri(uri);
        if !headers.iter().any(|(name, _)| *name == "user-agent") {
            request = request.header("user-agent", "simulator-test");
        }
        for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::from(body)).map_err(|error| error.to_string())?;
        let response = self.client.request(request).await.map_err(|error| error.to_string())?;
        let (head, body) = response.into_parts();
        let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
        Ok(Reply { status: head.status.as_u16(), headers: head.headers, body })
    }
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }

    pub(crate) fn items(&self) -> Vec<Value> {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        self.json().as_array().expect("a list").clone()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The address of one relation of the `Link` header.
    pub(crate) fn link(&self, rel: &str) -> Option<String> {
        self.links().into_iter().find(|(held, _)| held == rel).map(|(_, address)| address)
    }

    /// All relations of the `Link` header, in their order.
    pub(crate) fn links(&self) -> Vec<(String, String)> {
        let Some(header) = self.header("link") else { return Vec::new() };
        header
            .split(", ")
            .map(|link| {
                let (address, rel) = link.split_once(">; rel=").unwrap();
                (rel.trim_matches('"').to_owned(), address.trim_start_matches('<').to_owned())
            })
            .collect()
    }
}

/// The numbers of items, in their order.
pub(crate) fn numbers(items: &[Value]) -> Vec<u64> {
    items.iter().map(|item| item["number"].as_u64().unwrap()).collect()
}
