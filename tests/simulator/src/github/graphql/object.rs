//! What GitHub knows, as the objects of its GraphQL API.

use apollo_compiler::resolvers::{FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use jiff::Timestamp;
use serde_json::Value;

use super::{
    super::{
        deploy::{Deployment, Status},
        discuss::{self, Discussion},
        item::{Item, Label, Pull},
        json::{node_id, release::Release, user::User},
        repo::Repo,
        talk,
    },
    list,
};
use crate::graphql::value::{arguments, leaf};

/// One object; most know the repository they are of.
#[derive(Clone, Copy)]
pub(crate) enum Object<'a> {
    Actor(&'a User),
    Repository(&'a Repo),
    Issue(&'a Repo, &'a Item),
    Pull(&'a Repo, &'a Item, &'a Pull),
    Comment(&'a Repo, &'a talk::Comment),
    Review(&'a Repo, &'a talk::Review),
    Discussion(&'a Repo, &'a Discussion),
    Said(&'a Repo, &'a Discussion, &'a discuss::Comment),
    Category(&'a Repo, &'a str),
    Release(&'a Repo, &'a Release),
    Deployment(&'a Repo, &'a Deployment),
    Status(&'a Repo, &'a Deployment, &'a Status),
    Label(&'a Repo, &'a Label),
    Commit(&'a Repo, &'a str),
    Ref(&'a Repo, &'a str),
}

/// What a field holds.
pub(crate) enum Field<'a> {
    Value(Value),
    One(Option<Object<'a>>),
    Many(Vec<Object<'a>>),
    /// The schema has it, and we forgot it.
    Unknown,
}

/// A field's value.
pub(crate) fn value<'a>(value: impl Into<Value>) -> Field<'a> {
    Field::Value(value.into())
}

/// A moment, or null.
pub(crate) fn time<'a>(at: impl Into<Option<Timestamp>>) -> Field<'a> {
    value(at.into().map(|at| at.to_string()))
}

/// An id as an `Int`, which cannot hold all of them: GitHub has `fullDatabaseId` for that.
pub(crate) fn database_id<'a>(id: u64) -> Field<'a> {
    value(i32::try_from(id).ok())
}

impl<'a> Object<'a> {
    /// The id that all of GitHub knows it by.
    pub(crate) fn node_id(self) -> String {
        let of = |prefix: &str, repo: &Repo, id: u64| node_id(prefix, &[repo.id, id]);
        match self {
            Self::Actor(user) => user.node_id(),
            Self::Repository(repo) => node_id("R", &[repo.id]),
            Self::Issue(repo, item) => of("I", repo, item.issue_id),
            Self::Pull(repo, _, pull) => of("PR", repo, pull.id),
            Self::Comment(repo, held) => of("IC", repo, held.id),
            Self::Review(repo, held) => of("PRR", repo, held.id),
            Self::Discussion(repo, held) => of("D", repo, held.id),
            Self::Said(repo, _, held) => of("DC", repo, held.id),
            Self::Category(repo, name) => of("DIC", repo, super::super::json::discussion::category_id(name)),
            Self::Release(repo, held) => of("RE", repo, held.id),
            Self::Deployment(repo, held) => of("DE", repo, held.id),
            Self::Status(repo, _, held) => of("DES", repo, held.id),
            Self::Label(repo, held) => of("LA", repo, held.id),
            Self::Commit(repo, sha) => format!("{}_{sha}", of("C", repo, 0)),
            Self::Ref(repo, name) => format!("{}_{name}", of("REF", repo, 0)),
        }
    }

    /// Its number, by which it is told apart from others of its kind.
    pub(crate) fn number(self) -> u64 {
        match self {
            Self::Actor(user) => user.id(),
            Self::Repository(repo) => repo.id,
            Self::Issue(_, item) => item.issue_id,
            Self::Pull(_, _, pull) => pull.id,
            Self::Comment(_, held) => held.id,
            Self::Review(_, held) => held.id,
            Self::Discussion(_, held) => held.id,
            Self::Said(_, _, held) => held.id,
            Self::Release(_, held) => held.id,
            Self::Deployment(_, held) => held.id,
            Self::Status(_, _, held) => held.id,
            Self::Label(_, held) => held.id,
            Self::Category(..) | Self::Commit(..) | Self::Ref(..) => 0,
        }
    }

    /// When it was made, and last changed.
    pub(crate) fn times(self) -> (Timestamp, Timestamp) {
        match self {
            Self::Issue(_, item) | Self::Pull(_, item, _) => (item.created_at(), item.now.updated_at),
            Self::Comment(_, held) => (held.created_at(), held.updated_at()),
            Self::Review(_, held) => (held.submitted_at, held.submitted_at),
            Self::Discussion(_, held) => (held.created_at, held.updated_at(Timestamp::MAX)),
            Self::Said(_, _, held) => (held.at, held.deleted_at.unwrap_or(held.at)),
            Self::Release(_, held) => (held.created_at, held.published_at),
            Self::Deployment(_, held) => (held.created_at, held.updated_at(held.statuses.len())),
            Self::Status(_, _, held) => (held.at, held.at),
            _ => (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH),
        }
    }

    /// A field by its name, with its arguments.
    fn field(self, name: &str, arguments: &Value) -> Field<'a> {
        match name {
            "id" => return value(self.node_id()),
            "repository" => return Field::One(self.repository().map(Self::Repository)),
            _ => {}
        }
        match self {
            Self::Actor(user) => actor(user, name),
            Self::Repository(repo) => super::repository::field(repo, name, arguments),
            Self::Issue(repo, item) | Self::Pull(repo, item, _) => {
                super::item::field(self, repo, item, name, arguments)
            }
            Self::Comment(repo, held) => super::item::comment(self, repo, held, name),
            Self::Review(repo, held) => super::item::review(self, repo, held, name),
            Self::Discussion(repo, held) => super::discussion::field(self, repo, held, name),
            Self::Said(repo, discussion, held) => super::discussion::comment(self, repo, discussion, held, name),
            Self::Category(_, held) => super::discussion::category(held, name),
            Self::Release(repo, held) => super::repository::release(self, repo, held, name),
            Self::Deployment(repo, held) => super::deployment::field(self, repo, held, name),
            Self::Status(repo, deployment, held) => super::deployment::status(self, repo, deployment, held, name),
            Self::Label(_, held) => match name {
                "name" => value(&*held.name),
                "color" => value(held.color),
                _ => Field::Unknown,
            },
            Self::Commit(repo, sha) => match name {
                "oid" => value(sha),
                "url" => value(format!("{}/commit/{sha}", repo.view().web)),
                _ => Field::Unknown,
            },
            Self::Ref(_, branch) => match name {
                "name" => value(branch),
                "prefix" => value("refs/heads/"),
                _ => Field::Unknown,
            },
        }
    }

    fn repository(self) -> Option<&'a Repo> {
        match self {
            Self::Actor(_) => None,
            Self::Repository(repo)
            | Self::Issue(repo, _)
            | Self::Pull(repo, ..)
            | Self::Comment(repo, _)
            | Self::Review(repo, _)
            | Self::Discussion(repo, _)
            | Self::Said(repo, ..)
            | Self::Category(repo, _)
            | Self::Release(repo, _)
            | Self::Deployment(repo, _)
            | Self::Status(repo, ..)
            | Self::Label(repo, _)
            | Self::Commit(repo, _)
            | Self::Ref(repo, _) => Some(repo),
        }
    }
}

/// Who did something. A deleted account, which REST shows as `ghost`, is nobody here, and an app's login has no `[bot]`.
pub(crate) fn who<'a>(user: Option<&'a User>) -> Field<'a> {
    Field::One(user.filter(|user| !user.is_ghost()).map(Object::Actor))
}

fn actor<'a>(user: &User, name: &str) -> Field<'a> {
    match name {
        "login" => value(user.login().trim_end_matches("[bot]")),
        "avatarUrl" => value(format!("https://avatars.githubusercontent.com/u/{}?v=4", user.id())),
        "url" => value(user.page()),
        "resourcePath" => value(user.page().trim_start_matches(super::super::json::WEB)),
        "databaseId" => database_id(user.id()),
        _ => Field::Unknown,
    }
}

impl ObjectValue for Object<'_> {
    fn type_name(&self) -> &str {
        match self {
            Self::Actor(user) => user.kind(),
            Self::Repository(_) => "Repository",
            Self::Issue(..) => "Issue",
            Self::Pull(..) => "PullRequest",
            Self::Comment(..) => "IssueComment",
            Self::Review(..) => "PullRequestReview",
            Self::Discussion(..) => "Discussion",
            Self::Said(..) => "DiscussionComment",
            Self::Category(..) => "DiscussionCategory",
            Self::Release(..) => "Release",
            Self::Deployment(..) => "Deployment",
            Self::Status(..) => "DeploymentStatus",
            Self::Label(..) => "Label",
            Self::Commit(..) => "Commit",
            Self::Ref(..) => "Ref",
        }
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        let arguments = arguments(info);
        match self.field(info.field_name(), &arguments) {
            Field::Value(value) => Ok(leaf(&value, info)),
            Field::One(one) => Ok(ResolvedValue::nullable_object(one)),
            Field::Many(many) => list::connection(many, &arguments, info),
            Field::Unknown => Err(self.unknown_field_error(info)),
        }
    }
}
