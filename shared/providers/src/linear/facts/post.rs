//! Posts on how a project or an initiative goes. Linear calls them project updates and initiative updates.

use connector_domain::{Reference, ReferenceKind, SourceType};
use serde::Deserialize;

use super::{Attributes, MAX_EXCERPT_CHARS, Thing, Transition, filled, id_of, line, name_of, pointer};
use crate::linear::payload::{Base, Post, User};
use crate::parts::excerpt;

/// A post about a project.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(in crate::linear) struct ProjectUpdate(Post);

/// A post about an initiative.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(in crate::linear) struct InitiativeUpdate(Post);

impl Thing for ProjectUpdate {
    const ENTITY: &'static str = "project-update";

    fn source_type(transition: Transition) -> Option<SourceType> {
        match transition {
            Transition::Created => Some(SourceType::LinearProjectUpdateCreated),
            Transition::Updated => Some(SourceType::LinearProjectUpdateUpdated),
            Transition::Deleted => Some(SourceType::LinearProjectUpdateDeleted),
            _ => None,
        }
    }

    fn subject(&self, _: &Base) -> String {
        self.0.subject(name_of(self.0.project.as_ref()))
    }

    fn lines(&self) -> Vec<String> {
        self.0.lines(line("Project", name_of(self.0.project.as_ref())))
    }

    fn references(&self, _: &Base) -> Vec<Option<Reference>> {
        vec![pointer(ReferenceKind::Project, self.0.project.as_ref(), self.0.project_id.as_ref())]
    }

    fn attributes(&self, base: &Base) -> Attributes {
        self.0
            .attributes(base)
            .maybe("projectId", id_of(self.0.project.as_ref(), self.0.project_id.as_ref()))
            .maybe("projectName", name_of(self.0.project.as_ref()))
    }

    fn author(&self) -> Option<&User> {
        self.0.user.as_ref()
    }
}

impl Thing for InitiativeUpdate {
    const ENTITY: &'static str = "initiative-update";

    fn source_type(transition: Transition) -> Option<SourceType> {
        match transition {
            Transition::Created => Some(SourceType::LinearInitiativeUpdateCreated),
            Transition::Updated => Some(SourceType::LinearInitiativeUpdateUpdated),
            Transition::Deleted => Some(SourceType::LinearInitiativeUpdateDeleted),
            _ => None,
        }
    }

    fn subject(&self, _: &Base) -> String {
        self.0.subject(name_of(self.0.initiative.as_ref()))
    }

    fn lines(&self) -> Vec<String> {
        self.0.lines(line("Initiative", name_of(self.0.initiative.as_ref())))
    }

    fn references(&self, _: &Base) -> Vec<Option<Reference>> {
        vec![pointer(ReferenceKind::Initiative, self.0.initiative.as_ref(), self.0.initiative_id.as_ref())]
    }

    fn attributes(&self, base: &Base) -> Attributes {
        self.0
            .attributes(base)
            .maybe("initiativeId", id_of(self.0.initiative.as_ref(), self.0.initiative_id.as_ref()))
            .maybe("initiativeName", name_of(self.0.initiative.as_ref()))
    }

    fn author(&self) -> Option<&User> {
        self.0.user.as_ref()
    }
}

impl Post {
    fn subject(&self, about: Option<&str>) -> String {
        let text = excerpt(self.body.as_deref().unwrap_or_default(), MAX_EXCERPT_CHARS);
        about.map_or_else(|| text.clone(), |about| format!("{}: {text}", excerpt(about, MAX_EXCERPT_CHARS)))
    }

    fn lines(&self, about: String) -> Vec<String> {
        let health = self.health.as_deref();
        let sign = match health {
            Some("onTrack") => "+ ",
            Some("atRisk") => "! ",
            Some("offTrack") => "x ",
            _ => "",
        };
        let health = filled(health).map(|health| format!("Health: {sign}{health}")).unwrap_or_default();
        vec![self.body.clone().unwrap_or_default(), about, health]
    }

    fn attributes(&self, base: &Base) -> Attributes {
        Attributes::default()
            .with("updateId", base.id.as_str())
            .maybe("health", filled(self.health.as_deref()))
            .maybe("editedAt", filled(self.edited_at.as_deref()))
    }
}
