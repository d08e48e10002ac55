//! Lambda: turns stored deliveries into observations.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    connector_capture::lambda::run().await
}
