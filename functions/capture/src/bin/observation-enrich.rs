//! Lambda: finds out what captured facts have to do with others.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    connector_capture::lambda::run_enrich().await
}
