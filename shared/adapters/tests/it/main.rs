//! The adapters against what they talk to: DynamoDB embedded for real, the other services as endpoints on the wire.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod dynamodb;
mod http;
mod kms;
mod secrets;
mod services;
mod sqs;
mod support;
mod template;
mod vault;
