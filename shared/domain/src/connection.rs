//! Connections, resources and the links between them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::backfill::{Depth, EntityType};
use crate::capture::Weights;
use crate::{AccountId, ConnectionId, IntegrationId, ProviderKind, ResourceId, SourceType, Timestamp, WorkspaceId};

/// An authorised provider account owned by one workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// Identity.
    pub id: ConnectionId,
    /// Who owns it.
    pub workspace: WorkspaceId,
    /// Where the account is.
    pub provider: ProviderKind,
    /// The provider's immutable id of the account.
    pub account: AccountId,
    /// The name of the account, to show.
    pub account_name: String,
    /// Whether it may be used.
    pub status: ConnectionStatus,
    /// When it was made: of an account that was connected again, the last time.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Whether a connection may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionStatus {
    /// Works.
    Active,
    /// The provider has suspended the app; it may come back by itself.
    Suspended,
    /// The token is refused; a person must connect anew.
    NeedsReconnect,
    /// Disconnected by us or uninstalled at the provider. Final.
    Revoked,
}

impl Connection {
    /// Whether this may be stored on top of what is `known` of the same connection.
    #[must_use]
    pub fn replaces(&self, known: &Self) -> bool {
        let ended = known.status == ConnectionStatus::Revoked && self.status != ConnectionStatus::Revoked;
        self.created_at > known.created_at || (self.created_at == known.created_at && !ended)
    }
}

impl ConnectionStatus {
    /// Whether deliveries for it are captured. A suspended or expired connection still owns its events.
    #[must_use]
    pub const fn receives(self) -> bool {
        !matches!(self, Self::Revoked)
    }

    /// Whether the provider can be asked through it. Its history waits until it can.
    #[must_use]
    pub const fn works(self) -> bool {
        matches!(self, Self::Active)
    }

    /// The name of the status.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::NeedsReconnect => "needs_reconnect",
            Self::Revoked => "revoked",
        }
    }
}

/// A resource by its immutable id, with the name it has now.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ResourceRef {
    /// The provider's immutable id.
    pub id: ResourceId,
    /// Name at the time, such as `owner/repo`: for URLs and people, never for identity.
    pub name: String,
}

/// The link: a resource captured for a workspace through a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Integration {
    /// Identity.
    pub id: IntegrationId,
    /// For whom.
    pub workspace: WorkspaceId,
    /// Through which connection.
    pub connection: ConnectionId,
    /// Where the resource is.
    pub provider: ProviderKind,
    /// The account that the connection authorises.
    pub account: AccountId,
    /// What is linked.
    pub resource: ResourceRef,
    /// What is wanted from it.
    pub settings: SyncSettings,
    /// Whether it is captured.
    pub active: bool,
    /// Why it is not, when it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inactive_reason: Option<String>,
    /// When it was linked first.
    pub linked_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What a workspace wants from a linked resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SyncSettings {
    /// Subscription names, as in [`SourceType::subscription`]. Empty means none.
    pub events: BTreeSet<String>,
    /// Whether and how history is fetched.
    pub backfill: BackfillSettings,
    /// Whether files are kept as documents, where the repository has a configuration that names some.
    #[serde(default = "yes")]
    pub documents: bool,
}

/// For links from before there was the choice.
const fn yes() -> bool {
    true
}

/// Whether and how history is fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackfillSettings {
    /// Whether the scheduler keeps the history complete.
    pub enabled: bool,
    /// How far back.
    pub depth: Depth,
    /// Which lists; empty means all that the provider has.
    #[serde(default)]
    pub entities: BTreeSet<EntityType>,
}

impl SyncSettings {
    /// Everything the provider has, 30 days back.
    #[must_use]
    pub fn everything(provider: ProviderKind) -> Self {
        Self {
            events: SourceType::subscriptions(provider).into_iter().map(str::to_owned).collect(),
            backfill: BackfillSettings { enabled: true, depth: Depth::Days30, entities: BTreeSet::new() },
            documents: true,
        }
    }

    /// Whether a fact of this type is wanted.
    #[must_use]
    pub fn wants(&self, kind: SourceType) -> bool {
        self.events.contains(kind.subscription())
    }
}

/// What a workspace has decided for all its sources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceSettings {
    /// Facts that score lower are counted and not stored, 0 to 100.
    pub significance_threshold: u8,
    /// Points that it gives otherwise.
    #[serde(default, skip_serializing_if = "Weights::is_empty")]
    pub weights: Weights,
}

impl Default for WorkspaceSettings {
    fn default() -> Self {
        Self { significance_threshold: 30, weights: Weights::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_from_before_documents_wants_them() {
        let old = r#"{"events":[],"backfill":{"enabled":true,"depth":30}}"#;
        assert!(serde_json::from_str::<SyncSettings>(old).unwrap().documents);
    }

    #[test]
    fn every_type_passes_the_full_subscription_and_none_the_empty_one() {
        for kind in SourceType::ALL.iter().copied() {
            let mut settings = SyncSettings::everything(kind.provider());
            assert!(settings.wants(kind), "{kind}");
            settings.events.clear();
            assert!(!settings.wants(kind), "{kind}");
        }
    }
}
