//! What facts have to do with each other, through the whole stack and on the command line.

use std::process::{Command, Output};

use connector_domain::enrich::Enrichment;

use crate::support::{GitHub, dir, everything, finish, github, link_request, observations, start, workspace};

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
