//! Error events: single occurrences of an issue.

use connector_domain::event::Actor;
use connector_domain::transformed::Quarantined;
use connector_domain::{ProviderKind, Reference, ReferenceKind, SourceEvent, SourceId, SourceType};

use super::{line, lines, missing};
use crate::json;
use crate::parts::{Attributes, excerpt, filled};
use crate::sentry::payload::{Event, Exception};

/// Longest part of a title that is taken from an event's.
const MAX_SUBJECT_CHARS: usize = 100;
/// Most exceptions whose place is told, and the longest text about one.
const MAX_EXCEPTIONS: usize = 20;
const MAX_PLACE_CHARS: usize = 300;

/// The fact that an error happened.
pub(in crate::sentry) fn event(error: &Event, actor: Option<Actor>) -> Result<SourceEvent, Quarantined> {
    let at = error.at().ok_or_else(|| missing("datetime"))?;
    // An event's id is made by whoever reports it, and the same may be reported to two projects.
    let project = error.project.as_ref().ok_or_else(|| missing("project"))?;
    let project = project.id().ok_or_else(|| json::quarantined("project", "not the id of a project"))?;
    let kind = SourceType::SentryError;
    let mut event = SourceEvent::new(
        kind,
        SourceId::once(ProviderKind::Sentry, "error", format!("{project}:{}", error.event_id), "created"),
        &format!("[{}] {}", kind.label(), subject(error)),
        &body(error),
        at,
    );
    event.actor = actor;
    event.references = references(error);
    event.metadata = about(error).0;
    Ok(event)
}

/// What only the webhook tells: its list leaves these out.
pub(in crate::sentry) fn in_full(error: &Event) -> Attributes {
    let sdk = error.sdk.as_ref();
    let stack: Vec<String> = error.exceptions().take(MAX_EXCEPTIONS).filter_map(place).collect();
    Attributes::default()
        .maybe("sdkName", sdk.and_then(|sdk| filled(sdk.name.as_deref())))
        .maybe("sdkVersion", sdk.and_then(|sdk| filled(sdk.version.as_deref())))
        .maybe("webUrl", filled(error.web_url.as_deref()))
        .maybe("stack", (!stack.is_empty()).then_some(stack))
}

/// Where an exception was raised, or what it says.
fn place(exception: &Exception) -> Option<String> {
    let kind = filled(exception.kind.as_deref()).unwrap_or("Error");
    let place = match exception.raised_at() {
        Some(frame) => {
            let mut place = format!("{kind} at {}", filled(frame.filename.as_deref())?);
            place.extend(frame.lineno.iter().map(|line| format!(":{line}")));
            place.extend(filled(frame.function.as_deref()).map(|function| format!(" in {function}")));
            place
        }
        None => format!("{kind}: {}", filled(exception.value.as_deref())?),
    };
    Some(excerpt(&place, MAX_PLACE_CHARS))
}

/// The event's own title on one line.
pub(super) fn subject(error: &Event) -> String {
    excerpt(&error.title, MAX_SUBJECT_CHARS)
}

pub(super) fn body(error: &Event) -> String {
    let message = filled(error.message.as_deref()).filter(|message| *message != error.title);
    let place = filled(error.location.as_deref()).or(filled(error.culprit.as_deref()));
    lines([
        filled(Some(&error.title)).map(str::to_owned),
        message.map(str::to_owned),
        line("Location", place),
        line("Level", error.level()),
        line("Platform", error.platform.as_ref()),
        line("Environment", error.environment()),
        line("Release", error.release()),
    ])
}

pub(super) fn references(error: &Event) -> Vec<Reference> {
    let project = error.project.as_ref().and_then(|project| project.id());
    let issue = error.issue_id.as_ref().and_then(|id| Reference::new(ReferenceKind::Issue, id.to_string()));
    let project = project.and_then(|id| Reference::new(ReferenceKind::Project, id.to_string()));
    issue.into_iter().chain(project).collect()
}

pub(super) fn about(error: &Event) -> Attributes {
    let said = error.metadata.as_ref();
    Attributes::default()
        .with("eventId", error.event_id.as_str())
        .maybe("issueId", error.issue_id.as_ref().map(ToString::to_string))
        .maybe("projectId", error.project.as_ref().and_then(|project| project.id()).map(|id| id.to_string()))
        .maybe("platform", filled(error.platform.as_deref()))
        .maybe("level", error.level())
        .maybe("environment", error.environment())
        .maybe("release", error.release())
        .maybe("errorType", said.and_then(|said| filled(said.kind.as_deref())))
        .maybe("errorValue", said.and_then(|said| filled(said.value.as_deref())))
        .maybe("filename", said.and_then(|said| filled(said.filename.as_deref())))
        .maybe("function", said.and_then(|said| filled(said.function.as_deref())))
        .maybe("location", filled(error.location.as_deref()))
        .maybe("culprit", filled(error.culprit.as_deref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(json: &str) -> Result<SourceEvent, Quarantined> {
        event(&serde_json::from_str(json).unwrap(), None)
    }

    #[test]
    fn webhook_and_list_write_the_same_event_in_two_ways() {
        let live = made(
            r#"{"event_id":"9fac","issue_id":"42","project":7,"title":"t","datetime":"2026-01-01T00:00:00.5Z",
                "timestamp":1767225600.5,"tags":[["environment","prod"]],"environment":"prod"}"#,
        );
        let listed = made(
            r#"{"eventID":"9fac","id":"9fac","groupID":"42","projectID":"7","title":"t",
                "dateCreated":"2026-01-01T00:00:00Z","tags":[{"key":"environment","value":"prod"}],"user":{"id":"5"}}"#,
        );
        assert_eq!(live, listed);
        assert_eq!(live.unwrap().source_id.as_str(), "sentry:error:7:9fac:created");
    }

    #[test]
    fn who_was_hit_is_told_nowhere() {
        let event = made(
            r#"{"event_id":"e","project":7,"title":"t","timestamp":1767225600,
                "user":{"id":"hunter2","email":"hunter2@example.com","ip_address":"1.2.3.4"},
                "tags":[["user","id:hunter2"],["user.email","hunter2"]],"request":{"url":"/hunter2"}}"#,
        )
        .unwrap();
        assert_eq!(event.actor, None);
        assert!(!serde_json::to_string(&event).unwrap().contains("hunter2"));
    }

    #[test]
    fn without_time_or_project_it_is_no_fact() {
        let error = |json: &str| made(json).unwrap_err();
        assert_eq!(error(r#"{"event_id":"e","project":7,"title":"t"}"#).reason, "missing field datetime");
        assert_eq!(error(r#"{"event_id":"e","title":"t","timestamp":1}"#).reason, "missing field project");
        assert_eq!(error(r#"{"event_id":"e","title":"t","timestamp":1,"project":"shop"}"#).path, "project");
    }

    #[test]
    fn an_exception_is_told_by_where_it_was_raised() {
        let error: Event = serde_json::from_str(
            r#"{"event_id":"e","title":"t","exception":{"values":[
                {"type":"ValueError","value":"bad","stacktrace":{"frames":[{"filename":"a.py"},
                    {"filename":"b.py","function":"g","lineno":2},null]}},
                {"type":"KeyError","value":"k","stacktrace":null},null,{}]}}"#,
        )
        .unwrap();
        let stack = in_full(&error).0.remove("stack").unwrap();
        assert_eq!(stack, serde_json::json!(["ValueError at b.py:2 in g", "KeyError: k"]));
    }
}
