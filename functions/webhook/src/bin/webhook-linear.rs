//! Lambda: accepts Linear's webhooks.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    connector_webhook::lambda::run(connector_domain::ProviderKind::Linear).await
}
