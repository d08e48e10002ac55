//! Lambda: connects accounts of GitHub.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    connector_oauth::lambda::run(connector_domain::ProviderKind::Github).await
}
