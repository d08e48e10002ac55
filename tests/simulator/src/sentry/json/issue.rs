//! Issues (<https://docs.sentry.io/api/events/list-an-organizations-issues/>).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    super::{
        draft::{Assignee, Resolution},
        issue::{Issue, Standing},
        organization::Person,
        tracker::Tracker,
    },
    detail::release,
};
use crate::random::of_name;

/// A moment as Sentry's JSON has it: microseconds, unless the second is whole.
pub(crate) fn moment(at: Timestamp) -> String {
    if at.subsec_nanosecond() == 0 { at.to_string() } else { at.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string() }
}

/// The same as webhooks about something new have it.
pub(crate) fn isoformat(at: Timestamp) -> String {
    moment(at).replace('Z', "+00:00")
}

/// `data.issue` of `issue` webhooks but the first, and what lists build on: as it stood then.
pub(crate) fn issue(tracker: &Tracker, issue: &Issue, standing: &Standing, slug: &str) -> Value {
    let draft = &issue.draft;
    let metadata = match &draft.kind {
        Some(kind) => json!({
            "type": kind,
            "value": draft.value,
            "function": draft.function,
            "filename": draft.filename,
        }),
        None => json!({ "title": draft.value }),
    };
    let mut json = json!({
        "id": issue.id.to_string(),
        "shareId": null,
        "shortId": format!("{}-{}", slug.to_uppercase(), base32(issue.number)),
        "title": draft.title(),
        "culprit": draft.culprit(),
        "permalink": permalink(tracker, issue.id),
        "logger": null,
        "level": draft.level,
        "status": standing.status.name(),
        "statusDetails": details(standing),
        "substatus": standing.substatus,
        "isPublic": false,
        "platform": "javascript",
        "project": project(tracker, slug),
        "type": if draft.kind.is_some() { "error" } else { "default" },
        "metadata": metadata,
        "numComments": standing.comments,
        "assignedTo": standing.assignee.as_ref().map(|to| assignee(to, true)),
    });
    let rest = json!({
        "isBookmarked": false,
        "isSubscribed": false,
        "subscriptionDetails": null,
        "hasSeen": false,
        "annotations": [],
        "issueType": "error",
        "issueCategory": "error",
        "priority": "high",
        "priorityLockedAt": null,
        "count": standing.count.to_string(),
        "userCount": standing.users,
        "firstSeen": moment(issue.first_seen),
        "lastSeen": moment(standing.last_seen),
    });
    extend(&mut json, rest);
    json
}

/// `data.issue` of `issue` `created`.
pub(crate) fn created(tracker: &Tracker, held: &Issue, standing: &Standing, slug: &str) -> Value {
    let mut json = issue(tracker, held, standing, slug);
    let organization = &tracker.organization;
    let addresses = json!({
        "url": format!("https://sentry.io/api/0/organizations/{}/issues/{}/", organization.slug, held.id),
        "web_url": permalink(tracker, held.id),
        "project_url": format!("{}/issues/?project={}", organization.web(), tracker.id),
        "firstSeen": isoformat(held.first_seen),
        "lastSeen": isoformat(standing.last_seen),
    });
    extend(&mut json, addresses);
    json
}

/// What of an issue's events is inside the asked-for time.
pub(crate) struct Seen {
    pub(crate) first: Timestamp,
    pub(crate) last: Timestamp,
    pub(crate) count: usize,
    pub(crate) users: usize,
}

/// One item of the list: how often and when is that of the asked-for time, the whole life stands beside it.
pub(crate) fn listed(tracker: &Tracker, held: &Issue, seen: &Seen, whole: &Seen) -> Value {
    let mut json = issue(tracker, held, &held.now, tracker.slug());
    let beside = json!({
        "count": seen.count.to_string(),
        "userCount": seen.users,
        "firstSeen": moment(seen.first),
        "lastSeen": moment(seen.last),
        "isUnhandled": held.draft.kind.is_some(),
        "stats": { "24h": [] },
        "filtered": null,
        "lifetime": {
            "count": whole.count.to_string(),
            "userCount": whole.users,
            "firstSeen": moment(whole.first),
            "lastSeen": moment(whole.last),
            "stats": null,
        },
    });
    extend(&mut json, beside);
    json
}

/// One issue by itself, with what happened to it.
pub(crate) fn detail(tracker: &Tracker, held: &Issue, activity: &[Value]) -> Value {
    let mut json = issue(tracker, held, &held.now, tracker.slug());
    let release = release(tracker, held);
    let beside = json!({
        "activity": activity,
        "seenBy": [],
        "participants": [],
        "pluginActions": [],
        "pluginIssues": [],
        "pluginContexts": [],
        "userReportCount": 0,
        "tags": [],
        "stats": { "24h": [], "30d": [] },
        "firstRelease": release,
        "lastRelease": release,
    });
    extend(&mut json, beside);
    json
}

fn extend(json: &mut Value, more: Value) {
    if let (Value::Object(json), Value::Object(more)) = (json, more) {
        json.extend(more);
    }
}

fn project(tracker: &Tracker, slug: &str) -> Value {
    json!({ "id": tracker.id.to_string(), "name": slug, "slug": slug, "platform": "javascript" })
}

pub(crate) fn permalink(tracker: &Tracker, issue: u64) -> String {
    format!("{}/issues/{issue}/", tracker.organization.web())
}

fn details(standing: &Standing) -> Value {
    match &standing.resolution {
        None | Some(Resolution::Now) => json!({}),
        Some(Resolution::InRelease(version)) => json!({ "inRelease": version }),
        Some(Resolution::InNextRelease) => json!({ "inNextRelease": true }),
    }
}

/// Whom an issue is given to; lists write ids as texts, and `data.assignee` of the webhook as numbers.
pub(crate) fn assignee(to: &Assignee, text: bool) -> Value {
    let (kind, id, name) = match to {
        Assignee::Person(name) => ("user", Person::named(name).id, name),
        Assignee::Team(name) => ("team", 400_000 + of_name(name) % 100_000, name),
    };
    let mut json = json!({ "type": kind, "id": id, "name": name });
    if text {
        json["id"] = json!(id.to_string());
    }
    if let Assignee::Person(name) = to {
        json["email"] = json!(Person::named(name).email());
    }
    json
}

/// The signs of short ids: those that look like others are left out (<https://www.crockford.com/base32.html>).
fn base32(number: u32) -> String {
    const SIGNS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut digits = Vec::new();
    let mut rest = number;
    while rest > 0 || digits.is_empty() {
        digits.push(char::from(SIGNS[usize::try_from(rest % 32).unwrap_or(0)]));
        rest /= 32;
    }
    digits.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_seconds_have_no_fraction() {
        let at = |millisecond| Timestamp::from_millisecond(millisecond).unwrap_or_default();
        assert_eq!(moment(at(1_000)), "1970-01-01T00:00:01Z");
        assert_eq!(moment(at(1_001)), "1970-01-01T00:00:01.001000Z");
        assert_eq!(isoformat(at(1_001)), "1970-01-01T00:00:01.001000+00:00");
    }

    #[test]
    fn short_ids_count_in_base_32() {
        assert_eq!([1, 16, 31, 32, 1_000].map(base32), ["1", "G", "Z", "10", "Z8"]);
    }
}
