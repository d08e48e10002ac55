//! A team on a simulated Linear.

use std::sync::Arc;
use std::time::Duration;

use connector_domain::{AccountId, ProviderKind, Secret, Timestamp};
use connector_simulator::World;
use connector_simulator::linear::{self, Linear, NewComment, NewIssue, Populate, Team};

use super::super::Failure;
use super::{Happenings, Source, Webhook, ago, resource};
use crate::render::text::{count, list};

/// A team with a history that ends at `until`.
pub(super) fn source(world: &World, until: Timestamp, latency: Duration) -> Result<(Source, Team), Failure> {
    let linear = world.linear();
    linear.set_latency(latency);
    let team = linear.add_team("ROC", "Rocket");
    let history = Populate { issues: 10, projects: 2, ..Populate::ending(until, 30) };
    team.populate(history);
    let things =
        [count(history.issues.into(), "issue", "issues"), count(history.projects.into(), "project", "projects")];
    let handle = team.clone();
    let source = Source {
        kind: ProviderKind::Linear,
        account: AccountId::parse(linear.organization_id())?,
        account_name: "acme".to_owned(),
        resource: resource(team.id.clone(), team.key.clone())?,
        token: Secret::new(linear.mint_token()),
        in_words: list(&things),
        happenings: Box::new((linear, team)),
    };
    Ok((source, handle))
}

impl Happenings for (Linear, Team) {
    fn history(&self, now: Timestamp) -> Vec<Webhook> {
        // Each body tells when it is sent, and an old one would be refused.
        let fresh = |webhook: linear::Webhook| webhook.resent(now.duration_since(webhook.sent_at));
        self.0.history_webhooks().into_iter().map(|webhook| unsigned(fresh(webhook))).collect()
    }

    fn news(&self, now: Timestamp) -> Vec<Webhook> {
        let issue = self.1.open_issue(NewIssue::titled("Deploys start with a cold cache"), ago(now, 300));
        let id = issue.id.clone();
        let comment = NewComment::on(id.clone(), "Seen in Sentry, too.");
        let news = [
            issue,
            self.0.comment(comment, ago(now, 200)),
            self.1.move_issue(&id, "In Progress", "octavia", ago(now, 90)),
            self.1.move_issue(&id, "Done", "octavia", ago(now, 1)),
        ];
        let fresh = |webhook: linear::Webhook| webhook.resent(now.duration_since(webhook.sent_at));
        news.into_iter().map(|webhook| unsigned(fresh(webhook))).collect()
    }
}

fn unsigned(webhook: linear::Webhook) -> Webhook {
    Arc::new(move |secret| webhook.signed(secret))
}
