//! One constructor per entity: it alone makes identity, type, title, body, references and metadata, for both paths.

pub(super) mod comment;
pub(super) mod deployment;
pub(super) mod discussion;
pub(super) mod issue;
pub(super) mod pull_request;
pub(super) mod push;
pub(super) mod release;
pub(super) mod review;
pub(super) mod subject;

use connector_domain::event::Actor;
use connector_domain::transformed::{IgnoreReason, Quarantined};
use connector_domain::{Metadata, Reference, ReferenceKind, SourceEvent, SourceType, text};

use super::payload::{Label, Repo, User};
use crate::json;
use crate::parts::{Attributes, filled, reference};

/// An attribute that a fact cannot be made without: its name in GitHub's object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Missing(pub(super) &'static str);

impl From<Missing> for Quarantined {
    fn from(missing: Missing) -> Self {
        json::quarantined("", format!("missing field {}", missing.0))
    }
}

/// A fact, or why what happened is not one to remember.
pub(super) type Told = Result<SourceEvent, IgnoreReason>;

/// Longest part of a title that is taken from a title of GitHub's.
const MAX_SUBJECT_CHARS: usize = 100;

/// `[label] subject`.
fn title(kind: SourceType, subject: &str) -> String {
    format!("[{}] {}", kind.label(), text::cut(text::trim(subject), MAX_SUBJECT_CHARS))
}

/// The title and, below it, the text.
fn body(title: &str, text: Option<&str>) -> String {
    format!("{title}\n{}", text.unwrap_or_default())
}

/// Who acted; `None` when the account is gone.
pub(super) fn actor(user: &User) -> Option<Actor> {
    Some(Actor {
        id: user.id?.to_string(),
        name: filled(user.login.as_deref())?.to_owned(),
        email: None,
        avatar_url: filled(user.avatar_url.as_deref()).map(str::to_owned),
    })
}

/// A reference to an account by its login.
fn person<'a>(
    kind: ReferenceKind,
    users: impl IntoIterator<Item = &'a User>,
    repo: &Repo,
) -> impl Iterator<Item = Reference> {
    users.into_iter().filter_map(move |user| {
        let login = filled(user.login.as_deref())?;
        // An app's page is not below its login.
        let url = user.html_url.as_deref().filter(|url| url.starts_with("https://"));
        reference(kind, login, Some(&url.map_or_else(|| repo.neighbour(login), str::to_owned)))
    })
}

/// A reference to a commit of the repository.
fn commit(repo: &Repo, sha: &str) -> Option<Reference> {
    reference(ReferenceKind::Commit, sha, Some(&repo.page("commit", sha)))
}

/// References to labels by their names.
fn labels(labels: Option<&Vec<Label>>) -> impl Iterator<Item = Reference> {
    labels.into_iter().flatten().filter_map(|label| Reference::new(ReferenceKind::Label, label.name()?))
}

/// What every fact of a repository carries.
fn attributes(repo: &Repo) -> Attributes {
    Attributes::default().with("repoFullName", repo.name.as_str()).with("repoId", repo.id)
}

/// Adds who wrote the thing, which need not be who acted.
fn authored(attributes: Attributes, user: Option<&User>) -> Metadata {
    let login = user.and_then(|user| filled(user.login.as_deref()));
    let id = user.and_then(|user| user.id).map(|id| id.0);
    attributes.maybe("authorLogin", login).maybe("authorId", id).0
}
