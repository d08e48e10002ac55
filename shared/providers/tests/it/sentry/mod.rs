//! Sentry against outside data: payloads that others recorded, and an earlier system's outputs.

mod corpus;
mod vectors;
