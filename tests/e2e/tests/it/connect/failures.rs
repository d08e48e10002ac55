//! What goes wrong at the provider: each has its code, leaves nothing half, and the next try is a good one.

use connector_domain::ProviderKind;
use connector_simulator::{github, linear, sentry, vercel};
use serde_json::json;

use super::Desk;
use super::http::send;

/// Where the code is exchanged.
fn token_endpoint(kind: ProviderKind) -> &'static str {
    match kind {
        ProviderKind::Github => "/login/oauth/access_token",
        ProviderKind::Vercel => "/v2/oauth/access_token",
        ProviderKind::Linear => "/oauth/token",
        ProviderKind::Sentry => "/api/0/sentry-app-installations/",
    }
}

/// Makes the exchange fail: before it takes effect, after it, or in the middle of its answer.
fn inject(desk: &Desk, kind: ProviderKind, how: &str) {
    let on = token_endpoint(kind);
    macro_rules! inject {
        ($provider:ident) => {
            desk.world.$provider().inject(match how {
                "outage" => $provider::Fault::ServerError(503).on(on),
                "lost" => $provider::Fault::Lost(502).on(on),
                "cut off" => $provider::Fault::Truncated.on(on),
                "malformed" => $provider::Fault::Malformed.on(on),
                _ => $provider::Fault::HtmlPage.on(on),
            })
        };
    }
    match kind {
        ProviderKind::Github => inject!(github),
        ProviderKind::Vercel => inject!(vercel),
        ProviderKind::Linear => inject!(linear),
        ProviderKind::Sentry => inject!(sentry),
    }
}

fn spend_codes(desk: &Desk, kind: ProviderKind) {
    match kind {
        ProviderKind::Github => desk.world.github().spend_codes(),
        ProviderKind::Vercel => desk.world.vercel().spend_codes(),
        ProviderKind::Linear => desk.world.linear().spend_codes(),
        ProviderKind::Sentry => desk.world.sentry().spend_codes(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_does_not_come_connects_nothing_and_the_next_try_does() {
    let desk = Desk::new().await;
    for (n, kind) in ProviderKind::ALL.into_iter().enumerate() {
        for how in ["outage", "lost", "cut off", "malformed", "a page"] {
            let visit = desk.visit(kind, "approve").await;
            inject(&desk, kind, how);
            let failed = desk.finish(&visit).await;
            assert_eq!(failed.status, 502, "{kind}, {how}: {}", failed.text());
            let expected = json!({ "status": "failed", "code": "provider_unavailable" });
            assert_eq!(desk.outcome(kind, &visit.poll).await, expected, "{kind}, {how}");
            assert_eq!(desk.finish(&visit).await.status, 400, "{kind}, {how}: the state was spent");
            assert_eq!(desk.connections().await, n, "{kind}, {how}");
        }
        desk.connect(kind).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whose_fault_it_is_has_a_code() {
    let desk = Desk::new().await;
    for kind in ProviderKind::ALL {
        let code = async |visit: &super::Visit| {
            let page = desk.finish(visit).await;
            let outcome = desk.outcome(kind, &visit.poll).await;
            let code = outcome["code"].as_str().unwrap_or_else(|| panic!("{kind}: {outcome}")).to_owned();
            assert!(page.text().contains(&format!("<code>{code}</code>")), "{kind}: {}", page.text());
            code
        };
        let used = desk.visit(kind, "approve").await;
        spend_codes(&desk, kind);
        assert_eq!(code(&used).await, "code_refused", "{kind}");
        // Whoever does not install at Sentry is not sent back.
        if kind != ProviderKind::Sentry {
            assert_eq!(code(&desk.visit(kind, "deny").await).await, "denied", "{kind}");
        }
        if kind == ProviderKind::Github {
            assert_eq!(code(&desk.visit(kind, "request").await).await, "approval_pending");
        }
        let wrong = desk.visit(kind, "approve").await;
        desk.register_anew(kind);
        // Sentry answers a used code and a wrong client alike.
        let expected = if kind == ProviderKind::Sentry { "code_refused" } else { "misconfigured" };
        assert_eq!(code(&wrong).await, expected, "{kind}");
    }
    assert_eq!(desk.connections().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_is_named_and_not_theirs_is_refused() {
    let desk = Desk::new().await;
    let theirs = desk.world.github().add_repository("initech", "printer").installation_id.to_string();
    desk.world.github().make_stranger_to("initech");
    let mine = desk.world.github().repository("acme/rocket").unwrap().installation_id.to_string();
    let other_org = desk.world.sentry().add_project("initech", "printer").installation;
    let org = desk.world.sentry().add_project("acme", "rocket").installation;
    for (kind, from, to) in [
        (ProviderKind::Github, mine.as_str(), theirs.as_str()),
        (ProviderKind::Vercel, "configurationId=icfg_", "configurationId=icfg_x"),
        (ProviderKind::Sentry, org.as_str(), other_org.as_str()),
    ] {
        let visit = desk.visit(kind, "approve").await;
        assert!(visit.back.contains(from), "{kind}: {}", visit.back);
        let forged = visit.back.replace(from, to);
        let refused = send("GET", &forged, &[("cookie", &visit.cookie)], String::new()).await;
        let outcome = desk.outcome(kind, &visit.poll).await;
        // Sentry does not even exchange the code of another installation.
        let expected = if kind == ProviderKind::Sentry { "code_refused" } else { "not_owner" };
        assert_eq!(outcome["code"], expected, "{kind}: {}", refused.text());
        assert_eq!(desk.connections().await, 0, "{kind}");
    }
}
