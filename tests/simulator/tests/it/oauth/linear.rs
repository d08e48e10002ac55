//! Linear: PKCE, tokens of a day, and refresh tokens that rotate with a time of grace.

use connector_simulator::{App, linear::Fault};
use hyper::Method;
use jiff::SignedDuration;
use serde_json::json;
use url::form_urlencoded;

use super::{CALLBACK, Desk, FORM, JSON, error, form, post, text};
use crate::client::{Http, Reply};

const TOKEN: &str = "/oauth/token";
/// Those of <https://www.rfc-editor.org/rfc/rfc7636#appendix-B>.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

struct Stage {
    desk: Desk,
    api: Http,
    app: App,
}

impl Stage {
    async fn new() -> Self {
        let desk = Desk::new().await;
        let app = desk.world.linear().register_app(CALLBACK);
        let api = Http::to(desk.server.linear_url());
        Self { desk, api, app }
    }

    fn consent(&self, changed: &[(&str, &str)]) -> String {
        let usual = [
            ("client_id", &*self.app.client_id),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "read,issues:create"),
            ("state", "s1"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        let kept = usual.into_iter().filter(|(name, _)| !changed.iter().any(|(other, _)| other == name));
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).extend_pairs(changed).finish();
        format!("{}/oauth/authorize?{query}", self.desk.server.linear_web_url())
    }

    async fn code(&self) -> String {
        self.desk.approve(&self.consent(&[])).await["code"].clone()
    }

    async fn exchange(&self, code: &str, verifier: &str) -> Reply {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("client_id", &*self.app.client_id),
            ("client_secret", &*self.app.client_secret),
            ("code_verifier", verifier),
        ];
        post(&self.api, TOKEN, &[FORM], form(&fields)).await
    }

    async fn renew(&self, token: &str) -> Reply {
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
            ("client_id", &*self.app.client_id),
            ("client_secret", &*self.app.client_secret),
        ];
        post(&self.api, TOKEN, &[FORM], form(&fields)).await
    }

    async fn asks(&self, token: &str) -> u16 {
        let query = json!({ "query": "query { viewer { id } organization { id urlKey name } }" }).to_string();
        let bearer = format!("Bearer {token}");
        post(&self.api, "/graphql", &[JSON, ("authorization", &bearer)], query).await.status
    }
}

#[tokio::test]
async fn the_verifier_opens_the_code_and_nothing_else_does() {
    let stage = Stage::new().await;
    let query = stage.desk.approve(&stage.consent(&[])).await;
    assert_eq!(query["state"], "s1");
    let granted = stage.exchange(&query["code"], VERIFIER).await.json();
    assert_eq!((&granted["scope"], &granted["expires_in"]), (&json!("read issues:create"), &json!(86_399)));
    assert_eq!(stage.asks(&text(&granted, "access_token")).await, 200);
    assert_eq!(error(&stage.exchange(&query["code"], VERIFIER).await), (400, json!("invalid_grant")), "used");
    for wrong in ["", "x", CHALLENGE] {
        assert_eq!(error(&stage.exchange(&stage.code().await, wrong).await), (400, json!("invalid_grant")));
    }
    let late = stage.code().await;
    stage.desk.world.clock().advance(SignedDuration::from_mins(10));
    assert_eq!(error(&stage.exchange(&late, VERIFIER).await), (400, json!("invalid_grant")));
    let fields = json!({ "grant_type": "authorization_code" }).to_string();
    assert_eq!(error(&post(&stage.api, TOKEN, &[JSON], fields).await), (400, json!("invalid_request")), "forms only");
    let other = [("client_id", &*stage.app.client_id), ("client_secret", "x"), ("code", &stage.code().await)];
    assert_eq!(error(&post(&stage.api, TOKEN, &[FORM], form(&other)).await), (401, json!("invalid_client")));
}

#[tokio::test]
async fn nobody_is_sent_to_an_address_that_is_not_the_apps() {
    let stage = Stage::new().await;
    for changed in [("redirect_uri", "https://evil.example"), ("client_id", "x")] {
        let page = connector_simulator::Browser::new().open(&stage.consent(&[changed])).await.unwrap();
        assert_eq!((page.status, page.leads_to), (400, None), "{changed:?}");
    }
    let (_, query) = stage.desk.decide(&stage.consent(&[]), &[("decision", "deny")]).await;
    assert_eq!((&*query["error"], &*query["state"]), ("access_denied", "s1"));
}

#[tokio::test]
async fn a_used_refresh_token_gives_the_same_answer_for_half_an_hour() {
    let stage = Stage::new().await;
    let first = stage.exchange(&stage.code().await, VERIFIER).await.json();
    let old = text(&first, "refresh_token");
    stage.desk.world.linear().inject(Fault::Lost(502).on(TOKEN));
    assert_eq!(stage.renew(&old).await.status, 502);
    stage.desk.world.clock().advance(SignedDuration::from_mins(29));
    let second = stage.renew(&old).await.json();
    assert_ne!(second, first);
    assert_eq!(stage.renew(&old).await.json(), second, "the same answer");
    assert_eq!(stage.asks(&text(&second, "access_token")).await, 200);
    stage.desk.world.clock().advance(SignedDuration::from_mins(1));
    assert_eq!(error(&stage.renew(&old).await), (400, json!("invalid_grant")));
    assert_eq!(stage.renew(&text(&second, "refresh_token")).await.status, 200);
    stage.desk.world.clock().advance(SignedDuration::from_hours(24));
    assert_eq!(stage.asks(&text(&second, "access_token")).await, 401, "a day later");
}

#[tokio::test]
async fn revoking_ends_the_grant_once() {
    let stage = Stage::new().await;
    let granted = stage.exchange(&stage.code().await, VERIFIER).await.json();
    let (access, refresh) = (text(&granted, "access_token"), text(&granted, "refresh_token"));
    let revoke = |token: String| {
        let api = &stage.api;
        async move {
            let headers = [FORM, ("authorization", "Bearer x")];
            let body = form(&[("token", &token)]);
            api.send_body(Method::POST, "/oauth/revoke", &headers, body).await.unwrap().status
        }
    };
    assert_eq!(revoke(refresh.clone()).await, 200);
    assert_eq!((stage.asks(&access).await, stage.renew(&refresh).await.status), (401, 400));
    assert_eq!(revoke(refresh).await, 400, "it was revoked already");
}
