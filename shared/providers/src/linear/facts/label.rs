//! Labels of issues.

use connector_domain::{Reference, ReferenceKind, SourceType};

use super::{Attributes, MAX_SUBJECT_CHARS, Thing, Transition, filled, labelled};
use crate::linear::payload::{Base, Label};
use crate::parts::excerpt;

impl Thing for Label {
    const ENTITY: &'static str = "label";

    fn source_type(transition: Transition) -> Option<SourceType> {
        match transition {
            Transition::Created => Some(SourceType::LinearLabelCreated),
            Transition::Updated => Some(SourceType::LinearLabelUpdated),
            Transition::Deleted => Some(SourceType::LinearLabelDeleted),
            _ => None,
        }
    }

    fn subject(&self, _: &Base) -> String {
        excerpt(self.name.as_deref().unwrap_or_default(), MAX_SUBJECT_CHARS)
    }

    fn lines(&self) -> Vec<String> {
        vec![self.name.clone().unwrap_or_default(), self.description.clone().unwrap_or_default()]
    }

    fn references(&self, base: &Base) -> Vec<Option<Reference>> {
        vec![
            labelled(ReferenceKind::Label, Some(base.id.as_str()), self.name.as_deref(), None),
            labelled(ReferenceKind::Team, self.team_id.as_deref(), None, None),
        ]
    }

    fn attributes(&self, base: &Base) -> Attributes {
        Attributes::default()
            .with("labelId", base.id.as_str())
            .maybe("labelName", filled(self.name.as_deref()))
            .maybe("color", filled(self.color.as_deref()))
            .maybe("teamId", filled(self.team_id.as_deref()))
            .maybe("parentLabelId", filled(self.parent_id.as_deref()))
    }
}
