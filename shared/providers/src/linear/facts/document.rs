//! Documents.

use connector_domain::{Reference, ReferenceKind, SourceType};

use super::{Attributes, MAX_SUBJECT_CHARS, Thing, Transition, filled, id_of, labelled, line, name_of, pointer};
use crate::linear::payload::{Base, Document};
use crate::parts::excerpt;

impl Thing for Document {
    const ENTITY: &'static str = "document";
    const TRASH: bool = true;

    fn source_type(transition: Transition) -> Option<SourceType> {
        match transition {
            Transition::Created => Some(SourceType::LinearDocumentCreated),
            Transition::Updated => Some(SourceType::LinearDocumentUpdated),
            Transition::Deleted => Some(SourceType::LinearDocumentDeleted),
            _ => None,
        }
    }

    fn subject(&self, _: &Base) -> String {
        excerpt(self.title.as_deref().unwrap_or_default(), MAX_SUBJECT_CHARS)
    }

    fn lines(&self) -> Vec<String> {
        vec![
            self.title.clone().unwrap_or_default(),
            self.content.clone().unwrap_or_default(),
            line("Project", name_of(self.project.as_ref())),
        ]
    }

    fn references(&self, base: &Base) -> Vec<Option<Reference>> {
        vec![
            labelled(ReferenceKind::Document, Some(base.id.as_str()), self.title.as_deref(), base.url.as_deref()),
            pointer(ReferenceKind::Project, self.project.as_ref(), self.project_id.as_ref()),
            labelled(ReferenceKind::Initiative, self.initiative_id.as_deref(), None, None),
        ]
    }

    fn attributes(&self, base: &Base) -> Attributes {
        Attributes::default()
            .with("documentId", base.id.as_str())
            .maybe("documentTitle", filled(self.title.as_deref()))
            .maybe("projectId", id_of(self.project.as_ref(), self.project_id.as_ref()))
            .maybe("initiativeId", filled(self.initiative_id.as_deref()))
    }
}
