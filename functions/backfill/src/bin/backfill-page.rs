//! Lambda: fetches one page of history per message.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    connector_backfill::lambda::run_pages().await
}
