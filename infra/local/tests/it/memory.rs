//! What facts have to do with each other, through the whole stack and on the command line.

use std::process::{Command, Output};
use std::time::Duration;

use connector_domain::connection::WorkspaceSettings;
use connector_domain::enrich::Enrichment;
use connector_domain::http::WebhookRequest;
use connector_simulator::github::NewIssue;

use crate::support::{GitHub, SECRET, dir, everything, finish, github, link_request, observations, start, workspace};

fn local(arguments: &[&str], data: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_connectors"));
    command.args(arguments).args(["--data", data, "--workspace", workspace().as_str()]).env_remove("RUST_LOG");
    command.output().unwrap()
}

fn out(output: &Output) -> &str {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::str::from_utf8(&output.stdout).unwrap()
}

#[tokio::test]
async fn what_is_backfilled_is_enriched_and_can_be_looked_at() {
    let github: GitHub = github().await;
    github.populate();
    let directory = tempfile::tempdir().unwrap();
    let stack = start(dir(directory.path()), &github).await;
    let linked = stack.link(link_request(&github.repository)).await.unwrap();
    let run = stack.start_backfill(everything(linked.integration)).await.unwrap().run.unwrap();
    finish(&stack, &run).await;

    let all = observations(&stack).await;
    let enrichment = &stack.stores().enrichment;
    for one in &all {
        let (_, progress) = enrichment.load(&workspace(), &one.event.source_id).await.unwrap().unwrap();
        assert!(Enrichment::is_complete(&progress) && progress.due_at.is_none(), "{}", one.event.source_id);
    }
    let acted = all.iter().filter(|one| one.event.actor.is_some()).count() as u64;
    let counted = enrichment.identities(&workspace()).await.unwrap();
    assert_eq!(counted.iter().map(|one| one.observations).sum::<u64>(), acted);

    let merged = all.iter().find(|one| one.event.source_type.name() == "pull-request.merged").unwrap();
    let (id, data) = (merged.event.source_id.as_str(), directory.path().to_str().unwrap());
    let story = local(&["observations", "--related", id], data);
    assert!(out(&story).contains("then github pull-request.merged"), "{}", out(&story));
    let who = counted[0].account.to_string();
    assert!(out(&local(&["timeline"], data)).contains(&who));
    let of_one = local(&["timeline", "--actor", &who, "--limit", "100"], data);
    assert_eq!(out(&of_one).lines().count() as u64, 1 + counted[0].observations, "{}", out(&of_one));
    let nobody = local(&["timeline", "--actor", "nobody"], data);
    assert_eq!(nobody.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("nobody is known as"));
}

#[tokio::test]
async fn what_was_filtered_is_captured_when_the_settings_change() {
    let github: GitHub = github().await;
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().to_str().unwrap();
    let stack = start(dir(directory.path()), &github).await;
    stack.link(link_request(&github.repository)).await.unwrap();
    let settings = |threshold| WorkspaceSettings { significance_threshold: threshold, ..WorkspaceSettings::default() };
    stack.stores().connections.put_settings(&workspace(), &settings(100)).await.unwrap();
    let issue = github.repository.open_issue(NewIssue::titled("Fix a typo"), github.world.now());
    let signed = issue.signed(SECRET.as_bytes());
    let request = WebhookRequest { headers: signed.headers.into_iter().collect(), body: signed.body };
    assert_eq!(stack.webhook("/webhooks/github", "POST", request).await.status, 200);
    stack.settled().await;
    assert!(observations(&stack).await.is_empty());
    stack.stores().connections.put_settings(&workspace(), &settings(0)).await.unwrap();
    stack.drain_and_stop(Duration::from_secs(5)).await;

    let replayed = local(&["replay"], data);
    let told: Vec<_> = out(&replayed).lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).collect();
    assert!(out(&replayed).starts_with("1 delivery of workspace acme captured again"), "{}", out(&replayed));
    assert!(told.contains(&vec!["captured", "0", "1"]) && told.contains(&vec!["filtered", "1", "0"]), "{told:?}");
    assert!(out(&local(&["observations"], data)).contains("Fix a typo"));
    let again = local(&["replay"], data);
    assert!(out(&again).lines().any(|line| line.split_whitespace().eq(["captured", "1", "1"])), "{}", out(&again));
}
