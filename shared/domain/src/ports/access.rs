//! Who may call the management API, and what it has answered before.

use async_trait::async_trait;

use super::{PortError, Put};
use crate::access::MachineKey;
use crate::{Timestamp, WorkspaceId};

/// Machine keys. Only their hashes are here.
#[async_trait]
pub trait MachineKeys: Send + Sync {
    /// Stores a new one, unless its id is there.
    async fn add(&self, key: &MachineKey) -> Result<Put, PortError>;

    /// One, by its id, as it is now.
    async fn find(&self, id: &str) -> Result<Option<MachineKey>, PortError>;

    /// Those of a workspace, revoked ones too.
    async fn of_workspace(&self, workspace: &WorkspaceId) -> Result<Vec<MachineKey>, PortError>;

    /// Revokes one of the workspace for good. Answers it as it then is; `None` when the workspace has no such key.
    async fn revoke(&self, workspace: &WorkspaceId, id: &str, at: Timestamp) -> Result<Option<MachineKey>, PortError>;
}

/// A request that must have its effect once, however often it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnceKey {
    /// For whom.
    pub workspace: WorkspaceId,
    /// A digest of who sent it and of the key that they gave it.
    pub name: String,
    /// A digest of what it asks for.
    pub request: String,
}

/// What is known of such a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// Nothing: the caller does the work, and has it to itself until the lease ends.
    First,
    /// Somebody is at it.
    Busy,
    /// It was answered so.
    Answered {
        /// HTTP status.
        status: u16,
        /// JSON text.
        body: String,
    },
    /// The key was given to another request.
    Different,
}

/// Requests that must have their effect once.
#[async_trait]
pub trait OnceStore: Send + Sync {
    /// Notes that a request is being worked on until `lease_until`, unless it is or was.
    async fn begin(&self, key: &OnceKey, now: Timestamp, lease_until: Timestamp) -> Result<Begun, PortError>;

    /// Keeps the answer for repetitions until `expires_at`.
    async fn answered(&self, key: &OnceKey, status: u16, body: &str, expires_at: Timestamp) -> Result<(), PortError>;

    /// Forgets a request that had no effect, so that it can be sent again.
    async fn forget(&self, key: &OnceKey) -> Result<(), PortError>;
}
