//! Webhooks and history become observations, each fact once.

use connector_backfill::PageSettings;
use connector_domain::backfill::{EntityType, RunState};
use connector_domain::http::WebhookRequest;
use connector_domain::observation::IngestionSource;
use connector_flows::UnitStart;
use connector_simulator::github::{NewIssue, NewPullRequest, Populate};

use crate::harness::{Harness, PATH};

pub(crate) fn history() -> Populate {
    Populate {
        pull_requests: 12,
        issues: 8,
        releases: 2,
        ..Populate::ending(connector_simulator::World::new(3).now(), 20)
    }
}

fn nothing() -> Populate {
    Populate { pull_requests: 0, issues: 0, releases: 0, ..history() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_linked_repository_is_remembered() {
    let all = Harness::new(history()).await;
    let (run, progress) = all.backfill(&[]).await;
    assert_eq!(progress.state, RunState::Completed);
    assert!(progress.is_settled());
    let observations = all.observations().await;
    assert_eq!(progress.report.captured, observations.len() as u64);
    assert!(observations.len() > 12 + 8 + 2, "only {} facts", observations.len());
    for (id, observation) in &observations {
        assert_eq!(observation.ingestion_source, IngestionSource::Backfill, "{id}");
        assert_eq!(observation.run.as_ref(), Some(&run), "{id}");
        assert!(observation.page.is_some(), "{id}");
    }
    all.check_quiet().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_is_an_observation_and_a_redelivery_is_none() {
    let all = Harness::new(nothing()).await;
    let webhook = all.repository.open_issue(NewIssue::titled("It leaks"), all.world.now());
    assert_eq!(all.send(&webhook).await, (200, "accepted".into()));
    all.stack.settled().await;
    let first = all.observations().await;
    assert_eq!(first.len(), 1);
    assert!(first.values().all(|observation| observation.ingestion_source == IngestionSource::Webhook));

    assert_eq!(all.send(&webhook).await, (200, "duplicate".into()));
    all.check_quiet().await;
    assert_eq!(all.observations().await, first);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_start_joins_the_first_and_what_is_covered_is_not_fetched() {
    let all = Harness::new(history()).await;
    let first = all.start(&[]).await;
    let second = all.start(&[]).await;
    for (entity, unit) in &second.units {
        match unit {
            UnitStart::Active(run) => assert_eq!(Some(run), first.run.as_ref(), "{entity}"),
            UnitStart::Covered => {}
            UnitStart::Opened | UnitStart::Cancelled => panic!("{entity} was opened twice"),
        }
    }
    all.stack.settled().await;
    let calls = all.world.github().requests().len();
    let third = all.start(&[]).await;
    assert_eq!(third.run, None);
    assert!(third.units.iter().all(|(_, unit)| *unit == UnitStart::Covered));
    all.check_quiet().await;
    assert_eq!(all.world.github().requests().len(), calls);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_unsigned_foreign_or_unlinked_leaves_no_observation() {
    let all = Harness::new(nothing()).await;
    let stranger = all.world.github().add_repository("other", "thing");
    let foreign = stranger.open_issue(NewIssue::titled("Not yours"), all.world.now());
    assert_eq!(all.send(&foreign).await, (200, "ignored".into()));

    let webhook = all.repository.open_pull_request(NewPullRequest::titled("Add a door"), all.world.now());
    let mut forged = webhook.signed(b"another-secret");
    let request = |signed: &mut connector_simulator::github::SignedWebhook| WebhookRequest {
        headers: std::mem::take(&mut signed.headers).into_iter().collect(),
        body: std::mem::take(&mut signed.body),
    };
    let reply = all.stack.webhook(PATH, "POST", request(&mut forged)).await;
    assert_eq!((reply.status, reply.body["code"].as_str()), (401, Some("signature_mismatch")));
    assert_eq!(all.stack.webhook(PATH, "GET", request(&mut forged)).await.status, 405);
    assert_eq!(all.stack.webhook("/webhooks/nobody", "POST", request(&mut forged)).await.status, 404);
    all.check_quiet().await;
    assert_eq!(all.observations().await.len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_pages_complete() {
    let few_per_page = PageSettings { page_size: 2, reserve_percent: 0, ..PageSettings::default() };
    let all = Harness::with(Populate { pull_requests: 2_100, issues: 0, releases: 0, ..history() }, few_per_page).await;
    let (_, progress) = all.backfill(&[EntityType::PullRequest]).await;
    assert_eq!(progress.state, RunState::Completed);
    assert!(progress.counters.pages > 1_000, "{} pages", progress.counters.pages);
    assert!(progress.is_settled());
    let opened = all.observations().await.into_keys().filter(|id| id.ends_with(":opened")).count();
    assert_eq!(opened, 2_100);
    all.check_quiet().await;
}
