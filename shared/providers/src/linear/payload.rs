//! Lenient views of Linear's objects, the same for webhooks and for nodes of its API: required is only the id.
//!
//! True bodies lack fields that Linear's schema calls required, and fields have come and gone over the years.
//! <https://github.com/linear/linear/blob/master/packages/sdk/src/schema.graphql>

use std::fmt;

use connector_domain::Timestamp;
use serde::Deserialize;
use serde_json::Number;

/// An identifier; never blank.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Id(String);

impl TryFrom<String> for Id {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        if text.trim().is_empty() { Err("an id is blank") } else { Ok(Self(text)) }
    }
}

impl Id {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What all objects have: which one, where to see it, and when what happened to it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Base {
    pub(super) id: Id,
    pub(super) url: Option<String>,
    pub(super) created_at: Option<Timestamp>,
    pub(super) updated_at: Option<Timestamp>,
    pub(super) started_at: Option<Timestamp>,
    pub(super) completed_at: Option<Timestamp>,
    pub(super) canceled_at: Option<Timestamp>,
    pub(super) archived_at: Option<Timestamp>,
    pub(super) trashed: Option<bool>,
}

/// An object that another one names: a team, a project, a label, ...
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Named {
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) key: Option<String>,
    pub(super) url: Option<String>,
}

/// A person, an integration or an app.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct User {
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    /// The name of an integration.
    pub(super) service: Option<String>,
    pub(super) email: Option<String>,
    pub(super) avatar_url: Option<String>,
}

/// A list: plain in webhooks, a connection in the API.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Many<T> {
    Plain(Vec<T>),
    Nodes { nodes: Vec<T> },
}

impl<T> Many<T> {
    pub(super) fn items(&self) -> &[T] {
        match self {
            Self::Plain(items) | Self::Nodes { nodes: items } => items,
        }
    }
}

/// A workflow state of issues, or a status of projects. What counts is its type: teams name states as they like.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct State {
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
}

/// An issue.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Issue {
    pub(super) identifier: Option<String>,
    pub(super) number: Option<Number>,
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    pub(super) state: Option<State>,
    pub(super) state_id: Option<String>,
    pub(super) team: Option<Named>,
    pub(super) team_id: Option<String>,
    pub(super) priority: Option<Number>,
    pub(super) priority_label: Option<String>,
    pub(super) estimate: Option<Number>,
    pub(super) due_date: Option<String>,
    pub(super) project: Option<Named>,
    pub(super) project_id: Option<String>,
    pub(super) cycle: Option<CycleName>,
    pub(super) cycle_id: Option<String>,
    pub(super) assignee: Option<User>,
    pub(super) assignee_id: Option<String>,
    pub(super) creator: Option<User>,
    pub(super) creator_id: Option<String>,
    pub(super) labels: Option<Many<Named>>,
    /// When the service level of it is broken.
    pub(super) sla_breaches_at: Option<String>,
    /// The API only.
    pub(super) state_history: Option<StateHistory>,
}

/// The states that an issue has been in.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StateHistory {
    pub(super) nodes: Vec<StateSpan>,
    pub(super) page_info: Option<PageInfo>,
}

/// A time that an issue spent in one state.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StateSpan {
    pub(super) started_at: Option<Timestamp>,
    pub(super) state: Option<State>,
}

/// Whether a list goes on. <https://linear.app/developers/pagination>
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PageInfo {
    #[serde(default)]
    pub(super) has_next_page: bool,
    pub(super) end_cursor: Option<String>,
}

/// The cycle of an issue.
#[derive(Debug, Deserialize)]
pub(super) struct CycleName {
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) number: Option<Number>,
}

/// The issue that another object is about.
#[derive(Debug, Deserialize)]
pub(super) struct IssueName {
    pub(super) id: Option<String>,
    pub(super) identifier: Option<String>,
    pub(super) title: Option<String>,
    pub(super) url: Option<String>,
}

/// A comment: on an issue, on an update of a project or an initiative, or on a document.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Comment {
    pub(super) body: Option<String>,
    pub(super) user: Option<User>,
    pub(super) issue: Option<IssueName>,
    pub(super) issue_id: Option<String>,
    pub(super) parent: Option<Named>,
    pub(super) parent_id: Option<String>,
    pub(super) project_update: Option<PostName>,
    pub(super) project_update_id: Option<String>,
    pub(super) initiative_update_id: Option<String>,
    pub(super) document_content: Option<DocumentContent>,
    pub(super) edited_at: Option<String>,
}

/// The update that a comment is on.
#[derive(Debug, Deserialize)]
pub(super) struct PostName {
    pub(super) id: Option<String>,
    pub(super) project: Option<Named>,
}

/// What a comment on a text is on.
#[derive(Debug, Deserialize)]
pub(super) struct DocumentContent {
    pub(super) document: Option<DocumentName>,
    pub(super) project: Option<Named>,
}

/// The document that a comment is on.
#[derive(Debug, Deserialize)]
pub(super) struct DocumentName {
    pub(super) id: Option<String>,
    pub(super) title: Option<String>,
}

/// A project.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Project {
    pub(super) name: Option<String>,
    pub(super) description: Option<String>,
    pub(super) slug_id: Option<String>,
    /// Until 2024 its status was a word.
    pub(super) state: Option<String>,
    pub(super) status: Option<State>,
    pub(super) health: Option<String>,
    pub(super) start_date: Option<String>,
    pub(super) target_date: Option<String>,
    pub(super) creator: Option<User>,
    pub(super) lead: Option<User>,
    pub(super) lead_id: Option<String>,
    /// Webhooks tell their ids, the API the teams.
    pub(super) team_ids: Option<Vec<String>>,
    pub(super) teams: Option<Many<Named>>,
}

/// A post on how a project or an initiative goes.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Post {
    pub(super) body: Option<String>,
    pub(super) health: Option<String>,
    pub(super) user: Option<User>,
    pub(super) project: Option<Named>,
    pub(super) project_id: Option<String>,
    pub(super) initiative: Option<Named>,
    pub(super) initiative_id: Option<String>,
    pub(super) edited_at: Option<String>,
}

/// A cycle. Webhooks tell its team by id only.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cycle {
    pub(super) name: Option<String>,
    pub(super) number: Option<Number>,
    pub(super) description: Option<String>,
    pub(super) starts_at: Option<String>,
    pub(super) ends_at: Option<String>,
    pub(super) team: Option<Named>,
    pub(super) team_id: Option<String>,
}

/// A label of issues; of a team, or of the whole organisation.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Label {
    pub(super) name: Option<String>,
    pub(super) description: Option<String>,
    pub(super) color: Option<String>,
    pub(super) team_id: Option<String>,
    pub(super) parent_id: Option<String>,
}

/// An emoji under a comment, an issue or an update.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reaction {
    pub(super) emoji: Option<String>,
    pub(super) user: Option<User>,
    pub(super) issue: Option<IssueName>,
    pub(super) issue_id: Option<String>,
    pub(super) comment: Option<Excerpt>,
    pub(super) comment_id: Option<String>,
    pub(super) project_update: Option<Excerpt>,
    pub(super) project_update_id: Option<String>,
}

/// The text that a reaction is under.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Excerpt {
    pub(super) body: Option<String>,
    pub(super) issue_id: Option<String>,
}

/// An initiative: projects with one aim.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Initiative {
    pub(super) name: Option<String>,
    pub(super) description: Option<String>,
    pub(super) status: Option<String>,
    pub(super) health: Option<String>,
    pub(super) target_date: Option<String>,
    pub(super) owner: Option<User>,
    pub(super) owner_id: Option<String>,
    pub(super) creator: Option<User>,
    pub(super) projects: Option<Many<Named>>,
}

/// A document.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document {
    pub(super) title: Option<String>,
    pub(super) content: Option<String>,
    pub(super) project: Option<Named>,
    pub(super) project_id: Option<String>,
    pub(super) initiative_id: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_plain_or_connections() {
        let read = |json: &str| serde_json::from_str::<Many<Named>>(json).map(|many| many.items().len()).ok();
        assert_eq!(read(r#"[{"id":"1"},{}]"#), Some(2));
        assert_eq!(read(r#"{"nodes":[{"id":"1"}]}"#), Some(1));
        assert_eq!(read("7"), None);
    }

    #[test]
    fn an_id_is_never_blank() {
        let read = |json: &str| serde_json::from_str::<Id>(json).ok();
        assert_eq!(read("\"a\"").unwrap().as_str(), "a");
        assert_eq!(read("\" \""), None);
        assert_eq!(read("7"), None);
    }
}
