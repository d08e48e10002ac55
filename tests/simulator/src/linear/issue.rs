//! Issues: how they are opened, moved, edited and put away.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    State, Team,
    draft::{Edit, NewIssue},
    organization::{URL_KEY, complain, time},
    record::{Kind, Record},
    team::MAINTAINER,
    webhook::Webhook,
    words,
};

/// How an issue's promise of time stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sla {
    /// It was given.
    Set,
    /// It is in danger.
    HighRisk,
    /// It was broken.
    Breached,
}

impl State {
    pub(super) fn new_issue(&mut self, team: &str, draft: NewIssue, at: Timestamp) -> Webhook {
        let created_at = time(at);
        let Some(key) = self.store.get(team).map(|team| team.text("key").to_owned()) else { complain("team", team) };
        // Numbers are never used again, whatever became of their issues.
        let number = *self.numbers.entry(team.to_owned()).and_modify(|last| *last += 1).or_insert(1);
        let author = draft.author.as_deref().map(|handle| self.person(handle));
        let assignee = draft.assignee.as_deref().map(|handle| self.person(handle));
        let labels: Vec<String> = draft.labels.iter().map(|name| self.labelled(team, name, at)).collect();
        let state = self.workflow_state(team, &draft.state);
        let (state_id, kind) = (state.id().to_owned(), state.text("type").to_owned());
        let (identifier, slug) = (format!("{key}-{number}"), words::slug(&draft.title));
        // What begins in a later state is put there some milliseconds after it was made.
        let moved_at = super::change::later(at, self.lag(at, 0x5A7, 40, 95));
        let mut fields = json!({
            "identifier": identifier,
            "number": number,
            "title": draft.title,
            "description": draft.description,
            "url": format!("https://linear.app/{URL_KEY}/issue/{identifier}/{slug}"),
            "branchName": format!("{}/{}-{slug}", draft.author.as_deref().unwrap_or("linear"), identifier.to_lowercase()),
            "priority": draft.priority,
            "priorityLabel": priority_label(draft.priority),
            "estimate": draft.estimate,
            "dueDate": draft.due,
            "sortOrder": -100.5 * f64::from(number),
            "prioritySortOrder": -10.25 * f64::from(number),
            "subIssueSortOrder": draft.parent.as_ref().map(|_| -1.5 * f64::from(number)),
            "previousIdentifiers": [],
            "reactionData": [],
            "customerTicketCount": 0,
            "labelIds": labels,
            "subscriberIds": author.iter().chain(&assignee).collect::<Vec<_>>(),
            "teamId": team,
            "stateId": state_id,
            "creatorId": author,
            "assigneeId": assignee,
            "projectId": draft.project,
            "cycleId": draft.cycle,
            "parentId": draft.parent,
            "addedToTeamAt": created_at,
            "addedToProjectAt": draft.project.as_ref().map(|_| &created_at),
            "addedToCycleAt": draft.cycle.as_ref().map(|_| &created_at),
        });
        if let Some(field) = timed_by(&kind) {
            fields[field] = time(moved_at);
        }
        self.create(Kind::Issue, fields, author.as_deref(), at)
    }

    /// Moves an issue to a state by name.
    pub(super) fn move_issue(&mut self, id: &str, state: &str, by: Option<&str>, at: Timestamp) -> Webhook {
        let issue = self.issue(id);
        let state = self.workflow_state(issue.text("teamId"), state);
        let mut fields = json!({ "stateId": state.id(), "sortOrder": sort_order(at) });
        let kind = state.text("type");
        // Each of these times holds while the issue is in, or has passed through, such a state.
        if kind != "started" && timed_by(kind).is_none() {
            fields["startedAt"] = Value::Null;
        }
        fields["completedAt"] = Value::Null;
        fields["canceledAt"] = Value::Null;
        if let Some(field) = timed_by(kind) {
            let held = issue.value(field).clone();
            fields[field] = if kind == "started" && !held.is_null() { held } else { time(at) };
        }
        let by = by.map(|handle| self.person(handle));
        self.alter(id, fields, by.as_deref(), at)
    }

    pub(super) fn edit_issue(&mut self, id: &str, edits: Vec<Edit>, by: &str, at: Timestamp) -> Webhook {
        let team = self.issue(id).text("teamId").to_owned();
        let mut labels: Vec<String> = self.issue(id).ids("labelIds").map(str::to_owned).collect();
        let mut fields = json!({});
        for edit in edits {
            match edit {
                Edit::Title(title) => fields["title"] = title.into(),
                Edit::Description(text) => fields["description"] = text.into(),
                Edit::Assignee(to) => fields["assigneeId"] = to.map(|handle| self.person(&handle)).into(),
                Edit::Priority(priority) => {
                    fields["priority"] = priority.into();
                    fields["priorityLabel"] = priority_label(priority).into();
                }
                Edit::Estimate(points) => fields["estimate"] = points.into(),
                Edit::Due(day) => fields["dueDate"] = day.into(),
                Edit::Label(name) => {
                    labels.push(self.labelled(&team, &name, at));
                    fields["labelIds"] = labels.clone().into();
                }
                Edit::Unlabel(name) => {
                    let gone = self.labelled(&team, &name, at);
                    labels.retain(|label| *label != gone);
                    fields["labelIds"] = labels.clone().into();
                }
                Edit::Project(project) => {
                    fields["addedToProjectAt"] = project.as_ref().map_or(Value::Null, |_| time(at));
                    fields["projectId"] = project.into();
                }
                Edit::Cycle(cycle) => {
                    fields["addedToCycleAt"] = cycle.as_ref().map_or(Value::Null, |_| time(at));
                    fields["cycleId"] = cycle.into();
                }
            }
        }
        let by = self.person(by);
        self.alter(id, fields, Some(&by), at)
    }

    pub(super) fn issue(&self, id: &str) -> &Record {
        match self.store.get(id).filter(|record| record.kind == Kind::Issue) {
            Some(issue) => issue,
            None => complain("issue", id),
        }
    }
}

/// The time that says since when an issue or a project is in a state of this type.
pub(super) fn timed_by(kind: &str) -> Option<&'static str> {
    match kind {
        "started" => Some("startedAt"),
        "completed" => Some("completedAt"),
        "canceled" | "duplicate" => Some("canceledAt"),
        _ => None,
    }
}

fn priority_label(priority: u8) -> &'static str {
    match priority {
        1 => "Urgent",
        2 => "High",
        3 => "Medium",
        4 => "Low",
        _ => "No priority",
    }
}

/// A place in lists that each drag changes.
fn sort_order(at: Timestamp) -> f64 {
    i32::try_from(at.as_second() % 100_000).map_or(0.0, |second| f64::from(second) / -8.0)
}

impl Team {
    /// Opens an issue: `Issue` `create`.
    pub fn open_issue(&self, draft: NewIssue, at: Timestamp) -> Webhook {
        self.with(|state| state.new_issue(&self.id, draft, at))
    }

    /// Moves an issue to another state, by the state's name.
    pub fn move_issue(&self, id: &str, state: &str, by: &str, at: Timestamp) -> Webhook {
        self.with(|linear| linear.move_issue(id, state, Some(by), at))
    }

    /// Moves several issues in one go: all have the same `updatedAt`, to the millisecond.
    pub fn move_issues(&self, ids: &[&str], state: &str, by: &str, at: Timestamp) -> Vec<Webhook> {
        ids.iter().map(|id| self.move_issue(id, state, by, at)).collect()
    }

    /// Changes an issue, all in one update.
    pub fn edit_issue(&self, id: &str, edits: Vec<Edit>, by: &str, at: Timestamp) -> Webhook {
        self.with(|state| state.edit_issue(id, edits, by, at))
    }

    /// Drags an issue to another place in a list, which moves its `updatedAt`, and which nobody would call a change.
    pub fn touch_issue(&self, id: &str, at: Timestamp) -> Webhook {
        self.with(|state| {
            let by = state.person(MAINTAINER);
            state.issue(id);
            state.alter(id, json!({ "sortOrder": sort_order(at) }), Some(&by), at)
        })
    }

    /// What Linear sometimes sends right after a creation: an update that changed nothing, `updatedFrom: {}`.
    pub fn echo_issue(&self, id: &str, at: Timestamp) -> Webhook {
        self.with(|state| {
            let by = state.issue(id).value("creatorId").as_str().map(str::to_owned);
            state.tell_update(id, super::record::Fields::new(), by.as_deref(), at)
        })
    }

    /// Linear archives an issue by itself: it leaves all lists that do not ask for archived ones, and its `updatedAt`
    /// stays as it was.
    pub fn archive_issue(&self, id: &str, at: Timestamp) -> Webhook {
        self.with(|state| {
            state.issue(id);
            let was = state.mark(id, json!({ "archivedAt": time(at) }), None, at);
            state.tell_update(id, was, None, at)
        })
    }

    /// Somebody deletes an issue, which puts it into the trash: `Issue` `remove`.
    pub fn trash_issue(&self, id: &str, by: &str, at: Timestamp) -> Webhook {
        self.with(|state| {
            state.issue(id);
            let by = state.person(by);
            state.mark(id, json!({ "archivedAt": time(at), "trashed": true }), Some(&by), at);
            state.tell_removal(id, Some(&by), at)
        })
    }

    /// The trash is emptied: the issue is gone from every list, and no webhook tells of it.
    pub fn purge_issue(&self, id: &str) {
        self.with(|state| {
            state.issue(id);
            state.store.remove(id);
        });
    }

    /// Tells of an issue's promise of time: `IssueSLA` `set`, `highRisk` or `breached`.
    pub fn tell_sla(&self, id: &str, sla: Sla, at: Timestamp) -> Webhook {
        self.with(|state| {
            state.issue(id);
            let (action, field) = match sla {
                Sla::Set => ("set", "slaStartedAt"),
                Sla::HighRisk => ("highRisk", "slaHighRiskAt"),
                Sla::Breached => ("breached", "slaBreachesAt"),
            };
            state.mark(id, json!({ field: time(at) }), None, at);
            state.tell_sla(id, action, at)
        })
    }
}
