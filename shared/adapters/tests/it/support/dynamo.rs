//! One embedded DynamoDB for all tests of this binary, each of which works in workspaces of its own. A thread of its own
//! serves it, since a test's runtime ends with the test.

use std::sync::OnceLock;
use std::sync::mpsc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::{RetryConfig, RetryPartition, TokenBucket};
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use connector_adapters::dynamodb::{Stores, TableNames, connect_local};

/// The address of the embedded DynamoDB, with its tables.
pub(crate) fn url() -> &'static str {
    static URL: OnceLock<String> = OnceLock::new();
    URL.get_or_init(|| {
        let (send, receive) = mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                let url = format!("http://{}", listener.local_addr().unwrap());
                let database = dynoxide::Database::memory().unwrap();
                let serve = dynoxide::server::serve_with_shutdown(listener, database, std::future::pending());
                let ready = async {
                    connect_local(&url).create_tables().await.unwrap();
                    send.send(url.clone()).unwrap();
                };
                let (served, ()) = tokio::join!(serve, ready);
                served.unwrap();
            });
        });
        receive.recv().unwrap()
    })
}

/// The stores of the embedded DynamoDB.
pub(crate) fn stores() -> Stores {
    connect_local(url())
}

/// Stores at another address, whose client tries so often.
pub(crate) fn stores_at(url: &str, attempts: u32) -> Stores {
    Stores::new(client_at(url, attempts), TableNames::default())
}

/// A client, to look at rows and to spoil them.
pub(crate) fn client() -> Client {
    client_at(url(), 1)
}

fn client_at(url: &str, attempts: u32) -> Client {
    let retries = RetryConfig::standard()
        .with_max_attempts(attempts)
        .with_initial_backoff(std::time::Duration::from_millis(1))
        .with_max_backoff(std::time::Duration::from_millis(1));
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(url)
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .retry_config(retries)
        // Tests must not use up each other's retries.
        .retry_partition(RetryPartition::custom("tests").token_bucket(TokenBucket::unlimited()).build())
        .build();
    Client::from_conf(config)
}
