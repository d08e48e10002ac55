//! The stores on an embedded DynamoDB.

mod lossy;

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use connector_adapters::dynamodb::Search;
use connector_adapters::system::OsRandom;
use connector_adapters::vault::{LocalKeyService, Sealer, Vault};
use connector_domain::delivery::DeliveryRecord;
use connector_domain::ports::{
    Clock, ConnectionStore, DeliveryStore, FeatureIndex, ObservationFilter, ObservationStore, PortErrorKind,
    PutDelivery, Random,
};
use connector_domain::{SourceType, Timestamp};
use connector_testkit::builders::{at, delivery, integration, observation, workspace};
use connector_testkit::contract;
use connector_testkit::memory::{ManualClock, SeededRandom};
use serde_json::json;

use crate::support::aws;
use crate::support::dynamo::{client, stores, stores_at};

const RETENTION: Duration = Duration::from_secs(90 * 86_400);

#[tokio::test]
async fn deliveries_keep_their_contract() {
    contract::deliveries(&stores().deliveries(RETENTION)).await;
    contract::redeliveries(&stores().deliveries(RETENTION)).await;
}

#[tokio::test]
async fn observations_keep_their_contract() {
    contract::observations(&stores().observations()).await;
}

#[tokio::test]
async fn enrichment_keeps_its_contract() {
    contract::enrichment(&stores().observations()).await;
}

#[tokio::test]
async fn what_models_said_keeps_its_contract() {
    contract::models(&stores().observations()).await;
}

#[tokio::test]
async fn features_keep_the_contract_of_an_index() {
    contract::vectors(&FeatureIndex(Arc::new(stores().observations()))).await;
}

#[tokio::test]
async fn connections_keep_their_contract() {
    contract::connections(&stores().connections()).await;
}

#[tokio::test]
async fn lists_keep_their_contract() {
    contract::connection_lists(&stores().connections()).await;
    contract::delivery_log(&stores().deliveries(RETENTION)).await;
    contract::run_lists(&stores().backfills()).await;
}

#[tokio::test]
async fn keys_requests_and_changes_keep_their_contract() {
    contract::machine_keys(&stores().access()).await;
    contract::once(&stores().access()).await;
    contract::changes(&stores().access()).await;
}

#[tokio::test]
async fn backfills_keep_their_contract() {
    contract::backfills(&stores().backfills()).await;
}

#[tokio::test]
async fn holds_keep_their_contract() {
    contract::holds(&stores().holds()).await;
}

#[tokio::test]
async fn documents_keep_their_contract() {
    contract::documents(&stores().documents()).await;
    contract::document_syncs(&stores().backfills()).await;
    let both = stores().backfills();
    contract::due_apart(&both, &both).await;
}

fn sealer() -> Sealer {
    let keys = Arc::new(LocalKeyService::new([1; 32]));
    Sealer::new(keys, Arc::new(ManualClock::default()), Arc::new(OsRandom))
}

#[tokio::test]
async fn states_keep_their_contract() {
    contract::states(&stores().states(sealer())).await;
}

#[tokio::test]
async fn sealed_tokens_keep_their_contract() {
    contract::vault(&Vault::new(stores().sealed_tokens(), sealer())).await;
}

#[tokio::test]
async fn the_audit_log_keeps_its_contract() {
    contract::audit(&stores().audit()).await;
}

#[tokio::test]
async fn tables_are_made_once() {
    let workspace = workspace("tables");
    let row = observation(&workspace, "9#1", at(0));
    assert!(stores().observations().put_if_absent(std::slice::from_ref(&row)).await[0].is_ok());
    stores().create_tables().await.unwrap();
    let kept = stores().observations().get(&workspace, &row.event.source_id).await.unwrap();
    assert_eq!(kept, Some(row));
}

/// A delivery whose bytes are in pieces, one whose bytes are in its row.
fn both_kinds(name: &str) -> [(DeliveryRecord, Vec<u8>); 2] {
    let random = SeededRandom::new(1);
    let large = (0..50_000).flat_map(|_| random.bytes()).collect();
    [
        (delivery(&format!("github#{name}-large"), &[]), large),
        (delivery(&format!("github#{name}"), &[]), b"{}".to_vec()),
    ]
}

#[tokio::test]
async fn what_has_expired_is_gone_although_it_is_still_there() {
    let clock = Arc::new(ManualClock::default());
    let store = stores().deliveries(RETENTION).with_clock(Arc::clone(&clock) as Arc<dyn Clock>);
    for (record, raw) in both_kinds("expired") {
        clock.set(at(0));
        assert_eq!(store.put_if_absent(&record, &raw).await.unwrap(), PutDelivery::Stored);
        clock.set(at(90 * 86_400 - 1));
        assert!(store.load(&record.id).await.unwrap().is_some());
        clock.set(at(90 * 86_400));
        assert_eq!(store.record(&record.id).await.unwrap(), None);
        assert_eq!(store.load(&record.id).await.unwrap(), None);
        assert_eq!(store.put_if_absent(&record, &raw).await.unwrap(), PutDelivery::Stored, "it may come again");
        assert_eq!(store.load(&record.id).await.unwrap(), Some((record, raw)));
    }
}

#[tokio::test]
async fn a_row_without_all_its_bytes_is_corrupt() {
    let store = stores().deliveries(RETENTION);
    for (record, raw) in both_kinds("spoiled") {
        store.put_if_absent(&record, &raw).await.unwrap();
        let pk = AttributeValue::S(format!("DLV#{}", record.id));
        let rows = client()
            .query()
            .table_name("deliveries")
            .key_condition_expression("PK = :pk")
            .expression_attribute_values(":pk", pk.clone())
            .send()
            .await
            .unwrap();
        // Of the one in pieces a piece goes, of the other a byte.
        let mut last = rows.items().last().unwrap().clone();
        if rows.count() > 1 {
            let delete = client().delete_item().table_name("deliveries").key("PK", pk).key("SK", last["SK"].clone());
            delete.send().await.unwrap();
        } else {
            let mut packed = last["raw"].as_b().unwrap().clone().into_inner();
            *packed.last_mut().unwrap() ^= 1;
            last.insert("raw".to_owned(), AttributeValue::B(packed.into()));
            client().put_item().table_name("deliveries").set_item(Some(last)).send().await.unwrap();
        }
        assert_eq!(store.load(&record.id).await.unwrap_err().kind, PortErrorKind::Corrupt);
        assert_eq!(store.record(&record.id).await.unwrap(), Some(record), "its row can still be read");
    }
}

#[tokio::test]
async fn a_row_in_a_foreign_form_is_corrupt() {
    let row = observation(&workspace("foreign"), "9#1", at(0));
    let put = client()
        .put_item()
        .table_name("observations")
        .item("PK", AttributeValue::S("WS#foreign".to_owned()))
        .item("SK", AttributeValue::S(format!("OBS#{}", row.event.source_id)))
        .item("event", AttributeValue::S("hunter2".to_owned()));
    put.send().await.unwrap();
    let store = stores().observations();
    let read = store.get(&row.workspace, &row.event.source_id).await.unwrap_err();
    let put = store.put_if_absent(std::slice::from_ref(&row)).await.remove(0).unwrap_err();
    for error in [read, put] {
        assert_eq!(error.kind, PortErrorKind::Corrupt);
        assert!(!format!("{error:?}").contains("hunter2"));
    }
}

#[tokio::test]
async fn a_rare_type_is_found_in_more_than_one_go() {
    let store = stores().observations().with_search(Search { queries: 3, rows: 7 });
    let workspace = workspace("rare");
    let mut rows: Vec<_> = (0..60).map(|n| observation(&workspace, &format!("9#{n}"), at(-n * 3_600))).collect();
    for n in [30, 59] {
        rows[n].event.source_type = SourceType::GithubReleasePublished;
    }
    assert!(store.put_if_absent(&rows).await.iter().all(Result::is_ok));
    let mut filter = ObservationFilter {
        provider: None,
        source_type: Some("release.published".to_owned()),
        actor: None,
        entity: None,
        since: Timestamp::MIN,
        until: Timestamp::MAX,
        limit: 10,
        cursor: None,
    };
    let (mut found, mut sizes) = (Vec::new(), Vec::new());
    loop {
        let page = store.list(&workspace, &filter).await.unwrap();
        sizes.push(page.observations.len());
        found.extend(page.observations);
        match page.next {
            Some(next) => filter.cursor = Some(next),
            None => break,
        }
    }
    assert_eq!(found, [rows[30].clone(), rows[59].clone()]);
    assert!(sizes.len() > 2 && sizes[0] == 0, "21 rows are looked at each time: {sizes:?}");
}

#[tokio::test]
async fn what_aws_says_tells_whether_to_ask_again() {
    let (unavailable, wrong) = (PortErrorKind::Temporary, PortErrorKind::Permanent);
    for (status, code, kind) in [
        (400, "com.amazonaws.dynamodb.v20120810#ThrottlingException", unavailable),
        (400, "ProvisionedThroughputExceededException", unavailable),
        (400, "RequestLimitExceeded", unavailable),
        (500, "InternalServerError", unavailable),
        (503, "ServiceUnavailable", unavailable),
        (400, "ResourceNotFoundException", wrong),
        (400, "AccessDeniedException", wrong),
        (400, "ValidationException", wrong),
    ] {
        let service = aws::serve(move |_, _| aws::error(status, code)).await;
        let store = stores_at(&service.url, 1).connections();
        let error = store.connection(&"c".parse().unwrap()).await.unwrap_err();
        assert_eq!(error.kind, kind, "{code}");
        let text = error.source.unwrap().to_string();
        assert!(text.contains(code.rsplit('#').next().unwrap()) && text.contains("said AWS"), "{text}");
    }
}

#[tokio::test]
async fn nobody_at_home_is_temporary() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = stores_at(&url, 1).connections().connection(&"c".parse().unwrap()).await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Temporary);
}

#[tokio::test]
async fn reasons_of_a_cancelled_transaction_decide() {
    for (reasons, kind, calls) in [
        // And a look at what stands there instead.
        (json!([{ "Code": "ConditionalCheckFailed" }, { "Code": "None" }]), PortErrorKind::Permanent, 2),
        (json!([{ "Code": "TransactionConflict" }, { "Code": "None" }]), PortErrorKind::Temporary, 3),
        (json!([{ "Code": "None" }, { "Code": "ThrottlingError" }]), PortErrorKind::Temporary, 1),
        (json!([{ "Code": "None" }, { "Code": "ValidationError" }]), PortErrorKind::Permanent, 1),
    ] {
        let answer =
            json!({ "__type": "TransactionCanceledException", "Message": "no", "CancellationReasons": reasons });
        let service = aws::serve(move |_, _| (400, answer.clone())).await;
        let store = stores_at(&service.url, 1).connections();
        let connection = connector_testkit::builders::connection("c", &workspace("acme"), "42");
        assert_eq!(store.put_connection(&connection).await.unwrap_err().kind, kind);
        assert_eq!(service.calls().len(), calls);
    }
}

#[tokio::test]
async fn active_links_fill_several_pages_of_a_shard() {
    let store = stores().connections();
    let owner = connector_testkit::builders::connection("many", &workspace("many"), "42");
    let first = integration(&owner, "many");
    store.put_integration(&first).await.unwrap();
    let get = client()
        .get_item()
        .table_name("connections")
        .key("PK", AttributeValue::S("RES#github#many".to_owned()))
        .key("SK", AttributeValue::S("WS#many".to_owned()));
    let item = get.send().await.unwrap().item.unwrap();
    // As many again as fit a page, and one, all in one shard.
    let puts: Vec<_> = (0..101)
        .map(|n| {
            let mut item = item.clone();
            item.insert("PK".to_owned(), AttributeValue::S(format!("RES#github#many-{n}")));
            let put = PutRequest::builder().set_item(Some(item)).build().unwrap();
            WriteRequest::builder().put_request(put).build()
        })
        .collect();
    for batch in puts.chunks(25) {
        client().batch_write_item().request_items("connections", batch.to_vec()).send().await.unwrap();
    }
    let (mut found, mut pages, mut after) = (0, 0, None);
    loop {
        let (page, next) = store.active_integrations(after).await.unwrap();
        found += page.iter().filter(|row| **row == first).count();
        pages += 1;
        match next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    assert_eq!(found, 102);
    assert!(pages > 8, "more pages than shards");
    assert!(store.active_integrations(Some("9".to_owned())).await.is_err(), "a place is one of ours");
}
