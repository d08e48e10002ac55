//! Which records lead to which others.

use super::record::{Kind, Record, Store};

/// How a list hangs together with what it is a list of.
enum Many {
    /// The ids are held here, in this field.
    Here(&'static str),
    /// The others hold this one's id, in this field.
    There(Kind, &'static str),
}

/// The lists of a kind, by the names that the API and its filters have for them.
fn many(kind: Kind, name: &str) -> Option<Many> {
    use Kind as K;
    use Many::{Here, There};
    Some(match (kind, name) {
        (K::Organization, "labels") => There(K::IssueLabel, "organizationId"),
        (K::Organization, "projectStatuses") => There(K::ProjectStatus, "organizationId"),
        (K::Organization, "teams") => There(K::Team, "organizationId"),
        (K::Organization, "users") => There(K::User, "organizationId"),
        (K::User, "assignedIssues") => There(K::Issue, "assigneeId"),
        (K::User, "createdIssues") => There(K::Issue, "creatorId"),
        (K::User, "teams") => There(K::Team, "memberIds"),
        (K::Team, "cycles") => There(K::Cycle, "teamId"),
        (K::Team, "issues") => There(K::Issue, "teamId"),
        (K::Team, "labels") => There(K::IssueLabel, "teamId"),
        (K::Team, "members") => Here("memberIds"),
        (K::Team, "projects") => There(K::Project, "teamIds"),
        (K::Team, "states") => There(K::WorkflowState, "teamId"),
        (K::WorkflowState, "issues") => There(K::Issue, "stateId"),
        (K::IssueLabel, "children") => There(K::IssueLabel, "parentId"),
        (K::IssueLabel, "issues") => There(K::Issue, "labelIds"),
        (K::Issue, "children") => There(K::Issue, "parentId"),
        (K::Issue, "comments") => There(K::Comment, "issueId"),
        (K::Issue, "history") => There(K::IssueHistory, "issueId"),
        (K::Issue, "labels") => Here("labelIds"),
        (K::Issue, "reactions") => There(K::Reaction, "issueId"),
        (K::Issue, "stateHistory") => There(K::IssueStateSpan, "issueId"),
        (K::Issue, "subscribers") => Here("subscriberIds"),
        (K::IssueHistory, "addedLabels") => Here("addedLabelIds"),
        (K::IssueHistory, "removedLabels") => Here("removedLabelIds"),
        (K::Comment, "children") => There(K::Comment, "parentId"),
        (K::Comment, "reactions") => There(K::Reaction, "commentId"),
        (K::Project, "documents") => There(K::Document, "projectId"),
        (K::Project, "initiatives") => Here("initiativeIds"),
        (K::Project, "issues") => There(K::Issue, "projectId"),
        (K::Project, "members") => Here("memberIds"),
        (K::Project, "projectUpdates") => There(K::ProjectUpdate, "projectId"),
        // A filter only: nobody is kept from a team here.
        (K::Project, "teams" | "accessibleTeams") => Here("teamIds"),
        (K::ProjectUpdate, "comments") => There(K::Comment, "projectUpdateId"),
        (K::ProjectUpdate, "reactions") => There(K::Reaction, "projectUpdateId"),
        (K::Cycle, "issues") => There(K::Issue, "cycleId"),
        (K::Initiative, "documents") => There(K::Document, "initiativeId"),
        (K::Initiative, "initiativeUpdates") => There(K::InitiativeUpdate, "initiativeId"),
        (K::Initiative, "projects") => There(K::Project, "initiativeIds"),
        (K::InitiativeUpdate, "comments") => There(K::Comment, "initiativeUpdateId"),
        (K::InitiativeUpdate, "reactions") => There(K::Reaction, "initiativeUpdateId"),
        _ => return None,
    })
}

impl Store {
    /// The records of one of a record's lists; None when it has no such list.
    pub(crate) fn many<'a>(&'a self, record: &'a Record, name: &str) -> Option<Vec<&'a Record>> {
        Some(match many(record.kind, name)? {
            Many::Here(field) => record.ids(field).filter_map(|id| self.get(id)).collect(),
            Many::There(kind, field) => self.pointing(kind, field, record.id()).collect(),
        })
    }

    /// The one record that a field such as `assignee` leads to.
    pub(crate) fn one(&self, record: &Record, name: &str) -> Option<&Record> {
        self.get(record.text(&format!("{name}Id")))
    }
}
