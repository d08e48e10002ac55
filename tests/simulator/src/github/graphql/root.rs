//! The root of every query.

use apollo_compiler::resolvers::{FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use serde_json::Value;

use super::{
    super::{State, json::user::User, repo::Repo},
    object::Object,
    repository::{discussions, issues, pulls},
};
use crate::graphql::value::{arguments, leaf};

/// Where a question begins.
pub(crate) struct Root<'a> {
    pub(crate) state: &'a State,
    pub(crate) viewer: &'a User,
    /// What `rateLimit` says.
    pub(crate) rate: Value,
}

impl Root<'_> {
    fn repository(&self, arguments: &Value) -> Result<Object<'_>, FieldError> {
        let text = |name: &str| arguments[name].as_str().unwrap_or_default();
        let full_name = format!("{}/{}", text("owner"), text("name"));
        let repo = self.state.named(&full_name).and_then(|id| self.state.repos.get(&id));
        let follows = arguments["followRenames"] != false;
        let repo = repo.filter(|repo| follows || repo.view().full_name.eq_ignore_ascii_case(&full_name));
        repo.map(Object::Repository).ok_or_else(|| FieldError {
            message: format!("Could not resolve to a Repository with the name '{full_name}'."),
        })
    }

    fn node(&self, id: &str) -> Result<Object<'_>, FieldError> {
        let mut all = self.state.repos.values().flat_map(everything);
        all.find(|object| object.node_id() == id)
            .ok_or_else(|| FieldError { message: format!("Could not resolve to a node with the global id of '{id}'") })
    }
}

/// What can be asked for by its id.
fn everything(repo: &Repo) -> impl Iterator<Item = Object<'_>> {
    let said = repo.discussions.iter().flat_map(move |held| {
        let comments =
            held.comments.iter().filter(|comment| held.said_to(comment.parent).any(|it| it.id == comment.id));
        comments.map(move |comment| Object::Said(repo, held, comment))
    });
    let statuses = move |held| -> Vec<Object<'_>> {
        let held: &super::super::deploy::Deployment = held;
        held.statuses.iter().map(|status| Object::Status(repo, held, status)).collect()
    };
    let deployments = repo.deployments.iter();
    std::iter::once(Object::Repository(repo))
        .chain(discussions(repo))
        .chain(said)
        .chain(issues(repo))
        .chain(pulls(repo))
        .chain(repo.comments.iter().filter(|held| !held.deleted).map(move |held| Object::Comment(repo, held)))
        .chain(repo.reviews.iter().map(move |held| Object::Review(repo, held)))
        .chain(repo.releases.iter().map(move |held| Object::Release(repo, held)))
        .chain(deployments.clone().map(move |held| Object::Deployment(repo, held)))
        .chain(deployments.flat_map(statuses))
}

impl ObjectValue for Root<'_> {
    fn type_name(&self) -> &str {
        "Query"
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        let arguments = arguments(info);
        match info.field_name() {
            "viewer" => Ok(ResolvedValue::object(Object::Actor(self.viewer))),
            "repository" => self.repository(&arguments).map(ResolvedValue::object),
            "node" => self.node(arguments["id"].as_str().unwrap_or_default()).map(ResolvedValue::object),
            "nodes" => {
                let ids = arguments["ids"].as_array().cloned().unwrap_or_default().into_iter();
                let found = ids.map(|id| self.node(id.as_str().unwrap_or_default()).map(ResolvedValue::object));
                Ok(ResolvedValue::List(Box::new(found)))
            }
            "rateLimit" => Ok(ResolvedValue::object(Rate(&self.rate))),
            _ => Err(self.unknown_field_error(info)),
        }
    }
}

struct Rate<'a>(&'a Value);

impl ObjectValue for Rate<'_> {
    fn type_name(&self) -> &str {
        "RateLimit"
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        Ok(leaf(&self.0[info.field_name()], info))
    }
}
