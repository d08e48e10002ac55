//! What our Sentry integration must be granted: to read, and to be told.

/// What it may read. <https://docs.sentry.io/api/permissions/>
pub const SCOPES: &[&str] = &["event:read", "org:read", "project:read"];

/// The resources that its webhook is to tell of. Alerts come by rules that people make, and installations always.
/// <https://docs.sentry.io/organization/integrations/integration-platform/webhooks/>
pub const EVENTS: &[&str] = &["comment", "error", "issue"];
