//! Resources with a history, each at a simulated provider, and our apps there.

mod github;
mod linear;
mod sentry;
mod vercel;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use connector_adapters::system::SystemClock;
use connector_domain::connection::ResourceRef;
use connector_domain::oauth::AppCredentials;
use connector_domain::ports::Clock as _;
use connector_domain::{AccountId, ProviderKind, ResourceId, Secret, Timestamp};
use connector_simulator::{App, Clock, Server, SignedWebhook, World};

use super::Failure;
use crate::stack::Options;

/// The world of commands that let nobody choose another.
pub(super) const SEED: u64 = 7;
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

/// The same resources, for what happens at several providers.
pub(super) struct Cast {
    pub(super) repository: connector_simulator::github::Repository,
    pub(super) site: connector_simulator::vercel::Project,
    pub(super) team: connector_simulator::linear::Team,
    pub(super) project: connector_simulator::sentry::Project,
}

/// Running simulations.
pub(super) struct Simulated {
    pub(super) sources: Vec<Source>,
    pub(super) cast: Cast,
    server: Server,
    world: World,
}

impl Simulated {
    pub(super) async fn start(seed: u64, now: Timestamp) -> Result<Self, Failure> {
        let world = World::with_clock(seed, Clock::asking(|| SystemClock.now()));
        // A second ago, since webhooks may tell of nothing that is still to come.
        let until = now.checked_sub(Duration::from_secs(1)).unwrap_or(now);
        let (github, repository) = github::source(&world, until, LATENCY)?;
        let (vercel, site) = vercel::source(&world, until, LATENCY)?;
        let (linear, team) = linear::source(&world, until, LATENCY)?;
        let (sentry, project) = sentry::source(&world, until, LATENCY)?;
        let sources = vec![github, vercel, linear, sentry];
        let server = Server::start(world.clone())
            .await
            .map_err(|error| Failure::new(format!("cannot listen on this machine: {error}")))?;
        Ok(Self { sources, cast: Cast { repository, site, team, project }, server, world })
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

    /// Where people sign in.
    fn web_urls(&self) -> BTreeMap<ProviderKind, String> {
        let url = |kind| match kind {
            ProviderKind::Github => self.server.github_web_url(),
            ProviderKind::Vercel => self.server.vercel_web_url(),
            ProviderKind::Linear => self.server.linear_web_url(),
            ProviderKind::Sentry => self.server.sentry_url(),
        };
        ProviderKind::ALL.map(|kind| (kind, url(kind))).into()
    }

    /// The options of a stack that knows these providers and no others, by apps that are registered there now. Their
    /// people are sent back nowhere until [`Simulated::send_back_to`].
    pub(super) fn connectable(&self, options: Options) -> Result<Options, Failure> {
        let mut secrets = options.secrets;
        for kind in ProviderKind::ALL {
            let app = match kind {
                ProviderKind::Github => self.world.github().register_app(""),
                ProviderKind::Vercel => self.world.vercel().register_app(""),
                ProviderKind::Linear => self.world.linear().register_app(""),
                ProviderKind::Sentry => self.world.sentry().register_app(""),
            };
            secrets = secrets.with_app(kind, credentials(app)?);
        }
        Ok(Options { api_urls: self.api_urls(), web_urls: self.web_urls(), secrets, ..options })
    }

    /// Tells the providers where the stack is.
    pub(super) fn send_back_to(&self, url: &str) {
        for kind in ProviderKind::ALL {
            let callback = format!("{url}/oauth/{kind}/callback");
            match kind {
                ProviderKind::Github => self.world.github().set_callback(&callback),
                ProviderKind::Vercel => self.world.vercel().set_callback(&callback),
                ProviderKind::Linear => self.world.linear().set_callback(&callback),
                ProviderKind::Sentry => self.world.sentry().set_callback(&callback),
            }
        }
    }

    pub(super) fn tokens(&self) -> BTreeMap<ProviderKind, Secret> {
        self.sources.iter().filter_map(|source| Some((source.kind, source.token.clone()?))).collect()
    }
}

fn credentials(app: App) -> Result<AppCredentials, Failure> {
    let secret = Secret::new(app.client_secret).ok_or_else(|| Failure::new("an app has no secret"))?;
    let private_key = app.private_key.and_then(Secret::new);
    Ok(AppCredentials { client_id: app.client_id, client_secret: secret, slug: app.slug, private_key })
}

/// A resource by what its provider calls it.
pub(super) fn resource(id: impl Into<String>, name: String) -> Result<ResourceRef, Failure> {
    Ok(ResourceRef { id: ResourceId::parse(id)?, name })
}

/// A moment so many seconds ago.
pub(super) fn ago(now: Timestamp, seconds: u64) -> Timestamp {
    now.checked_sub(Duration::from_secs(seconds)).unwrap_or(now)
}
