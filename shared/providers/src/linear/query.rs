//! What is asked of Linear's API, one query for each list.
//!
//! A single query may cost 10,000 points: 0.1 for a field, 1 for an object, times the size of each list around it. So
//! lists within items are short, and pages of issues, which have two of them, are shorter than others.
//! <https://linear.app/developers/rate-limiting>

use connector_domain::Timestamp;
use connector_domain::backfill::EntityType;
use serde_json::{Value, json};

/// A list of Linear's.
pub(super) struct List {
    /// Its name in queries and answers.
    pub(super) name: &'static str,
    /// The query; its variables are `first`, `after` and `filter`.
    pub(super) query: &'static str,
    /// Most items of a page that stay below the limit of cost.
    pub(super) max_page_size: u32,
    /// What is listed: what belongs to a team and was updated since.
    pub(super) filter: fn(team: &str, since: Timestamp) -> Value,
}

/// What can be listed.
pub(super) const LISTS: &[EntityType] =
    &[EntityType::Issue, EntityType::Comment, EntityType::Project, EntityType::ProjectUpdate, EntityType::Cycle];

/// The list of an entity; `None` when Linear has no such list.
pub(super) const fn list(entity: EntityType) -> Option<&'static List> {
    match entity {
        EntityType::Issue => Some(&ISSUES),
        EntityType::Comment => Some(&COMMENTS),
        EntityType::Project => Some(&PROJECTS),
        EntityType::ProjectUpdate => Some(&PROJECT_UPDATES),
        EntityType::Cycle => Some(&CYCLES),
        _ => None,
    }
}

const ISSUES: List = List {
    name: "issues",
    query: "query Issues($first: Int!, $after: String, $filter: IssueFilter!) {
  issues(first: $first, after: $after, filter: $filter, includeArchived: true, orderBy: updatedAt) {
    pageInfo { hasNextPage endCursor }
    nodes {
      id identifier number title description url priority priorityLabel estimate dueDate trashed
      createdAt updatedAt startedAt completedAt canceledAt archivedAt
      state { id name type }
      team { id key name }
      creator { id name email avatarUrl }
      assignee { id name }
      project { id name url }
      cycle { id name number }
      labels(first: 20) { nodes { id name } }
      stateHistory(first: 40) { pageInfo { hasNextPage } nodes { startedAt state { id name type } } }
    }
  }
}",
    max_page_size: 40,
    filter: |team, since| {
        // What goes to the archive or the trash is not updated by that.
        json!({ "team": of(team), "or": [{ "updatedAt": { "gte": since } }, { "archivedAt": { "gte": since } }] })
    },
};

const COMMENTS: List = List {
    name: "comments",
    query: "query Comments($first: Int!, $after: String, $filter: CommentFilter!) {
  comments(first: $first, after: $after, filter: $filter, includeArchived: true, orderBy: updatedAt) {
    pageInfo { hasNextPage endCursor }
    nodes {
      id body url createdAt updatedAt editedAt archivedAt
      user { id name email avatarUrl }
      parent { id }
      issue { id identifier title url }
      projectUpdate { id project { id name url } }
    }
  }
}",
    max_page_size: 100,
    filter: |team, since| {
        let projects = json!({ "project": in_projects(team) });
        json!({ "updatedAt": { "gte": since }, "or": [{ "issue": { "team": of(team) } }, { "projectUpdate": projects }] })
    },
};

const PROJECTS: List = List {
    name: "projects",
    query: "query Projects($first: Int!, $after: String, $filter: ProjectFilter!) {
  projects(first: $first, after: $after, filter: $filter, includeArchived: true, orderBy: updatedAt) {
    pageInfo { hasNextPage endCursor }
    nodes {
      id name description slugId url health startDate targetDate trashed
      createdAt updatedAt startedAt completedAt canceledAt archivedAt
      status { id name type }
      creator { id name email avatarUrl }
      lead { id name }
      teams(first: 20) { nodes { id } }
    }
  }
}",
    max_page_size: 100,
    filter: |team, since| {
        let mut filter = in_projects(team);
        filter["updatedAt"] = json!({ "gte": since });
        filter
    },
};

const PROJECT_UPDATES: List = List {
    name: "projectUpdates",
    query: "query ProjectUpdates($first: Int!, $after: String, $filter: ProjectUpdateFilter!) {
  projectUpdates(first: $first, after: $after, filter: $filter, includeArchived: true, orderBy: updatedAt) {
    pageInfo { hasNextPage endCursor }
    nodes {
      id body health url createdAt updatedAt editedAt archivedAt
      user { id name email avatarUrl }
      project { id name url }
    }
  }
}",
    max_page_size: 100,
    filter: |team, since| json!({ "updatedAt": { "gte": since }, "project": in_projects(team) }),
};

const CYCLES: List = List {
    name: "cycles",
    query: "query Cycles($first: Int!, $after: String, $filter: CycleFilter!) {
  cycles(first: $first, after: $after, filter: $filter, includeArchived: true, orderBy: updatedAt) {
    pageInfo { hasNextPage endCursor }
    nodes {
      id name number description startsAt endsAt createdAt updatedAt completedAt archivedAt
      team { id }
    }
  }
}",
    max_page_size: 100,
    filter: |team, since| json!({ "updatedAt": { "gte": since }, "team": of(team) }),
};

fn of(team: &str) -> Value {
    json!({ "id": { "eq": team } })
}

fn in_projects(team: &str) -> Value {
    json!({ "accessibleTeams": { "some": of(team) } })
}
