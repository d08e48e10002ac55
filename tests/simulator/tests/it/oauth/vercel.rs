//! Vercel: an integration's token, which is for one account and has no end.

use connector_simulator::{App, vercel::Fault};
use hyper::Method;
use jiff::SignedDuration;
use serde_json::json;

use super::{CALLBACK, Desk, FORM, JSON, error, form, post, text};
use crate::client::{Http, Reply};

const TOKEN: &str = "/v2/oauth/access_token";

struct Stage {
    desk: Desk,
    api: Http,
    app: App,
}

impl Stage {
    async fn new() -> Self {
        let desk = Desk::new().await;
        desk.world.vercel().add_project("acme", "rocket");
        desk.world.vercel().add_personal_project("jane", "blog");
        let app = desk.world.vercel().register_app(CALLBACK);
        let api = Http::to(desk.server.vercel_url());
        Self { desk, api, app }
    }

    fn consent(&self) -> String {
        format!("{}/integrations/{}/new?state=s1", self.desk.server.vercel_web_url(), self.app.slug.as_deref().unwrap())
    }

    async fn ask(&self, code: &str, secret: &str) -> Reply {
        let fields = [
            ("client_id", &*self.app.client_id),
            ("client_secret", secret),
            ("code", code),
            ("redirect_uri", CALLBACK),
        ];
        post(&self.api, TOKEN, &[FORM], form(&fields)).await
    }

    async fn send(&self, method: Method, path: &str, token: &str) -> Reply {
        self.api.send(method, path, &[("authorization", &format!("Bearer {token}"))]).await.unwrap()
    }
}

#[tokio::test]
async fn the_token_names_the_installation_and_opens_its_account_only() {
    let stage = Stage::new().await;
    for (account, is_team) in [("acme", true), ("jane", false)] {
        let (_, query) = stage.desk.decide(&stage.consent(), &[("decision", "approve"), ("account", account)]).await;
        assert_eq!((&*query["state"], query.contains_key("teamId")), ("s1", is_team));
        assert!(query["next"].starts_with("https://vercel.com/"));
        let granted = stage.ask(&query["code"], &stage.app.client_secret).await.json();
        assert_eq!(text(&granted, "installation_id"), query["configurationId"]);
        assert_eq!(granted["team_id"].as_str(), query.get("teamId").map(String::as_str));
        assert!(granted.get("expires_in").is_none() && granted.get("refresh_token").is_none());
        let token = text(&granted, "access_token");
        stage.desk.world.clock().advance(SignedDuration::from_hours(24 * 365));
        let team = granted["team_id"].as_str().map(|id| format!("?teamId={id}")).unwrap_or_default();
        let path = format!("/v1/integrations/configuration/{}", query["configurationId"]);
        let shown = stage.send(Method::GET, &format!("{path}{team}"), &token).await;
        assert_eq!((shown.status, shown.json()["teamId"].clone()), (200, granted["team_id"].clone()));
        let wrong = if is_team { path.clone() } else { format!("{path}?teamId=team_x") };
        assert_eq!(stage.send(Method::GET, &wrong, &token).await.status, 403, "another scope");
        assert_eq!(stage.send(Method::GET, "/v2/user", &token).await.status, 200);
        assert_eq!(stage.send(Method::DELETE, &format!("{path}{team}"), &token).await.status, 204);
        assert_eq!(stage.send(Method::GET, "/v2/user", &token).await.status, 403, "it ended with the installation");
        let (_, again) = stage.desk.decide(&stage.consent(), &[("decision", "approve"), ("account", account)]).await;
        assert_ne!(again["configurationId"], query["configurationId"]);
    }
}

#[tokio::test]
async fn a_code_is_good_once_for_its_client_and_in_a_form() {
    let stage = Stage::new().await;
    let code = stage.desk.approve(&stage.consent()).await["code"].clone();
    assert_eq!(error(&stage.ask(&code, "x").await), (401, json!("invalid_client")));
    assert_eq!(post(&stage.api, TOKEN, &[JSON], json!({ "code": code }).to_string()).await.status, 400);
    assert_eq!(stage.ask(&code, &stage.app.client_secret).await.status, 200, "none of it has spent the code");
    assert_eq!(error(&stage.ask(&code, &stage.app.client_secret).await), (400, json!("invalid_grant")));
    let late = stage.desk.approve(&stage.consent()).await["code"].clone();
    stage.desk.world.clock().advance(SignedDuration::from_mins(30));
    assert_eq!(error(&stage.ask(&late, &stage.app.client_secret).await), (400, json!("invalid_grant")));
    let lost = stage.desk.approve(&stage.consent()).await["code"].clone();
    stage.desk.world.vercel().inject(Fault::Lost(500).on(TOKEN));
    assert_eq!(stage.ask(&lost, &stage.app.client_secret).await.status, 500);
    assert_eq!(stage.ask(&lost, &stage.app.client_secret).await.status, 400, "the code was spent");
    let (_, query) = stage.desk.decide(&stage.consent(), &[("decision", "deny")]).await;
    assert_eq!((&*query["error"], &*query["state"]), ("access_denied", "s1"));
}
