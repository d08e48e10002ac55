//! Sentry: no state comes back, words of its own, and tokens that are replaced at once.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use connector_simulator::{App, sentry::Fault};
use hmac::{Hmac, KeyInit, Mac};
use hyper::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};
use sha2::Sha256;

use super::{CALLBACK, Desk, FORM, JSON, post, text};
use crate::client::{Http, Reply};

struct Stage {
    desk: Desk,
    api: Http,
    app: App,
    installation: String,
}

impl Stage {
    async fn new() -> Self {
        let desk = Desk::new().await;
        let installation = desk.world.sentry().add_project("acme", "rocket").installation;
        desk.world.sentry().add_project("other", "thing");
        let app = desk.world.sentry().register_app(CALLBACK);
        let api = Http::to(desk.server.sentry_url());
        Self { desk, api, app, installation }
    }

    fn consent(&self) -> String {
        let slug = self.app.slug.as_deref().unwrap();
        format!("{}/sentry-apps/{slug}/external-install/?state=s1", self.desk.server.sentry_url())
    }

    fn path(&self, rest: &str) -> String {
        format!("/api/0/sentry-app-installations/{}/{rest}", self.installation)
    }

    async fn ask(&self, changed: Value) -> Reply {
        let mut body = json!({ "client_id": self.app.client_id, "client_secret": self.app.client_secret });
        body.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
        post(&self.api, &self.path("authorizations/"), &[JSON], body.to_string()).await
    }

    async fn exchange(&self, code: &str) -> Reply {
        self.ask(json!({ "grant_type": "authorization_code", "code": code })).await
    }

    async fn code(&self) -> String {
        self.desk.approve(&self.consent()).await["code"].clone()
    }

    async fn sees(&self, token: &str) -> u16 {
        let bearer = format!("Bearer {token}");
        self.api.send(Method::GET, &self.path(""), &[("authorization", &bearer)]).await.unwrap().status
    }

    async fn by_jwt(&self, claims: &Value, secret: &str) -> Reply {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&json!({ "alg": "HS256", "typ": "JWT" })), part(claims));
        let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap().chain_update(&signed);
        let token = format!("Bearer {signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()));
        let body = json!({ "grant_type": "urn:sentry:params:oauth:grant-type:jwt-bearer" }).to_string();
        post(&self.api, &self.path("authorizations/"), &[JSON, ("authorization", &token)], body).await
    }
}

#[tokio::test]
async fn an_installation_is_pending_until_it_is_verified() {
    let stage = Stage::new().await;
    let query = stage.desk.approve(&stage.consent()).await;
    assert_eq!((&*query["installationId"], &*query["orgSlug"]), (&*stage.installation, "acme"));
    assert!(!query.contains_key("state"), "it does not come back");
    let reply = stage.exchange(&query["code"]).await;
    assert_eq!(reply.status, 201);
    let granted = reply.json();
    assert_eq!(granted["expiresAt"], "2026-06-01T20:00:00Z");
    let bearer = format!("Bearer {}", text(&granted, "token"));
    let headers = [JSON, ("authorization", bearer.as_str())];
    let shown = stage.api.send(Method::GET, &stage.path(""), &headers).await.unwrap().json();
    assert_eq!(shown["status"], "pending");
    let body = json!({ "status": "installed" }).to_string();
    let verified = stage.api.send_body(Method::PUT, &stage.path(""), &headers, body).await.unwrap();
    assert_eq!((verified.status, verified.json()["status"].clone()), (200, json!("installed")));
    assert_eq!(verified.json()["organization"]["slug"], "acme");
    assert_eq!(stage.api.send(Method::GET, "/api/0/organizations/acme/projects/", &headers).await.unwrap().status, 200);
    assert_eq!(
        stage.api.send(Method::GET, "/api/0/organizations/other/projects/", &headers).await.unwrap().status,
        403
    );
}

#[tokio::test]
async fn a_code_is_for_its_installation_its_client_and_once() {
    let stage = Stage::new().await;
    let (_, other) = stage.desk.decide(&stage.consent(), &[("decision", "approve"), ("account", "other")]).await;
    assert_eq!(stage.exchange(&other["code"]).await.status, 401, "of another installation");
    let code = stage.code().await;
    assert_eq!(post(&stage.api, &stage.path("authorizations/"), &[FORM], "code=x".to_owned()).await.status, 400);
    let wrong = json!({ "grant_type": "authorization_code", "code": code, "client_secret": "x" });
    assert_eq!(stage.ask(wrong).await.status, 401);
    assert_eq!(stage.exchange(&code).await.status, 201);
    assert_eq!(stage.exchange(&code).await.status, 401);
    let nowhere = "/api/0/sentry-app-installations/7a485448-a9e2-4c85-8a3c-4f44175783c9/authorizations/";
    assert_eq!(post(&stage.api, nowhere, &[JSON], "{}".to_owned()).await.status, 404);
    let (page, _) = stage.desk.decide(&stage.consent(), &[("decision", "deny")]).await;
    assert_eq!(page.leads_to, None, "whoever does not install is not sent back");
}

#[tokio::test]
async fn a_renewal_that_is_lost_locks_out_and_our_own_signature_opens_again() {
    let stage = Stage::new().await;
    let first = stage.exchange(&stage.code().await).await.json();
    let renewal = json!({ "grant_type": "refresh_token", "refresh_token": first["refreshToken"] });
    stage.desk.world.sentry().inject(Fault::Lost(502).on(stage.path("authorizations/")));
    assert_eq!(stage.ask(renewal.clone()).await.status, 502);
    assert_eq!(stage.sees(&text(&first, "token")).await, 401, "the old token is gone");
    assert_eq!(stage.ask(renewal).await.status, 401, "and nothing renews it");

    let (id, secret) = (stage.app.client_id.as_str(), stage.app.client_secret.as_str());
    let now = stage.desk.world.now().as_second();
    let claims = |jti: &str, lives: i64| json!({ "iss": id, "sub": id, "iat": now, "exp": now + lives, "jti": jti });
    for (claims, secret) in [
        (claims("1", 61), secret),
        (claims("1", 0), secret),
        (claims("1", 60), "x"),
        (claims("", 60), secret),
        (json!({ "iss": "x", "sub": id, "iat": now, "exp": now + 60, "jti": "1" }), secret),
    ] {
        assert_eq!(stage.by_jwt(&claims, secret).await.status, 403, "{claims}");
    }
    let again = stage.by_jwt(&claims("1", 60), secret).await;
    assert_eq!(again.status, 201);
    assert_eq!(stage.sees(&text(&again.json(), "token")).await, 200);
    assert_eq!(stage.by_jwt(&claims("1", 60), secret).await.status, 403, "each is good once");
    stage.desk.world.clock().advance(SignedDuration::from_hours(8));
    assert_eq!(stage.sees(&text(&again.json(), "token")).await, 401, "eight hours later");
}
