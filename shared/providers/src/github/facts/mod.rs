//! One constructor per entity: it alone makes identity, type, title, body, references and metadata, for both paths.

pub(super) mod discussion;
pub(super) mod issue;
pub(super) mod pull_request;
pub(super) mod push;
pub(super) mod release;

use connector_domain::event::Actor;
use connector_domain::transformed::Quarantined;
use connector_domain::{Metadata, Reference, ReferenceKind, SourceType, text};
use serde_json::Value;

use super::payload::{Label, Repo, User, filled};
use crate::json;

/// An attribute that a fact cannot be made without: its name in GitHub's object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Missing(pub(super) &'static str);

impl From<Missing> for Quarantined {
    fn from(missing: Missing) -> Self {
        json::quarantined("", format!("missing field {}", missing.0))
    }
}

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

/// A reference with an address, where there is one.
fn reference(kind: ReferenceKind, id: impl Into<String>, url: Option<String>) -> Option<Reference> {
    let reference = Reference::new(kind, id)?;
    Some(match url {
        Some(url) => reference.url(url),
        None => reference,
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
        reference(kind, login, Some(url.map_or_else(|| repo.neighbour(login), str::to_owned)))
    })
}

/// References to labels by their names.
fn labels(labels: Option<&Vec<Label>>) -> impl Iterator<Item = Reference> {
    labels.into_iter().flatten().filter_map(|label| Reference::new(ReferenceKind::Label, label.name()?))
}

/// Metadata in the making: what is absent stays absent.
struct Facts(Metadata);

impl Facts {
    /// What every fact of a repository carries.
    fn of(repo: &Repo) -> Self {
        Self(Metadata::new()).with("repoFullName", repo.name.as_str()).with("repoId", repo.id)
    }

    fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    fn maybe(self, name: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Who wrote the thing, which need not be who acted.
    fn author(self, user: Option<&User>) -> Self {
        let login = user.and_then(|user| filled(user.login.as_deref()));
        let id = user.and_then(|user| user.id).map(|id| id.0);
        self.maybe("authorLogin", login).maybe("authorId", id)
    }
}
