//! Sentry.

use connector_simulator::{
    Server, World,
    sentry::{Populate, Project, Sentry},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::client::{Http, Reply};

mod access;
mod corpus;
mod events;
mod faults;
mod issues;
mod one;
mod paging;
mod webhooks;

/// A served world with one project.
struct Stage {
    world: World,
    sentry: Sentry,
    project: Project,
    http: Http,
    _server: Server,
}

impl Stage {
    /// `rocket` of the organization `acme`, without issues.
    async fn empty() -> Self {
        let world = World::new(1);
        let sentry = world.sentry();
        let project = sentry.add_project("acme", "rocket");
        let server = Server::start(world.clone()).await.unwrap();
        let http = Http::to(server.sentry_url());
        Self { world, sentry, project, http, _server: server }
    }

    /// The same with so many issues over the last 60 days.
    async fn filled(issues: u32) -> Self {
        let stage = Self::empty().await;
        stage.project.populate(Populate { issues, ..Populate::ending(stage.world.now(), 60) });
        stage
    }

    /// So many minutes from now.
    fn at(&self, minutes: i64) -> Timestamp {
        self.world.now() + SignedDuration::from_mins(minutes)
    }

    /// A page of the organization's issues, with these parameters.
    async fn issues(&self, query: &str) -> Reply {
        self.http.get(&format!("/api/0/organizations/acme/issues/?{query}")).await
    }

    /// A page of the project's events, with these parameters.
    async fn events(&self, query: &str) -> Reply {
        self.http.get(&format!("/api/0/projects/acme/rocket/events/?{query}")).await
    }

    /// Follows the `next` of a page as long as it has results, and answers every item.
    async fn walk(&self, first: Reply) -> Vec<Value> {
        let mut items = first.items();
        let mut page = first;
        while let Some(next) = next(&page) {
            page = self.http.get(&next).await;
            items.extend(page.items());
            assert!(items.len() < 20_000, "the walk does not end");
        }
        items
    }
}

/// One direction of the `Link` header: address, and whether it has results.
fn direction(page: &Reply, rel: &str) -> (String, bool) {
    let header = page.header("link").expect("a link");
    let part = header.split(", <").find(|part| part.contains(&format!("rel=\"{rel}\""))).expect("both directions");
    let address = part.trim_start_matches('<').split_once('>').unwrap().0.to_owned();
    (address, part.contains("results=\"true\""))
}

/// The next page, if it has results.
fn next(page: &Reply) -> Option<String> {
    Some(direction(page, "next")).filter(|(_, results)| *results).map(|(address, _)| address)
}

fn ids(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["id"].as_str().unwrap()).collect()
}

fn texts(items: &[Value], field: &str) -> Vec<String> {
    items.iter().map(|item| item[field].as_str().unwrap().to_owned()).collect()
}

fn is_descending(texts: &[String]) -> bool {
    texts.windows(2).all(|pair| pair[0] >= pair[1])
}
