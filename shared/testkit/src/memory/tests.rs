//! The ports in memory pass the suites that the real ones pass.

use super::*;
use crate::contract;

#[tokio::test]
async fn deliveries_keep_their_contract() {
    contract::deliveries(&MemoryDeliveries::default()).await;
}

#[tokio::test]
async fn observations_keep_their_contract() {
    contract::observations(&MemoryObservations::default()).await;
}

#[tokio::test]
async fn connections_keep_their_contract() {
    contract::connections(&MemoryConnections::default()).await;
}

#[tokio::test]
async fn backfills_keep_their_contract() {
    contract::backfills(&MemoryBackfills::default()).await;
}
