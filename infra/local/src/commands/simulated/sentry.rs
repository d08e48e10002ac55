//! A project on a simulated Sentry.

use std::sync::Arc;
use std::time::Duration;

use connector_domain::{AccountId, ProviderKind, Secret, Timestamp};
use connector_simulator::World;
use connector_simulator::sentry::{self, NewIssue, Populate, Project, Resolution};

use super::super::Failure;
use super::{Happenings, Source, Webhook, ago, resource};
use crate::render::text::count;

/// A project with a history that ends at `until`.
pub(super) fn source(world: &World, until: Timestamp, latency: Duration) -> Result<(Source, Project), Failure> {
    let sentry = world.sentry();
    sentry.set_latency(latency);
    let project = sentry.add_project("acme", "rocket");
    let history = Populate { issues: 6, ..Populate::ending(until, 30) };
    project.populate(history);
    let handle = project.clone();
    let source = Source {
        kind: ProviderKind::Sentry,
        account: AccountId::parse(project.installation.clone())?,
        account_name: project.organization.clone(),
        resource: resource(project.id.to_string(), format!("{}/{}", project.organization, project.slug()))?,
        token: Secret::new(sentry.mint_token("acme")),
        in_words: count(history.issues.into(), "issue", "issues"),
        happenings: Box::new(project),
    };
    Ok((source, handle))
}

impl Happenings for Project {
    fn history(&self, _now: Timestamp) -> Vec<Webhook> {
        self.history_webhooks().into_iter().map(unsigned).collect()
    }

    fn news(&self, now: Timestamp) -> Vec<Webhook> {
        let issue = self.open_issue(NewIssue::error("CacheMiss", "the cache is cold"), ago(now, 8));
        let resolved = issue.issue.map(|id| self.resolve(id, Resolution::Now, "octavia", ago(now, 1)));
        [Some(issue), resolved].into_iter().flatten().map(unsigned).collect()
    }
}

fn unsigned(webhook: sentry::Webhook) -> Webhook {
    Arc::new(move |secret| webhook.signed(secret))
}
