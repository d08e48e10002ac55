//! Raw bytes that a provider gave us: one webhook request, or one list page fetched by backfill.

use std::fmt;
use std::marker::PhantomData;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::backfill::{EntityType, Window};
use crate::capture::CaptureReport;
use crate::task::{CaptureTask, TASK_VERSION};
use crate::{AccountId, ProviderKind, ResourceId, RunId, Timestamp, WorkspaceId};

/// Nothing is known about who sent it.
#[derive(Debug, Clone, Copy)]
pub struct Unverified;

/// The provider sent it: its signature was checked, or we fetched it ourselves.
#[derive(Debug, Clone, Copy)]
pub struct Verified;

/// Raw bytes with their origin. Only a `Delivery<Verified>` can be routed, stored or transformed, and there
/// are three ways to get one: [`Delivery::verify`], [`Delivery::page`] and [`Delivery::restored`].
#[derive(Debug, Clone)]
pub struct Delivery<S> {
    /// Who sent it.
    pub provider: ProviderKind,
    /// How it came.
    pub origin: Origin,
    /// The bytes, untouched.
    pub raw: Vec<u8>,
    /// When we got it.
    pub received_at: Timestamp,
    state: PhantomData<S>,
}

/// How a delivery came to us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Origin {
    /// A webhook request.
    Webhook {
        /// The provider's name of the event, such as `pull_request`.
        event: String,
        /// The provider's id of the delivery. Shown to people only: it is outside the signature.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transport_id: Option<String>,
    },
    /// One page of a list.
    Page {
        /// The run that fetched it.
        run: RunId,
        /// Which resource, with the name it had then.
        resource: crate::connection::ResourceRef,
        /// What is listed.
        entity: EntityType,
        /// Number of the page within its unit, from 0.
        page: u32,
        /// Facts outside it are not part of the run.
        window: Window,
        /// Whether the run holds facts back.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        hold: bool,
    },
}

impl Delivery<Unverified> {
    /// A webhook request as it arrived.
    #[must_use]
    pub const fn webhook(
        provider: ProviderKind,
        event: String,
        transport_id: Option<String>,
        raw: Vec<u8>,
        received_at: Timestamp,
    ) -> Self {
        let origin = Origin::Webhook { event, transport_id };
        Self { provider, origin, raw, received_at, state: PhantomData }
    }

    /// Turns into a verified delivery when `check` accepts the raw bytes.
    ///
    /// # Errors
    /// What `check` answers.
    pub fn verify<E>(self, check: impl FnOnce(&[u8]) -> Result<(), E>) -> Result<Delivery<Verified>, E> {
        check(&self.raw)?;
        Ok(Delivery {
            provider: self.provider,
            origin: self.origin,
            raw: self.raw,
            received_at: self.received_at,
            state: PhantomData,
        })
    }
}

impl Delivery<Verified> {
    /// A list page that we asked the provider for ourselves.
    #[must_use]
    pub const fn page(provider: ProviderKind, origin: Origin, raw: Vec<u8>, received_at: Timestamp) -> Self {
        Self { provider, origin, raw, received_at, state: PhantomData }
    }

    /// A delivery out of the store, which holds verified ones only.
    #[must_use]
    pub fn restored(record: &DeliveryRecord, raw: Vec<u8>) -> Self {
        Self {
            provider: record.provider,
            origin: record.origin.clone(),
            raw,
            received_at: record.received_at,
            state: PhantomData,
        }
    }

    /// Identity from content alone: headers are outside the signature, so a replay with a new delivery header is the
    /// same delivery. A page also counts its place, since the empty page of two lists is the same two bytes.
    #[must_use]
    pub fn id(&self) -> DeliveryId {
        let mut hash = Sha256::new();
        if let Origin::Page { run, resource, entity, page, .. } = &self.origin {
            hash.update(format!("{run}\n{}\n{entity}\n{page}\n", resource.id));
        }
        hash.update(&self.raw);
        DeliveryId(format!("{}#{}", self.provider, hex::encode(hash.finalize())))
    }
}

/// `{provider}#{sha256}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeliveryId(String);

impl DeliveryId {
    /// Takes an id that was made before.
    ///
    /// # Errors
    /// When it is empty or oversized.
    pub fn parse(text: impl Into<String>) -> Result<Self, crate::IdError> {
        let text = text.into();
        match text.len() {
            0 => Err(crate::IdError::Empty("delivery id")),
            1..=crate::id::MAX_ID_BYTES => Ok(Self(text)),
            _ => Err(crate::IdError::TooLong("delivery id")),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A short form that follows the delivery through logs and rows.
    #[must_use]
    pub fn correlation(&self) -> String {
        let digest = self.0.rsplit('#').next().unwrap_or(&self.0);
        crate::text::cut(digest, 16).to_owned()
    }
}

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How far a delivery has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", content = "reason", rename_all = "snake_case")]
pub enum DeliveryState {
    /// Its bytes are durable; some workspace has not captured it yet.
    Received,
    /// Every workspace has captured it.
    Processed,
    /// There was nothing to do, for this reason.
    Skipped(String),
    /// Given up after too many attempts, with the last reason. The bytes stay and can be replayed.
    Dead(String),
}

impl DeliveryState {
    /// Whether nothing more will happen by itself.
    #[must_use]
    pub const fn is_terminal(&self) -> bool {
        !matches!(self, Self::Received)
    }

    /// The name of the state.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Processed => "processed",
            Self::Skipped(_) => "skipped",
            Self::Dead(_) => "dead",
        }
    }
}

/// The row of a delivery, without its bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeliveryRecord {
    /// Identity.
    pub id: DeliveryId,
    /// Who sent it.
    pub provider: ProviderKind,
    /// How it came.
    pub origin: Origin,
    /// The provider account it belongs to, from the verified body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// The resource it is about, from the verified body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<ResourceId>,
    /// When we got it.
    pub received_at: Timestamp,
    /// Size of the raw bytes.
    pub bytes: u64,
    /// How far it has come.
    #[serde(flatten)]
    pub state: DeliveryState,
    /// Workspaces that have not captured it yet.
    #[serde(default)]
    pub pending: Vec<WorkspaceId>,
    /// What each workspace made of it.
    #[serde(default)]
    pub outcomes: std::collections::BTreeMap<WorkspaceId, CaptureReport>,
    /// How often recovery has sent it again.
    #[serde(default)]
    pub attempts: u32,
    /// When recovery should look at it, while it is not terminal.
    pub due_at: Timestamp,
    /// Follows the delivery through every log line and row.
    pub correlation: String,
}

impl DeliveryRecord {
    /// The workspaces that are to capture it or have: those that may see it.
    pub fn workspaces(&self) -> impl Iterator<Item = &WorkspaceId> {
        let pending = self.pending.iter().filter(|workspace| !self.outcomes.contains_key(workspace));
        self.outcomes.keys().chain(pending)
    }

    /// Whether a workspace dropped it for want of a link: should it come again, there may be one.
    #[must_use]
    pub fn was_unlinked_for(&self, workspace: &WorkspaceId) -> bool {
        !self.pending.contains(workspace) && self.outcomes.get(workspace).is_some_and(CaptureReport::is_unlinked)
    }

    /// How far it has come for one of its workspaces, whatever the others make of it.
    #[must_use]
    pub fn state_for(&self, workspace: &WorkspaceId) -> DeliveryState {
        if !self.pending.contains(workspace) && self.outcomes.contains_key(workspace) {
            return DeliveryState::Processed;
        }
        self.state.clone()
    }

    /// The message that asks for its capture by one workspace.
    #[must_use]
    pub fn capture_task(&self, workspace: &WorkspaceId) -> CaptureTask {
        CaptureTask {
            v: TASK_VERSION,
            workspace: workspace.clone(),
            delivery: self.id.clone(),
            correlation: self.correlation.clone(),
        }
    }

    /// The messages for all that have not captured it.
    #[must_use]
    pub fn pending_tasks(&self) -> Vec<CaptureTask> {
        self.pending.iter().map(|workspace| self.capture_task(workspace)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn webhook(event: &str, raw: &str) -> Delivery<Verified> {
        Delivery::webhook(ProviderKind::Github, event.into(), Some("guid".into()), raw.into(), Timestamp::UNIX_EPOCH)
            .verify(|_| Ok::<(), ()>(()))
            .unwrap()
    }

    #[test]
    fn a_replay_under_other_headers_is_the_same_delivery() {
        assert_eq!(webhook("push", "{}").id(), webhook("issues", "{}").id());
        assert_ne!(webhook("push", "{}").id(), webhook("push", "{ }").id());
    }

    #[test]
    fn empty_pages_of_two_lists_are_two_deliveries() {
        let page = |entity, page| {
            let origin = Origin::Page {
                run: RunId::parse("r").unwrap(),
                resource: crate::connection::ResourceRef { id: ResourceId::parse("1").unwrap(), name: "o/r".into() },
                entity,
                page,
                window: Window { since: Timestamp::UNIX_EPOCH, until: Timestamp::UNIX_EPOCH },
                hold: false,
            };
            Delivery::page(ProviderKind::Github, origin, b"[]".to_vec(), Timestamp::UNIX_EPOCH).id()
        };
        assert_ne!(page(EntityType::Issue, 0), page(EntityType::Release, 0));
        assert_ne!(page(EntityType::Issue, 0), page(EntityType::Issue, 1));
        assert_eq!(page(EntityType::Issue, 0), page(EntityType::Issue, 0));
    }
}
