//! Serves a schedule: the event says nothing but that it is time.

use std::future::Future;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::de::IgnoredAny;

/// Runs until Lambda ends the process.
///
/// # Errors
/// When the Runtime API fails.
pub async fn serve<T, E, F, Fut>(handle: F) -> Result<(), Error>
where
    E: std::error::Error + Send + Sync + 'static,
    F: Fn() -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    let handle = &handle;
    lambda_runtime::run(service_fn(|_: LambdaEvent<IgnoredAny>| async move {
        handle().await?;
        Ok::<_, Error>(())
    }))
    .await
}
