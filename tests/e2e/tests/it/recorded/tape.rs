//! A server that answers as api.github.com was recorded to, with its own address in place of GitHub's.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, Method, Response};
use serde_json::Value;
use tokio::net::TcpListener;

pub(super) const GITHUB: &str = "https://api.github.com";

/// One request of a session, and the answer to it.
#[derive(Debug, Clone)]
pub(super) struct Call {
    /// Whose API it went to: GitHub's, or the one that serves archives.
    pub(super) host: String,
    pub(super) reads: bool,
    /// The path with its query.
    pub(super) path: String,
    pub(super) answer: Answer,
}

#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// All but those that belong to the connection they were sent over.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The answer with another value of a header.
    pub(super) fn with(mut self, name: &str, value: Option<String>) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.extend(value.map(|value| (name.to_owned(), value)));
        self
    }

    /// The items of a list.
    pub(super) fn items(&self) -> Option<Vec<Value>> {
        serde_json::from_slice(&self.body).ok().filter(|_| self.status == 200)
    }
}

/// The recorded sessions by their name; `None` where there is no outside data.
pub(super) fn sessions() -> Option<BTreeMap<String, Vec<Call>>> {
    #[expect(clippy::disallowed_methods, reason = "where the data is depends on the machine")]
    let named = std::env::var_os("CONNECTORS_CORPUS").map(PathBuf::from);
    let root = named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"));
    let folder = root.join("corpus/github/api/octokit-fixtures");
    let Ok(entries) = fs::read_dir(&folder) else {
        println!("no outside data at {}: skipped (set CONNECTORS_CORPUS)", folder.display());
        return None;
    };
    let all = entries.map(|entry| {
        let path = entry.unwrap().path();
        let calls: Vec<Value> = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap().trim_end_matches("-fixture").to_owned();
        (name, calls.iter().map(call).collect())
    });
    Some(all.collect())
}

/// A call as `nock` writes it. <https://github.com/octokit/fixtures>
fn call(recorded: &Value) -> Call {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let headers: Vec<(String, String)> = match &recorded["rawHeaders"] {
        Value::Array(flat) => flat.chunks(2).map(|pair| (text(&pair[0]), text(&pair[1]))).collect(),
        _ => recorded["headers"].as_object().unwrap().iter().map(|(name, value)| (name.clone(), text(value))).collect(),
    };
    let of_connection = ["connection", "content-length", "transfer-encoding"];
    Call {
        host: recorded["scope"].as_str().unwrap().trim_end_matches(":443").to_owned(),
        reads: recorded["method"] == "get",
        path: recorded["path"].as_str().unwrap().to_owned(),
        answer: Answer {
            status: u16::try_from(recorded["status"].as_u64().unwrap()).unwrap(),
            headers: headers.into_iter().filter(|(name, _)| !of_connection.contains(&&*name.to_lowercase())).collect(),
            body: match &recorded["response"] {
                Value::String(text) => text.clone().into(),
                other => serde_json::to_vec(other).unwrap(),
            },
        },
    }
}

/// What was asked.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) reads: bool,
    pub(super) path: String,
    pub(super) query: BTreeMap<String, String>,
    pub(super) headers: HeaderMap,
}

/// A server on this machine, and what it was asked.
pub(super) struct Server {
    pub(super) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    /// What it was asked so far.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// Answers with what `answer` says; addresses in its `Location` and `Link` that begin with one of `moved` begin with
    /// what stands beside it, or with this server's own address.
    pub(super) async fn start(
        moved: Vec<(&'static str, String)>,
        answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let moved: Vec<_> = moved.into_iter().chain([(GITHUB, url.clone())]).collect();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (seen, answer) = (Arc::clone(&asked), Arc::new(answer));
        let router = Router::new().fallback(move |request: Request| {
            let one = read(&request);
            let given = answer(&one);
            seen.lock().unwrap().push(one);
            std::future::ready(response(given, &moved))
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, asked }
    }

    /// Plays a session: what was asked again was answered by the next of its answers, and by the last one from then on.
    pub(super) async fn play(session: Vec<Call>, moved: Vec<(&'static str, String)>) -> Self {
        let played = Mutex::new(BTreeMap::<String, usize>::new());
        Self::start(moved, move |asked| {
            let same = |call: &&Call| {
                call.reads == asked.reads && split(&call.path) == (asked.path.clone(), asked.query.clone())
            };
            let answers: Vec<&Call> = session.iter().filter(|call| call.host == GITHUB).filter(same).collect();
            let mut played = played.lock().unwrap();
            let turn = played.entry(format!("{} {} {:?}", asked.reads, asked.path, asked.query)).or_default();
            *turn += 1;
            answers[(*turn).min(answers.len()) - 1].answer.clone()
        })
        .await
    }
}

/// A path and its query, decoded.
pub(super) fn split(path: &str) -> (String, BTreeMap<String, String>) {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    (path.to_owned(), url::form_urlencoded::parse(query.as_bytes()).into_owned().collect())
}

fn read(request: &Request) -> Asked {
    let (path, query) = split(&request.uri().to_string());
    Asked { reads: request.method() == Method::GET, path, query, headers: request.headers().clone() }
}

fn response(answer: Answer, moved: &[(&str, String)]) -> Response<Body> {
    let mut response = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        let leads = ["location", "link"].contains(&&*name.to_lowercase());
        let replaced = moved.iter().fold(value.clone(), |value, (from, to)| value.replace(from, to));
        response = response.header(name, if leads { replaced } else { value });
    }
    response.body(answer.body.into()).unwrap()
}
