//! Lambda: connects accounts of Linear.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    connector_oauth::lambda::run(connector_domain::ProviderKind::Linear).await
}
