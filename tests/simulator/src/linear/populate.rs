//! A team's history out of a seed: varied, plausible, and the same every time.

use jiff::Timestamp;

use super::{
    State,
    draft::{Edit, Health, NewComment, NewIssue, NewProject},
    organization::time,
    team::MAINTAINER,
    words,
};
use crate::{
    clock::days_before,
    random::{Random, of_name},
};

/// How much history to make, and over which time.
#[derive(Clone, Copy, Debug)]
pub struct Populate {
    /// Issues.
    pub issues: u32,
    /// Comments on them, on average for ten issues.
    pub comments_on_ten: u32,
    /// Projects, with about two updates each.
    pub projects: u32,
    /// Cycles, one after the other.
    pub cycles: u32,
    /// The earliest creation.
    pub since: Timestamp,
    /// Nothing happens after this.
    pub until: Timestamp,
}

impl Populate {
    /// A small history over the `days` before `until`: 60 issues, 90 comments, 4 projects, and cycles of two weeks.
    #[must_use]
    pub fn ending(until: Timestamp, days: u32) -> Self {
        let since = days_before(until, days);
        Self { issues: 60, comments_on_ten: 15, projects: 4, cycles: days / 14, since, until }
    }
}

/// Adds the history of `spec` to a team.
pub(super) fn populate(state: &mut State, team: &str, spec: &Populate) {
    let mut life = Life {
        random: Random::new(state.seed, &[of_name(team), state.told.len() as u64, 0x9093]),
        team: team.to_owned(),
        since: spec.since.as_millisecond(),
        until: spec.until.as_millisecond().max(spec.since.as_millisecond()),
        projects: Vec::new(),
        cycles: Vec::new(),
    };
    life.cycles(state, spec.cycles);
    for at in life.random.moments(spec.projects, life.since, life.until) {
        life.project(state, at);
    }
    for at in life.random.moments(spec.issues, life.since, life.until) {
        life.issue(state, at, spec.comments_on_ten);
    }
}

/// The making of one history. Times are in milliseconds.
struct Life {
    random: Random,
    team: String,
    since: i64,
    until: i64,
    /// Ids and when they began.
    projects: Vec<(String, i64)>,
    cycles: Vec<(String, i64)>,
}

const MINUTE: i64 = 60_000;
const DAY: i64 = 86_400_000;

impl Life {
    fn cycles(&mut self, state: &mut State, count: u32) {
        let length = (self.until - self.since) / i64::from(count.max(1));
        for index in 0..i64::from(count) {
            let (starts, ends) = (self.since + index * length, self.since + (index + 1) * length);
            let made = state.new_cycle(&self.team, instant(starts), instant(ends), instant(starts));
            if ends < self.until {
                let done = serde_json::json!({ "completedAt": time(instant(ends)) });
                state.alter(&made.id, done, None, instant(ends));
            }
            self.cycles.push((made.id, starts));
        }
    }

    fn project(&mut self, state: &mut State, at: i64) {
        let draft = NewProject {
            description: words::description(&mut self.random).unwrap_or_default(),
            author: self.person().to_owned(),
            lead: self.random.chance(60).then(|| self.person().to_owned()),
            ..NewProject::named(words::project(&mut self.random))
        };
        let made = state.new_project(&self.team, draft, instant(at));
        self.projects.push((made.id.clone(), at));
        let mut at = at;
        for (status, share) in [("Planned", 80), ("In Progress", 80), ("Completed", 40)] {
            if !self.random.chance(share) || !self.goes_on(&mut at, 10 * DAY) {
                return;
            }
            let by = self.person();
            state.move_project(&made.id, status, by, instant(at));
            if status == "In Progress" {
                self.updates(state, &made.id, &mut at);
            }
        }
    }

    fn updates(&mut self, state: &mut State, project: &str, at: &mut i64) {
        for _ in 0..2 {
            if !self.goes_on(at, 5 * DAY) {
                return;
            }
            let health = self.random.pick(&[Health::OnTrack, Health::AtRisk, Health::OffTrack]);
            let body = words::remark(&mut self.random);
            let by = self.person();
            let update = state.post(project, &body, health, by, instant(*at));
            if self.random.chance(40) && self.goes_on(at, DAY) {
                let remark = words::remark(&mut self.random);
                state.new_comment(NewComment::on(update.id, remark), instant(*at));
            }
        }
    }

    fn issue(&mut self, state: &mut State, at: i64, comments_on_ten: u32) {
        let draft = NewIssue {
            title: words::title(&mut self.random),
            description: words::description(&mut self.random),
            author: self.random.chance(94).then(|| self.person().to_owned()),
            state: self.random.pick(&["Triage", "Backlog", "Backlog", "Todo", "In Progress"]).to_owned(),
            assignee: self.random.chance(50).then(|| self.person().to_owned()),
            labels: words::labels(&mut self.random),
            priority: u8::try_from(self.random.below(5)).unwrap_or(0),
            estimate: self.random.chance(40).then(|| u32::try_from(1 + self.random.below(8)).unwrap_or(1)),
            project: begun(&self.projects, at, self.random.below(3)),
            cycle: begun(&self.cycles, at, self.random.below(2)),
            ..NewIssue::default()
        };
        let id = state.new_issue(&self.team, draft, instant(at)).id;
        let mut at = at;
        if self.random.chance(10) {
            // Told right after the creation, and nothing had changed.
            at += 50;
            state.tell_update(&id, super::record::Fields::new(), None, instant(at));
        }
        if self.random.chance(30) && self.goes_on(&mut at, MINUTE) {
            // Too soon for the history: it belongs to the creation.
            let by = self.person();
            state.edit_issue(&id, vec![Edit::Priority(2)], by, instant(at));
        }
        self.remarks(state, &id, &mut at, comments_on_ten);
        self.moves(state, &id, &mut at);
    }

    fn remarks(&mut self, state: &mut State, id: &str, at: &mut i64, on_ten: u32) {
        let mut last = None;
        // Twice as many chances as comments wanted.
        for _ in 0..on_ten / 5 {
            if self.random.chance(50) || !self.goes_on(at, 2 * DAY) {
                continue;
            }
            let comment = NewComment {
                author: self.random.chance(90).then(|| self.person().to_owned()),
                parent: last.clone().filter(|_| self.random.chance(30)),
                ..NewComment::on(id, words::remark(&mut self.random))
            };
            last = Some(state.new_comment(comment, instant(*at)).id);
        }
    }

    fn moves(&mut self, state: &mut State, id: &str, at: &mut i64) {
        let path: &[&str] = match self.random.below(10) {
            0..4 => &["In Progress", "In Review", "Done"],
            4 => &["Todo", "In Progress", "Backlog"],
            5 => &["Done", "Todo", "In Progress", "Done"],
            6 => &["Canceled"],
            7 => &["In Progress", "Duplicate"],
            _ => &[],
        };
        for name in path {
            if !self.goes_on(at, 4 * DAY) {
                return;
            }
            // Git integrations move issues, too: nobody is told as the actor then.
            let by = self.random.chance(80).then(|| self.person());
            state.move_issue(id, name, by, instant(*at));
        }
        if self.random.chance(30) && self.goes_on(at, 20 * DAY) {
            let assignee = Edit::Assignee(self.random.chance(70).then(|| self.person().to_owned()));
            state.edit_issue(id, vec![assignee, Edit::Label("Stale".to_owned())], MAINTAINER, instant(*at));
        }
    }

    /// Steps forward in time, unless that is after the end of the history.
    fn goes_on(&mut self, at: &mut i64, most: i64) -> bool {
        let next = *at + 1_000 + self.within(most);
        if next <= self.until {
            *at = next;
        }
        next <= self.until
    }

    fn within(&mut self, span: i64) -> i64 {
        i64::try_from(self.random.below(u64::try_from(span).unwrap_or(0))).unwrap_or(0)
    }

    fn person(&mut self) -> &'static str {
        self.random.pick(&words::PEOPLE)
    }
}

/// The latest of those that had begun by then, for the first of several choices.
fn begun(all: &[(String, i64)], at: i64, choice: u64) -> Option<String> {
    let latest = all.iter().rev().find(|(_, since)| *since <= at).map(|(id, _)| id.clone());
    latest.filter(|_| choice == 0)
}

fn instant(millisecond: i64) -> Timestamp {
    Timestamp::from_millisecond(millisecond).unwrap_or(Timestamp::MAX)
}
