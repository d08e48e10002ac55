//! Connecting accounts over real HTTP: the stack on one side, the simulated providers on the other, a browser between.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::serve;
use connector_adapters::system::SystemClock;
use connector_domain::access::Scope;
use connector_domain::oauth::AppCredentials;
use connector_domain::ports::Clock;
use connector_domain::{ProviderKind, Secret, Timestamp, WorkspaceId};
use connector_simulator::{App, Browser, Clock as WorldClock, World, github, linear, router, sentry, vercel};
use connectors::stack::{Data, Grant, LocalSecrets, Options, Served, Stack, StackClock, Template};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

use self::http::{Reply, send};
use self::tap::Tap;

mod chain;
mod failures;
pub(crate) mod http;
mod matrix;
pub(crate) mod tap;

pub(crate) use matrix::scan;

/// This machine's time, and so much later.
#[derive(Default)]
pub(crate) struct Later {
    seconds: AtomicU64,
    /// After how many more looks the clock breaks; 0 never.
    pub(crate) breaks_in: AtomicU64,
}

impl Later {
    pub(crate) fn advance(&self, by: Duration) {
        self.seconds.fetch_add(by.as_secs(), Ordering::SeqCst);
    }

    fn read(&self) -> Timestamp {
        SystemClock.now() + Duration::from_secs(self.seconds.load(Ordering::SeqCst))
    }
}

impl Clock for Later {
    fn now(&self) -> Timestamp {
        let counted = |left: u64| left.checked_sub(1);
        if self.breaks_in.fetch_update(Ordering::SeqCst, Ordering::SeqCst, counted) == Ok(1) {
            panic!("the clock is broken");
        }
        self.read()
    }
}

/// A stack with apps at all four providers.
pub(crate) struct Desk {
    pub(crate) world: World,
    pub(crate) clock: Arc<Later>,
    pub(crate) stack: Stack,
    pub(crate) url: String,
    /// What passed between the stack and the providers.
    pub(crate) tap: Tap,
    /// What the stack knows itself by.
    pub(crate) secrets: LocalSecrets,
    pub(crate) rows: TempDir,
    _served: Served,
}

/// A person before the callback.
pub(crate) struct Visit {
    pub(crate) poll: String,
    pub(crate) state: String,
    /// `name=value`
    pub(crate) cookie: String,
    /// Where the provider leads back to.
    pub(crate) back: String,
}

const AUDIENCE: &str = "memory-connectors";
pub(crate) const WORKSPACE: &str = "acme";

impl Desk {
    pub(crate) async fn new() -> Self {
        let clock = Arc::new(Later::default());
        let shared = Arc::clone(&clock);
        let world = World::with_clock(5, WorldClock::asking(move || shared.read()));
        populate(&world);
        let tap = Tap::default();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let router = tap.listen(router(world.clone()));
        tokio::spawn(async { serve(listener, router).await.unwrap() });

        let webhook =
            |kind: ProviderKind| (kind, Secret::new(format!("webhook-secret-of-{kind}-{:p}", &*clock)).unwrap());
        let mut secrets = LocalSecrets::of(ProviderKind::ALL.map(webhook));
        for kind in ProviderKind::ALL {
            secrets = secrets.with_app(kind, credentials(register(&world, kind, "")));
        }
        let rows = tempfile::tempdir().unwrap();
        let mut options = Options::new(Data::Dir(rows.path().to_owned()), secrets.clone());
        options.clock = StackClock(Arc::clone(&clock) as _);
        options.retry_after = Duration::from_millis(20);
        options.page.reserve_percent = 0;
        for kind in ProviderKind::ALL {
            options.api_urls.insert(kind, format!("{base}/{kind}"));
            let web =
                if kind == ProviderKind::Sentry { format!("{base}/sentry") } else { format!("{base}/{kind}-web") };
            options.web_urls.insert(kind, web);
        }
        let stack = Stack::start(&Template::embedded().unwrap(), options).await.unwrap();
        let served = stack.serve(0).await.unwrap();
        let url = served.url.clone();
        let desk = Self { world, clock, stack, url, tap, secrets, rows, _served: served };
        for kind in ProviderKind::ALL {
            desk.send_back_to(kind, &format!("{}/oauth/{kind}/callback", desk.url));
        }
        desk
    }

    fn send_back_to(&self, kind: ProviderKind, callback: &str) {
        match kind {
            ProviderKind::Github => self.world.github().set_callback(callback),
            ProviderKind::Vercel => self.world.vercel().set_callback(callback),
            ProviderKind::Linear => self.world.linear().set_callback(callback),
            ProviderKind::Sentry => self.world.sentry().set_callback(callback),
        }
    }

    /// The app gets new credentials there, of which the stack is not told.
    pub(crate) fn register_anew(&self, kind: ProviderKind) {
        register(&self.world, kind, &format!("{}/oauth/{kind}/callback", self.url));
    }

    pub(crate) fn token(&self) -> String {
        let workspaces = [WorkspaceId::parse(WORKSPACE).unwrap()];
        let lives = Duration::from_secs(60);
        let grant = Grant { workspaces: &workspaces, scopes: &Scope::ALL, subject: "ann", audience: AUDIENCE, lives };
        self.stack.issuer().mint(&grant, self.clock.read())
    }

    /// Asks the management API for what is below the workspace.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        let bearer = format!("Bearer {}", self.token());
        let url = format!("{}/v1/workspaces/{WORKSPACE}{path}", self.url);
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let body = body.map(|body| body.to_string());
        send(method, &url, &headers[..if body.is_some() { 2 } else { 1 }], body.unwrap_or_default()).await
    }

    /// Begins, and answers the address to open and the key to ask with.
    pub(crate) async fn start(&self, kind: ProviderKind) -> (String, String) {
        let bearer = format!("Bearer {}", self.token());
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let body = json!({ "workspace": WORKSPACE, "return": "cli" }).to_string();
        let reply = send("POST", &format!("{}/oauth/{kind}/start", self.url), &headers, body).await;
        assert_eq!(reply.status, 201, "{}", reply.text());
        let started = reply.json();
        (started["url"].as_str().unwrap().to_owned(), started["poll"].as_str().unwrap().to_owned())
    }

    /// Brings a person through the consent screen, as far as the way back.
    pub(crate) async fn visit(&self, kind: ProviderKind, decision: &str) -> Visit {
        let (url, poll) = self.start(kind).await;
        let opened = send("GET", &url, &[], String::new()).await;
        assert_eq!(opened.status, 200, "{kind}: {}", opened.text());
        let cookie = opened.header("set-cookie").split(';').next().unwrap().to_owned();
        let mut browser = Browser::new();
        let link = opened.links().pop().unwrap();
        let screen = browser.open(&link).await.unwrap();
        let sent = browser.submit(&screen, &[("decision", decision)]).await.unwrap();
        let back = sent.leads_to.unwrap_or_else(|| panic!("{kind}: it leads nowhere: {}", sent.html));
        let state = url.split_once("state=").unwrap().1.to_owned();
        Visit { poll, state, cookie, back }
    }

    /// Follows the way back.
    pub(crate) async fn finish(&self, visit: &Visit) -> Reply {
        send("GET", &visit.back, &[("cookie", &visit.cookie)], String::new()).await
    }

    /// How it went, as who started it hears.
    pub(crate) async fn outcome(&self, kind: ProviderKind, poll: &str) -> Value {
        let bearer = format!("Bearer {poll}");
        let url = format!("{}/oauth/{kind}/status", self.url);
        let reply = send("GET", &url, &[("authorization", &bearer)], String::new()).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()
    }

    /// Connects an account and answers the id of the connection.
    pub(crate) async fn connect(&self, kind: ProviderKind) -> String {
        let visit = self.visit(kind, "approve").await;
        let done = self.finish(&visit).await;
        assert_eq!(done.status, 200, "{kind}: {}", done.text());
        let outcome = self.outcome(kind, &visit.poll).await;
        assert_eq!(outcome["status"], "connected", "{kind}: {outcome}");
        outcome["connection"].as_str().unwrap().to_owned()
    }

    /// How many connections the workspace has.
    pub(crate) async fn connections(&self) -> usize {
        self.ask("GET", "/connections", None).await.json()["items"].as_array().unwrap().len()
    }

    /// How many requests a provider has answered.
    pub(crate) fn calls(&self, kind: ProviderKind) -> usize {
        match kind {
            ProviderKind::Github => self.world.github().requests().len(),
            ProviderKind::Vercel => self.world.vercel().requests().len(),
            ProviderKind::Linear => self.world.linear().requests().len(),
            ProviderKind::Sentry => self.world.sentry().requests().len(),
        }
    }
}

fn populate(world: &World) {
    let until = world.now() - Duration::from_secs(2);
    let small = github::Populate { pull_requests: 4, issues: 4, releases: 1, ..github::Populate::ending(until, 20) };
    world.github().add_repository("acme", "rocket").populate(small);
    let small = vercel::Populate { deployments: 4, ..vercel::Populate::ending(until, 20) };
    world.vercel().add_project("acme", "rocket").populate(small);
    let small = linear::Populate { issues: 4, ..linear::Populate::ending(until, 20) };
    world.linear().add_team("ROC", "Rocket").populate(small);
    let small = sentry::Populate { issues: 4, ..sentry::Populate::ending(until, 20) };
    world.sentry().add_project("acme", "rocket").populate(small);
}

fn register(world: &World, kind: ProviderKind, callback: &str) -> App {
    match kind {
        ProviderKind::Github => world.github().register_app(callback),
        ProviderKind::Vercel => world.vercel().register_app(callback),
        ProviderKind::Linear => world.linear().register_app(callback),
        ProviderKind::Sentry => world.sentry().register_app(callback),
    }
}

fn credentials(app: App) -> AppCredentials {
    AppCredentials {
        client_id: app.client_id,
        client_secret: Secret::new(app.client_secret).unwrap(),
        slug: app.slug,
        private_key: app.private_key.and_then(Secret::new),
    }
}
