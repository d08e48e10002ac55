//! Clock, chance, queues, secrets, tokens and the providers' HTTP.

use std::time::Duration;

use async_trait::async_trait;

use super::PortError;
use crate::connection::Connection;
use crate::http::{HttpError, HttpRequest, HttpResponse};
use crate::oauth::{AppCredentials, OneTimeSecret};
use crate::task::Task;
use crate::{ProviderKind, ResourceId, Secret, Timestamp};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// Lets a moment pass, where a caller waits for another one that is at the same work. A wait for anything else is a
/// delayed message.
#[async_trait]
pub trait Pause: Send + Sync {
    /// Comes back after `time`.
    async fn pause(&self, time: Duration);
}

/// Chance.
pub trait Random: Send + Sync {
    /// Sixteen bytes that nobody can guess.
    fn bytes(&self) -> [u8; 16];

    /// An identifier: 32 hexadecimal digits.
    fn id(&self) -> String {
        hex::encode(self.bytes())
    }

    /// A secret that is good once.
    fn one_time(&self) -> Option<OneTimeSecret> {
        let mut bytes = [0; 32];
        for half in bytes.chunks_exact_mut(16) {
            half.copy_from_slice(&self.bytes());
        }
        OneTimeSecret::of(bytes)
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

/// Longest that any function works on a message. Two of them fit into [`MAX_DELAY`]: when what was sent with that delay comes,
/// its sender has ended, and so has whoever began before the sender did.
pub const MAX_WORK: Duration = Duration::from_secs(450);

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

    /// What a provider knows our app by; `None` when it is not configured. `fresh` asks past any cache, for credentials
    /// that the provider refuses.
    async fn app(&self, provider: ProviderKind, fresh: bool) -> Result<Option<AppCredentials>, PortError>;
}

/// Signs with an app's private key, wherever that is: a key service need not give it away.
#[async_trait]
pub trait AppSigner: Send + Sync {
    /// The signature of `message` by RSASSA-PKCS1-v1_5 with SHA-256.
    async fn rs256(&self, key: &Secret, message: &[u8]) -> Result<Vec<u8>, PortError>;
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
    /// A token that is good for a call now; `None` when the connection calls without one. Where the provider can narrow it,
    /// it is good for `resource` alone. `refused` is the one that the provider has just refused: of all who hold it, the
    /// first to say so has it renewed.
    async fn bearer(
        &self,
        connection: &Connection,
        resource: Option<&ResourceId>,
        refused: Option<&Secret>,
    ) -> Result<Option<Secret>, TokenError>;

    /// Notes that the provider refuses a connection's tokens though they were renewed: a person must connect it again.
    /// [`TokenError::NeedsReconnect`] is noted already.
    async fn stays_refused(&self, connection: &Connection) -> Result<(), PortError>;
}

/// Sends requests to providers.
#[async_trait]
pub trait ProviderHttp: Send + Sync {
    /// Sends a request once and reads the whole response, within a time and a size limit.
    async fn send(&self, request: &HttpRequest, bearer: Option<&Secret>) -> Result<HttpResponse, HttpError>;
}
