//! Webhooks that GitHub could not deliver, and does not send again by itself.

use std::sync::Arc;
use std::time::Duration;

use connector_adapters::http::ReqwestHttp;
use connector_domain::ProviderKind;
use connector_flows::{Redeliveries, RedeliveryPorts, redeliver};
use connector_simulator::github::{Populate, Webhook};
use connector_testkit::memory::{FakeSigner, ManualClock, MemoryDeliveries, StaticSecrets};

use crate::harness::Harness;

#[tokio::test]
async fn what_did_not_arrive_is_asked_for_and_captured_once() {
    let few = Populate { pull_requests: 3, issues: 2, releases: 1, ..crate::flows::history() };
    let all = Harness::new(few).await;
    let webhooks = all.repository.history_webhooks();
    let (arrived, lost) = webhooks.split_at(webhooks.len() / 2);
    for webhook in arrived {
        assert_eq!(all.send(webhook).await.0, 200);
    }
    for webhook in lost {
        all.world.github().fail_webhook(webhook, 502);
    }
    let clock = Arc::new(ManualClock::new(all.world.now()));
    let http = ReqwestHttp::builder().base_url(ProviderKind::Github, &all.server.github_url()).unwrap();
    let ports = RedeliveryPorts {
        log: Arc::new(MemoryDeliveries::default()),
        secrets: Arc::new(StaticSecrets::of(ProviderKind::Github, &["a-key"])),
        signer: Arc::new(FakeSigner),
        http: Arc::new(http.build().unwrap()),
        clock: Arc::clone(&clock) as _,
    };
    let github = connector_providers::provider(ProviderKind::Github).unwrap();
    let asked = async || redeliver(&ports, github).await.unwrap();
    assert_eq!(asked().await, Redeliveries::default(), "a moment's fault may be over");
    clock.set(all.world.now().checked_add(Duration::from_secs(90)).unwrap());
    assert_eq!(asked().await, Redeliveries { asked: lost.len() as u64, given_up: 0 });
    assert_eq!(asked().await, Redeliveries::default(), "each is asked for once");

    let again = all.world.github().sent_again();
    let ids = |webhooks: &[Webhook]| webhooks.iter().map(|webhook| webhook.delivery_id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&again), ids(lost));
    for webhook in &again {
        assert_eq!(all.send(webhook).await.0, 200);
    }
    all.check_quiet().await;
    let rows = all.observations().await.len();
    for webhook in &webhooks {
        all.send(webhook).await;
    }
    all.check_quiet().await;
    assert_eq!(all.observations().await.len(), rows, "nothing was missing");
}
