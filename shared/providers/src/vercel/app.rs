//! What our Vercel integration must be granted: to read, and to be told.

/// What the integration may do, by the names in Vercel's console. It changes nothing but itself: it is removed when its
/// connection ends. <https://vercel.com/docs/integrations/create-integration/submit-integration#api-scopes>
pub const SCOPES: &[(&str, &str)] =
    &[("Deployments", "Read"), ("Integration Configuration", "Read/Write"), ("Projects", "Read")];

/// The events that its webhook is to tell of. <https://vercel.com/docs/webhooks/webhooks-api#supported-event-types>
pub const EVENTS: &[&str] = &[
    "deployment.canceled",
    "deployment.created",
    "deployment.error",
    "deployment.promoted",
    "deployment.ready",
    "deployment.rollback",
    "deployment.succeeded",
    "integration-configuration.permission-upgraded",
    "integration-configuration.removed",
    "integration-configuration.scope-change-confirmed",
    "integration-configuration.transferred",
    "project.created",
    "project.removed",
    "project.renamed",
];
