//! Vercel.

use connector_simulator::{
    Server, World,
    vercel::{Populate, Project, Vercel},
};
use serde_json::Value;

use crate::client::{Http, Reply};

mod access;
mod churn;
mod corpus;
mod faults;
mod lists;
mod projects;
mod webhooks;

/// A served world with one project.
struct Stage {
    world: World,
    vercel: Vercel,
    project: Project,
    http: Http,
    _server: Server,
}

impl Stage {
    /// `shop` of the team `acme`, without deployments.
    async fn empty() -> Self {
        let world = World::new(1);
        let vercel = world.vercel();
        let project = vercel.add_project("acme", "shop");
        let server = Server::start(world.clone()).await.unwrap();
        let http = Http::to(server.vercel_url());
        Self { world, vercel, project, http, _server: server }
    }

    /// The same with so many deployments over the last 60 days.
    async fn filled(deployments: u32) -> Self {
        let stage = Self::empty().await;
        stage.project.populate(Populate { deployments, ..Populate::ending(stage.world.now(), 60) });
        stage
    }

    /// A page of the project's deployments, with these parameters more.
    async fn page(&self, query: &str) -> Reply {
        self.http.get(&self.list(query)).await
    }

    fn list(&self, query: &str) -> String {
        let team = self.project.team_id.as_deref().unwrap();
        format!("/v6/deployments?projectId={}&teamId={team}{query}", self.project.id)
    }

    /// Follows `pagination.next` to the end, or for so many pages, and answers every item.
    async fn walk(&self, query: &str, most: usize) -> Vec<Value> {
        let mut items = Vec::new();
        let mut until = String::new();
        for _ in 0..most {
            let page = self.page(&format!("{query}{until}")).await;
            items.extend(deployments(&page));
            match page.json()["pagination"]["next"].as_i64() {
                Some(next) => until = format!("&until={next}"),
                None => break,
            }
        }
        items
    }

    /// A path with the team added.
    fn of_team(&self, path: &str) -> String {
        format!("{path}?teamId={}", self.project.account_id)
    }
}

fn deployments(page: &Reply) -> Vec<Value> {
    assert_eq!(page.status, 200, "{}", String::from_utf8_lossy(&page.body));
    page.json()["deployments"].as_array().unwrap().clone()
}

fn uids(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["uid"].as_str().unwrap()).collect()
}

/// The code of an error.
fn code(reply: &Reply) -> String {
    reply.json()["error"]["code"].as_str().unwrap().to_owned()
}
