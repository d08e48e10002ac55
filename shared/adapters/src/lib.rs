//! Everything that talks to AWS, to a provider or to a service that reads texts: the only crate that names an AWS SDK or an HTTP client.
//! It implements the ports of the domain and holds no rule of the business.

mod aws;
pub mod config;
pub mod dynamodb;
pub mod http;
pub mod secrets;
pub mod services;
pub mod signer;
pub mod sqs;
pub mod system;
pub mod vault;

pub use config::AwsConfig;
