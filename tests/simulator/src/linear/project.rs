//! Projects and initiatives, and the posts on how they go.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    Linear, State, Team,
    draft::{Health, NewProject},
    issue::timed_by,
    organization::{URL_KEY, complain, time},
    record::{Kind, Record},
    webhook::Webhook,
    words,
};

impl State {
    pub(super) fn new_project(&mut self, team: &str, draft: NewProject, at: Timestamp) -> Webhook {
        let by = self.person(&draft.author);
        let lead = draft.lead.as_deref().map(|handle| self.person(handle));
        let id = self.new_id();
        let slug_id = id.replace('-', "").chars().take(12).collect::<String>();
        let mut teams = vec![team.to_owned()];
        for key in &draft.with {
            match self.store.of(Kind::Team).find(|team| team.text("key") == key) {
                Some(team) => teams.push(team.id().to_owned()),
                None => complain("team", key),
            }
        }
        let status = self.project_status(&draft.status);
        let (status_id, timed) = (status.id().to_owned(), timed_by(status.text("type")));
        let mut project = json!({
            "id": id,
            "name": draft.name,
            "description": draft.description,
            "slugId": slug_id,
            "url": format!("https://linear.app/{URL_KEY}/project/{}-{slug_id}", words::slug(&draft.name)),
            "color": "#bec2c8",
            "icon": "Rocket",
            "priority": 0,
            "sortOrder": 1.5,
            "prioritySortOrder": -1.5,
            "statusId": status_id,
            "creatorId": by,
            "leadId": lead,
            "memberIds": lead.iter().collect::<Vec<_>>(),
            "teamIds": teams,
            "labelIds": [],
            "initiativeIds": draft.initiatives,
            "startDate": draft.start,
            "targetDate": draft.target,
            "issueCountHistory": [],
            "completedIssueCountHistory": [],
            "scopeHistory": [],
            "completedScopeHistory": [],
            "inProgressScopeHistory": [],
        });
        if let Some(field) = timed {
            project[field] = time(at);
        }
        self.create(Kind::Project, project, Some(&by), at)
    }

    /// Moves a project to a status by name.
    pub(super) fn move_project(&mut self, id: &str, status: &str, by: &str, at: Timestamp) -> Webhook {
        let (project, status) = (self.thing(Kind::Project, id), self.project_status(status));
        let mut fields = json!({ "statusId": status.id() });
        if let Some(field) = timed_by(status.text("type")) {
            let held = project.value(field).clone();
            fields[field] = if field == "startedAt" && !held.is_null() { held } else { time(at) };
            if field == "startedAt" && project.value("startDate").is_null() {
                fields["startDate"] = at.strftime("%Y-%m-%d").to_string().into();
            }
        }
        let by = self.person(by);
        self.alter(id, fields, Some(&by), at)
    }

    /// Posts an update on a project or an initiative. The project changes with it, which a second webhook tells.
    pub(super) fn post(&mut self, on: &str, body: &str, health: Health, by: &str, at: Timestamp) -> Webhook {
        let Some(record) = self.store.get(on) else { complain("project or initiative", on) };
        let (kind, holder, word) = match record.kind {
            Kind::Initiative => (Kind::InitiativeUpdate, "initiativeId", "initiative"),
            _ => (Kind::ProjectUpdate, "projectId", "project"),
        };
        let address = record.text("url").to_owned();
        let status = match self.store.one(record, "status") {
            Some(status) => status.text("name").to_owned(),
            None => record.text("status").to_owned(),
        };
        let (by, id) = (self.person(by), self.new_id());
        let slug_id: String = id.chars().take(8).collect();
        let mut update = json!({
            "id": id,
            "body": body,
            "bodyData": json!({ "type": "doc", "content": [{ "type": "paragraph" }] }).to_string(),
            "health": health.name(),
            "diffMarkdown": format!("**Status**: {status}"),
            "slugId": slug_id,
            "url": format!("{address}/activity#{word}-update-{slug_id}"),
            "userId": by,
            "isDiffHidden": false,
            "reactionData": [],
        });
        update[holder] = on.into();
        let posted = self.create(kind, update, Some(&by), at);
        let changes = json!({ "health": health.name(), "healthUpdatedAt": time(at), "lastUpdateId": id });
        self.alter(on, changes, Some(&by), at);
        posted
    }

    pub(super) fn project_status(&self, name: &str) -> &Record {
        match self.store.of(Kind::ProjectStatus).find(|status| status.text("name") == name) {
            Some(status) => status,
            None => complain("project status", name),
        }
    }

    pub(super) fn thing(&self, kind: Kind, id: &str) -> &Record {
        match self.store.get(id).filter(|record| record.kind == kind) {
            Some(record) => record,
            None => complain(kind.name(), id),
        }
    }

    /// Puts something into the trash: it stays in lists that ask for archived things.
    pub(super) fn trash(&mut self, id: &str, by: &str, at: Timestamp) -> Webhook {
        let by = self.person(by);
        self.mark(id, json!({ "archivedAt": time(at), "trashed": true }), Some(&by), at);
        self.tell_removal(id, Some(&by), at)
    }
}

impl Team {
    /// Starts a project of this team.
    pub fn add_project(&self, draft: NewProject, at: Timestamp) -> Webhook {
        self.with(|state| state.new_project(&self.id, draft, at))
    }
}

impl Linear {
    /// Moves a project to another status, by the status's name.
    pub fn move_project(&self, id: &str, status: &str, by: &str, at: Timestamp) -> Webhook {
        self.with(|state| state.move_project(id, status, by, at))
    }

    /// Gives a project another name.
    pub fn rename_project(&self, id: &str, name: &str, by: &str, at: Timestamp) -> Webhook {
        self.with(|state| {
            state.thing(Kind::Project, id);
            let by = state.person(by);
            state.alter(id, json!({ "name": name }), Some(&by), at)
        })
    }

    /// Puts a project into the trash: `Project` `remove`.
    pub fn trash_project(&self, id: &str, by: &str, at: Timestamp) -> Webhook {
        self.with(|state| {
            state.thing(Kind::Project, id);
            state.trash(id, by, at)
        })
    }

    /// Posts how a project or an initiative goes: `ProjectUpdate` or `InitiativeUpdate` `create`. The project itself
    /// changes with it, of which [`Self::history_webhooks`] has the webhook.
    pub fn post_update(&self, on: &str, body: &str, health: Health, by: &str, at: Timestamp) -> Webhook {
        self.with(|state| state.post(on, body, health, by, at))
    }

    /// Writes an update anew.
    pub fn edit_update(&self, id: &str, body: &str, at: Timestamp) -> Webhook {
        self.with(|state| {
            let by = state.thing(state.kind(id), id).text("userId").to_owned();
            state.alter(id, json!({ "body": body, "editedAt": time(at) }), Some(&by), at)
        })
    }

    /// Begins an initiative.
    pub fn add_initiative(&self, name: &str, by: &str, at: Timestamp) -> Webhook {
        self.with(|state| {
            let (by, id) = (state.person(by), state.new_id());
            let slug_id = id.replace('-', "").chars().take(12).collect::<String>();
            let initiative = json!({
                "id": id,
                "name": name,
                "description": "",
                "slugId": slug_id,
                "url": format!("https://linear.app/{URL_KEY}/initiative/{}-{slug_id}", words::slug(name)),
                "status": "Planned",
                "priority": 0,
                "sortOrder": 1.5,
                "frequencyResolution": "weekly",
                "labelIds": [],
                "creatorId": by,
                "ownerId": by,
                "organizationId": state.organization,
            });
            state.create(Kind::Initiative, initiative, Some(&by), at)
        })
    }

    /// Moves an initiative to `Planned`, `Active` or `Completed`.
    pub fn move_initiative(&self, id: &str, status: &str, by: &str, at: Timestamp) -> Webhook {
        self.with(|state| {
            state.thing(Kind::Initiative, id);
            let by = state.person(by);
            let completed = if status == "Completed" { time(at) } else { Value::Null };
            state.alter(id, json!({ "status": status, "completedAt": completed }), Some(&by), at)
        })
    }
}
