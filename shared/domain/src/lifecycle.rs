//! What an install, uninstall, rename or removal at the provider changes on our side.

use crate::connection::ResourceRef;
use crate::{AccountId, ResourceId, Timestamp};

/// A change that a provider announced about an account or its resources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LifecycleChange {
    /// The account it is about.
    pub account: AccountId,
    /// What changed.
    pub action: LifecycleAction,
    /// When it changed, where the provider tells. A late announcement must not undo what happened since.
    pub at: Option<Timestamp>,
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LifecycleAction {
    /// The app was installed or its permissions accepted; nothing is linked by that alone.
    Installed,
    /// The app is gone from the account: final.
    Uninstalled,
    /// The provider stopped serving the account for a while.
    Suspended,
    /// It serves it again.
    Unsuspended,
    /// The account has another name now.
    AccountRenamed {
        /// The new one.
        name: String,
        /// The old one, where the names of its resources begin with it: they have changed, too.
        owner_was: Option<String>,
    },
    /// Resources can now be linked.
    ResourcesAdded(Vec<ResourceRef>),
    /// Resources can no longer be read.
    ResourcesRemoved(Vec<ResourceRef>),
    /// A resource has another name now.
    ResourceRenamed(ResourceRef),
    /// A resource was deleted or moved to another account.
    ResourceGone {
        /// Which.
        resource: ResourceId,
        /// Why, in one word: `deleted`, `transferred`.
        reason: &'static str,
    },
}

impl LifecycleAction {
    /// The name of the change.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Installed => "installed",
            Self::Uninstalled => "uninstalled",
            Self::Suspended => "suspended",
            Self::Unsuspended => "unsuspended",
            Self::AccountRenamed { .. } => "account_renamed",
            Self::ResourcesAdded(_) => "resources_added",
            Self::ResourcesRemoved(_) => "resources_removed",
            Self::ResourceRenamed(_) => "resource_renamed",
            Self::ResourceGone { .. } => "resource_gone",
        }
    }
}
