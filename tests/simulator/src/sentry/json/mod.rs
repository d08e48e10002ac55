//! What Sentry says, as JSON: one file per kind of thing, shared by the lists and the webhooks.

pub(super) mod activity;
pub(super) mod alert;
pub(super) mod detail;
pub(super) mod event;
pub(super) mod issue;
pub(super) mod project;
