//! A repository on a simulated GitHub.

use std::sync::Arc;
use std::time::Duration;

use connector_domain::{AccountId, ProviderKind, Secret, Timestamp};
use connector_simulator::World;
use connector_simulator::github::{
    self, Fault, NewCommit, NewDiscussion, NewIssue, NewPullRequest, NewRelease, Populate, Repository,
};

use super::super::Failure;
use super::{Happenings, Source, Webhook, ago, resource};
use crate::render::text::{count, list};

/// A repository with a history that ends at `until`.
pub(super) fn source(world: &World, until: Timestamp, latency: Duration) -> Result<(Source, Repository), Failure> {
    let github = world.github();
    github.set_latency(latency);
    let repository = github.add_repository("acme", "rocket");
    let history = Populate { pull_requests: 16, issues: 10, releases: 3, ..Populate::ending(until, 30) };
    repository.populate(history);
    let of = |list: &str| format!("/repos/{}/{list}", repository.full_name());
    github.inject(Fault::ServerError(502).on(of("pulls")).nth(2));
    github.inject(
        Fault::SecondaryLimit { status: 403, retry_after: Some(Duration::from_secs(1)) }.on(of("issues")).nth(3),
    );
    let things = [
        count(history.pull_requests.into(), "pull request", "pull requests"),
        count(history.issues.into(), "issue", "issues"),
        count(history.releases.into(), "release", "releases"),
    ];
    let handle = repository.clone();
    let source = Source {
        kind: ProviderKind::Github,
        account: AccountId::parse(repository.installation_id.to_string())?,
        account_name: repository.owner(),
        resource: resource(repository.id.to_string(), repository.full_name())?,
        // Its GraphQL answers nobody without one.
        token: Secret::new("a-token-of-the-demo"),
        in_words: format!("{}; it will fail once and ask to slow down once", list(&things)),
        happenings: Box::new(repository),
    };
    Ok((source, handle))
}

impl Happenings for Repository {
    fn history(&self, _now: Timestamp) -> Vec<Webhook> {
        self.history_webhooks().into_iter().map(unsigned).collect()
    }

    fn news(&self, now: Timestamp) -> Vec<Webhook> {
        let pull = self.open_pull_request(NewPullRequest::titled("Keep the cache warm between deploys"), ago(now, 5));
        let merged = pull.number.map(|number| self.merge_pull_request(number, "octavia", ago(now, 3)));
        let mut news = vec![
            self.open_issue(NewIssue::titled("Crash when the cache is cold"), ago(now, 6)),
            pull,
            self.push("main", &[NewCommit::saying("Keep the cache warm between deploys")], ago(now, 2)),
            self.publish_release(NewRelease::tagged("v9.0.0"), ago(now, 1)),
            self.create_discussion(NewDiscussion::asking("How warm should the cache be?"), now),
        ];
        news.extend(merged);
        news.into_iter().map(unsigned).collect()
    }
}

fn unsigned(webhook: github::Webhook) -> Webhook {
    Arc::new(move |secret| webhook.signed(secret))
}
