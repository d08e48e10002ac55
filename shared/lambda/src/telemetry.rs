//! One JSON object per log line, on standard output, which Lambda forwards to CloudWatch; and the metrics in them.

use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::env::{Env, ProcessEnv};
use crate::metrics::Metrics;

/// Starts logging. `RUST_LOG` sets what is shown; without it, `info`. Metrics are written whatever it says.
pub fn init() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_span_events(FmtSpan::NONE)
        .with_target(false);
    let function = ProcessEnv.get("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default();
    let metrics = Metrics::new(function, std::io::stdout());
    // A second call finds a subscriber in place and leaves it.
    let _ = tracing_subscriber::registry().with(lines.with_filter(filter)).with(metrics).try_init();
}

/// An error with all its causes, for the one log line at the edge of a Lambda.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
