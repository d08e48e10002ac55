//! Lenient views of Sentry's objects, the same for webhooks and list items: required is only what identity needs.
//!
//! Sentry writes the same thing in several ways: a project as an object, an id or a slug; an id as a number or as text;
//! a moment as text or as seconds with a fraction; tags as pairs or as objects.

mod activity;

use std::fmt;

use connector_domain::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::json::{Moment, NumericId};
use crate::parts::filled;

pub(super) use activity::Activity;

/// An identifier that need not be a number.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(super) enum TextId {
    Number(u64),
    Text(String),
}

impl fmt::Display for TextId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

/// A moment, in whole seconds: lists round to them and webhooks do not.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(untagged)]
pub(super) enum Instant {
    Moment(Moment),
    Fraction(f64),
}

impl Instant {
    pub(super) fn second(self) -> Option<Timestamp> {
        match self {
            Self::Moment(Moment(at)) => Timestamp::from_second(at.as_second()).ok(),
            Self::Fraction(seconds) => {
                let second = jiff::SignedDuration::try_from_secs_f64(seconds).ok()?.as_secs();
                Timestamp::from_second(second).ok()
            }
        }
    }
}

/// A project, however it is written.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum ProjectRef {
    Object {
        id: Option<NumericId>,
        slug: Option<String>,
        name: Option<String>,
    },
    Id(NumericId),
    /// A slug, which can be given to another project.
    Other(IgnoredAny),
}

impl ProjectRef {
    pub(super) const fn id(&self) -> Option<NumericId> {
        match self {
            Self::Object { id, .. } => *id,
            Self::Id(id) => Some(*id),
            Self::Other(_) => None,
        }
    }

    pub(super) fn slug(&self) -> Option<&str> {
        match self {
            Self::Object { slug, .. } => filled(slug.as_deref()),
            Self::Id(_) | Self::Other(_) => None,
        }
    }

    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Object { name, .. } => filled(name.as_deref()),
            Self::Id(_) | Self::Other(_) => None,
        }
    }
}

/// <https://docs.sentry.io/api/events/list-an-organizations-issues/>
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Issue {
    pub(super) id: NumericId,
    pub(super) short_id: Option<String>,
    pub(super) title: String,
    pub(super) culprit: Option<String>,
    /// Null for integrations in webhooks of some years.
    pub(super) permalink: Option<String>,
    /// Webhooks only.
    #[serde(rename = "web_url")]
    pub(super) web_url: Option<String>,
    pub(super) level: Option<String>,
    pub(super) platform: Option<String>,
    pub(super) status: Option<String>,
    pub(super) substatus: Option<String>,
    pub(super) status_details: Option<StatusDetails>,
    pub(super) project: Option<ProjectRef>,
    pub(super) metadata: Option<Summary>,
    pub(super) assigned_to: Option<Assignee>,
    /// A number, as text.
    pub(super) count: Option<TextId>,
    pub(super) user_count: Option<TextId>,
    first_seen: Option<Instant>,
    last_seen: Option<Instant>,
    /// Lists only, and there the one to believe: beside it, the list counts only what is inside the asked-for time.
    lifetime: Option<Lifetime>,
}

impl Issue {
    pub(super) fn first_seen(&self) -> Option<Timestamp> {
        self.lifetime.as_ref().and_then(|life| life.first_seen).or(self.first_seen)?.second()
    }

    pub(super) fn last_seen(&self) -> Option<Timestamp> {
        self.lifetime.as_ref().and_then(|life| life.last_seen).or(self.last_seen)?.second()
    }
}

/// When an issue was seen at all.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Lifetime {
    first_seen: Option<Instant>,
    last_seen: Option<Instant>,
}

/// What an issue waits for in its status.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StatusDetails {
    pub(super) in_commit: Option<Commit>,
}

/// The commit that resolves an issue.
#[derive(Debug, Deserialize)]
pub(super) struct Commit {
    #[serde(alias = "commit")]
    pub(super) id: Option<String>,
    pub(super) repository: Option<Repository>,
}

/// The repository of a [`Commit`]: an object, or in old payloads its bare name.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Repository {
    Object { url: Option<String> },
    Name(IgnoredAny),
}

/// What Sentry knows about an error: all of it absent for a mere message.
#[derive(Debug, Deserialize)]
pub(super) struct Summary {
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) value: Option<String>,
    pub(super) filename: Option<String>,
    pub(super) function: Option<String>,
}

/// A person or a team.
#[derive(Debug, Deserialize)]
pub(super) struct Assignee {
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) id: Option<TextId>,
    pub(super) name: Option<String>,
    pub(super) email: Option<String>,
}

/// Who acted: a person, or an application such as Sentry itself.
#[derive(Debug, Deserialize)]
pub(super) struct Who {
    pub(super) id: Option<TextId>,
    pub(super) name: Option<String>,
    pub(super) email: Option<String>,
}

/// An error event. Its `user` is somebody who was hit by the error: not read, here or anywhere.
/// <https://docs.sentry.io/api/events/list-a-projects-error-events/>
#[derive(Debug, Deserialize)]
pub(super) struct Event {
    #[serde(alias = "eventID")]
    pub(super) event_id: String,
    #[serde(alias = "projectID")]
    pub(super) project: Option<ProjectRef>,
    #[serde(alias = "groupID")]
    pub(super) issue_id: Option<TextId>,
    pub(super) title: String,
    pub(super) message: Option<String>,
    pub(super) culprit: Option<String>,
    pub(super) location: Option<String>,
    pub(super) platform: Option<String>,
    level: Option<String>,
    environment: Option<String>,
    #[serde(alias = "dateCreated")]
    datetime: Option<Instant>,
    timestamp: Option<Instant>,
    pub(super) metadata: Option<Summary>,
    tags: Option<Vec<Tag>>,
    pub(super) web_url: Option<String>,
    pub(super) sdk: Option<Sdk>,
    exception: Option<Exceptions>,
}

impl Event {
    pub(super) fn at(&self) -> Option<Timestamp> {
        self.datetime.or(self.timestamp)?.second()
    }

    pub(super) fn level(&self) -> Option<&str> {
        self.tag("level").or(filled(self.level.as_deref()))
    }

    pub(super) fn environment(&self) -> Option<&str> {
        self.tag("environment").or(filled(self.environment.as_deref()))
    }

    pub(super) fn release(&self) -> Option<&str> {
        self.tag("release")
    }

    /// Tags are read one by one and never as a whole: some tell who was hit, and from where.
    fn tag(&self, name: &str) -> Option<&str> {
        let mut tags = self.tags.iter().flatten();
        tags.find_map(|tag| match tag {
            Tag::Pair(Some(key), Some(value)) | Tag::Object { key: Some(key), value: Some(value) } => {
                (key == name).then_some(value.as_str())
            }
            Tag::Pair(..) | Tag::Object { .. } | Tag::Other(_) => None,
        })
    }

    /// The exceptions in it, each with the place it was raised at.
    pub(super) fn exceptions(&self) -> impl Iterator<Item = &Exception> {
        self.exception.iter().filter_map(|all| all.values.as_ref()).flatten().flatten()
    }
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Tag {
    Pair(Option<String>, Option<String>),
    Object { key: Option<String>, value: Option<String> },
    Other(IgnoredAny),
}

/// What reported an event.
#[derive(Debug, Deserialize)]
pub(super) struct Sdk {
    pub(super) name: Option<String>,
    pub(super) version: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Exceptions {
    values: Option<Vec<Option<Exception>>>,
}

/// One of the exceptions of an event.
#[derive(Debug, Deserialize)]
pub(super) struct Exception {
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) value: Option<String>,
    stacktrace: Option<Stack>,
}

impl Exception {
    /// Where it was raised: Sentry puts the innermost frame last.
    pub(super) fn raised_at(&self) -> Option<&Frame> {
        self.stacktrace.as_ref()?.frames.as_ref()?.iter().flatten().next_back()
    }
}

#[derive(Debug, Deserialize)]
struct Stack {
    frames: Option<Vec<Option<Frame>>>,
}

/// A call in a stack.
#[derive(Debug, Deserialize)]
pub(super) struct Frame {
    pub(super) filename: Option<String>,
    pub(super) function: Option<String>,
    pub(super) lineno: Option<serde_json::Number>,
}

/// An incident of a metric alert.
#[derive(Debug, Deserialize)]
pub(super) struct MetricAlert {
    pub(super) id: TextId,
    pub(super) title: Option<String>,
    pub(super) alert_rule: Option<AlertRule>,
    pub(super) date_created: Option<Instant>,
    pub(super) date_started: Option<Instant>,
    pub(super) date_detected: Option<Instant>,
    pub(super) date_closed: Option<Instant>,
}

/// The rule that a metric alert is of.
#[derive(Debug, Deserialize)]
pub(super) struct AlertRule {
    pub(super) id: Option<TextId>,
    pub(super) name: Option<String>,
    pub(super) organization_id: Option<TextId>,
    pub(super) query: Option<String>,
    pub(super) aggregate: Option<String>,
    pub(super) time_window: Option<serde_json::Number>,
    pub(super) threshold_type: Option<serde_json::Number>,
    pub(super) resolve_threshold: Option<serde_json::Number>,
}

/// A comment on an issue.
#[derive(Debug, Deserialize)]
pub(super) struct Comment {
    #[serde(rename = "comment_id")]
    pub(super) id: NumericId,
    pub(super) issue_id: NumericId,
    pub(super) project_slug: Option<String>,
    pub(super) timestamp: Instant,
    #[serde(rename = "comment")]
    pub(super) text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_come_in_whole_seconds_however_they_are_written() {
        let second =
            |json: &str| serde_json::from_str::<Instant>(json).ok().and_then(Instant::second).map(|at| at.to_string());
        for same in [
            "\"2026-07-14T18:56:00.679000Z\"",
            "\"2026-07-14T18:56:00+00:00\"",
            "\"2026-07-14T20:56:00.001+02:00\"",
            "1784055360",
            "1784055360.679",
        ] {
            assert_eq!(second(same).as_deref(), Some("2026-07-14T18:56:00Z"), "{same}");
        }
        for none in ["\"yesterday\"", "1e300", "-1e300", "{}"] {
            assert_eq!(second(none), None, "{none}");
        }
    }

    #[test]
    fn a_project_is_known_by_its_id_wherever_it_stands() {
        let id = |json: &str| serde_json::from_str::<ProjectRef>(json).unwrap().id().map(|id| id.0);
        assert_eq!(id(r#"{"id":"456","slug":"shop"}"#), Some(456));
        assert_eq!(id(r#"{"id":456}"#), Some(456));
        assert_eq!(id("4505278293147648"), Some(4_505_278_293_147_648));
        assert_eq!(id("\"49271\""), Some(49_271));
        for none in ["\"node-api\"", "{}", "[]", r#"{"id":"x"}"#] {
            assert_eq!(id(none), None, "{none}");
        }
    }

    #[test]
    fn tags_are_pairs_or_objects() {
        let event = |tags: &str| -> Event {
            let json = format!(r#"{{"event_id":"e","title":"t","level":"info","tags":{tags}}}"#);
            serde_json::from_str(&json).unwrap()
        };
        let pairs = event(r#"[["level","error"],["user","id:1"],["x",null],[],7]"#);
        assert_eq!((pairs.level(), pairs.environment()), (Some("error"), None));
        let objects = event(r#"[{"key":"environment","value":"prod","_meta":null},{"key":"release","value":null}]"#);
        assert_eq!((objects.level(), objects.environment(), objects.release()), (Some("info"), Some("prod"), None));
    }

    #[test]
    fn the_lifetime_of_an_issue_wins_over_the_asked_for_time() {
        let issue: Issue = serde_json::from_str(
            r#"{"id":"1","title":"t","firstSeen":"2026-01-01T00:00:00Z","lastSeen":"2026-01-02T00:00:00Z",
                "lifetime":{"firstSeen":"2025-01-01T00:00:00Z","lastSeen":null}}"#,
        )
        .unwrap();
        assert_eq!(issue.first_seen().unwrap().to_string(), "2025-01-01T00:00:00Z");
        assert_eq!(issue.last_seen().unwrap().to_string(), "2026-01-02T00:00:00Z");
    }
}
