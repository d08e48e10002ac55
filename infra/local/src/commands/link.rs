//! Linking from the command line, where there is no consent screen.

use connector_domain::ProviderKind;
use connector_domain::connection::{Integration, SyncSettings};

use crate::stack::LinkOutcome;

/// What is wanted from a resource: what was wanted before, or every event. The scheduler leaves a new link alone:
/// history comes when somebody asks for it.
pub(super) fn settings(known: Option<&Integration>, provider: ProviderKind) -> SyncSettings {
    let new = || {
        let mut settings = SyncSettings::everything(provider);
        settings.backfill.enabled = false;
        settings
    };
    known.map_or_else(new, |link| link.settings.clone())
}

/// What linking did, in words.
pub(super) const fn in_words(outcome: LinkOutcome) -> &'static str {
    match outcome {
        LinkOutcome::Created => "linked",
        LinkOutcome::Reactivated => "linked again",
        LinkOutcome::Updated => "linked, with other settings than before",
        LinkOutcome::Unchanged => "linked already",
    }
}
