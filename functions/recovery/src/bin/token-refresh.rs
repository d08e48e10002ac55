//! Lambda: renews tokens before they end.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    connector_recovery::lambda::run_tokens().await
}
