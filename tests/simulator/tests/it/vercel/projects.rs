//! Projects, alone and in their list.

use connector_simulator::vercel::ProjectPaging;
use jiff::SignedDuration;

use super::{Stage, code};

#[tokio::test]
async fn a_project_is_found_by_id_and_by_name() {
    let stage = Stage::filled(5).await;
    for name in [stage.project.id.as_str(), "shop"] {
        let project = stage.http.get(&stage.of_team(&format!("/v9/projects/{name}"))).await.json();
        assert_eq!((&project["id"], &project["name"]), (&stage.project.id.as_str().into(), &"shop".into()));
        assert_eq!(project["accountId"], stage.project.account_id.as_str());
        let born = stage.world.now() - SignedDuration::from_hours(61 * 24);
        assert_eq!(project["createdAt"].as_i64(), Some(born.as_millisecond()), "before its first deployment");
        assert!(project["latestDeployments"][0]["id"].is_string(), "here it is id");
    }
    let unknown = stage.http.get(&stage.of_team("/v9/projects/nothing")).await;
    assert_eq!((unknown.status, code(&unknown).as_str()), (404, "not_found"));
}

#[tokio::test]
async fn a_rename_keeps_the_id_and_the_names_of_deployments() {
    let stage = Stage::filled(5).await;
    let webhook = stage.project.rename("store", stage.world.now());
    let body: serde_json::Value = serde_json::from_slice(&webhook.body).unwrap();
    assert_eq!((webhook.event.as_str(), &body["payload"]["previousName"]), ("project.renamed", &"shop".into()));
    assert_eq!(body["payload"]["project"]["name"], "store");
    assert_eq!(stage.http.get(&stage.of_team("/v9/projects/store")).await.status, 200);
    assert_eq!(stage.http.get(&stage.of_team("/v9/projects/shop")).await.status, 404, "no redirect");
    assert!(stage.walk("&limit=100", 1).await.iter().all(|item| item["name"] == "shop"));
}

#[tokio::test]
async fn a_removed_project_is_gone_with_its_deployments() {
    let stage = Stage::filled(5).await;
    assert_eq!(stage.project.remove(stage.world.now()).event, "project.removed");
    assert_eq!(stage.page("").await.status, 404);
    assert_eq!(stage.http.get(&stage.of_team("/v9/projects/shop")).await.status, 404);
}

#[tokio::test]
async fn the_list_is_paged_by_time_or_by_an_opaque_text() {
    let stage = Stage::empty().await;
    for name in ["blog", "docs", "api", "site"] {
        stage.world.clock().advance(SignedDuration::from_millis(1));
        stage.vercel.add_project("acme", name);
    }
    for paging in [ProjectPaging::Timestamps, ProjectPaging::Tokens] {
        stage.vercel.set_project_paging(paging);
        let mut names = Vec::new();
        let mut from = String::new();
        loop {
            let page = stage.http.get(&format!("{}&limit=2{from}", stage.of_team("/v10/projects"))).await.json();
            names.extend(page["projects"].as_array().unwrap().iter().map(|held| held["name"].to_string()));
            let next = &page["pagination"]["next"];
            match paging {
                _ if next.is_null() => break,
                ProjectPaging::Timestamps => from = format!("&from={}", next.as_i64().unwrap()),
                ProjectPaging::Tokens => from = format!("&from={}", next.as_str().unwrap()),
            }
        }
        names.sort();
        assert_eq!(names, ["\"api\"", "\"blog\"", "\"docs\"", "\"shop\"", "\"site\""]);
    }
    let found = stage.http.get(&format!("{}&search=do", stage.of_team("/v10/projects"))).await.json();
    assert_eq!(found["pagination"]["count"], 1);
    let refused = stage.http.get(&format!("{}&repo=acme/shop", stage.of_team("/v10/projects"))).await;
    assert_eq!(refused.status, 501, "a filter that is not simulated is refused loudly");
    assert_eq!(stage.http.get(&format!("{}&from=?", stage.of_team("/v10/projects"))).await.status, 400);
}
