//! Lambda: does one step of a repository's documents per message.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    connector_documents::lambda::run().await
}
