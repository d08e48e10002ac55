//! Lambda: serves the management API.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    connector_api::lambda::run().await
}
