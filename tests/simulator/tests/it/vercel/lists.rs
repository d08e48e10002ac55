//! What the list of deployments contains, in which order, and how it is paged.

use std::collections::BTreeSet;

use connector_simulator::{
    World,
    vercel::{Git, NewDeployment, Populate, Until},
};
use jiff::SignedDuration;
use serde_json::Value;

use super::{Stage, code, deployments, uids};

fn created(items: &[Value]) -> Vec<i64> {
    items.iter().map(|item| item["created"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn the_newest_come_first_and_the_next_page_is_named_by_time() {
    let stage = Stage::filled(50).await;
    let first = stage.page("").await;
    let items = deployments(&first);
    assert_eq!(items.len(), 20, "the default");
    let times = created(&items);
    assert!(times.windows(2).all(|pair| pair[0] >= pair[1]));
    let pagination = &first.json()["pagination"];
    assert_eq!(pagination["count"], 20);
    assert_eq!(
        (pagination["prev"].as_i64(), pagination["next"].as_i64()),
        (times.first().copied(), times.last().copied())
    );
    let all = stage.page("&limit=100").await;
    assert_eq!((deployments(&all).len(), &all.json()["pagination"]["next"]), (50, &Value::Null));
    assert_eq!(deployments(&stage.page("&limit=1000").await).len(), 50, "a hundred at most");
}

#[tokio::test]
async fn a_walk_meets_every_moment_once_and_loses_ties_across_an_edge() {
    // Of every sixteen deployments, two share a millisecond.
    let stage = Stage::filled(200).await;
    let all = stage.walk("&limit=100", 10).await;
    let everything: BTreeSet<&str> = uids(&all).into_iter().collect();
    assert_eq!(everything.len(), 200);
    let walked = stage.walk("&limit=1", 300).await;
    let met: BTreeSet<&str> = uids(&walked).into_iter().collect();
    assert_eq!(walked.len(), met.len(), "nothing twice");
    let times: BTreeSet<i64> = created(&all).into_iter().collect();
    assert!(times.len() < 200);
    assert_eq!(met.len(), times.len(), "one of each moment: the others are lost");
}

#[tokio::test]
async fn an_inclusive_until_repeats_the_edge_and_never_ends() {
    let stage = Stage::filled(5).await;
    stage.vercel.set_until(Until::Inclusive);
    let walked = stage.walk("&limit=3", 20).await;
    let met: BTreeSet<&str> = uids(&walked).into_iter().collect();
    assert_eq!((met.len(), walked.len() > 5), (5, true));
    let stuck = stage.walk("&limit=1", 20).await;
    assert_eq!(uids(&stuck).into_iter().collect::<BTreeSet<_>>().len(), 1, "a page of one stands still");
    assert_eq!(stuck.len(), 20);
}

#[tokio::test]
async fn the_window_is_open_at_both_ends() {
    let stage = Stage::filled(60).await;
    let all = stage.walk("&limit=100", 1).await;
    let times = created(&all);
    let (until, since) = (times[10], times[40]);
    let inside = stage.page(&format!("&limit=100&since={since}&until={until}")).await;
    let expected = times.iter().filter(|&&at| since < at && at < until).count();
    assert_eq!(deployments(&inside).len(), expected);
    let legacy = stage.page(&format!("&limit=100&from={since}&to={until}")).await;
    assert_eq!(deployments(&legacy), deployments(&inside), "the old names mean the same");
    stage.vercel.set_until(Until::Inclusive);
    let wider = stage.page(&format!("&limit=100&since={since}&until={until}")).await;
    assert!(deployments(&wider).len() > expected);
}

#[tokio::test]
async fn filters_take_what_they_name() {
    let stage = Stage::filled(150).await;
    let all = stage.walk("&limit=100", 5).await;
    for (query, field, value) in [
        ("&state=READY", "state", "READY"),
        ("&state=ERROR", "readyState", "ERROR"),
        ("&target=production", "target", "production"),
        ("&app=shop", "name", "shop"),
    ] {
        let found = stage.walk(&format!("&limit=100{query}"), 5).await;
        let expected = all.iter().filter(|item| item[field] == value).count();
        assert!(expected > 0 && found.iter().all(|item| item[field] == value), "{query}");
        assert_eq!(found.len(), expected, "{query}");
    }
    let two = stage.walk("&limit=100&state=ERROR,CANCELED", 5).await;
    assert!(two.iter().any(|item| item["state"] == "ERROR") && two.iter().any(|item| item["state"] == "CANCELED"));
    let user = all[0]["creator"]["uid"].as_str().unwrap();
    let theirs = stage.walk(&format!("&limit=100&users={user}"), 5).await;
    assert!(!theirs.is_empty() && theirs.iter().all(|item| item["creator"]["uid"] == user));
    let candidates = stage.walk("&limit=100&rollbackCandidate=true", 5).await;
    assert!(!candidates.is_empty() && candidates.iter().all(|item| item["isRollbackCandidate"] == true));
}

#[tokio::test]
async fn projects_are_named_by_id_or_name_alone_or_together() {
    let stage = Stage::filled(4).await;
    let blog = stage.vercel.add_project("acme", "blog");
    blog.populate(Populate { deployments: 3, ..Populate::ending(stage.world.now(), 5) });
    let of = async |query: &str| {
        deployments(&stage.http.get(&stage.of_team("/v6/deployments").replace('?', &format!("?{query}&"))).await)
    };
    assert_eq!(of("projectId=blog").await.len(), 3);
    assert_eq!(of(&format!("projectIds={}", blog.id)).await.len(), 3);
    assert_eq!(of(&format!("projectIds[]={}&projectIds[]={}", blog.id, stage.project.id)).await.len(), 7);
    let all = of("limit=100").await;
    assert_eq!(all.len(), 7);
    assert!(created(&all).windows(2).all(|pair| pair[0] >= pair[1]), "in one order");
    let unknown = stage.http.get(&stage.of_team("/v6/deployments").replace('?', "?projectId=nothing&")).await;
    assert_eq!((unknown.status, code(&unknown).as_str()), (404, "not_found"));
}

#[tokio::test]
async fn what_the_specification_does_not_have_is_refused() {
    let stage = Stage::filled(1).await;
    for query in ["&page=2", "&limit=many", "&limit=0", "&until=yesterday", "&state=DONE", "&projectIds=a"] {
        let refused = stage.page(query).await;
        assert_eq!((refused.status, code(&refused).as_str()), (400, "bad_request"), "{query}");
    }
    let message = stage.page("&page=2").await.json()["error"]["message"].clone();
    assert_eq!(message, "Invalid request: should NOT have additional property `page`.");
}

#[tokio::test]
async fn the_data_has_the_warts_of_real_data() {
    let stage = Stage::filled(400).await;
    let items = stage.walk("&limit=100", 10).await;
    let some = |what: &str, found: bool| assert!(found, "no deployment {what}");
    let has = |item: &Value, field: &str| item.get(field).is_some_and(|value| !value.is_null());
    for state in ["READY", "ERROR", "CANCELED"] {
        some(state, items.iter().any(|item| item["state"] == state));
    }
    for key in ["githubCommitSha", "gitlabCommitSha", "bitbucketCommitSha", "gitCommitSha", "githubPrId", "gitlabMrId"]
    {
        some(key, items.iter().any(|item| has(&item["meta"], key)));
    }
    some("without meta", items.iter().any(|item| item["meta"].as_object().unwrap().is_empty()));
    some(
        "from a fork",
        items.iter().any(|item| {
            has(&item["meta"], "githubOrg") && item["meta"]["githubOrg"] != item["meta"]["githubCommitOrg"]
        }),
    );
    some("by command line", items.iter().any(|item| item["source"] == "cli"));
    some("as preview", items.iter().any(|item| item["target"].is_null()));
    some("on staging", items.iter().any(|item| item["target"] == "staging"));
    some("in a custom environment", items.iter().any(|item| item["customEnvironment"]["slug"] == "qa"));
    some("failed without a time", items.iter().any(|item| item["state"] == "ERROR" && !has(item, "ready")));
    some("failed at a time", items.iter().any(|item| item["state"] == "ERROR" && has(item, "ready")));
    some("canceled before its build", items.iter().any(|item| item["state"] == "CANCELED" && !has(item, "buildingAt")));
    some("with checks", items.iter().any(|item| has(item, "checks")));
    some("never promoted", items.iter().any(|item| item["readySubstate"] == "STAGED"));
    some(
        "with a message of several lines",
        items
            .iter()
            .any(|item| item["meta"]["githubCommitMessage"].as_str().is_some_and(|message| message.contains('\n'))),
    );
    assert!(items.iter().all(|item| item.get("id").is_none()), "lists say uid");
}

#[tokio::test]
async fn a_deployment_is_listed_before_it_is_ready() {
    let stage = Stage::empty().await;
    let at = |second| stage.world.now() + SignedDuration::from_secs(second);
    let id = stage.project.deploy(NewDeployment::production("fix: leak"), at(0)).deployment.unwrap();
    let item = async || deployments(&stage.page("").await)[0].clone();
    assert_eq!((&item().await["state"], &item().await["uid"]), (&"QUEUED".into(), &id.as_str().into()));
    stage.project.build(&id, at(5));
    let building = item().await;
    assert_eq!(
        (&building["state"], building["buildingAt"].as_i64()),
        (&"BUILDING".into(), Some(at(5).as_millisecond()))
    );
    stage.project.ready(&id, at(60));
    stage.project.promote(&id, at(61));
    let ready = item().await;
    assert_eq!((&ready["state"], ready["ready"].as_i64()), (&"READY".into(), Some(at(60).as_millisecond())));
    assert_eq!((&ready["readySubstate"], &ready["isRollbackCandidate"]), (&"PROMOTED".into(), &false.into()));
}

#[tokio::test]
async fn meta_has_the_keys_of_its_host() {
    let stage = Stage::empty().await;
    for (git, key, count) in [
        (Git::GitHub, "githubCommitAuthorLogin", 15),
        (Git::GitLab, "gitlabProjectPath", 12),
        (Git::Bitbucket, "bitbucketRepoSlug", 13),
        (Git::Local, "gitCommitAuthorName", 5),
    ] {
        stage.project.deploy(NewDeployment { git, ..NewDeployment::default() }, stage.world.now());
        let newest = deployments(&stage.page("&limit=1").await)[0]["meta"].clone();
        assert!(newest[key].is_string(), "{newest}");
        assert_eq!(newest.as_object().unwrap().len(), count, "{newest}");
    }
    stage.project.deploy(NewDeployment { git: Git::None, ..NewDeployment::default() }, stage.world.now());
    assert_eq!(deployments(&stage.page("&limit=1").await)[0]["meta"], serde_json::json!({}));
}

#[tokio::test]
async fn the_same_seed_gives_the_same_data() {
    let history = |seed: u64| {
        let world = World::new(seed);
        let project = world.vercel().add_project("acme", "shop");
        project.populate(Populate::ending(world.now(), 30));
        (project.id.clone(), project.history_webhooks())
    };
    assert_eq!(history(5), history(5));
    assert_ne!(history(5).0, history(6).0);
}
