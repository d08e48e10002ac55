//! Projects (<https://docs.sentry.io/api/projects/retrieve-a-project/>).

use serde_json::{Value, json};

use super::{super::tracker::Tracker, issue::moment};

/// One project by itself.
pub(crate) fn project(tracker: &Tracker) -> Value {
    let organization = &tracker.organization;
    let first = tracker.events().next().map(|event| moment(event.at));
    json!({
        "id": tracker.id.to_string(),
        "slug": tracker.slug(),
        "name": tracker.slug(),
        "platform": "javascript",
        "platforms": ["javascript"],
        "dateCreated": moment(tracker.created_at),
        "firstEvent": first,
        "status": "active",
        "isBookmarked": false,
        "isInternal": false,
        "isMember": true,
        "isPublic": false,
        "hasAccess": true,
        "features": ["alert-filters", "releases"],
        "access": ["event:read", "org:read", "project:read", "project:releases"],
        "team": null,
        "teams": [],
        "latestRelease": null,
        "organization": {
            "id": organization.id.to_string(),
            "slug": organization.slug,
            "name": organization.slug,
            "status": { "id": "active", "name": "active" },
            "links": { "organizationUrl": organization.web(), "regionUrl": "https://us.sentry.io" },
        },
    })
}
