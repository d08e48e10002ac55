//! Endpoints on ports that the system picks.

pub(crate) mod aws;
pub(crate) mod dynamo;
pub(crate) mod tcp;
