//! A story across tools: an error is seen, filed, mended, merged and deployed, and each provider tells its part by webhook.

use std::sync::Arc;

use connector_domain::{ProviderKind, Timestamp};
use connector_simulator::github::NewPullRequest;
use connector_simulator::linear::NewIssue;
use connector_simulator::sentry::NewIssue as NewError;
use connector_simulator::vercel::NewDeployment;
use serde_json::Value;

use super::super::simulated::{Cast, Webhook, ago};
use super::Failure;

/// What happened.
pub(super) struct Happened {
    /// The webhooks, in an order in which nothing comes before what it names.
    pub(super) webhooks: Vec<(ProviderKind, Webhook)>,
    /// The key of the issue that it is about.
    pub(super) key: String,
}

/// Makes it happen.
pub(super) fn happen(cast: &Cast, now: Timestamp) -> Result<Happened, Failure> {
    let error =
        cast.project.open_issue(NewError::error("TimeoutError", "payment took 30 s in checkout()"), ago(now, 60));
    let page = text(&error.body, "/data/issue/permalink").or_else(|_| text(&error.body, "/data/issue/web_url"))?;

    let issue = NewIssue {
        description: Some(format!("Customers cannot pay. {page}")),
        ..NewIssue::titled("Checkout times out while the payment is slow")
    };
    let issue = cast.team.open_issue(issue, ago(now, 50));
    let key = text(&issue.body, "/data/identifier")?;

    let pull = NewPullRequest {
        body: Some(format!("The payment is asked again after 3 s. Fixes {key}.")),
        branch: format!("octavia/{}-retry-the-payment", key.to_lowercase()),
        ..NewPullRequest::titled("Retry the payment in checkout")
    };
    let opened = cast.repository.open_pull_request(pull, ago(now, 40));
    let number = opened.number.ok_or_else(|| Failure::new("the simulated pull request has no number"))?;
    let merged = cast.repository.merge_pull_request(number, "octavia", ago(now, 20));
    let commit = text(&merged.body, "/pull_request/merge_commit_sha")?;

    let deployment =
        NewDeployment { commit: Some(commit), ..NewDeployment::production("Retry the payment in checkout") };
    let created = cast.site.deploy(deployment, ago(now, 15));
    let id = created.deployment.clone().unwrap_or_default();
    cast.site.build(&id, ago(now, 12));
    let ready = cast.site.ready(&id, ago(now, 8));
    let live = cast.site.succeed(&id, ago(now, 5));
    let done = cast.team.move_issue(&issue.id, "Done", "octavia", ago(now, 2));

    let fresh = |webhook: connector_simulator::linear::Webhook| webhook.resent(now.duration_since(webhook.sent_at));
    let (issue, done) = (fresh(issue), fresh(done));
    let webhooks = vec![
        (ProviderKind::Sentry, Arc::new(move |secret: &[u8]| error.signed(secret)) as Webhook),
        (ProviderKind::Linear, Arc::new(move |secret: &[u8]| issue.signed(secret))),
        (ProviderKind::Github, Arc::new(move |secret: &[u8]| opened.signed(secret))),
        (ProviderKind::Github, Arc::new(move |secret: &[u8]| merged.signed(secret))),
        (ProviderKind::Vercel, Arc::new(move |secret: &[u8]| created.signed(secret))),
        (ProviderKind::Vercel, Arc::new(move |secret: &[u8]| ready.signed(secret))),
        (ProviderKind::Vercel, Arc::new(move |secret: &[u8]| live.signed(secret))),
        (ProviderKind::Linear, Arc::new(move |secret: &[u8]| done.signed(secret))),
    ];
    Ok(Happened { webhooks, key })
}

fn text(body: &[u8], pointer: &str) -> Result<String, Failure> {
    let body: Value = serde_json::from_slice(body).map_err(|error| Failure::new(error.to_string()))?;
    let found = body.pointer(pointer).and_then(Value::as_str);
    found.map(str::to_owned).ok_or_else(|| Failure::new(format!("a simulated webhook has no {pointer}")))
}
