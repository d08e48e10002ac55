//! A project's history out of a seed: varied, plausible, and the same every time.

use jiff::Timestamp;

use super::{
    deployment::{Change, Target},
    draft::{Git, NewDeployment},
    fact::{Event, What},
    site::Site,
};
use crate::{clock::days_before, github::words, random::Random};

/// How much history to make, and over which time.
#[derive(Clone, Copy, Debug)]
pub struct Populate {
    /// Deployments.
    pub deployments: u32,
    /// The earliest creation.
    pub since: Timestamp,
    /// Nothing happens after this.
    pub until: Timestamp,
}

impl Populate {
    /// 60 deployments over the `days` before `until`.
    #[must_use]
    pub fn ending(until: Timestamp, days: u32) -> Self {
        Self { deployments: 60, since: days_before(until, days), until }
    }
}

/// Adds the history of `spec` to `site`.
pub(crate) fn populate(site: &mut Site, spec: &Populate) {
    let random = Random::new(site.seed, &[site.key(), site.facts.len() as u64, 0x9093]);
    let (since, until) = (spec.since.as_millisecond(), spec.until.as_millisecond());
    let mut life = Life { random, site, until: until.max(since), facts: Vec::new() };
    life.site.born_by(since - 86_400_000);
    for at in life.random.moments(spec.deployments, since, until) {
        life.deployment(at);
    }
    let mut facts = life.facts;
    facts.sort_by_key(|(at, _)| *at);
    site.record(facts);
}

/// The making of one history.
struct Life<'a> {
    random: Random,
    site: &'a mut Site,
    until: i64,
    facts: Vec<(i64, What)>,
}

impl Life<'_> {
    fn deployment(&mut self, at: i64) {
        let draft = self.draft();
        let (production, checks) = (draft.target == Target::Production, draft.checks);
        let id = self.site.deploy(draft, at);
        self.tell(&id, Event::Created, at);
        let mut at = at;
        if self.random.chance(3) {
            self.then(&id, &mut at, 20, Change::Canceled, Some(Event::Canceled));
            return;
        }
        let building = self.then(&id, &mut at, 4, Change::Initializing, None)
            && self.then(&id, &mut at, 20, Change::Building, None);
        if !building {
            return;
        }
        match self.random.below(100) {
            0..11 => {
                self.then(&id, &mut at, 240, Change::Failed, Some(Event::Error));
            }
            11..16 => {
                self.then(&id, &mut at, 90, Change::Canceled, Some(Event::Canceled));
            }
            _ => {
                let wait = if checks { 90 } else { 1 };
                let done = self.then(&id, &mut at, 240, Change::Ready, Some(Event::Ready))
                    && self.then(&id, &mut at, wait, Change::Succeeded, Some(Event::Succeeded));
                if done && production {
                    self.promoted(&id, at);
                }
            }
        }
    }

    /// Mostly it gets the domains at once; now and then somebody takes them away from it again.
    fn promoted(&mut self, id: &str, mut at: i64) {
        let before = self.site.production().map(str::to_owned);
        if self.random.chance(6) || !self.then(id, &mut at, 2, Change::Promoted, Some(Event::Promoted)) {
            return;
        }
        let rolled_back = at + 60_000 + self.below(3_600_000);
        if let Some(before) = before.filter(|_| rolled_back <= self.until && self.random.chance(5))
            && let Some(from) = self.site.roll_back(&before)
        {
            self.facts.push((rolled_back, What::RolledBack { from, to: before }));
        }
    }

    fn draft(&mut self) -> NewDeployment {
        let random = &mut self.random;
        let target = match random.below(100) {
            0..30 => Target::Production,
            30..33 => Target::Staging,
            33..37 => Target::Custom("qa".to_owned()),
            _ => Target::Preview,
        };
        let git = match random.below(100) {
            0..60 => Git::GitHub,
            60..66 => Git::GitHubFork,
            66..77 => Git::GitLab,
            77..86 => Git::Bitbucket,
            86..93 => Git::Local,
            _ => Git::None,
        };
        let main = target == Target::Production && random.chance(90);
        NewDeployment {
            target,
            git,
            branch: if main { "main".to_owned() } else { words::branch(random) },
            message: words::commit_message(random),
            author: random.pick(&words::PEOPLE).to_owned(),
            request: (!main && random.chance(70)).then(|| 1 + u32::try_from(random.below(900)).unwrap_or(0)),
            checks: random.chance(20),
            commit: None,
        }
    }

    /// Takes the next step within `seconds`, unless that is after the end of the history.
    fn then(&mut self, id: &str, at: &mut i64, seconds: i64, change: Change, event: Option<Event>) -> bool {
        let next = *at + 5 + self.below(seconds * 1_000);
        if next > self.until || self.site.change(id, change, next).is_none() {
            return false;
        }
        *at = next;
        if let Some(event) = event {
            self.tell(id, event, next);
        }
        true
    }

    fn tell(&mut self, id: &str, event: Event, at: i64) {
        self.facts.push((at, What::Deployment { id: id.to_owned(), event }));
    }

    fn below(&mut self, bound: i64) -> i64 {
        i64::try_from(self.random.below(bound.unsigned_abs())).unwrap_or(0)
    }
}
