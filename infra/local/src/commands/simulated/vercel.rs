//! A project on a simulated Vercel.

use std::sync::Arc;
use std::time::Duration;

use connector_domain::{AccountId, ProviderKind, Secret, Timestamp};
use connector_simulator::World;
use connector_simulator::vercel::{self, NewDeployment, Populate, Project};

use super::super::Failure;
use super::{Happenings, Source, Webhook, ago, resource};
use crate::render::text::count;

/// A project with a history that ends at `until`.
pub(super) fn source(world: &World, until: Timestamp, latency: Duration) -> Result<(Source, Project), Failure> {
    let vercel = world.vercel();
    vercel.set_latency(latency);
    let project = vercel.add_project("acme", "rocket-web");
    let history = Populate { deployments: 12, ..Populate::ending(until, 30) };
    project.populate(history);
    let handle = project.clone();
    let source = Source {
        kind: ProviderKind::Vercel,
        account: AccountId::parse(project.account_id.clone())?,
        account_name: "acme".to_owned(),
        resource: resource(project.id.clone(), project.name())?,
        token: Secret::new(vercel.mint_token("acme")),
        in_words: count(history.deployments.into(), "deployment", "deployments"),
        happenings: Box::new(project),
    };
    Ok((source, handle))
}

impl Happenings for Project {
    fn history(&self, _now: Timestamp) -> Vec<Webhook> {
        self.history_webhooks().into_iter().map(unsigned).collect()
    }

    fn news(&self, now: Timestamp) -> Vec<Webhook> {
        let created = self.deploy(NewDeployment::production("Keep the cache warm between deploys"), ago(now, 4));
        let id = created.deployment.clone().unwrap_or_default();
        self.build(&id, ago(now, 3));
        let news = [created, self.ready(&id, ago(now, 2)), self.succeed(&id, ago(now, 1)), self.promote(&id, now)];
        news.into_iter().map(unsigned).collect()
    }
}

fn unsigned(webhook: vercel::Webhook) -> Webhook {
    Arc::new(move |secret| webhook.signed(secret))
}
