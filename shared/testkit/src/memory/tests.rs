//! The ports in memory pass the suites that the real ones pass.

use std::sync::Arc;

use connector_domain::ports::FeatureIndex;

use super::*;
use crate::contract;

#[tokio::test]
async fn deliveries_keep_their_contract() {
    contract::deliveries(&MemoryDeliveries::default()).await;
    contract::redeliveries(&MemoryDeliveries::default()).await;
}

#[tokio::test]
async fn observations_keep_their_contract() {
    contract::observations(&MemoryObservations::default()).await;
}

#[tokio::test]
async fn enrichment_keeps_its_contract() {
    contract::enrichment(&MemoryObservations::default()).await;
}

#[tokio::test]
async fn what_models_said_keeps_its_contract() {
    contract::models(&MemoryModels::default()).await;
}

#[tokio::test]
async fn features_keep_the_contract_of_an_index() {
    contract::vectors(&FeatureIndex(Arc::new(MemoryObservations::default()))).await;
}

#[tokio::test]
async fn connections_keep_their_contract() {
    contract::connections(&MemoryConnections::default()).await;
}

#[tokio::test]
async fn lists_keep_their_contract() {
    contract::connection_lists(&MemoryConnections::default()).await;
    contract::delivery_log(&MemoryDeliveries::default()).await;
    contract::run_lists(&MemoryBackfills::default()).await;
}

#[tokio::test]
async fn keys_requests_and_changes_keep_their_contract() {
    contract::machine_keys(&MemoryKeys::default()).await;
    contract::once(&MemoryOnce::default()).await;
    contract::changes(&MemoryChanges::default()).await;
}

#[tokio::test]
async fn backfills_keep_their_contract() {
    contract::backfills(&MemoryBackfills::default()).await;
}

#[tokio::test]
async fn holds_keep_their_contract() {
    contract::holds(&MemoryHolds::default()).await;
}

#[tokio::test]
async fn states_keep_their_contract() {
    contract::states(&MemoryStates::default()).await;
}

#[tokio::test]
async fn tokens_keep_their_contract() {
    contract::vault(&MemoryVault::default()).await;
}

#[tokio::test]
async fn the_audit_log_keeps_its_contract() {
    contract::audit(&MemoryAudit::default()).await;
}

#[tokio::test]
async fn documents_keep_their_contract() {
    contract::documents(&MemoryDocuments::default()).await;
    contract::document_syncs(&MemoryDocuments::default()).await;
    contract::due_apart(&MemoryBackfills::default(), &MemoryDocuments::default()).await;
}
