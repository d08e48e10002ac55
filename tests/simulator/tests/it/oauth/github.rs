//! GitHub: installing and authorising in one, errors under 200, and tokens that die with their renewal.

use connector_simulator::github::Fault;
use hyper::Method;
use jiff::SignedDuration;
use serde_json::json;
use url::form_urlencoded;

use super::{CALLBACK, Desk, FORM, JSON, error, form, post, text};
use crate::client::{Http, Reply};

const TOKEN: &str = "/login/oauth/access_token";
const ACCEPT: (&str, &str) = ("accept", "application/json");

struct Stage {
    desk: Desk,
    web: Http,
    api: Http,
    app: connector_simulator::App,
    installation: u64,
}

impl Stage {
    async fn new() -> Self {
        let desk = Desk::new().await;
        let installation = desk.world.github().add_repository("acme", "rocket").installation_id;
        desk.world.github().add_repository("other", "thing");
        let app = desk.world.github().register_app(CALLBACK);
        let (web, api) = (Http::to(desk.server.github_web_url()), Http::to(desk.server.github_url()));
        Self { desk, web, api, app, installation }
    }

    fn consent(&self) -> String {
        let slug = self.app.slug.as_deref().unwrap();
        format!("{}/apps/{slug}/installations/new?state=s%261", self.desk.server.github_web_url())
    }

    async fn ask(&self, more: &[(&str, &str)]) -> Reply {
        let (id, secret) = (&*self.app.client_id, &*self.app.client_secret);
        let fields = [&[("client_id", id), ("client_secret", secret)], more].concat();
        post(&self.web, TOKEN, &[FORM, ACCEPT], form(&fields)).await
    }

    async fn get(&self, path: &str, token: &str) -> Reply {
        self.api.send(Method::GET, path, &[("authorization", &format!("Bearer {token}"))]).await.unwrap()
    }

    async fn renew(&self, token: &str) -> Reply {
        self.ask(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    async fn code(&self) -> String {
        self.desk.approve(&self.consent()).await["code"].clone()
    }
}

#[tokio::test]
async fn a_person_installs_and_their_token_shows_what_is_theirs() {
    let stage = Stage::new().await;
    let query = stage.desk.approve(&stage.consent()).await;
    assert_eq!(query["state"], "s&1");
    assert_eq!((&*query["installation_id"], &*query["setup_action"]), (&*stage.installation.to_string(), "install"));
    assert_eq!(stage.desk.approve(&stage.consent()).await["setup_action"], "update");
    let granted = stage.ask(&[("code", &query["code"])]).await.json();
    assert_eq!(
        (granted["expires_in"].as_u64(), granted["refresh_token_expires_in"].as_u64()),
        (Some(28_800), Some(15_811_200))
    );
    assert_eq!((&granted["scope"], &granted["token_type"]), (&json!(""), &json!("bearer")));
    let access = text(&granted, "access_token");
    assert!(access.starts_with("ghu_"));
    assert_eq!(stage.get("/user", &access).await.json()["login"], "octavia");
    stage.desk.world.github().make_stranger_to("other");
    let mine = stage.get("/user/installations", &access).await.json();
    assert_eq!(
        (mine["total_count"].as_u64(), mine["installations"][0]["id"].as_u64()),
        (Some(1), Some(stage.installation))
    );
    assert_eq!(stage.get("/user/installations", "somebody's").await.status, 403, "not with a token of another making");
}

#[tokio::test]
async fn whoever_does_not_approve_comes_back_with_the_reason() {
    let stage = Stage::new().await;
    let (_, query) = stage.desk.decide(&stage.consent(), &[("decision", "deny")]).await;
    assert_eq!((&*query["error"], &*query["state"], query.contains_key("code")), ("access_denied", "s&1", false));
    let (_, query) = stage.desk.decide(&stage.consent(), &[("decision", "request")]).await;
    assert_eq!((&*query["setup_action"], query.contains_key("installation_id")), ("request", false));
    let elsewhere = format!("{}/apps/another/installations/new", stage.desk.server.github_web_url());
    assert_eq!(connector_simulator::Browser::new().open(&elsewhere).await.unwrap().status, 404);
}

#[tokio::test]
async fn errors_come_under_200_and_as_a_form_unless_json_is_asked_for() {
    let stage = Stage::new().await;
    let used = stage.code().await;
    assert_eq!(stage.ask(&[("code", &used)]).await.status, 200);
    for (more, expected) in [
        (vec![("code", used.as_str())], "bad_verification_code"),
        (vec![("code", "x"), ("redirect_uri", "https://evil.example")], "redirect_uri_mismatch"),
        (vec![("code", "x"), ("grant_type", "password")], "unsupported_grant_type"),
        (vec![("grant_type", "refresh_token"), ("refresh_token", "x")], "bad_refresh_token"),
    ] {
        assert_eq!(error(&stage.ask(&more).await), (200, json!(expected)));
    }
    let code = stage.code().await;
    let wrong = [("client_id", &*stage.app.client_id), ("client_secret", "x"), ("code", &code)];
    assert_eq!(error(&post(&stage.web, TOKEN, &[FORM, ACCEPT], form(&wrong)).await).1, "incorrect_client_credentials");
    assert_eq!(post(&stage.web, TOKEN, &[FORM, ACCEPT], form(&[("client_id", "x")])).await.status, 404);
    let body = json!({ "client_id": stage.app.client_id, "client_secret": stage.app.client_secret, "code": code });
    let plain = post(&stage.web, TOKEN, &[JSON], body.to_string()).await;
    assert!(plain.headers["content-type"].to_str().unwrap().starts_with("application/x-www-form-urlencoded"));
    let fields: Vec<_> = form_urlencoded::parse(&plain.body).collect();
    assert!(
        fields.iter().any(|(name, value)| name == "access_token" && value.starts_with("ghu_")),
        "the code was still good"
    );
    let late = stage.code().await;
    stage.desk.world.clock().advance(SignedDuration::from_mins(10));
    assert_eq!(error(&stage.ask(&[("code", &late)]).await).1, "bad_verification_code");
}

#[tokio::test]
async fn a_renewal_kills_both_tokens_even_when_its_answer_is_lost() {
    let stage = Stage::new().await;
    let first = stage.ask(&[("code", &stage.code().await)]).await.json();
    let old = text(&first, "refresh_token");
    let second = stage.renew(&old).await.json();
    assert_eq!(stage.get("/user", &text(&first, "access_token")).await.status, 401);
    assert_eq!(stage.get("/user", &text(&second, "access_token")).await.status, 200);
    assert_eq!(error(&stage.renew(&old).await).1, "bad_refresh_token");
    stage.desk.world.github().inject(Fault::Lost(502).on(TOKEN));
    let held = text(&second, "refresh_token");
    assert_eq!(stage.renew(&held).await.status, 502);
    assert_eq!(error(&stage.renew(&held).await).1, "bad_refresh_token");
    assert_eq!(stage.get("/user", &text(&second, "access_token")).await.status, 401, "and the grant with it");
}

#[tokio::test]
async fn an_app_may_opt_out_of_expiry_and_give_tokens_back() {
    let stage = Stage::new().await;
    stage.desk.world.github().set_expiring_user_tokens(false);
    let granted = stage.ask(&[("code", &stage.code().await)]).await.json();
    assert!(granted.get("expires_in").is_none() && granted.get("refresh_token").is_none());
    let access = text(&granted, "access_token");
    let path = format!("/applications/{}/token", stage.app.client_id);
    let body = json!({ "access_token": access }).to_string();
    let delete = |secret: String, body: String| {
        use base64::Engine;
        let pair = format!("{}:{secret}", stage.app.client_id);
        let basic = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair));
        let (api, path) = (&stage.api, path.as_str());
        async move { api.send_body(Method::DELETE, path, &[JSON, ("authorization", &basic)], body).await.unwrap().status }
    };
    assert_eq!(delete("x".to_owned(), body.clone()).await, 404);
    assert_eq!(stage.get("/user", &access).await.status, 200);
    assert_eq!(delete(stage.app.client_secret.clone(), body.clone()).await, 204);
    assert_eq!(stage.get("/user", &access).await.status, 401);
    assert_eq!(delete(stage.app.client_secret.clone(), body).await, 404, "once");
}

#[tokio::test]
async fn with_a_registered_app_a_token_that_only_looks_like_one_is_refused() {
    let stage = Stage::new().await;
    let path = format!("/app/installations/{}/access_tokens", stage.installation);
    let forged = [("authorization", "Bearer eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxIn0.c2ln")];
    assert_eq!(stage.api.send(Method::POST, &path, &forged).await.unwrap().status, 401);
}
