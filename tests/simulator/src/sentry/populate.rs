//! A project's history out of a seed: varied, plausible, and the same every time.

use jiff::Timestamp;

use super::{
    act,
    draft::{Assignee, Degree, Resolution},
    fact::What,
    organization::Person,
    tracker::Tracker,
    words,
};
use crate::{clock::days_before, github::words::PEOPLE, random::Random};

/// How much history to make, and over which time.
#[derive(Clone, Copy, Debug)]
pub struct Populate {
    /// Issues, each with its events and what people do about it.
    pub issues: u32,
    /// The earliest first event.
    pub since: Timestamp,
    /// Nothing happens after this.
    pub until: Timestamp,
}

impl Populate {
    /// 40 issues over the `days` before `until`.
    #[must_use]
    pub fn ending(until: Timestamp, days: u32) -> Self {
        Self { issues: 40, since: days_before(until, days), until }
    }
}

/// Adds the history of `spec` to `tracker`.
pub(crate) fn populate(tracker: &mut Tracker, spec: &Populate) {
    let random = Random::new(tracker.seed, &[tracker.key(), tracker.facts.len() as u64, 0x9093]);
    let (since, until) = (spec.since.as_millisecond(), spec.until.as_millisecond());
    let mut life = Life { random, tracker, until: until.max(since) };
    life.tracker.born_by(instant(since - 86_400_000));
    for at in life.random.moments(spec.issues, since, until) {
        life.issue(at);
    }
    for opened in life.random.moments(spec.issues / 12, since, until) {
        life.incident(opened);
    }
}

/// The making of one history.
struct Life<'a> {
    random: Random,
    tracker: &'a mut Tracker,
    until: i64,
}

const RULE: &str = "Tell the team about new issues";

impl Life<'_> {
    fn issue(&mut self, at: i64) {
        let draft = words::issue(&mut self.random);
        let user = self.user();
        let (id, facts) = act::open(self.tracker, draft, user, instant(at));
        self.tracker.record(instant(at), facts);
        let mut at = at;
        if self.random.chance(60) {
            self.then(&mut at, 30, |life, _| act::alert(life.tracker, id, RULE));
        }
        self.events(id, &mut at);
        if self.random.chance(35) {
            let to = if self.random.chance(70) {
                Assignee::Person(self.person().name)
            } else {
                Assignee::Team(self.random.pick(&["launchers", "platform"]).to_owned())
            };
            self.by_somebody(&mut at, 86_400, |life, by, at| act::assign(life.tracker, id, to, by, at));
        }
        while self.random.chance(30) {
            let text = words::comment(&mut self.random);
            self.by_somebody(&mut at, 86_400, |life, by, at| act::comment(life.tracker, id, &text, by, at));
        }
        match self.random.below(100) {
            0..50 => self.resolved(id, &mut at),
            50..62 => {
                let archived =
                    self.by_somebody(&mut at, 259_200, |life, by, at| act::archive(life.tracker, id, by, at));
                if archived && self.random.chance(30) {
                    self.events(id, &mut at);
                    self.then(&mut at, 60, |life, at| act::escalate(life.tracker, id, at));
                }
            }
            _ => {}
        }
    }

    /// By a person, by a release, or by Sentry because nothing happened any more; some come back.
    fn resolved(&mut self, id: u64, at: &mut i64) {
        let how = match self.random.below(10) {
            0 => Resolution::InNextRelease,
            1..3 => Resolution::InRelease(format!("rocket@1.{}.0", 1 + self.random.below(9))),
            _ => Resolution::Now,
        };
        let by = if self.random.chance(85) { Some(self.person()) } else { None };
        let resolved = self.then(at, 432_000, |life, at| act::resolve(life.tracker, id, how.clone(), by.clone(), at));
        if resolved && self.random.chance(30) {
            self.events(id, at);
            if self.random.chance(50) {
                self.then(at, 172_800, |life, at| act::resolve(life.tracker, id, Resolution::Now, by, at));
            } else {
                self.by_somebody(at, 172_800, |life, by, at| act::unresolve(life.tracker, id, by, at));
            }
        }
    }

    /// A few events more, or a storm of them; the ids of whom they hit are few.
    fn events(&mut self, id: u64, at: &mut i64) {
        let count = if self.random.chance(8) { 40 } else { self.random.below(7) };
        let apart = if count == 40 { 2 } else { 43_200 };
        for _ in 0..count {
            let user = self.user();
            self.then(at, apart, |life, at| act::capture(life.tracker, id, user, at));
        }
    }

    fn incident(&mut self, opened: i64) {
        let alert = self.tracker.next_alert();
        let rule = "Too many errors";
        let mut at = opened;
        for degree in [Degree::Warning, Degree::Critical, Degree::Resolved] {
            if degree == Degree::Critical && self.random.chance(40) {
                continue;
            }
            self.then(&mut at, 1_800, |_, _| {
                Some(vec![What::Metric { alert, rule: rule.to_owned(), degree, opened: instant(opened) }])
            });
        }
    }

    /// Lets something happen within `seconds`, unless that is after the end of the history or cannot be.
    fn then(
        &mut self,
        at: &mut i64,
        seconds: u64,
        act: impl FnOnce(&mut Self, Timestamp) -> Option<Vec<What>>,
    ) -> bool {
        let next = *at + 1 + i64::try_from(self.random.below(seconds * 1_000)).unwrap_or(0);
        if next > self.until {
            return false;
        }
        let Some(facts) = act(self, instant(next)) else { return false };
        *at = next;
        self.tracker.record(instant(next), facts);
        true
    }

    fn by_somebody(
        &mut self,
        at: &mut i64,
        seconds: u64,
        act: impl FnOnce(&mut Self, Person, Timestamp) -> Option<Vec<What>>,
    ) -> bool {
        let by = self.person();
        self.then(at, seconds, |life, at| act(life, by, at))
    }

    fn person(&mut self) -> Person {
        Person::named(self.random.pick(&PEOPLE))
    }

    /// Whom an event hits, where the SDK tells it.
    fn user(&mut self) -> Option<u32> {
        self.random.chance(60).then(|| u32::try_from(self.random.below(30)).unwrap_or(0))
    }
}

fn instant(millisecond: i64) -> Timestamp {
    Timestamp::from_millisecond(millisecond).unwrap_or(Timestamp::MAX)
}
