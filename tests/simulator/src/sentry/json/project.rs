//! Projects (<https://docs.sentry.io/api/projects/retrieve-a-project/>).

use serde_json::{Value, json};

use super::{super::tracker::Tracker, issue::moment};

/// What a project may have, which ours has not.
const FEATURES: [&str; 17] = [
    "CustomMetrics",
    "Feedbacks",
    "InsightsAppStart",
    "InsightsAssets",
    "InsightsCaches",
    "InsightsDb",
    "InsightsHttp",
    "InsightsLlmMonitoring",
    "InsightsQueues",
    "InsightsScreenLoad",
    "InsightsVitals",
    "Monitors",
    "NewFeedbacks",
    "Profiles",
    "Replays",
    "Sessions",
    "UserReports",
];

/// One item of the list of an organization's projects: it does not name the organization.
pub(crate) fn listed(tracker: &Tracker) -> Value {
    let first = tracker.events().next().map(|event| moment(event.at));
    let mut json = json!({
        "id": tracker.id.to_string(),
        "slug": tracker.slug(),
        "name": tracker.slug(),
        "platform": "javascript",
        "platforms": ["javascript"],
        "dateCreated": moment(tracker.created_at),
        "firstEvent": first,
        "firstTransactionEvent": false,
        "isBookmarked": false,
        "isMember": true,
        "hasAccess": true,
        "hasMinifiedStackTrace": false,
        "features": ["alert-filters", "releases"],
        "access": ["event:read", "org:read", "project:read", "project:releases"],
        "environments": ["production", "staging"],
        "eventProcessing": { "symbolicationDegraded": false },
        "latestRelease": null,
        "team": null,
        "teams": [],
    });
    for feature in FEATURES {
        json[format!("has{feature}")] = json!(false);
    }
    json
}

/// One project by itself.
pub(crate) fn project(tracker: &Tracker) -> Value {
    let organization = &tracker.organization;
    let mut json = listed(tracker);
    json["status"] = json!("active");
    json["organization"] = json!({
        "id": organization.id.to_string(),
        "slug": organization.slug,
        "name": organization.slug,
        "status": { "id": "active", "name": "active" },
        "links": { "organizationUrl": organization.web(), "regionUrl": "https://us.sentry.io" },
    });
    json
}
