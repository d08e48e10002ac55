//! What a provider must know, in small traits: a function asks for the role it needs and cannot call another.

use connector_domain::backfill::{Cursor, EntityType, Pool, ProviderError, Share, Window};
use connector_domain::connection::ResourceRef;
use connector_domain::delivery::Origin;
use connector_domain::http::{Headers, HttpRequest, HttpResponse, RateLimit, WebhookRequest};
use connector_domain::redelivery::FailedDelivery;
use connector_domain::transformed::{IgnoreReason, Quarantined, Transformed};
use connector_domain::{AccountId, Delivery, ProviderKind, ResourceId, Secret, Timestamp, Verified};

use crate::DocumentSource;
use crate::oauth::OAuthFlow;

/// A provider: all roles together.
pub trait Provider: WebhookSource + BackfillSource + ResourceSource + OAuthFlow {
    /// What a delivery became, whichever path brought it.
    fn transform(&self, delivery: &Delivery<Verified>) -> Transformed {
        match &delivery.origin {
            Origin::Webhook { event, .. } => self.transform_webhook(event, delivery),
            Origin::Page { resource, entity, window, .. } => self.transform_page(resource, *entity, *window, delivery),
        }
    }
}

/// Accepts webhooks.
pub trait WebhookSource: Send + Sync {
    /// Which provider.
    fn kind(&self) -> ProviderKind;

    /// Checks the headers' form and the signature over the raw bytes against each of `secrets`
    /// (the current one and, while it is rotated, the previous one), before anything is parsed.
    ///
    /// # Errors
    /// Says why the sender must be refused.
    fn verify(
        &self,
        request: WebhookRequest,
        secrets: &[Secret],
        now: Timestamp,
    ) -> Result<Delivery<Verified>, Rejection>;

    /// The headers with which the provider would send `body`: for local use and tests.
    fn sign(&self, event: &str, delivery_id: &str, body: &[u8], secret: &Secret, now: Timestamp) -> Headers;

    /// Whose delivery it is, from the verified body alone.
    fn route(&self, delivery: &Delivery<Verified>) -> Route;

    /// The provider's log of webhooks that did not arrive, where it keeps one and sends nothing again by itself.
    fn failed_deliveries(&self) -> Option<&dyn FailedDeliveries> {
        None
    }

    /// What a webhook became. Never fails: what cannot be read is quarantined, what is unknown is ignored.
    fn transform_webhook(&self, event: &str, delivery: &Delivery<Verified>) -> Transformed;
}

/// A provider's log of webhooks that did not arrive. The app itself asks for it.
pub trait FailedDeliveries: Send + Sync {
    /// The request for a page of it, newest first.
    fn request(&self, cursor: Option<&Cursor>) -> HttpRequest;

    /// A page of it, and where the next one starts.
    ///
    /// # Errors
    /// When it is not a page.
    fn read(
        &self,
        response: &HttpResponse,
        now: Timestamp,
    ) -> Result<(Vec<FailedDelivery>, Option<Cursor>), ProviderError>;

    /// Asks for one of them again.
    fn again(&self, id: &str) -> HttpRequest;
}

/// Lists history, one page at a time.
pub trait BackfillSource: Send + Sync {
    /// What can be listed.
    fn entity_types(&self) -> &'static [EntityType];

    /// Whether nobody is answered this list without a token, where others are public.
    fn needs_token(&self, _entity: EntityType) -> bool {
        false
    }

    /// Which of the provider's budgets the pages of a list are counted in.
    fn pool(&self, _entity: EntityType) -> Pool {
        Pool::Calls
    }

    /// Whether a list can be read between two moments alone. Others are read up to now, because an item that changes
    /// later moves there, with what happened to it before.
    fn reads_between(&self, _entity: EntityType) -> bool {
        false
    }

    /// The request for a page; `None` when this provider has no such list.
    fn page_request(&self, scope: &Scope<'_>, cursor: Option<&Cursor>) -> Option<HttpRequest>;

    /// Whether the response is a page, and where the next one starts.
    ///
    /// # Errors
    /// When it is not a page; the error says what to do.
    fn read_page(
        &self,
        scope: &Scope<'_>,
        cursor: Option<&Cursor>,
        response: &HttpResponse,
        now: Timestamp,
    ) -> Result<PageMeta, ProviderError>;

    /// What a page became: one event per transition that its items prove, inside the window.
    fn transform_page(
        &self,
        resource: &ResourceRef,
        entity: EntityType,
        window: Window,
        delivery: &Delivery<Verified>,
    ) -> Transformed;
}

/// Finds what can be linked.
pub trait ResourceSource: Send + Sync {
    /// The files of its resources, where these are repositories.
    fn documents(&self) -> Option<&dyn DocumentSource> {
        None
    }

    /// How people write the name of a resource, such as `OWNER/REPO`.
    fn resource_form(&self) -> &'static str;

    /// The request for one resource by its name; `None` when it is not written in that form.
    fn resource_request(&self, name: &str) -> Option<HttpRequest>;

    /// The resource that a response is about.
    ///
    /// # Errors
    /// When there is none; the error says what to do.
    fn read_resource(&self, response: &HttpResponse, now: Timestamp) -> Result<Found, ProviderError>;

    /// The request for a page of all that an account gives access to.
    fn resources_request(&self, account: &AccountRef<'_>, cursor: Option<&Cursor>) -> HttpRequest;

    /// A page of all that an account gives access to.
    ///
    /// # Errors
    /// When it is not a page; the error says what to do.
    fn read_resources(
        &self,
        account: &AccountRef<'_>,
        cursor: Option<&Cursor>,
        response: &HttpResponse,
        now: Timestamp,
    ) -> Result<ResourcePage, ProviderError>;
}

/// A provider account.
#[derive(Debug, Clone, Copy)]
pub struct AccountRef<'a> {
    /// Its immutable id.
    pub id: &'a AccountId,
    /// Its name: some APIs ask for it in their addresses.
    pub name: &'a str,
}

/// A resource, and the account it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The resource.
    pub resource: ResourceRef,
    /// The immutable id of its owner. For GitHub that is no installation, which only webhooks tell.
    pub account: AccountId,
    /// The name of its owner.
    pub account_name: String,
}

/// A page of resources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourcePage {
    /// The resources.
    pub resources: Vec<ResourceRef>,
    /// Where the next page starts; `None` at the end.
    pub next: Option<Cursor>,
}

/// What a unit reads.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// Through which account: some APIs answer for the caller's own one unless told.
    pub account: &'a AccountId,
    /// Of which resource.
    pub resource: &'a ResourceRef,
    /// Which list.
    pub entity: EntityType,
    /// Which time.
    pub window: Window,
    /// How many items a page should hold; the provider may give fewer.
    pub page_size: u32,
}

/// What a page says about the list it is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageMeta {
    /// Where the next page starts; `None` at the end, or where the window ends.
    pub next: Option<Cursor>,
    /// Items on this page.
    pub items: u64,
    /// How much of the window is read with it, where the items tell.
    pub read: Option<Share>,
    /// The times of the first and the last of its items, as the list goes by them, where the items tell.
    pub span: Option<(Timestamp, Timestamp)>,
    /// How long the list is, where the provider tells.
    pub extent: Option<Extent>,
    /// What the budget headers said.
    pub rate: RateLimit,
}

impl PageMeta {
    /// A page that says no more than where the next one starts.
    #[must_use]
    pub fn new(items: u64, next: Option<Cursor>) -> Self {
        Self { next, items, read: None, span: None, extent: None, rate: RateLimit::default() }
    }

    /// The same with how much of the window is read; all of it with the last page.
    #[must_use]
    pub fn reaching(self, read: Option<Share>) -> Self {
        Self { read: if self.next.is_none() { Some(Share::ALL) } else { read }, ..self }
    }
}

/// How many pages a list has, as its provider counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// So many.
    Pages(u64),
    /// No more than so many: some are older than what is asked for.
    AtMost(u64),
}

/// Whose delivery it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// An account's.
    Account {
        /// The provider's immutable id of the account.
        account: AccountId,
        /// The resource it is about, when it is about one.
        resource: Option<ResourceId>,
    },
    /// Nobody's, such as a ping.
    Nowhere(IgnoreReason),
    /// The body cannot be read. It is kept.
    Unreadable(Quarantined),
}

/// Why a webhook request is refused. Nothing is stored for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// No signature header.
    #[error("the signature header is missing")]
    MissingSignature,
    /// The header is not of the documented form, or came twice.
    #[error("the signature header is malformed")]
    MalformedSignature,
    /// No secret signs this body.
    #[error("the signature does not match")]
    WrongSignature,
    /// The header that names the event is missing.
    #[error("the event header is missing")]
    MissingEvent,
    /// Form-encoded, which GitHub offers.
    #[error("the body must be JSON: set the webhook's content type to application/json")]
    UnsupportedMediaType,
    /// Compressed bodies are not inflated.
    #[error("a content encoding is not supported")]
    ContentEncoding,
    /// There are no bytes.
    #[error("the body is empty")]
    EmptyBody,
    /// The signed send time is too far from now.
    #[error("the signed time is too far from now")]
    Stale,
    /// No secret is set up for this provider: fail closed.
    #[error("this provider is not configured")]
    NotConfigured,
}

impl Rejection {
    /// The stable code in the answer.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::MissingSignature => "signature_missing",
            Self::MalformedSignature => "signature_malformed",
            Self::WrongSignature => "signature_mismatch",
            Self::MissingEvent => "event_missing",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::ContentEncoding => "unsupported_content_encoding",
            Self::EmptyBody => "body_empty",
            Self::Stale => "signature_stale",
            Self::NotConfigured => "provider_not_configured",
        }
    }

    /// The HTTP status of the answer.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::MissingSignature | Self::MissingEvent | Self::EmptyBody => 400,
            Self::MalformedSignature | Self::WrongSignature | Self::Stale => 401,
            Self::UnsupportedMediaType | Self::ContentEncoding => 415,
            Self::NotConfigured => 503,
        }
    }
}
