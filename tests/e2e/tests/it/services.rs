//! Services that read texts, behind the whole system: what they add when they are on, and what stands when they fail.

use std::time::Duration;

use connector_adapters::services::{ServiceKeys, ServiceLimits, Services};
use connector_adapters::system::SystemClock;
use connector_domain::enrich::{Step, week};
use connector_domain::ports::Clock;
use connector_simulator::services::{Fault, KEY, Services as Simulated};
use connectors::stack::Options;
use serde_json::json;

use crate::flows::history;
use crate::harness::{Harness, workspace};

async fn harness(simulated: &Simulated) -> Harness {
    let url = simulated.url().to_owned();
    let setting = move |name: &'static str| {
        Some(match name {
            "EMBEDDER" => "openai".to_owned(),
            "EMBEDDER_URL" => format!("{url}/v1"),
            "VECTOR_INDEX" => "pinecone".to_owned(),
            "VECTOR_INDEX_URL" | "LANGUAGE_MODEL_URL" => url.clone(),
            "LANGUAGE_MODEL" => "anthropic".to_owned(),
            "LANGUAGE_MODEL_CALLS_PER_DAY" => "20".to_owned(),
            _ => return None,
        })
    };
    let keys = ServiceKeys::parse(&json!({ "openai": KEY, "pinecone": KEY, "anthropic": KEY }).to_string()).unwrap();
    let services = Services::from_settings(setting, &keys, ServiceLimits::default()).unwrap();
    let retry_after = Duration::from_millis(1);
    Harness::choosing(history(), |options| Options { services, retry_after, ..options }).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn history_is_embedded_indexed_and_read_within_the_budget() {
    let simulated = Simulated::start().await.unwrap();
    let all = harness(&simulated).await;
    all.backfill(&[]).await;
    all.check_quiet().await;
    let (stores, acme) = (all.stack.stores(), workspace());
    let (mut read, mut left, mut vectors) = (0, 0, 0);
    let observations = all.observations().await;
    for observation in observations.values() {
        let event = &observation.event;
        let (_, progress) = stores.enrichment.load(&acme, &event.source_id).await.unwrap().unwrap();
        assert_eq!(progress.done.len(), Step::ALL.len(), "{} {progress:?}", event.source_id);
        assert!(progress.due_at.is_none());
        let feature = stores.enrichment.feature(&acme, &event.source_id, event.occurred_at).await.unwrap().unwrap();
        assert!(
            feature
                .views
                .values()
                .all(|one| one.model == "openai:text-embedding-3-small:512" && one.values.len() == 512)
        );
        vectors += feature.views.len();
        read += stores.models.readings(&acme, &event.source_id).await.unwrap().len();
        left += progress.fell_back.values().filter(|code| *code == "budget_spent").count();
    }
    let usage = stores.models.usage(&acme, SystemClock.now()).await.unwrap();
    assert_eq!((usage.calls, read), (20, 20), "no more is asked than the day allows");
    assert!(left >= observations.len() - 20, "{left} are left to the rules");
    assert_eq!(simulated.namespaces().iter().map(|(_, size)| *size).collect::<Vec<_>>(), [vectors]);
    searches_ask_them_too(&simulated, &all).await;
}

/// By the same vectors, and by those that need no service while they do not answer.
async fn searches_ask_them_too(simulated: &Simulated, all: &Harness) {
    let (id, observation) = all.observations().await.pop_first().unwrap();
    let (title, until) = (observation.event.title, observation.event.occurred_at);
    let word = title.split(|c: char| !c.is_ascii_alphanumeric()).max_by_key(|word| word.len()).unwrap();
    let search = async || {
        let (status, found) = all.api("GET", &format!("/search?text={word}&until={until}")).await;
        assert_eq!(status, 200, "{found}");
        (found["embedder"].as_str().unwrap().to_owned(), found["items"].as_array().unwrap().len())
    };
    let asked = |path: &str| simulated.asked().iter().filter(|one| one.path == path).count();
    let before = (asked("/v1/embeddings"), asked("/query"));
    let (embedder, found) = search().await;
    assert_eq!(embedder, "openai:text-embedding-3-small:512");
    assert_eq!((asked("/v1/embeddings"), asked("/query")), (before.0 + 1, before.1 + 1));
    assert!(found > 0, "{word} of {id}");
    simulated.always(Some(Fault::Status(503, None)));
    let (embedder, found) = search().await;
    assert!(embedder.starts_with("local") && found > 0, "{embedder} {found}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_history_is_remembered_while_every_service_is_down() {
    let simulated = Simulated::start().await.unwrap();
    simulated.always(Some(Fault::Status(503, None)));
    let all = harness(&simulated).await;
    let (_, progress) = all.backfill(&[]).await;
    all.stack.settled().await;
    let (stores, acme) = (all.stack.stores(), workspace());
    let observations = all.observations().await;
    assert!(observations.len() as u64 == progress.report.captured && observations.len() > 20);
    for observation in observations.values() {
        let event = &observation.event;
        let (_, progress) = stores.enrichment.load(&acme, &event.source_id).await.unwrap().unwrap();
        assert!(progress.is_complete(), "what needs no service is done: {progress:?}");
        assert!(!progress.done.contains(&Step::Embeddings) && progress.due_at.is_some(), "the rest is due");
        let found = stores.enrichment.features(&acme, &week(event.occurred_at)).await.unwrap();
        assert!(found.iter().any(|one| one.source_id == event.source_id), "and it can be found");
    }
}
