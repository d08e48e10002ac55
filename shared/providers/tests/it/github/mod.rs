//! GitHub against outside data: its own schema, payloads that others recorded, and an earlier system's outputs.

mod corpus;
mod policy;
mod schema;
mod vectors;
