//! Runs a function by the clock, as EventBridge does: the first time after one period.

use std::future::Future;
use std::time::Duration;

use connector_lambda::telemetry::chain;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tracing::error;

/// Calls `function` every so often until `stop` says so.
pub(super) async fn repeat<T, E, F, Fut>(every: Duration, mut stop: watch::Receiver<bool>, function: F)
where
    E: std::error::Error,
    F: Fn() -> Fut + Send,
    Fut: Future<Output = Result<T, E>> + Send,
{
    let mut ticks = interval_at(Instant::now() + every, every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return,
            _ = ticks.tick() => {}
        }
        if let Err(error) = function().await {
            error!("a scheduled function failed: {}", chain(&error));
        }
    }
}
