//! The list of an organization's projects
//! (<https://docs.sentry.io/api/organizations/list-an-organizations-projects/>).

use super::{
    super::{State, json::project::listed, organization::Organization, tracker::Tracker},
    answer::Answer,
    cursor::{Cursor, Page},
    query::per_page,
};
use crate::wire::{Call, Content};

/// One page, by slug.
pub(crate) fn list(state: &State, call: &Call, organization: &Organization) -> Result<Answer, Answer> {
    let (size, cursor) = (per_page(call)?, Cursor::of(call)?);
    let mut all: Vec<&Tracker> =
        state.trackers.iter().filter(|tracker| tracker.organization.id == organization.id).collect();
    all.sort_by(|one, other| one.slug().cmp(other.slug()));
    let page = Page::by_offset(all.len(), cursor, size);
    let shown = all.get(page.range.clone()).unwrap_or_default();
    let mut answer = Answer::new(200, Content::items(shown.iter().map(|held| listed(held).to_string()).collect()));
    answer.link = Some(page.link(call));
    Ok(answer)
}
