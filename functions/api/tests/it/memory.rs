//! What facts have to do with each other, as a caller sees it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use connector_domain::capture::Category;
use connector_domain::enrich::{Advance, Step, activity, feature, links};
use connector_domain::model::{ClusterSummary, ModelClassification, Reading, Said, cluster_content};
use connector_domain::observation::Observation;
use connector_domain::ports::{EnrichmentStore, ModelStore, ObservationStore};
use connector_domain::{Reference, ReferenceKind, SourceId, SourceType};
use connector_flows::memory::clusters_of;
use connector_testkit::builders::{at, event, observe, workspace};

use serde_json::json;

use crate::desk::Desk;

/// Two facts of one pull request and one of another, the way enrichment leaves them.
async fn furnished() -> (Desk, Vec<Observation>) {
    let desk = Desk::new();
    let acme = workspace("acme");
    let mut rows = Vec::new();
    for (n, number, kind) in [
        (0, 7, SourceType::GithubPullRequestOpened),
        (1, 7, SourceType::GithubPullRequestMerged),
        (2, 8, SourceType::GithubPullRequestOpened),
    ] {
        let mut event = event(&format!("9#{number}"), at(n));
        let transition = kind.name().rsplit('.').next().unwrap();
        event.source_id = SourceId::once(kind.provider(), "pr", format!("9#{number}"), transition);
        event.source_type = kind;
        event.title = format!("[{}] Retry the payment of order {number}", kind.label());
        let url = format!("https://github.com/acme/shop/pull/{number}");
        event.references = vec![Reference::new(ReferenceKind::Pr, format!("#{number}")).unwrap().url(url)];
        let row = observe(&acme, event);
        assert!(desk.observations.put_if_absent(std::slice::from_ref(&row)).await[0].is_ok());
        desk.observations.put_links(&acme, &links(&row)).await.unwrap();
        let (account, act) = activity(&row).unwrap();
        desk.observations.note_activity(&acme, &account, &[act]).await.unwrap();
        desk.observations.put_feature(&acme, &feature(&row)).await.unwrap();
        rows.push(row);
    }
    desk.clock.set(at(60));
    (desk, rows)
}

#[tokio::test]
async fn an_observation_tells_its_person_its_cluster_and_its_relations() {
    let (desk, rows) = furnished().await;
    let listed = desk.all("/observations", 9).await;
    let merged = listed.iter().find(|one| one["sourceId"] == rows[1].event.source_id.as_str()).unwrap();
    let got = desk.get(&format!("/observations/{}", merged["id"].as_str().unwrap())).await.body;
    assert_eq!(
        (got["person"]["id"].as_str(), got["person"]["observations"].as_u64()),
        (Some("github:583231"), Some(3))
    );
    assert_eq!((got["cluster"]["state"].as_str(), got["cluster"]["week"].as_str()), (Some("open"), Some("2026-02-02")));
    assert_eq!(got["relations"][0]["type"], "continues");
    assert_eq!(got["relations"][0]["from"], merged["id"]);
    assert_eq!(got["relations"][0]["key"], "item:github.com/acme/shop#7");

    let story = desk.get(&format!("/observations/{}/related?steps=1", merged["id"].as_str().unwrap())).await.body;
    let told: Vec<_> =
        story["observations"].as_array().unwrap().iter().map(|one| one["type"].as_str().unwrap()).collect();
    assert_eq!(told, ["pull-request.opened", "pull-request.merged"]);
    assert_eq!(story["more"], false);
    let refused = desk.get(&format!("/observations/{}/related?steps=7", merged["id"].as_str().unwrap())).await;
    assert_eq!((refused.status, refused.code()), (400, "invalid_parameter"));
}

#[tokio::test]
async fn what_a_language_model_said_stands_beside_what_the_rules_say() {
    let (desk, rows) = furnished().await;
    let (acme, id) = (workspace("acme"), &rows[1].event.source_id);
    let path = format!("/observations/{}", URL_SAFE_NO_PAD.encode(id.as_str()));
    let before = desk.get(&path).await.body;
    assert!(
        before.get("readings").is_none()
            && before.get("fellBack").is_none()
            && before["cluster"].get("summarisedBy").is_none()
    );

    let said = Said::Classification(ModelClassification {
        primary: Category::Incident,
        secondary: vec![Category::BugFix],
        topics: vec!["checkout".to_owned()],
        confidence: 91,
    });
    let reading = Reading { source_id: id.clone(), model: "claude-haiku-4-5".to_owned(), prompt: 1, at: at(9), said };
    desk.models.put_reading(&acme, &reading).await.unwrap();
    let given_up =
        Advance { fell_back: [(Step::Extract, "budget_spent".to_owned())].into(), ..Advance::of([Step::Extract]) };
    desk.observations.advance(&acme, id, &given_up).await.unwrap();
    let week = "2026-02-02";
    for cluster in clusters_of(&*desk.observations, &acme, week).await.unwrap() {
        let summary = ClusterSummary {
            cluster: cluster.id.clone(),
            week: week.to_owned(),
            content: cluster_content(&cluster),
            text: "The payment is retried.".to_owned(),
            model: "claude-haiku-4-5".to_owned(),
            at: at(9),
        };
        desk.models.put_summary(&acme, &summary).await.unwrap();
        let other = ClusterSummary { content: "of older facts".to_owned(), cluster: "other".to_owned(), ..summary };
        desk.models.put_summary(&acme, &other).await.unwrap();
    }
    let after = desk.get(&path).await.body;
    assert_eq!(after["classification"], before["classification"], "the rules are not overruled");
    assert_eq!(
        after["readings"],
        json!([{
            "model": "claude-haiku-4-5", "prompt": 1, "at": "2026-02-06T12:00:09Z",
            "classification": {"primary": "incident", "secondary": ["bug_fix"], "topics": ["checkout"], "confidence": 91},
        }])
    );
    assert_eq!(after["fellBack"], json!({"extract": "budget_spent"}));
    assert_eq!(
        (after["cluster"]["summary"].as_str(), after["cluster"]["summarisedBy"].as_str()),
        (Some("The payment is retried."), Some("claude-haiku-4-5"))
    );
}

#[tokio::test]
async fn people_clusters_and_hits_are_listed() {
    let (desk, _) = furnished().await;
    let actors = desk.get("/actors").await.body;
    assert_eq!(actors["items"][0]["accounts"], serde_json::json!(["github:583231"]));
    assert!(actors.get("next").is_none());
    let clusters = desk.get("/clusters?at=2026-02-06T12:00:00Z").await.body;
    let facts = clusters["items"].as_array().unwrap().iter().map(|one| one["observations"].as_array().unwrap().len());
    assert_eq!(facts.sum::<usize>(), 3, "each observation is in one cluster");
    assert_eq!(desk.get("/clusters?at=2026-02-16T12:00:00Z").await.body["items"], serde_json::json!([]));
    let found = desk.get("/search?text=payment%20order%208&limit=2").await.body;
    assert_eq!(found["items"][0]["title"], "[PR Opened] Retry the payment of order 8");
    assert_eq!((found["items"][0]["named"].as_bool(), found["items"][1]["named"].as_bool()), (Some(true), Some(false)));
    assert_eq!((found["embedder"].as_str(), found["items"][0]["view"].as_str()), (Some("local-1"), Some("title")));
    assert_eq!(desk.get("/search").await.code(), "invalid_parameter");
}
