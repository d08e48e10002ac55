//! Lambda: accepts Vercel's webhooks.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    connector_webhook::lambda::run(connector_domain::ProviderKind::Vercel).await
}
