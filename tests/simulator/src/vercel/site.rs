//! One project's state: its deployments, and the log of what happened.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;

use super::{
    account::{Account, User},
    deployment::{Change, Deployment, Standing},
    draft::NewDeployment,
    fact::{Fact, What},
};
use crate::random::Random;

/// The state of one project.
pub(crate) struct Site {
    pub(crate) seed: u64,
    serial: u64,
    pub(crate) id: String,
    pub(crate) owner: Arc<Account>,
    name: Arc<str>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    /// By creation, and by the order they were made in where that is equal.
    deployments: BTreeMap<Place, Deployment>,
    places: BTreeMap<String, Place>,
    /// Which deployment has the production domains.
    production: Option<String>,
    pub(crate) removed: bool,
    pub(crate) facts: Vec<Fact>,
}

/// Where a deployment stands in the list: its creation, and its number in the project.
pub(crate) type Place = (i64, u64);

impl Site {
    pub(crate) fn new(seed: u64, serial: u64, owner: Arc<Account>, name: &str, at: Timestamp) -> Self {
        let at = at.as_millisecond();
        Self {
            seed,
            serial,
            id: format!("prj_{}", Random::new(seed, &[serial, 0x9201]).alphanumeric(28)),
            owner,
            name: Arc::from(name),
            created_at: at,
            updated_at: at,
            deployments: BTreeMap::new(),
            places: BTreeMap::new(),
            production: None,
            removed: false,
            facts: Vec::new(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// A number to tell its randomness from that of other projects.
    pub(crate) fn key(&self) -> u64 {
        self.serial
    }

    /// A project is at least as old as its history.
    pub(crate) fn born_by(&mut self, at: i64) {
        self.created_at = self.created_at.min(at);
    }

    /// A deployment, listed or not.
    pub(crate) fn deployment(&self, id: &str) -> Option<&Deployment> {
        self.deployments.get(self.places.get(id)?)
    }

    /// The deployments that lists show, newest first, with their places.
    pub(crate) fn listed(&self, now: i64) -> impl Iterator<Item = (Place, &Deployment)> {
        let shown = self.deployments.iter().rev().filter(move |(_, held)| held.is_listed(now));
        shown.map(|(place, held)| (*place, held))
    }

    /// The deployment that serves production.
    pub(crate) fn production(&self) -> Option<&str> {
        self.production.as_deref()
    }

    /// A deployment without a fact on the log yet. Answers its id.
    pub(crate) fn deploy(&mut self, draft: NewDeployment, at: i64) -> String {
        let number = self.deployments.len() as u64;
        let mut random = Random::new(self.seed, &[self.serial, number, 0xDEB1]);
        let id = format!("dpl_{}", random.alphanumeric(28));
        let deployment = Deployment {
            id: id.clone(),
            name: self.name.to_string(),
            url: format!("{}-{}-{}.vercel.app", self.name, random.hex(9), self.owner.slug),
            creator: User::named(&draft.author),
            sha: draft.commit.clone().unwrap_or_else(|| random.hex(40)),
            created: at,
            draft,
            now: Standing::default(),
        };
        self.places.insert(id.clone(), (at, number));
        self.deployments.insert((at, number), deployment);
        id
    }

    /// Changes a deployment without a fact on the log yet; None when it cannot change so now.
    pub(crate) fn change(&mut self, id: &str, change: Change, at: i64) -> Option<()> {
        let held = self.deployments.get_mut(self.places.get(id)?)?;
        held.can(change).then_some(())?;
        held.change(change, at);
        if change == Change::Promoted {
            self.production = Some(id.to_owned());
        }
        Some(())
    }

    /// Gives production back to a deployment that had it. Answers the one that has it now.
    pub(crate) fn roll_back(&mut self, to: &str) -> Option<String> {
        self.deployment(to).filter(|held| held.now.promoted)?;
        self.production.replace(to.to_owned()).filter(|from| from != to)
    }

    /// Gives the project another name and answers the old one.
    pub(crate) fn rename(&mut self, name: &str) -> String {
        std::mem::replace(&mut self.name, Arc::from(name)).to_string()
    }

    /// Puts facts on the log. Answers the first one's index.
    pub(crate) fn record(&mut self, what: Vec<(i64, What)>) -> usize {
        let first = self.facts.len();
        for (at, what) in what {
            self.updated_at = self.updated_at.max(at);
            self.facts.push(Fact { at, what, name: Arc::clone(&self.name) });
        }
        first
    }
}
