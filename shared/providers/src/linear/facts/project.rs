//! Projects.

use connector_domain::{Reference, ReferenceKind, SourceType};

use super::{Attributes, Thing, Transition, filled, labelled, line, person_id, person_name};
use crate::linear::payload::{Base, Many, Project, User};
use crate::parts::excerpt;

impl Thing for Project {
    const ENTITY: &'static str = "project";
    const TRASH: bool = true;

    fn source_type(transition: Transition) -> Option<SourceType> {
        Some(match transition {
            Transition::Created => SourceType::LinearProjectCreated,
            Transition::Updated => SourceType::LinearProjectUpdated,
            Transition::Deleted => SourceType::LinearProjectDeleted,
            Transition::Started => SourceType::LinearProjectStarted,
            Transition::Completed => SourceType::LinearProjectCompleted,
            Transition::Canceled => SourceType::LinearProjectCanceled,
            Transition::Reopened => SourceType::LinearProjectReopened,
            Transition::Moved => SourceType::LinearProjectStatusChanged,
        })
    }

    fn subject(&self, _: &Base) -> String {
        format!("Project: {}", excerpt(self.name.as_deref().unwrap_or_default(), super::MAX_SUBJECT_CHARS))
    }

    fn lines(&self) -> Vec<String> {
        vec![
            self.name.clone().unwrap_or_default(),
            self.description.clone().unwrap_or_default(),
            line("State", self.status_name()),
            line("Health", self.health.as_deref()),
            line("Target", self.target_date.as_deref()),
            line("Lead", person_name(self.lead.as_ref())),
        ]
    }

    fn references(&self, base: &Base) -> Vec<Option<Reference>> {
        let lead = person_id(self.lead.as_ref(), self.lead_id.as_ref());
        let mut all = vec![
            labelled(ReferenceKind::Project, Some(base.id.as_str()), self.name.as_deref(), base.url.as_deref()),
            labelled(ReferenceKind::Assignee, lead, Some("lead"), None),
        ];
        all.extend(self.team_ids().map(|team| labelled(ReferenceKind::Team, Some(team), None, None)));
        all
    }

    fn attributes(&self, base: &Base) -> Attributes {
        let status = self.status.as_ref();
        Attributes::default()
            .with("projectId", base.id.as_str())
            .maybe("projectName", filled(self.name.as_deref()))
            .maybe("slugId", filled(self.slug_id.as_deref()))
            .maybe("state", self.status_name())
            .maybe("stateType", status.and_then(|status| filled(status.kind.as_deref())))
            .maybe("health", filled(self.health.as_deref()))
            .maybe("startDate", filled(self.start_date.as_deref()))
            .maybe("targetDate", filled(self.target_date.as_deref()))
            .maybe("leadId", person_id(self.lead.as_ref(), self.lead_id.as_ref()))
            .maybe("leadName", person_name(self.lead.as_ref()))
            .with("teamIds", self.team_ids().collect::<Vec<_>>())
    }

    fn author(&self) -> Option<&User> {
        self.creator.as_ref()
    }
}

impl Project {
    fn status_name(&self) -> Option<&str> {
        let status = self.status.as_ref().and_then(|status| status.name.as_deref());
        filled(status).or(filled(self.state.as_deref()))
    }

    fn team_ids(&self) -> impl Iterator<Item = &str> {
        let by_id = self.team_ids.iter().flatten().map(String::as_str);
        let teams = self.teams.as_ref().map_or(&[][..], Many::items);
        by_id.chain(teams.iter().filter_map(|team| team.id.as_deref()))
    }
}
