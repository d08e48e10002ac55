//! Alerts over a metric: an incident opens, changes its degree, and closes.

use connector_domain::event::Actor;
use connector_domain::{ProviderKind, SourceEvent, SourceId, SourceType, Timestamp};

use super::{digest, line, lines};
use crate::parts::{Attributes, excerpt, filled};
use crate::sentry::payload::{AlertRule, Instant, MetricAlert};

/// Longest part of a title that is taken from a rule's name.
const MAX_NAME_CHARS: usize = 90;

/// What can happen to an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sentry) enum Transition {
    Open,
    Warning,
    Critical,
    Resolved,
}

impl Transition {
    const fn source_type(self) -> SourceType {
        match self {
            Self::Open => SourceType::SentryMetricAlertOpen,
            Self::Warning => SourceType::SentryMetricAlertWarning,
            Self::Critical => SourceType::SentryMetricAlertCritical,
            Self::Resolved => SourceType::SentryMetricAlertResolved,
        }
    }

    const fn action(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Warning => "warning",
            Self::Critical => "critical",
            Self::Resolved => "resolved",
        }
    }

    /// When it happened: no time is told for a change of degree, so it is the nearest one that is.
    fn at(self, alert: &MetricAlert, told: Timestamp) -> Timestamp {
        let opened = alert.date_detected.or(alert.date_started).or(alert.date_created);
        let at = if self == Self::Resolved { alert.date_closed } else { opened };
        at.and_then(Instant::second).unwrap_or(told)
    }

    /// An incident opens and closes once, and can go to and fro between the degrees; the words then tell the values.
    fn source_id(self, alert: &MetricAlert, description: Option<&str>) -> SourceId {
        let transition = match (self, description) {
            (Self::Warning | Self::Critical, Some(words)) => format!("{}@{}", self.action(), digest(words)),
            _ => self.action().to_owned(),
        };
        SourceId::once(ProviderKind::Sentry, "metric_alert", &alert.id, &transition)
    }
}

/// The fact that `transition` happened to an incident, `told` then.
pub(in crate::sentry) fn event(
    alert: &MetricAlert,
    transition: Transition,
    description: Option<&str>,
    actor: Option<Actor>,
    told: Timestamp,
) -> SourceEvent {
    let description = filled(description);
    let rule = alert.alert_rule.as_ref();
    let name = rule.and_then(|rule| filled(rule.name.as_deref())).or(filled(alert.title.as_deref()));
    let kind = transition.source_type();
    let title = format!("[{}] {}", kind.label(), excerpt(name.unwrap_or("Metric alert"), MAX_NAME_CHARS));
    let id = transition.source_id(alert, description);
    let mut event =
        SourceEvent::new(kind, id, &title, &body(alert, rule, name, description), transition.at(alert, told));
    event.actor = actor;
    event.metadata = about(alert, rule).maybe("alertRuleName", name).with("action", transition.action()).0;
    event
}

fn body(alert: &MetricAlert, rule: Option<&AlertRule>, name: Option<&str>, description: Option<&str>) -> String {
    let second = |at: Option<Instant>| at.and_then(Instant::second);
    let window = rule.and_then(|rule| rule.time_window.as_ref());
    lines([
        line("Alert", name),
        description.map(str::to_owned),
        line("Query", rule.and_then(|rule| rule.query.as_ref())),
        line("Aggregate", rule.and_then(|rule| rule.aggregate.as_ref())),
        line("Time Window", window.map(|minutes| format!("{minutes} minutes"))),
        line("Threshold", rule.and_then(|rule| rule.resolve_threshold.as_ref())),
        line("Started", second(alert.date_started)),
        line("Detected", second(alert.date_detected)),
        line("Closed", second(alert.date_closed)),
    ])
}

fn about(alert: &MetricAlert, rule: Option<&AlertRule>) -> Attributes {
    let second = |at: Option<Instant>| at.and_then(Instant::second).map(|at| at.to_string());
    let mut about = Attributes::default().with("alertId", alert.id.to_string());
    if let Some(rule) = rule {
        let number = |number: &Option<serde_json::Number>| number.clone().map(serde_json::Value::Number);
        about = about
            .maybe("alertRuleId", rule.id.as_ref().map(ToString::to_string))
            .maybe("organizationId", rule.organization_id.as_ref().map(ToString::to_string))
            .maybe("query", filled(rule.query.as_deref()))
            .maybe("aggregate", filled(rule.aggregate.as_deref()))
            .maybe("timeWindow", number(&rule.time_window))
            .maybe("thresholdType", number(&rule.threshold_type))
            .maybe("resolveThreshold", number(&rule.resolve_threshold));
    }
    about
        .maybe("dateStarted", second(alert.date_started))
        .maybe("dateDetected", second(alert.date_detected))
        .maybe("dateClosed", second(alert.date_closed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(json: &str, transition: Transition, description: Option<&str>) -> SourceEvent {
        event(&serde_json::from_str(json).unwrap(), transition, description, None, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_degree_that_comes_back_is_another_fact() {
        let id = |transition, words| made(r#"{"id":789}"#, transition, words).source_id.as_str().to_owned();
        assert_eq!(id(Transition::Resolved, Some("5 events")), "sentry:metric_alert:789:resolved");
        assert_eq!(id(Transition::Critical, None), "sentry:metric_alert:789:critical");
        assert_ne!(id(Transition::Critical, Some("5 events")), id(Transition::Critical, Some("6 events")));
        assert_eq!(id(Transition::Critical, Some("5 events")), id(Transition::Critical, Some("5 events")));
    }

    #[test]
    fn a_time_that_is_told_wins_over_when_it_was_told() {
        let dates = r#"{"id":"1","date_started":"2026-01-01T00:00:00Z","date_detected":"2026-01-01T00:01:00Z",
            "date_closed":"2026-01-01T00:10:00Z"}"#;
        let at = |json, transition| made(json, transition, None).occurred_at.to_string();
        assert_eq!(at(dates, Transition::Warning), "2026-01-01T00:01:00Z");
        assert_eq!(at(dates, Transition::Resolved), "2026-01-01T00:10:00Z");
        assert_eq!(at(r#"{"id":"1","date_closed":null}"#, Transition::Resolved), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn what_is_not_told_has_no_line() {
        let alert = made(r#"{"id":"1","title":"p95"}"#, Transition::Critical, Some("5 events"));
        assert_eq!(alert.title, "[Metric Alert Critical] p95");
        assert_eq!(alert.body, "Alert: p95\n5 events");
    }
}
