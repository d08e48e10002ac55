//! Deployments of a repository, as continuous integration reports them.

use jiff::Timestamp;

use super::{draft::DeploymentState, json::user::User, repo::Repo};
use crate::{clock::whole_second, random::Random};

/// A deployment, and how it went.
pub(crate) struct Deployment {
    pub(crate) id: u64,
    pub(crate) sha: String,
    pub(crate) branch: String,
    pub(crate) environment: String,
    pub(crate) by: User,
    pub(crate) created_at: Timestamp,
    /// In time order.
    pub(crate) statuses: Vec<Status>,
}

/// One report about a deployment.
pub(crate) struct Status {
    pub(crate) id: u64,
    pub(crate) state: DeploymentState,
    pub(crate) by: User,
    pub(crate) at: Timestamp,
}

impl Deployment {
    /// When it was last reported on, of its first so many reports.
    pub(crate) fn updated_at(&self, statuses: usize) -> Timestamp {
        self.statuses.iter().take(statuses).map(|status| status.at).max().unwrap_or(self.created_at)
    }
}

impl Repo {
    /// A deployment without a fact on the log yet. Answers its index.
    pub(crate) fn deploy(&mut self, branch: &str, environment: &str, by: User, at: Timestamp) -> usize {
        let index = self.deployments.len();
        let mut random = Random::new(self.seed, &[self.id, index as u64, 0xDEB1]);
        let sha = self.head(branch).map_or_else(|| random.hex(40), str::to_owned);
        self.deployments.push(Deployment {
            id: 1_900_000_000 + self.serial * 1_000_000 + index as u64 * 3 + 1,
            sha,
            branch: branch.to_owned(),
            environment: environment.to_owned(),
            by,
            created_at: whole_second(at),
            statuses: Vec::new(),
        });
        index
    }

    /// A report on a deployment without a fact on the log yet. Answers both indexes.
    pub(crate) fn report(&mut self, id: u64, state: DeploymentState, at: Timestamp) -> Option<(usize, usize)> {
        let index = self.deployments.iter().position(|held| held.id == id)?;
        let held = self.deployments.get_mut(index)?;
        let status = held.statuses.len();
        let (id, by) = (held.id * 10 + status as u64, held.by.clone());
        held.statuses.push(Status { id, state, by, at: whole_second(at) });
        Some((index, status))
    }
}
