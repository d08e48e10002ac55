//! Lambda: lets programs in by their machine keys.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    connector_api::lambda::run_authorizer().await
}
