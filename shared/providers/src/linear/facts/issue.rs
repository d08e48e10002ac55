//! Issues.

use connector_domain::{ProviderKind, Reference, ReferenceKind, SourceEvent, SourceId, SourceType, Timestamp, text};

use super::{
    Attributes, MAX_SUBJECT_CHARS, Thing, Transition, filled, id_of, labelled, line, minute, name_of, paragraphs,
    person_id, person_name, pointer, reference,
};
use crate::linear::payload::{Base, CycleName, Issue, Many, Named, State, StateSpan, User};

impl Thing for Issue {
    const ENTITY: &'static str = "issue";
    const TRASH: bool = true;

    fn source_type(transition: Transition) -> Option<SourceType> {
        Some(match transition {
            Transition::Created => SourceType::LinearIssueCreated,
            Transition::Updated => SourceType::LinearIssueUpdated,
            Transition::Deleted => SourceType::LinearIssueDeleted,
            Transition::Started => SourceType::LinearIssueStarted,
            Transition::Completed => SourceType::LinearIssueCompleted,
            Transition::Canceled => SourceType::LinearIssueCanceled,
            Transition::Reopened => SourceType::LinearIssueReopened,
            Transition::Moved => SourceType::LinearIssueStateChanged,
        })
    }

    fn subject(&self, _: &Base) -> String {
        let title = text::cut(text::trim(self.title.as_deref().unwrap_or_default()), MAX_SUBJECT_CHARS);
        match self.key() {
            Some(key) if title.is_empty() => key,
            Some(key) => format!("{key}: {title}"),
            None => title.to_owned(),
        }
    }

    fn lines(&self) -> Vec<String> {
        let labels = self.labels().filter_map(|label| filled(label.name.as_deref()));
        let points = self.estimate.as_ref().filter(|points| points.as_f64() != Some(0.0));
        vec![
            self.title.clone().unwrap_or_default(),
            self.description.clone().unwrap_or_default(),
            line("Team", name_of(self.team.as_ref())),
            line("State", self.state_name()),
            line("Priority", self.priority_label.as_deref()),
            line("Project", name_of(self.project.as_ref())),
            line("Cycle", self.cycle_name().as_deref()),
            line("Assignee", person_name(self.assignee.as_ref())),
            line("Labels", Some(&labels.collect::<Vec<_>>().join(", "))),
            points.map(|points| format!("Estimate: {points} points")).unwrap_or_default(),
            line("Due", self.due_date.as_deref()),
        ]
    }

    fn references(&self, base: &Base) -> Vec<Option<Reference>> {
        let key = self.key();
        let own = reference(ReferenceKind::Issue, key.as_deref().unwrap_or(base.id.as_str()), base.url.as_deref());
        let assignee = person_id(self.assignee.as_ref(), self.assignee_id.as_ref());
        let mut all = vec![
            own,
            pointer(ReferenceKind::Team, self.team.as_ref(), self.team_id.as_ref()),
            pointer(ReferenceKind::Project, self.project.as_ref(), self.project_id.as_ref()),
            labelled(ReferenceKind::Cycle, self.cycle_id(), self.cycle_name().as_deref(), None),
            labelled(ReferenceKind::Assignee, assignee, person_name(self.assignee.as_ref()), None),
        ];
        all.extend(self.labels().map(|label| pointer(ReferenceKind::Label, Some(label), None)));
        all
    }

    fn attributes(&self, base: &Base) -> Attributes {
        let state = self.state.as_ref();
        let labels: Vec<_> = self.labels().filter_map(|label| label.name.as_deref()).collect();
        Attributes::default()
            .with("issueId", base.id.as_str())
            .maybe("identifier", self.key())
            .maybe("number", self.number.clone())
            .maybe("teamId", id_of(self.team.as_ref(), self.team_id.as_ref()))
            .maybe("teamKey", self.team.as_ref().and_then(|team| filled(team.key.as_deref())))
            .maybe("teamName", name_of(self.team.as_ref()))
            .maybe("stateId", filled(state.and_then(|state| state.id.as_deref())).or(filled(self.state_id.as_deref())))
            .maybe("stateName", self.state_name())
            .maybe("stateType", state.and_then(|state| filled(state.kind.as_deref())))
            .maybe("priority", self.priority.clone())
            .maybe("priorityLabel", filled(self.priority_label.as_deref()))
            .maybe("estimate", self.estimate.clone())
            .maybe("projectId", id_of(self.project.as_ref(), self.project_id.as_ref()))
            .maybe("projectName", name_of(self.project.as_ref()))
            .maybe("cycleId", self.cycle_id())
            .maybe("cycleName", self.cycle_name())
            .maybe("assigneeId", person_id(self.assignee.as_ref(), self.assignee_id.as_ref()))
            .maybe("assigneeName", person_name(self.assignee.as_ref()))
            .maybe("creatorId", person_id(self.creator.as_ref(), self.creator_id.as_ref()))
            .with("labels", labels)
            .maybe("dueDate", filled(self.due_date.as_deref()))
    }

    fn author(&self) -> Option<&User> {
        self.creator.as_ref()
    }
}

impl Issue {
    /// `TEAM-123`, which older bodies tell in two parts.
    fn key(&self) -> Option<String> {
        if let Some(identifier) = filled(self.identifier.as_deref()) {
            return Some(identifier.to_owned());
        }
        Some(format!("{}-{}", filled(self.team.as_ref()?.key.as_deref())?, self.number.as_ref()?))
    }

    fn labels(&self) -> impl Iterator<Item = &Named> {
        self.labels.as_ref().map_or(&[][..], Many::items).iter()
    }

    fn state_name(&self) -> Option<&str> {
        filled(self.state.as_ref()?.name.as_deref())
    }

    fn cycle_id(&self) -> Option<&str> {
        let cycle = self.cycle.as_ref().and_then(|cycle| cycle.id.as_deref());
        filled(cycle).or(filled(self.cycle_id.as_deref()))
    }

    fn cycle_name(&self) -> Option<String> {
        let CycleName { name, number, .. } = self.cycle.as_ref()?;
        let numbered = number.as_ref().map(|number| format!("Cycle {number}"));
        filled(name.as_deref()).map(str::to_owned).or(numbered)
    }
}

/// The fact that a promise of time was given, is in danger or was broken.
pub(in crate::linear) fn sla(issue: &Issue, base: &Base, kind: SourceType, at: Timestamp) -> SourceEvent {
    let title = format!("[{}] {}", kind.label(), issue.subject(base));
    let word = kind.name().trim_start_matches("issue.");
    let id = SourceId::at_ms(ProviderKind::Linear, Issue::ENTITY, &base.id, word, at);
    let mut event = SourceEvent::new(kind, id, &title, &paragraphs(issue), at);
    event.references = issue.references(base).into_iter().flatten().collect();
    event.metadata = issue.attributes(base).maybe("slaBreachesAt", filled(issue.sla_breaches_at.as_deref())).0;
    event
}

/// What kind of state an issue is in, by the state's type: names are up to each team.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    Started,
    Completed,
    Canceled,
}

impl Phase {
    fn of(state: &State) -> Self {
        match state.kind.as_deref() {
            Some("started") => Self::Started,
            Some("completed") => Self::Completed,
            Some("canceled" | "duplicate") => Self::Canceled,
            // triage, backlog, unstarted, and whatever will be thought of
            _ => Self::Open,
        }
    }

    const fn is_closed(self) -> bool {
        matches!(self, Self::Completed | Self::Canceled)
    }

    fn transition(self, to: Self) -> Transition {
        match to {
            Self::Completed if self != to => Transition::Completed,
            Self::Canceled if self != to => Transition::Canceled,
            Self::Started if self == Self::Open => Transition::Started,
            Self::Open | Self::Started if self.is_closed() => Transition::Reopened,
            _ => Transition::Moved,
        }
    }
}

/// The moves of an issue through its states, oldest first, each with the state it led to: those that the issue itself
/// proves at the issue's own time, the others as its history tells them. The first is the state it was created in.
pub(in crate::linear) fn moves(
    proven: Vec<(Transition, Timestamp)>,
    spans: &[StateSpan],
) -> Vec<(Transition, Timestamp, Option<State>)> {
    let mut spans: Vec<(Timestamp, &State)> =
        spans.iter().filter_map(|span| Some((span.started_at?, span.state.as_ref()?))).collect();
    spans.sort_by_key(|(at, _)| *at);
    let mut all: Vec<(Transition, Timestamp, Option<State>)> = Vec::new();
    for (transition, at) in proven {
        // The history times the same move a little later than the issue.
        let state = match transition {
            Transition::Created => spans.first(),
            _ => spans.iter().rev().find(|(began, _)| began.duration_since(at) <= SLACK),
        };
        all.push((transition, at, state.map(|(_, state)| (*state).clone())));
    }
    for pair in spans.windows(2) {
        let [(_, from), (at, to)] = pair else { continue };
        let transition = Phase::of(from).transition(Phase::of(to));
        let known = all.iter().any(|(other, when, _)| {
            *other == transition && (minute(*when) == minute(*at) || at.duration_since(*when).abs() <= SLACK)
        });
        if !known {
            all.push((transition, *at, Some((*to).clone())));
        }
    }
    all
}

/// How far apart Linear may time one move in two places.
const SLACK: jiff::SignedDuration = jiff::SignedDuration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    fn span(at: &str, kind: &str) -> StateSpan {
        let json =
            format!(r#"{{"startedAt":"2026-01-01T{at}Z","state":{{"id":"s","name":"{kind}","type":"{kind}"}}}}"#);
        serde_json::from_str(&json).unwrap()
    }

    fn at(time: &str) -> Timestamp {
        format!("2026-01-01T{time}Z").parse().unwrap()
    }

    fn told(proven: Vec<(Transition, Timestamp)>, spans: &[StateSpan]) -> Vec<(Transition, String, Option<String>)> {
        let moves = moves(proven, spans).into_iter();
        moves
            .map(|(what, when, state)| {
                (what, when.strftime("%H:%M:%S").to_string(), state.and_then(|state| state.kind))
            })
            .collect()
    }

    #[test]
    fn history_tells_the_moves_that_the_issue_has_forgotten() {
        let spans = [
            span("12:00:00.050", "completed"),
            span("08:00:00", "backlog"),
            span("09:00:00", "started"),
            span("10:00:00", "completed"),
            span("11:00:00", "unstarted"),
            span("11:30:00", "triage"),
        ];
        let proven = vec![
            (Transition::Created, at("08:00:00")),
            (Transition::Started, at("09:00:00")),
            (Transition::Completed, at("11:59:59.990")),
        ];
        let expected = [
            (Transition::Created, "08:00:00", "backlog"),
            (Transition::Started, "09:00:00", "started"),
            (Transition::Completed, "11:59:59", "completed"),
            (Transition::Completed, "10:00:00", "completed"),
            (Transition::Reopened, "11:00:00", "unstarted"),
            (Transition::Moved, "11:30:00", "triage"),
        ];
        let expected = expected.map(|(what, when, state)| (what, when.to_owned(), Some(state.to_owned())));
        assert_eq!(told(proven, &spans), expected);
    }

    #[test]
    fn states_are_told_by_type() {
        let moved = |from: &str, to: &str| {
            told(Vec::new(), &[span("01:00:00", from), span("02:00:00", to)]).into_iter().next().unwrap().0
        };
        for (from, to, transition) in [
            ("backlog", "started", Transition::Started),
            ("started", "started", Transition::Moved),
            ("started", "backlog", Transition::Moved),
            ("triage", "completed", Transition::Completed),
            ("canceled", "completed", Transition::Completed),
            ("started", "duplicate", Transition::Canceled),
            ("canceled", "duplicate", Transition::Moved),
            ("completed", "started", Transition::Reopened),
            ("duplicate", "triage", Transition::Reopened),
            ("someday", "unstarted", Transition::Moved),
        ] {
            assert_eq!(moved(from, to), transition, "{from} {to}");
        }
    }

    #[test]
    fn an_issue_is_called_by_its_key() {
        let subject = |json: &str| {
            let issue: Issue = serde_json::from_str(json).unwrap();
            issue.subject(&serde_json::from_str(r#"{"id":"1"}"#).unwrap())
        };
        assert_eq!(subject(r#"{"identifier":"ENG-1","title":" a "}"#), "ENG-1: a");
        assert_eq!(subject(r#"{"number":7,"team":{"key":"KOR"},"title":"a"}"#), "KOR-7: a");
        assert_eq!(subject(r#"{"identifier":"ENG-1"}"#), "ENG-1");
        assert_eq!(subject(r#"{"title":"a"}"#), "a");
    }
}
