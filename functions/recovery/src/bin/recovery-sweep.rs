//! Lambda: sends again what is stuck.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    connector_recovery::lambda::run().await
}
