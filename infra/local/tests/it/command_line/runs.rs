//! Runs, as people start, stop and look at them.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_estimated_bounded_resumed_and_proven() {
    let (world, server) = github().await;
    let data = Data::new();
    let url = server.github_url();
    let known = ["--provider", "github", "--resource", "acme/rocket", "--api-url", &url];
    let lists = ["--entities", "pull_request,issue,release"];
    let estimate = data.run(&[&["backfill", "estimate"], &known[..], &lists].concat());
    assert!(out(&estimate).contains("About 17 items in 3 calls"), "{}{}", out(&estimate), err(&estimate));
    assert!(out(&data.run(&["status"])).contains("Nothing is stored"), "looking makes nothing");

    let bounded = backfill(&data, &server, &["--call-budget", "2"]);
    assert_fails(&bounded, "its calls are used up", "backfill resume");
    world.github().forget_requests();
    let again = data.run(&["backfill", "resume", "--api-url", &url]);
    assert!(out(&again).contains("acme/rocket goes on: 1 list"), "{}{}", out(&again), err(&again));
    assert_eq!((again.status.code(), world.github().requests().len()), (Some(0), 1), "only what was left");
    assert!(out(&data.run(&["backfill", "resume", "--api-url", &url])).contains("Nothing is paused"));
    assert!(out(&data.run(&["backfill", "pause"])).contains("Nothing is under way"));
    let watched = data.run(&["backfill", "watch"]);
    assert!(out(&watched).contains("The run: completed."), "{}", out(&watched));

    let proven = data.run(&["backfill", "prove", "--api-url", &url]);
    assert!(out(&proven).contains("Nothing was missing"), "{}{}", out(&proven), err(&proven));
    let cancelled = data.run(&["backfill", "cancel"]);
    assert!(out(&cancelled).contains("Nothing is left to cancel"), "{}", out(&cancelled));
    let runs = data.run(&["backfill", "runs"]);
    assert_eq!(out(&runs).lines().filter(|line| line.contains("completed")).count(), 2, "{}", out(&runs));
    assert!(out(&data.run(&["backfill", "status"])).contains("known before"));
    assert_fails(&data.run(&["backfill", "status", "no-such-run"]), "there is no such run", "backfill runs");
    assert_eq!(data.run(&["backfill"]).status.code(), Some(2), "the provider is missing");
}
