//! Metric alerts (<https://docs.sentry.io/organization/integrations/integration-platform/webhooks/metric-alerts/>).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    super::{draft::Degree, tracker::Tracker},
    issue::moment,
};
use crate::random::of_name;

/// The webhook's action.
pub(crate) fn action(degree: Degree) -> &'static str {
    match degree {
        Degree::Open => "open",
        Degree::Warning => "warning",
        Degree::Critical => "critical",
        Degree::Resolved => "resolved",
    }
}

/// The whole `data` of the webhook. Projects are told by slug.
pub(crate) fn metric(
    tracker: &Tracker,
    alert: u64,
    rule: &str,
    degree: Degree,
    opened: Timestamp,
    at: Timestamp,
    slug: &str,
) -> Value {
    let organization = &tracker.organization;
    let (status, number) = match degree {
        Degree::Open => (1, 40),
        Degree::Warning => (10, 60),
        Degree::Critical => (20, 120),
        Degree::Resolved => (2, 3),
    };
    let identifier = alert % 1_000;
    let page = format!("organizations/{}/alerts/rules/details/{identifier}/", organization.slug);
    json!({
        "metric_alert": {
            "id": alert.to_string(),
            "identifier": identifier.to_string(),
            "organization_id": organization.id.to_string(),
            "projects": [slug],
            "status": status,
            "status_method": 3,
            "type": 2,
            "title": rule,
            "date_created": moment(opened),
            "date_started": moment(opened),
            "date_detected": moment(opened),
            "date_closed": (degree == Degree::Resolved).then(|| moment(at)),
            "alert_rule": {
                "id": (of_name(rule) % 100_000).to_string(),
                "name": rule,
                "organization_id": organization.id.to_string(),
                "projects": [slug],
                "status": 0,
                "dataset": "events",
                "query": "level:error",
                "aggregate": "count()",
                "time_window": 10,
                "threshold_type": 0,
                "resolve_threshold": 50,
                "resolution": 1,
                "environment": null,
                "triggers": [],
            },
        },
        "description_text": format!("{number} events in the last 10 minutes\nFilter: level:error"),
        "description_title": format!("{}: {rule}", capitalized(action(degree))),
        "web_url": format!("{}/{page}", organization.web()),
    })
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
