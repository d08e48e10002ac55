//! What Vercel says, as JSON: the list items, the webhooks, and the `meta` they share.
//!
//! List items follow the public specification of <https://openapi.vercel.sh>.

use serde_json::{Value, json};

use super::deployment::Deployment;

pub(super) mod deployment;
mod meta;
pub(super) mod project;
pub(super) mod webhook;

/// A page of the dashboard about a deployment.
fn inspector(slug: &str, deployment: &Deployment) -> Value {
    let bare = deployment.id.trim_start_matches("dpl_");
    json!(format!("https://vercel.com/{slug}/{}/{bare}", deployment.name))
}
