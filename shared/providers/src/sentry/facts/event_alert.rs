//! Alerts that a rule raises over an error event.

use connector_domain::event::Actor;
use connector_domain::transformed::Quarantined;
use connector_domain::{ProviderKind, SourceEvent, SourceId, SourceType};

use super::error::{about, body, in_full, references, subject};
use super::{digest, lines, missing};
use crate::parts::excerpt;
use crate::sentry::payload::Event;

/// Longest part of a title that is taken from a rule's name.
const MAX_RULE_CHARS: usize = 40;

/// The fact that a rule fired for an event.
pub(in crate::sentry) fn triggered(
    event: &Event,
    rule: Option<&str>,
    actor: Option<Actor>,
) -> Result<SourceEvent, Quarantined> {
    let at = event.at().ok_or_else(|| missing("datetime"))?;
    let kind = SourceType::SentryEventAlert;
    // Several rules can fire for one event, each once. Webhooks tell a rule by its name only.
    let transition = rule.map_or_else(|| "triggered".to_owned(), |rule| format!("triggered@{}", digest(rule)));
    let about_what = subject(event);
    let title = match rule {
        Some(rule) => format!("[{}] {}: {about_what}", kind.label(), excerpt(rule, MAX_RULE_CHARS)),
        None => format!("[{}] {about_what}", kind.label()),
    };
    let text = lines([rule.map(|rule| format!("Alert Rule: {rule}")), Some(body(event))]);
    let id = SourceId::once(ProviderKind::Sentry, "event_alert", &event.event_id, &transition);
    let mut alert = SourceEvent::new(kind, id, &title, &text, at);
    alert.actor = actor;
    alert.references = references(event);
    alert.metadata = about(event).maybe("triggeredRule", rule).0;
    alert.metadata.extend(in_full(event).0);
    Ok(alert)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_rules_that_fire_for_one_event_are_two_facts() {
        let event: Event =
            serde_json::from_str(r#"{"event_id":"e","title":"t","datetime":"2026-01-01T00:00:00Z"}"#).unwrap();
        let id = |rule| triggered(&event, rule, None).unwrap().source_id;
        assert_ne!(id(Some("a b")), id(Some("a-b")));
        assert_eq!(id(None).as_str(), "sentry:event_alert:e:triggered");
        assert_eq!(triggered(&event, Some("High\n rate"), None).unwrap().title, "[Alert Triggered] High rate: t");
    }
}
