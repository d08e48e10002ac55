//! Lambda: serves what of the management API must ask a provider.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    connector_api::lambda::run_live().await
}
