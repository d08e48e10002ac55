//! Cycles.

use connector_domain::{Reference, ReferenceKind, SourceType};

use super::{Attributes, MAX_SUBJECT_CHARS, Thing, Transition, filled, id_of, labelled, line};
use crate::linear::payload::{Base, Cycle};
use crate::parts::excerpt;

impl Thing for Cycle {
    const ENTITY: &'static str = "cycle";

    fn source_type(transition: Transition) -> Option<SourceType> {
        match transition {
            Transition::Created => Some(SourceType::LinearCycleCreated),
            Transition::Updated => Some(SourceType::LinearCycleUpdated),
            Transition::Completed => Some(SourceType::LinearCycleCompleted),
            Transition::Deleted => Some(SourceType::LinearCycleDeleted),
            _ => None,
        }
    }

    fn subject(&self, _: &Base) -> String {
        excerpt(&self.called(), MAX_SUBJECT_CHARS)
    }

    fn lines(&self) -> Vec<String> {
        vec![
            self.called(),
            self.description.clone().unwrap_or_default(),
            line("Starts", self.starts_at.as_deref()),
            line("Ends", self.ends_at.as_deref()),
        ]
    }

    fn references(&self, base: &Base) -> Vec<Option<Reference>> {
        let team = id_of(self.team.as_ref(), self.team_id.as_ref());
        vec![
            labelled(ReferenceKind::Cycle, Some(base.id.as_str()), Some(&self.called()), base.url.as_deref()),
            labelled(ReferenceKind::Team, team, None, None),
        ]
    }

    fn attributes(&self, base: &Base) -> Attributes {
        Attributes::default()
            .with("cycleId", base.id.as_str())
            .maybe("cycleNumber", self.number.clone())
            .with("cycleName", self.called())
            .maybe("teamId", id_of(self.team.as_ref(), self.team_id.as_ref()))
            .maybe("startsAt", filled(self.starts_at.as_deref()))
            .maybe("endsAt", filled(self.ends_at.as_deref()))
    }
}

impl Cycle {
    /// Most cycles have a number and no name.
    fn called(&self) -> String {
        let numbered = || self.number.as_ref().map_or_else(|| "Cycle".to_owned(), |number| format!("Cycle {number}"));
        filled(self.name.as_deref()).map_or_else(numbered, str::to_owned)
    }
}
