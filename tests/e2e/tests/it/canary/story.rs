//! What the secrets go through.

use std::fs;
use std::sync::atomic::Ordering;
use std::time::Duration;

use connector_adapters::system::SystemClock;
use connector_domain::ProviderKind;
use connector_domain::ports::{Clock, Secrets};
use connector_simulator::{SignedWebhook, github, linear, sentry, vercel};
use serde_json::{Value, json};
use url::Url;

use super::Kind;
use super::search::{Sink, Sinks};
use crate::connect::http::{Reply, send, try_send};
use crate::connect::tap::Passed;
use crate::connect::{Desk, Visit, WORKSPACE, scan};

/// A word that nothing else says.
fn canary(what: &str) -> String {
    format!("canary-{what}-5d1c8e07a94b")
}

struct Story<'a> {
    desk: Desk,
    sinks: &'a mut Sinks,
    secrets: Vec<(Kind, String)>,
}

/// Plays everything, and answers all secrets that had a part in it.
pub(super) async fn play(sinks: &mut Sinks) -> Vec<(Kind, String)> {
    let mut story = Story { desk: Desk::new().await, sinks, secrets: Vec::new() };
    story.learn_our_own().await;
    for kind in ProviderKind::ALL {
        story.connect(kind).await;
        story.fail_to_connect(kind).await;
    }
    story.machine_keys().await;
    for kind in ProviderKind::ALL {
        story.webhooks(kind).await;
    }
    story.renew().await;
    for kind in ProviderKind::ALL {
        story.panics(kind).await;
    }
    story.end().await;
    story.look().await;
    story.secrets
}

impl Story<'_> {
    fn is(&mut self, kind: Kind, secret: impl Into<String>) {
        self.secrets.push((kind, secret.into()));
    }

    async fn learn_our_own(&mut self) {
        for kind in ProviderKind::ALL {
            let webhook = self.desk.secrets.webhook(kind).unwrap().expose_str().unwrap().to_owned();
            let app = self.desk.secrets.app(kind, false).await.unwrap().unwrap();
            self.is(Kind::WebhookSecret, webhook);
            self.is(Kind::ClientSecret, app.client_secret.expose_str().unwrap());
            for line in app.private_key.iter().flat_map(|key| key.expose_str().unwrap().lines()).skip(1).take(3) {
                self.secrets.push((Kind::PrivateKey, line.to_owned()));
            }
            self.sinks.add(Sink::Debug, format!("{app:?}"));
        }
        for name in ["token.key", "issuer.key"] {
            let key = fs::read_to_string(self.desk.rows.path().join(name)).unwrap();
            self.is(Kind::LocalKey, key.trim());
        }
        self.sinks.add(Sink::Debug, format!("{:?}", self.desk.secrets));
    }

    fn answered(&mut self, sink: Sink, reply: &Reply) {
        self.sinks.add(sink, reply.text());
        self.sinks.add(Sink::Cookie, reply.header("set-cookie"));
    }

    async fn ask(&mut self, method: &str, path: &str, body: Option<Value>) -> Reply {
        self.is_token();
        let reply = self.desk.ask(method, path, body).await;
        self.answered(Sink::Answer, &reply);
        reply
    }

    /// The developer's token: its signature, since anybody may know the rest.
    fn is_token(&mut self) {
        let token = self.desk.token();
        let signature = token.rsplit('.').next().unwrap().to_owned();
        self.is(Kind::DeveloperToken, signature);
    }

    /// A person who goes as far as the way back.
    async fn visit(&mut self, kind: ProviderKind, decision: &str) -> Visit {
        let visit = self.desk.visit(kind, decision).await;
        // The desk has kept neither the answer nor the page, so both are asked for once more.
        let (url, poll) = self.desk.start(kind).await;
        self.sinks.add(Sink::Answer, format!("{url} {poll}"));
        let page = send("GET", &url, &[], String::new()).await;
        self.answered(Sink::Page, &page);
        let cookie = page.header("set-cookie").split(';').next().unwrap().to_owned();
        let state = url.split_once("state=").unwrap().1.to_owned();
        let states = if kind == ProviderKind::Sentry { Kind::SentryState } else { Kind::State };
        for (state, cookie) in [(&state, &cookie), (&visit.state, &visit.cookie)] {
            let bound = cookie.split_once('=').unwrap().1.split('.').next().unwrap();
            self.is(states, state);
            self.is(Kind::BrowserSecret, bound);
        }
        self.is(Kind::PollKey, &*visit.poll);
        self.is(Kind::PollKey, poll);
        let query = Url::parse(&visit.back).unwrap();
        if let Some((_, code)) = query.query_pairs().find(|(name, _)| name == "code") {
            self.is(Kind::Code, code);
        }
        visit
    }

    async fn finish(&mut self, kind: ProviderKind, visit: &Visit) -> Reply {
        let done = self.desk.finish(visit).await;
        self.answered(Sink::Page, &done);
        let outcome = self.desk.outcome(kind, &visit.poll).await;
        self.sinks.add(Sink::Answer, outcome.to_string());
        done
    }

    async fn connect(&mut self, kind: ProviderKind) {
        let visit = self.visit(kind, "approve").await;
        assert_eq!(self.finish(kind, &visit).await.status, 200, "{kind}");
        self.finish(kind, &visit).await;
        let outcome = self.desk.outcome(kind, &visit.poll).await;
        let connection = outcome["connection"].as_str().unwrap().to_owned();
        let listed = self.ask("GET", &format!("/connections/{connection}/resources"), None).await.json();
        let wanted = json!({ "resources": [listed["items"][0]["id"]] });
        let path = format!("/connections/{connection}/link");
        assert_eq!(self.ask("POST", &path, Some(wanted)).await.json()["results"][0]["outcome"], "created");
        let wrong = json!({ "resources": [canary("an-id")], "settings": canary("settings") });
        assert_eq!(self.ask("POST", &path, Some(wrong)).await.status, 400);
        self.is(Kind::Mistake, canary("settings"));
        self.desk.stack.settled().await;
    }

    async fn fail_to_connect(&mut self, kind: ProviderKind) {
        if kind != ProviderKind::Sentry {
            let denied = self.visit(kind, "deny").await;
            self.finish(kind, &denied).await;
        }
        // Whatever the provider, or somebody in its name, says of an error.
        let mut told = self.visit(kind, "approve").await;
        let words = canary(&format!("words-of-{kind}"));
        told.back = format!("{}&error=server_error&error_description={words}", told.back);
        self.is(Kind::Rejected, words);
        self.finish(kind, &told).await;
        let lost = self.visit(kind, "approve").await;
        match kind {
            ProviderKind::Github => self.desk.world.github().inject(github::Fault::Lost(502).on("/login")),
            ProviderKind::Vercel => self.desk.world.vercel().inject(vercel::Fault::Truncated.on("/v2/oauth")),
            ProviderKind::Linear => self.desk.world.linear().inject(linear::Fault::Malformed.on("/oauth/token")),
            ProviderKind::Sentry => self.desk.world.sentry().inject(sentry::Fault::Lost(500).on("/api/0/sentry-app")),
        }
        self.finish(kind, &lost).await;
        // A state that is not good, with a code that is.
        let mut stolen = self.visit(kind, "approve").await;
        stolen.cookie = "a=b".to_owned();
        let refused = self.desk.finish(&stolen).await;
        assert_eq!(refused.status, 400);
        self.answered(Sink::Page, &refused);
        let junk = canary(&format!("junk-for-{kind}"));
        let url = format!("{}/oauth/{kind}/start", self.desk.url);
        let bearer = format!("Bearer {}", self.desk.token());
        let refused = send("POST", &url, &[("authorization", &bearer)], junk.clone()).await;
        assert_eq!(refused.status, 400);
        self.answered(Sink::Answer, &refused);
        self.is(Kind::Rejected, junk);
    }

    async fn machine_keys(&mut self) {
        let new = json!({ "name": "ci", "scopes": ["connectors:read"], "expiresInDays": 1 });
        let key = self.ask("POST", "/keys", Some(new)).await.json()["key"].as_str().unwrap().to_owned();
        let secret = key.rsplit('_').next().unwrap().to_owned();
        self.is(Kind::MachineKey, secret);
        let url = format!("{}/machine/v1/workspaces/{WORKSPACE}/sources", self.desk.url);
        let wrong = format!("{}{}", &key[..key.len() - 1], if key.ends_with('A') { 'B' } else { 'A' });
        for (key, expected) in [(key, 200), (wrong, 403)] {
            let bearer = format!("Bearer {key}");
            let reply = send("GET", &url, &[("authorization", &bearer)], String::new()).await;
            assert_eq!(reply.status, expected);
            self.answered(Sink::Answer, &reply);
        }
        self.ask("GET", "/keys", None).await;
    }

    async fn webhooks(&mut self, kind: ProviderKind) {
        let secret = self.desk.secrets.webhook(kind).unwrap().clone();
        let text = canary(&format!("title-at-{kind}"));
        self.is(Kind::Text, &*text);
        let good = self.tell(kind, &text, secret.expose());
        assert_eq!(self.post(kind, &good.headers, good.body).await, 200, "{kind}");
        let forged = canary(&format!("forged-at-{kind}"));
        let signed = self.tell(kind, &forged, b"another secret");
        assert_eq!(self.post(kind, &signed.headers, signed.body).await, 401, "{kind}");
        self.is(Kind::Rejected, forged);
        // Signed, and not to be read.
        let broken = canary(&format!("broken-at-{kind}"));
        let body = format!("{{\"action\": \"{broken}").into_bytes();
        let provider = connector_providers::provider(kind).unwrap();
        let headers =
            provider.sign("issues", "7a485448-a9e2-4c85-8a3c-4f44175783c9", &body, &secret, SystemClock.now());
        let headers: Vec<_> = headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        self.post(kind, &headers, body).await;
        self.is(Kind::Unreadable, broken);
        self.desk.stack.settled().await;
    }

    /// A webhook of something that happens now, with this text in it.
    fn tell(&self, kind: ProviderKind, text: &str, secret: &[u8]) -> SignedWebhook {
        let (world, now) = (&self.desk.world, self.desk.world.now());
        match kind {
            ProviderKind::Github => {
                let repository = world.github().repository("acme/rocket").unwrap();
                repository.open_issue(github::NewIssue::titled(text), now).signed(secret)
            }
            ProviderKind::Vercel => {
                let project = world.vercel().add_project("acme", "rocket");
                project.deploy(vercel::NewDeployment::production(text), now).signed(secret)
            }
            ProviderKind::Linear => {
                let team = world.linear().add_team("ROC", "Rocket");
                team.open_issue(linear::NewIssue::titled(text), now).signed(secret)
            }
            ProviderKind::Sentry => {
                let project = world.sentry().add_project("acme", "rocket");
                project.open_issue(sentry::NewIssue::error("Canary", text), now).signed(secret)
            }
        }
    }

    async fn post(&mut self, kind: ProviderKind, headers: &[(&str, String)], body: Vec<u8>) -> u16 {
        let url = format!("{}/webhooks/{kind}", self.desk.url);
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let reply = send("POST", &url, &headers, String::from_utf8(body).unwrap()).await;
        self.answered(Sink::Answer, &reply);
        reply.status
    }

    /// All tokens end, and some answers with new ones are lost.
    async fn renew(&mut self) {
        self.desk.world.linear().inject(linear::Fault::Lost(502).on("/oauth/token"));
        self.desk.world.sentry().inject(sentry::Fault::Truncated.on("/api/0/sentry-app"));
        for _ in 0..2 {
            self.desk.clock.advance(Duration::from_secs(25 * 3_600));
            let connections = self.ask("GET", "/connections", None).await.json();
            for one in connections["items"].as_array().unwrap() {
                let path = format!("/connections/{}/resources", one["id"].as_str().unwrap());
                self.ask("GET", &path, None).await;
                self.ask("GET", &path, None).await;
            }
        }
    }

    /// The clock breaks at each look at it, in turn: of a callback, of a start and of a webhook.
    async fn panics(&mut self, kind: ProviderKind) {
        let mut broken = 0;
        for look in 1..=6 {
            let visit = self.visit(kind, "approve").await;
            self.desk.clock.breaks_in.store(look, Ordering::SeqCst);
            let done = try_send("GET", &visit.back, &[("cookie", &visit.cookie)], String::new()).await;
            broken += usize::from(done.is_none());
            self.desk.clock.breaks_in.store(0, Ordering::SeqCst);
            done.iter().for_each(|reply| self.answered(Sink::Page, reply));
        }
        assert!(broken > 2, "{kind}: {broken} callbacks met the broken clock");
        let text = canary(&format!("panic-at-{kind}"));
        let secret = self.desk.secrets.webhook(kind).unwrap().clone();
        let webhook = self.tell(kind, &text, secret.expose());
        let headers: Vec<_> = webhook.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let url = format!("{}/webhooks/{kind}", self.desk.url);
        self.desk.clock.breaks_in.store(1, Ordering::SeqCst);
        let reply = try_send("POST", &url, &headers, String::from_utf8(webhook.body).unwrap()).await;
        self.desk.clock.breaks_in.store(0, Ordering::SeqCst);
        assert!(reply.is_none(), "{kind}: the webhook did not meet the broken clock");
        self.is(Kind::Rejected, text);
    }

    async fn end(&mut self) {
        for path in ["/observations?limit=100", "/deliveries", "/dead-letters", "/audit", "/sources", "/runs"] {
            self.ask("GET", path, None).await;
        }
        let connections = self.ask("GET", "/connections", None).await.json();
        for one in connections["items"].as_array().unwrap() {
            let id = one["id"].as_str().unwrap();
            self.ask("GET", &format!("/connections/{id}/health"), None).await;
            self.ask("POST", &format!("/connections/{id}/disconnect"), None).await;
        }
        self.desk.stack.settled().await;
    }

    /// What is left behind, and what went to the providers.
    async fn look(&mut self) {
        for letter in self.desk.stack.dead_letters() {
            self.sinks.add(Sink::Message, letter.body);
        }
        for (table, item) in scan(&self.desk) {
            self.sinks.add(Sink::Rows, format!("{table} {item}"));
        }
        for file in fs::read_dir(self.desk.rows.path()).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_none_or(|kind| kind != "key") {
                self.sinks.add(Sink::Rows, fs::read(path).unwrap());
            }
        }
        for passed in self.desk.tap.passed() {
            self.learn(&passed);
            // What people do in their browsers is not ours.
            if !is_a_persons(&passed) {
                self.sinks.add(Sink::OutgoingUrl, format!("{}?{}", passed.path, passed.query));
                passed.headers.into_iter().for_each(|header| self.sinks.add(Sink::OutgoingHeader, header));
                self.sinks.add(Sink::OutgoingBody, passed.body);
            }
        }
    }

    /// The secrets that a provider gave, or was shown.
    fn learn(&mut self, passed: &Passed) {
        let fields = url::form_urlencoded::parse(passed.body.as_bytes());
        for (_, verifier) in fields.filter(|(name, _)| name == "code_verifier") {
            self.is(Kind::Verifier, verifier);
        }
        let Ok(answer) = serde_json::from_str::<Value>(passed.answer.trim()) else { return };
        let text = |name: &str| answer[name].as_str().map(str::to_owned);
        if passed.method == "POST" && (passed.path.contains("/oauth/") || passed.path.contains("authorizations")) {
            let person = passed.path.contains("github");
            let access = text("access_token").or_else(|| text("token"));
            if let Some(token) = access {
                // One that was never used has come out nowhere; the others show that they are looked for.
                self.is(if person { Kind::PersonsToken } else { Kind::AccessToken }, token);
            }
            if let Some(token) = text("refresh_token").or_else(|| text("refreshToken")) {
                self.is(Kind::RefreshToken, token);
            }
        }
        if passed.path.ends_with("/access_tokens")
            && let Some(token) = text("token")
        {
            self.is(Kind::InstallationToken, token);
        }
    }
}

fn is_a_persons(passed: &Passed) -> bool {
    let web = passed.path.contains("-web/") && !passed.path.ends_with("/login/oauth/access_token");
    web || passed.path.contains("/sentry-apps/")
}
