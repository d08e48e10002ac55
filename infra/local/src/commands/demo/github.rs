//! The simulated GitHub of the demo: one repository with a month of history, and a bad day.

use std::time::Duration;

use connector_adapters::system::SystemClock;
use connector_domain::Timestamp;
use connector_domain::ports::Clock as _;
use connector_simulator::github::{Fault, Populate, Repository};
use connector_simulator::{Clock, Server, World};

use super::Failure;
use crate::render::text::{count, list};

/// Long enough to see the pages come.
const LATENCY: Duration = Duration::from_millis(60);

/// A running simulation.
pub(super) struct Simulated {
    pub(super) repository: Repository,
    pub(super) server: Server,
    history: Populate,
}

impl Simulated {
    pub(super) async fn start(seed: u64, now: Timestamp) -> Result<Self, Failure> {
        let world = World::with_clock(seed, Clock::asking(|| SystemClock.now()));
        let github = world.github();
        github.set_latency(LATENCY);
        let repository = github.add_repository("acme", "rocket");
        // A second ago, since webhooks may tell of nothing that is still to come.
        let until = now.checked_sub(Duration::from_secs(1)).unwrap_or(now);
        let history = Populate { pull_requests: 24, issues: 16, releases: 4, ..Populate::ending(until, 30) };
        repository.populate(history);
        let of = |list: &str| format!("/repos/{}/{list}", repository.full_name());
        github.inject(Fault::ServerError(502).on(of("pulls")).nth(2));
        github.inject(
            Fault::SecondaryLimit { status: 403, retry_after: Some(Duration::from_secs(1)) }.on(of("issues")).nth(3),
        );
        let server = Server::start(world)
            .await
            .map_err(|error| Failure::new(format!("cannot listen on this machine: {error}")))?;
        Ok(Self { repository, server, history })
    }

    pub(super) fn in_words(&self) -> String {
        let things = [
            count(self.history.pull_requests.into(), "pull request", "pull requests"),
            count(self.history.issues.into(), "issue", "issues"),
            count(self.history.releases.into(), "release", "releases"),
        ];
        format!(
            "{} has {}. GitHub will fail once and ask to slow down once.",
            self.repository.full_name(),
            list(&things)
        )
    }
}
