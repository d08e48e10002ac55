//! The adapters against what they talk to: DynamoDB embedded for real, the other services as endpoints on the wire.

mod dynamodb;
mod http;
mod kms;
mod secrets;
mod sqs;
mod support;
mod template;
mod vault;
