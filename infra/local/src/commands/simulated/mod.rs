//! Resources with a history, each at a simulated provider.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use connector_adapters::system::SystemClock;
use connector_domain::connection::ResourceRef;
use connector_domain::ports::Clock as _;
use connector_domain::{AccountId, ProviderKind, ResourceId, Secret, Timestamp};
use connector_simulator::{Clock, Server, SignedWebhook, World};

use super::{Failure, github, linear, sentry, vercel};

/// Long enough to see the pages come.
const LATENCY: Duration = Duration::from_millis(60);

/// A webhook that is still to be signed, with the provider's secret.
pub(super) type Webhook = Arc<dyn Fn(&[u8]) -> SignedWebhook + Send + Sync>;

/// A resource with a history.
pub(super) struct Source {
    pub(super) kind: ProviderKind,
    pub(super) account: AccountId,
    pub(super) account_name: String,
    pub(super) resource: ResourceRef,
    /// What its API asks for.
    pub(super) token: Option<Secret>,
    /// What is there to fetch.
    pub(super) in_words: String,
    pub(super) happenings: Box<dyn Happenings>,
}

/// What a provider tells of a resource by webhook.
pub(super) trait Happenings {
    /// All of its history, sent now.
    fn history(&self, now: Timestamp) -> Vec<Webhook>;

    /// Makes something happen now.
    fn news(&self, now: Timestamp) -> Vec<Webhook>;
}

/// Running simulations.
pub(super) struct Simulated {
    pub(super) sources: Vec<Source>,
    pub(super) server: Server,
}

impl Simulated {
    pub(super) async fn start(seed: u64, now: Timestamp) -> Result<Self, Failure> {
        let world = World::with_clock(seed, Clock::asking(|| SystemClock.now()));
        // A second ago, since webhooks may tell of nothing that is still to come.
        let until = now.checked_sub(Duration::from_secs(1)).unwrap_or(now);
        let sources = [github::source, vercel::source, linear::source, sentry::source]
            .into_iter()
            .map(|source| source(&world, until, LATENCY))
            .collect::<Result<_, _>>()?;
        let server = Server::start(world)
            .await
            .map_err(|error| Failure::new(format!("cannot listen on this machine: {error}")))?;
        Ok(Self { sources, server })
    }

    /// Where each provider's API is.
    pub(super) fn api_urls(&self) -> BTreeMap<ProviderKind, String> {
        let url = |kind| match kind {
            ProviderKind::Github => self.server.github_url(),
            ProviderKind::Vercel => self.server.vercel_url(),
            ProviderKind::Linear => self.server.linear_url(),
            ProviderKind::Sentry => self.server.sentry_url(),
        };
        self.sources.iter().map(|source| (source.kind, url(source.kind))).collect()
    }

    pub(super) fn tokens(&self) -> BTreeMap<ProviderKind, Secret> {
        self.sources.iter().filter_map(|source| Some((source.kind, source.token.clone()?))).collect()
    }
}

/// A resource by what its provider calls it.
pub(super) fn resource(id: impl Into<String>, name: String) -> Result<ResourceRef, Failure> {
    Ok(ResourceRef { id: ResourceId::parse(id)?, name })
}

/// A moment so many seconds ago.
pub(super) fn ago(now: Timestamp, seconds: u64) -> Timestamp {
    now.checked_sub(Duration::from_secs(seconds)).unwrap_or(now)
}
