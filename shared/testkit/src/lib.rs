//! What tests need and production must not have: the ports in memory, domain values in one line each, and the suites that
//! hold every implementation of a port, in memory or in DynamoDB, to the same contract.

pub mod builders;
pub mod contract;
pub mod memory;
