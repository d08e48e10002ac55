//! What is asked of GitHub's GraphQL API: what REST has no list of, or only one for each pull request or deployment.
//!
//! Fields are asked for by their names in REST, so that one view reads both. Each list is called `list`; of its items, `at`
//! is the time it goes by, and `below` is a list in each of them. What of that does not fit is asked for by itself, item
//! by item, and so on downwards.
//!
//! A query may ask for 500,000 nodes, and costs a point for each hundred lists in it; an hour has 5,000 points.
//! <https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api>

use std::time::Duration;

use connector_domain::backfill::EntityType;

/// A list of GitHub's.
pub(super) struct List {
    /// The query; its variables are `owner`, `name`, `first` and `after`.
    query: &'static str,
    /// For the rest of a list below, from the outer to the inner; their variables are `id` and `after`.
    below: &'static [&'static str],
    /// Most items of a page.
    pub(super) most: u32,
    /// Whether an item that changes moves to the head.
    pub(super) moves: bool,
    /// How much older than what happens to it an item can be.
    pub(super) look_back: Duration,
}

/// Who did something. To GraphQL, the login of an app's account has no `[bot]`.
const WHO: &str = "fragment Who on Actor {
  type: __typename
  login
  avatar_url: avatarUrl
  html_url: url
  ... on User { id: databaseId }
  ... on Bot { id: databaseId }
  ... on Mannequin { id: databaseId }
  ... on Organization { id: databaseId }
}";

impl List {
    /// How many lists can stand below each other.
    pub(super) const fn depth(&self) -> usize {
        self.below.len()
    }

    /// The query for the list itself, or for what is `depth` lists below it; `None` where nothing is.
    pub(super) fn query(&self, depth: usize) -> Option<String> {
        let query = match depth.checked_sub(1) {
            None => self.query,
            Some(below) => self.below.get(below)?,
        };
        Some(format!("{query}\n{WHO}"))
    }
}

/// The list of an entity; `None` when it is not one of these.
pub(super) const fn list(entity: EntityType) -> Option<&'static List> {
    match entity {
        EntityType::Discussion => Some(&DISCUSSIONS),
        EntityType::Review => Some(&REVIEWS),
        EntityType::Deployment => Some(&DEPLOYMENTS),
        _ => None,
    }
}

const DISCUSSIONS: List = List {
    query: "query Discussions($owner: String!, $name: String!, $first: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    id: databaseId
    list: discussions(first: $first, after: $after, orderBy: { field: UPDATED_AT, direction: DESC }) {
      pageInfo { hasNextPage endCursor }
      nodes {
        node_id: id
        at: updatedAt
        number
        title
        body
        html_url: url
        created_at: createdAt
        user: author { ...Who }
        category { name }
        answer_chosen_at: answerChosenAt
        chosen_by: answerChosenBy { ...Who }
        answer { html_url: url user: author { ...Who } }
        below: comments(first: 20) {
          pageInfo { hasNextPage endCursor }
          nodes {
            node_id: id
            id: databaseId
            body
            html_url: url
            created_at: createdAt
            deleted_at: deletedAt
            user: author { ...Who }
            below: replies(first: 10) {
              pageInfo { hasNextPage endCursor }
              nodes { id: databaseId body html_url: url created_at: createdAt user: author { ...Who } }
            }
          }
        }
      }
    }
  }
}",
    below: &[
        "query Comments($id: ID!, $after: String) {
  node(id: $id) {
    type: __typename
    ... on Discussion {
      number
      title
      html_url: url
      below: comments(first: 20, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes {
          node_id: id
          id: databaseId
          body
          html_url: url
          created_at: createdAt
          deleted_at: deletedAt
          user: author { ...Who }
          below: replies(first: 50) {
            pageInfo { hasNextPage endCursor }
            nodes { id: databaseId body html_url: url created_at: createdAt user: author { ...Who } }
          }
        }
      }
    }
  }
}",
        "query Replies($id: ID!, $after: String) {
  node(id: $id) {
    type: __typename
    ... on DiscussionComment {
      id: databaseId
      discussion { number title html_url: url }
      below: replies(first: 100, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes { id: databaseId body html_url: url created_at: createdAt user: author { ...Who } }
      }
    }
  }
}",
    ],
    most: 20,
    moves: true,
    look_back: Duration::ZERO,
};

const REVIEWS: List = List {
    query: "query Reviews($owner: String!, $name: String!, $first: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    id: databaseId
    list: pullRequests(first: $first, after: $after, orderBy: { field: UPDATED_AT, direction: DESC }) {
      pageInfo { hasNextPage endCursor }
      nodes {
        node_id: id
        at: updatedAt
        number
        title
        html_url: url
        below: reviews(first: 30) {
          pageInfo { hasNextPage endCursor }
          nodes {
            id: fullDatabaseId
            state
            body
            html_url: url
            submitted_at: submittedAt
            commit { oid }
            user: author { ...Who }
          }
        }
      }
    }
  }
}",
    below: &["query MoreReviews($id: ID!, $after: String) {
  node(id: $id) {
    type: __typename
    ... on PullRequest {
      number
      title
      html_url: url
      below: reviews(first: 100, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes {
          id: fullDatabaseId
          state
          body
          html_url: url
          submitted_at: submittedAt
          commit { oid }
          user: author { ...Who }
        }
      }
    }
  }
}"],
    most: 50,
    moves: true,
    look_back: Duration::ZERO,
};

const DEPLOYMENTS: List = List {
    query: "query Deployments($owner: String!, $name: String!, $first: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    id: databaseId
    list: deployments(first: $first, after: $after, orderBy: { field: CREATED_AT, direction: DESC }) {
      pageInfo { hasNextPage endCursor }
      nodes {
        node_id: id
        at: createdAt
        id: databaseId
        sha: commitOid
        environment
        task
        description
        named: ref { name }
        below: statuses(first: 20) {
          pageInfo { hasNextPage endCursor }
          nodes {
            state
            description
            environment
            environment_url: environmentUrl
            log_url: logUrl
            created_at: createdAt
            creator { ...Who }
          }
        }
      }
    }
  }
}",
    below: &["query Statuses($id: ID!, $after: String) {
  node(id: $id) {
    type: __typename
    ... on Deployment {
      id: databaseId
      sha: commitOid
      environment
      task
      description
      named: ref { name }
      below: statuses(first: 100, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes {
          state
          description
          environment
          environment_url: environmentUrl
          log_url: logUrl
          created_at: createdAt
          creator { ...Who }
        }
      }
    }
  }
}"],
    most: 50,
    moves: false,
    // So long a deployment may wait for an approval.
    // <https://docs.github.com/en/actions/managing-workflow-runs-and-deployments/managing-deployments/reviewing-deployments>
    look_back: Duration::from_secs(30 * 86_400),
};
