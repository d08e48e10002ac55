//! Clock, chance, queues, secrets, tokens and the providers' HTTP.

use std::time::Duration;

use async_trait::async_trait;

use super::PortError;
use crate::connection::Connection;
use crate::http::{HttpError, HttpRequest, HttpResponse};
use crate::task::Task;
use crate::{ProviderKind, Secret, Timestamp};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// Chance.
pub trait Random: Send + Sync {
    /// Sixteen bytes that nobody can guess.
    fn bytes(&self) -> [u8; 16];

    /// An identifier: 32 hexadecimal digits.
    fn id(&self) -> String {
        hex::encode(self.bytes())
    }

    /// A number in 0..1.
    fn fraction(&self) -> f64 {
        let [a, b, c, d, ..] = self.bytes();
        f64::from(u32::from_be_bytes([a, b, c, d])) / (f64::from(u32::MAX) + 1.0)
    }
}

/// Longest delay of a message; a longer wait takes several hops.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-timers.html>
pub const MAX_DELAY: Duration = Duration::from_secs(900);

/// A queue with at-least-once delivery and no order.
#[async_trait]
pub trait Queue<T: Task>: Send + Sync {
    /// Sends all of `tasks`, to be delivered after `delay` (more than [`MAX_DELAY`] is cut to it).
    /// When it fails some of them may have been sent.
    async fn send(&self, tasks: &[T], delay: Duration) -> Result<(), PortError>;
}

/// What providers and we know of each other.
#[async_trait]
pub trait Secrets: Send + Sync {
    /// The secrets that sign a provider's webhooks, the current one first, then the previous one while it is rotated.
    /// Empty when the provider is not configured. `fresh` asks past any cache, for a signature that the cached ones refuse.
    async fn webhook_secrets(&self, provider: ProviderKind, fresh: bool) -> Result<Vec<Secret>, PortError>;
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The connection must be made anew by a person.
    #[error("the connection must be made anew")]
    NeedsReconnect,
    /// The store or the key service could not answer.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Access tokens of connections.
#[async_trait]
pub trait Tokens: Send + Sync {
    /// A token that is good for a call now; `None` when the connection calls without one.
    /// `refused` is true when the provider has just refused the last one answered.
    async fn bearer(&self, connection: &Connection, refused: bool) -> Result<Option<Secret>, TokenError>;
}

/// Sends requests to providers.
#[async_trait]
pub trait ProviderHttp: Send + Sync {
    /// Sends a request once and reads the whole response, within a time and a size limit.
    async fn send(&self, request: &HttpRequest, bearer: Option<&Secret>) -> Result<HttpResponse, HttpError>;
}
