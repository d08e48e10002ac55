//! Requests over a socket.

use connector_simulator::github::NewPullRequest;
use connectors::stack::Data;

use crate::support::{SECRET, github, ids, link_request, observations, post, send, start};

#[tokio::test]
async fn a_signed_webhook_becomes_one_observation() {
    let github = github().await;
    let stack = start(Data::Memory, &github).await;
    stack.link(link_request(&github.repository)).await.unwrap();
    let served = stack.serve(0).await.unwrap();
    let opened = github.repository.open_pull_request(NewPullRequest::titled("Add login"), github.world.now());
    let request = opened.signed(SECRET.as_bytes());

    let first = post(&served.url, &request).await;
    assert_eq!((first.status, first.body["status"].as_str()), (200, Some("accepted")), "{first:?}");
    assert!(first.head.contains("content-type: application/json"), "{}", first.head);
    stack.settled().await;
    let again = post(&served.url, &request).await;
    assert_eq!((again.status, again.body["status"].as_str()), (200, Some("duplicate")));
    stack.settled().await;

    let stored = observations(&stack).await;
    assert_eq!(ids(&stored), [format!("github:pr:{}#1:opened", github.repository.id)]);
    assert!(stored[0].event.title.contains("Add login"));
    let webhooks = stack.queues().into_iter().map(|queue| (queue.visible, queue.in_flight, queue.dead_letters));
    assert!(webhooks.clone().all(|counts| counts == (0, 0, 0)), "{:?}", webhooks.collect::<Vec<_>>());
    served.stop().await;
}

#[tokio::test]
async fn what_is_not_signed_is_refused_and_leaves_nothing() {
    let github = github().await;
    let stack = start(Data::Memory, &github).await;
    let served = stack.serve(0).await.unwrap();
    let opened = github.repository.open_pull_request(NewPullRequest::default(), github.world.now());

    let forged = post(&served.url, &opened.signed(b"another secret")).await;
    assert_eq!((forged.status, forged.body["code"].as_str()), (401, Some("signature_mismatch")));
    assert!(forged.head.contains("content-type: application/problem+json"), "{}", forged.head);
    let mut changed = opened.signed(SECRET.as_bytes());
    changed.body.push(b' ');
    assert_eq!(post(&served.url, &changed).await.status, 401);
    let bare = send(&served.url, "POST", "/webhooks/github", &[], b"{}").await;
    assert_eq!(bare.status, 400);
}

#[tokio::test]
async fn paths_and_methods_are_those_of_the_template() {
    let github = github().await;
    let stack = start(Data::Memory, &github).await;
    let served = stack.serve(0).await.unwrap();
    for (method, path, status) in [
        ("GET", "/", 404),
        ("POST", "/webhooks", 404),
        ("POST", "/webhooks/github/", 404),
        ("POST", "/webhooks/unknown", 404),
        ("GET", "/webhooks/github", 405),
        ("PUT", "/webhooks/github?x=1", 405),
        ("POST", "/webhooks/github?x=1", 400),
    ] {
        let answer = send(&served.url, method, path, &[], b"").await;
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        assert_eq!(answer.body["status"], status, "{method} {path}");
    }
}

#[tokio::test]
async fn ten_megabytes_are_the_limit() {
    let github = github().await;
    let stack = start(Data::Memory, &github).await;
    let served = stack.serve(0).await.unwrap();
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("x-github-event", "push".to_owned()),
        ("x-hub-signature-256", format!("sha256={}", "0".repeat(64))),
    ];
    let largest = vec![b' '; 10_000_000];
    let answer = send(&served.url, "POST", "/webhooks/github", &headers, &largest).await;
    assert_eq!(answer.status, 401, "it is read, and its signature is wrong");
    let answer = send(&served.url, "POST", "/webhooks/github", &headers, &[&largest[..], b" "].concat()).await;
    assert_eq!((answer.status, answer.body["code"].as_str()), (413, Some("body_too_large")));
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let github = github().await;
    let stack = start(Data::Memory, &github).await;
    let served = stack.serve(0).await.unwrap();
    let port: u16 = served.url.rsplit(':').next().unwrap().parse().unwrap();
    let error = stack.serve(port).await.unwrap_err().to_string();
    assert!(error.contains(&format!("127.0.0.1:{port}")), "{error}");
    served.stop().await;
    stack.serve(port).await.unwrap();
}
