//! What a caller may choose.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use connector_adapters::services::Services;
use connector_adapters::system::SystemClock;
use connector_backfill::PageSettings;
use connector_domain::ports::Clock;
use connector_domain::{ProviderKind, Secret};

use super::LocalSecrets;

/// Where rows are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data {
    /// In memory: gone with the process.
    Memory,
    /// In a file in this directory, which is made when it is not there.
    Dir(PathBuf),
}

/// How a stack runs.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where rows are kept.
    pub data: Data,
    /// Providers whose API is not at its usual address.
    pub api_urls: BTreeMap<ProviderKind, String>,
    /// Providers whose people do not sign in at its usual address.
    pub web_urls: BTreeMap<ProviderKind, String>,
    /// A token for every connection to a provider; without it, calls carry the connection's own one, or none.
    pub tokens: BTreeMap<ProviderKind, Secret>,
    /// How history is fetched.
    pub page: PageSettings,
    /// What signs webhooks.
    pub secrets: LocalSecrets,
    /// Services that read texts; none without settings.
    pub services: Services,
    /// When a failed message comes again. In AWS that is when its visibility timeout ends, which is minutes.
    pub retry_after: Duration,
    /// What tells the functions the time. Queues and schedules have their own.
    pub clock: StackClock,
}

/// A clock that functions share.
#[derive(Clone)]
pub struct StackClock(pub Arc<dyn Clock>);

impl Default for StackClock {
    fn default() -> Self {
        Self(Arc::new(SystemClock))
    }
}

impl fmt::Debug for StackClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StackClock").field(&self.0.now()).finish()
    }
}

impl Options {
    /// The usual choices.
    #[must_use]
    pub fn new(data: Data, secrets: LocalSecrets) -> Self {
        Self {
            data,
            api_urls: BTreeMap::new(),
            web_urls: BTreeMap::new(),
            tokens: BTreeMap::new(),
            page: PageSettings::default(),
            secrets,
            services: Services::none(),
            retry_after: Duration::from_secs(1),
            clock: StackClock::default(),
        }
    }
}
