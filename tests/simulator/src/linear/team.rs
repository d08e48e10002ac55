//! A team: its states, labels and cycles.

use jiff::Timestamp;
use serde_json::json;

use super::{
    Linear, State,
    organization::{complain, long_ago, time},
    populate::{Populate, populate},
    record::{Kind, Record},
    webhook::Webhook,
};
use crate::random::of_name;

/// A handle to one team. Clones share it. Its panics are those of [`Linear`].
#[derive(Clone, Debug)]
pub struct Team {
    pub(super) linear: Linear,
    /// Its id.
    pub id: String,
    /// What its issues are called by: `ENG` in `ENG-7`.
    pub key: String,
}

/// The states that Linear gives a new team, and `In Review`, which nearly everybody adds.
const STATES: [(&str, &str, &str); 8] = [
    ("Triage", "triage", "#f2994a"),
    ("Backlog", "backlog", "#bec2c8"),
    ("Todo", "unstarted", "#e2e2e2"),
    ("In Progress", "started", "#f2c94c"),
    ("In Review", "started", "#0f783c"),
    ("Done", "completed", "#5e6ad2"),
    ("Canceled", "canceled", "#95a2b3"),
    ("Duplicate", "duplicate", "#95a2b3"),
];

/// The team of this key, made when new.
pub(super) fn add(state: &mut State, key: &str, name: &str) -> String {
    if let Some(known) = state.store.of(Kind::Team).find(|team| team.text("key") == key) {
        return known.id().to_owned();
    }
    let team = json!({
        "id": state.fixed_id(of_name(key) ^ 0x7EA),
        "key": key,
        "name": name,
        "displayName": name,
        "private": false,
        "cyclesEnabled": true,
        "triageEnabled": true,
        "timezone": "Europe/Berlin",
        "memberIds": [],
        "organizationId": state.organization,
    });
    let id = state.add(Kind::Team, team, long_ago());
    for (position, (name, kind, color)) in STATES.iter().enumerate() {
        let workflow_state = json!({ "name": name, "type": kind, "color": color, "position": position, "teamId": id });
        state.add(Kind::WorkflowState, workflow_state, long_ago());
    }
    id
}

impl State {
    /// A state of a team by name.
    pub(super) fn workflow_state(&self, team: &str, name: &str) -> &Record {
        match self.store.pointing(Kind::WorkflowState, "teamId", team).find(|state| state.text("name") == name) {
            Some(state) => state,
            None => complain("state", name),
        }
    }

    /// A label of a team by name.
    pub(super) fn label(&self, team: &str, name: &str) -> Option<&Record> {
        self.store.pointing(Kind::IssueLabel, "teamId", team).find(|label| label.text("name") == name)
    }

    /// The id of a team's label, which is made when it is new.
    pub(super) fn labelled(&mut self, team: &str, name: &str, at: Timestamp) -> String {
        match self.label(team, name) {
            Some(known) => known.id().to_owned(),
            None => self.new_label(team, name, at).id,
        }
    }

    fn new_label(&mut self, team: &str, name: &str, at: Timestamp) -> Webhook {
        const COLORS: [&str; 5] = ["#eb5757", "#bb87fc", "#4ea7fc", "#f2c94c", "#95a2b3"];
        let color = COLORS[usize::try_from(of_name(name) % 5).unwrap_or(0)];
        let by = self.person(MAINTAINER);
        let label = json!({
            "name": name,
            "color": color,
            "isGroup": false,
            "teamId": team,
            "creatorId": by,
            "organizationId": self.organization,
        });
        self.create(Kind::IssueLabel, label, Some(&by), at)
    }
}

/// Who does what nobody in particular does.
pub(super) const MAINTAINER: &str = "mira-holt";

impl Team {
    pub(super) fn new(linear: Linear, id: String, key: &str) -> Self {
        Self { linear, id, key: key.to_owned() }
    }

    /// Fills the team with a history that ends at `spec.until`.
    pub fn populate(&self, spec: Populate) {
        self.with(|state| populate(state, &self.id, &spec));
    }

    /// Makes a label, or answers the webhook that would tell of it anew.
    pub fn add_label(&self, name: &str, at: Timestamp) -> Webhook {
        self.with(|state| state.new_label(&self.id, name, at))
    }

    /// Gives a label another name.
    pub fn rename_label(&self, name: &str, to: &str, at: Timestamp) -> Webhook {
        self.with(|state| {
            let Some(label) = state.label(&self.id, name) else { complain("label", name) };
            let id = label.id().to_owned();
            let by = state.person(MAINTAINER);
            state.alter(&id, json!({ "name": to }), Some(&by), at)
        })
    }

    /// A cycle from `starts` to `ends`, which Linear makes by itself: nobody is told as its actor.
    pub fn add_cycle(&self, starts: Timestamp, ends: Timestamp, at: Timestamp) -> Webhook {
        self.with(|state| state.new_cycle(&self.id, starts, ends, at))
    }

    /// Gives a cycle a name.
    pub fn rename_cycle(&self, id: &str, name: &str, by: &str, at: Timestamp) -> Webhook {
        self.with(|state| {
            let by = state.person(by);
            state.alter(id, json!({ "name": name }), Some(&by), at)
        })
    }

    /// A cycle ends.
    pub fn complete_cycle(&self, id: &str, at: Timestamp) -> Webhook {
        self.with(|state| state.alter(id, json!({ "completedAt": time(at) }), None, at))
    }

    pub(super) fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        self.linear.with(act)
    }
}

impl State {
    pub(super) fn new_cycle(&mut self, team: &str, starts: Timestamp, ends: Timestamp, at: Timestamp) -> Webhook {
        let number = self.store.pointing(Kind::Cycle, "teamId", team).count() + 1;
        let cycle = json!({
            "number": number,
            "startsAt": time(starts),
            "endsAt": time(ends),
            "teamId": team,
            "issueCountHistory": [],
            "completedIssueCountHistory": [],
            "scopeHistory": [],
            "completedScopeHistory": [],
            "inProgressScopeHistory": [],
            "uncompletedIssuesUponCloseIds": [],
        });
        self.create(Kind::Cycle, cycle, None, at)
    }
}
