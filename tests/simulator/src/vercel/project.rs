//! A project as a scenario handles it: fill it, change it, and get the webhooks of what happened.

use std::fmt;

use jiff::Timestamp;

use super::{
    Vercel,
    account::Kind,
    deployment::Change,
    draft::NewDeployment,
    fact::{Event, What},
    populate::{Populate, populate},
    site::Site,
    webhook::Webhook,
};

/// A handle to one project. Clones share it.
///
/// Every change answers the webhook that Vercel would send for it, and takes the time it happens at, to the
/// millisecond.
///
/// # Panics
/// A change panics when it names a deployment that is not there or cannot change so: the scenario is wrong then.
#[derive(Clone)]
pub struct Project {
    vercel: Vercel,
    /// `prj_...`, which no rename changes.
    pub id: String,
    /// The team's id, or the user's where there is none: who installed our integration.
    pub account_id: String,
    /// The team's id; None for a personal project.
    pub team_id: Option<String>,
}

impl Project {
    pub(crate) fn new(vercel: Vercel, site: &Site) -> Self {
        let account_id = site.owner.id.clone();
        let team_id = (site.owner.kind == Kind::Team).then(|| account_id.clone());
        Self { vercel, id: site.id.clone(), account_id, team_id }
    }

    /// Its name, as it is now.
    #[must_use]
    pub fn name(&self) -> String {
        self.with(|site| site.name().to_owned())
    }

    /// Fills the project with a history that ends at `spec.until`.
    pub fn populate(&self, spec: Populate) {
        self.with(|site| populate(site, &spec));
    }

    /// Makes a deployment, which waits for its build: `deployment.created`.
    pub fn deploy(&self, draft: NewDeployment, at: Timestamp) -> Webhook {
        self.tell(at, |site, at| {
            let id = site.deploy(draft, at);
            Ok(What::Deployment { id, event: Event::Created })
        })
    }

    /// Begins the build, which no webhook tells.
    pub fn build(&self, id: &str, at: Timestamp) {
        self.quietly(id, Change::Building, at);
    }

    /// The build is done: `deployment.ready`.
    pub fn ready(&self, id: &str, at: Timestamp) -> Webhook {
        self.change(id, Change::Ready, Event::Ready, at)
    }

    /// The checks are done too: `deployment.succeeded`. Without checks Vercel says so right after `ready`.
    pub fn succeed(&self, id: &str, at: Timestamp) -> Webhook {
        self.change(id, Change::Succeeded, Event::Succeeded, at)
    }

    /// The build failed: `deployment.error`.
    pub fn fail(&self, id: &str, at: Timestamp) -> Webhook {
        self.change(id, Change::Failed, Event::Error, at)
    }

    /// Somebody or something called the build off: `deployment.canceled`.
    pub fn cancel(&self, id: &str, at: Timestamp) -> Webhook {
        self.change(id, Change::Canceled, Event::Canceled, at)
    }

    /// It gets the production domains: `deployment.promoted`.
    pub fn promote(&self, id: &str, at: Timestamp) -> Webhook {
        self.change(id, Change::Promoted, Event::Promoted, at)
    }

    /// An earlier production deployment gets the domains back: `deployment.rollback`.
    pub fn roll_back(&self, to: &str, at: Timestamp) -> Webhook {
        self.tell(at, |site, _| {
            let from = site.roll_back(to).ok_or(Wrong)?;
            Ok(What::RolledBack { from, to: to.to_owned() })
        })
    }

    /// The retention policy deletes a deployment. For 30 days lists show it as deleted, without a webhook.
    pub fn expire(&self, id: &str, at: Timestamp) {
        self.quietly(id, Change::Expired, at);
    }

    /// Somebody deletes a deployment: it leaves every list at once, without a webhook.
    pub fn delete(&self, id: &str, at: Timestamp) {
        self.quietly(id, Change::Deleted, at);
    }

    /// Renames the project: `project.renamed`. Its deployments keep the name they were made with.
    pub fn rename(&self, name: &str, at: Timestamp) -> Webhook {
        self.tell(at, |site, _| Ok(What::Renamed { from: site.rename(name) }))
    }

    /// What is sent of its creation where the integration may read all projects: `project.created`.
    pub fn announce(&self, at: Timestamp) -> Webhook {
        self.tell(at, |_, _| Ok(What::Created))
    }

    /// Removes the project with all its deployments: `project.removed`.
    pub fn remove(&self, at: Timestamp) -> Webhook {
        self.tell(at, |site, _| {
            site.removed = true;
            Ok(What::Removed)
        })
    }

    /// Somebody takes our integration off the account: `integration-configuration.removed`. Its tokens end.
    pub fn uninstall(&self, at: Timestamp) -> Webhook {
        {
            let state = &mut *self.vercel.world().vercel_state();
            state.tokens.revoke_all(&self.account_id);
            state.desk.remove(&self.account_id);
        }
        self.tell(at, |_, _| Ok(What::Uninstalled))
    }

    /// Every webhook that live delivery would have sent for what happened so far, in time order. The same fact
    /// always gives the same bytes and delivery id.
    #[must_use]
    pub fn history_webhooks(&self) -> Vec<Webhook> {
        self.with(|site| {
            let mut order: Vec<usize> = (0..site.facts.len()).collect();
            order.sort_by_key(|&index| site.facts.get(index).map(|fact| fact.at));
            order.into_iter().filter_map(|index| site.webhook(index)).collect()
        })
    }

    fn quietly(&self, id: &str, change: Change, at: Timestamp) {
        if self.with(|site| site.change(id, change, at.as_millisecond())).is_none() {
            complain(id, &self.id);
        }
    }

    fn change(&self, id: &str, change: Change, event: Event, at: Timestamp) -> Webhook {
        self.tell(at, |site, at| {
            site.change(id, change, at).ok_or(Wrong)?;
            Ok(What::Deployment { id: id.to_owned(), event })
        })
    }

    /// Makes a change, logs its fact, and answers its webhook.
    fn tell(&self, at: Timestamp, change: impl FnOnce(&mut Site, i64) -> Result<What, Wrong>) -> Webhook {
        let at = at.as_millisecond();
        let made = self.with(|site| {
            let what = change(site, at).ok()?;
            let index = site.record(vec![(at, what)]);
            site.webhook(index)
        });
        made.unwrap_or_else(|| complain("the deployment", &self.id))
    }

    fn with<T>(&self, act: impl FnOnce(&mut Site) -> T) -> T {
        let state = &mut *self.vercel.world().vercel_state();
        match state.site(&self.id) {
            Some(site) => act(site),
            None => unreachable!("projects are never forgotten, and handles are made for existing ones"),
        }
    }
}

impl fmt::Debug for Project {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Project").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Something is wrong with a scenario.
struct Wrong;

#[expect(clippy::panic, reason = "a scenario that contradicts itself is a bug in the test, and must stop it")]
fn complain(deployment: &str, project: &str) -> ! {
    panic!("{deployment} of {project} is not there, or not in a state that can change so")
}
