//! Initiatives.

use connector_domain::{Reference, ReferenceKind, SourceType};

use super::{
    Attributes, MAX_SUBJECT_CHARS, Thing, Transition, filled, labelled, line, person_id, person_name, pointer,
};
use crate::linear::payload::{Base, Initiative, Many, User};
use crate::parts::excerpt;

impl Thing for Initiative {
    const ENTITY: &'static str = "initiative";
    const TRASH: bool = true;

    fn source_type(transition: Transition) -> Option<SourceType> {
        match transition {
            Transition::Created => Some(SourceType::LinearInitiativeCreated),
            Transition::Updated => Some(SourceType::LinearInitiativeUpdated),
            Transition::Deleted => Some(SourceType::LinearInitiativeDeleted),
            _ => None,
        }
    }

    fn subject(&self, _: &Base) -> String {
        excerpt(self.name.as_deref().unwrap_or_default(), MAX_SUBJECT_CHARS)
    }

    fn lines(&self) -> Vec<String> {
        vec![
            self.name.clone().unwrap_or_default(),
            self.description.clone().unwrap_or_default(),
            line("Status", self.status.as_deref()),
            line("Health", self.health.as_deref()),
            line("Target", self.target_date.as_deref()),
            line("Owner", person_name(self.owner.as_ref())),
        ]
    }

    fn references(&self, base: &Base) -> Vec<Option<Reference>> {
        let owner = person_id(self.owner.as_ref(), self.owner_id.as_ref());
        let mut all = vec![
            labelled(ReferenceKind::Initiative, Some(base.id.as_str()), self.name.as_deref(), base.url.as_deref()),
            labelled(ReferenceKind::Assignee, owner, Some("owner"), None),
        ];
        let projects = self.projects.as_ref().map_or(&[][..], Many::items);
        all.extend(projects.iter().map(|project| pointer(ReferenceKind::Project, Some(project), None)));
        all
    }

    fn attributes(&self, base: &Base) -> Attributes {
        Attributes::default()
            .with("initiativeId", base.id.as_str())
            .maybe("initiativeName", filled(self.name.as_deref()))
            .maybe("status", filled(self.status.as_deref()))
            .maybe("health", filled(self.health.as_deref()))
            .maybe("targetDate", filled(self.target_date.as_deref()))
            .maybe("ownerId", person_id(self.owner.as_ref(), self.owner_id.as_ref()))
    }

    fn author(&self) -> Option<&User> {
        self.creator.as_ref()
    }
}
