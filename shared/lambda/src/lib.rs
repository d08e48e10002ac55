//! What every Lambda of the system repeats: configuration, telemetry, batches and the two directions of HTTP.
//! It knows no provider, no table and no AWS client.

pub mod api;
pub mod batch;
pub mod env;
pub mod http;
pub mod metrics;
pub mod schedule;
pub mod sqs;
pub mod telemetry;
