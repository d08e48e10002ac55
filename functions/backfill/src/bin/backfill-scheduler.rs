//! Lambda: starts runs where history is not complete.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    connector_backfill::lambda::run_scheduler().await
}
