//! What we remember of a person who is at the provider's consent screen.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{ConnectFailure, OneTimeSecret, SecretHash};
use crate::{ConnectionId, ProviderKind, Timestamp, UserId, WorkspaceId};

/// How long a person has to come back.
pub const CONNECT_TTL: Duration = Duration::from_secs(600);

/// Where a person goes after connecting. Never an address from a request: that would be an open redirect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Return {
    /// To the settings of the workspace.
    Settings,
    /// Back to the terminal that waits.
    Cli,
}

/// What a state stands for. The row is keyed by the state's hash, and taking it is what makes it good once.
#[derive(Debug, Clone)]
pub struct ConnectState {
    /// At which provider. The callback of another one does not get it.
    pub provider: ProviderKind,
    /// For which workspace.
    pub workspace: WorkspaceId,
    /// Who started.
    pub user: UserId,
    /// Where to go then.
    pub back: Return,
    /// The hash of the cookie of the browser that opened it; `None` until one has.
    pub browser: Option<SecretHash>,
    /// Opens the code that the challenge was sent for; kept sealed.
    pub verifier: Option<OneTimeSecret>,
    /// Whoever holds the secret of this hash may ask how it went.
    pub poll: SecretHash,
    /// When it was started.
    pub created_at: Timestamp,
    /// From when on it is not good any more.
    pub expires_at: Timestamp,
}

/// How a connect went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum ConnectOutcome {
    /// The person has not come back yet.
    Pending,
    /// The account is connected.
    Connected {
        /// The connection.
        connection: ConnectionId,
        /// The name of the account.
        account: String,
        /// Whether the workspace had it connected before.
        again: bool,
    },
    /// It is not.
    Failed {
        /// Why.
        code: ConnectFailure,
    },
}
