//! Releases.

use connector_domain::event::Actor;
use connector_domain::{ProviderKind, Reference, ReferenceKind, SourceEvent, SourceId, SourceType};

use super::{Missing, attributes, authored, person};
use crate::github::payload::{Release, Repo};
use crate::parts::{filled, reference};

/// The fact that a release was published.
pub(in crate::github) fn published(
    release: &Release,
    repo: &Repo,
    actor: Option<Actor>,
) -> Result<SourceEvent, Missing> {
    // Not `created_at`, which is the time of the tagged commit.
    let at = release.published_at.ok_or(Missing("published_at"))?;
    let kind = SourceType::GithubReleasePublished;
    let name = filled(release.name.as_deref()).unwrap_or(&release.tag_name);
    let mut event = SourceEvent::new(
        kind,
        SourceId::once(ProviderKind::Github, "release", format!("{}:{}", repo.id, release.id), "published"),
        &format!("[{}] {name}", kind.label()),
        release.body.as_deref().unwrap_or_default(),
        at,
    );
    event.actor = actor;
    event.references = references(release, repo);
    let facts = attributes(repo)
        .with("tagName", release.tag_name.as_str())
        .maybe("targetCommitish", release.target_commitish.as_deref())
        .with("action", "published")
        .maybe("prerelease", release.prerelease)
        .with("draft", release.draft);
    event.metadata = authored(facts, release.author.as_ref());
    Ok(event)
}

fn references(release: &Release, repo: &Repo) -> Vec<Reference> {
    let mut all = Vec::new();
    let own = filled(release.html_url.as_deref()).map(str::to_owned);
    let own = own.unwrap_or_else(|| repo.page("releases/tag", &release.tag_name));
    all.extend(reference(ReferenceKind::Release, release.id.to_string(), Some(&own)));
    let tag = release.tag_name.as_str();
    all.extend(reference(ReferenceKind::Tag, tag, Some(&repo.page("tree", tag))));
    if let Some(target) = release.target_commitish.as_deref() {
        let (kind, page) =
            if is_sha(target) { (ReferenceKind::Commit, "commit") } else { (ReferenceKind::Branch, "tree") };
        all.extend(reference(kind, target, Some(&repo.page(page, target))));
    }
    all.extend(person(ReferenceKind::Author, &release.author, repo));
    all
}

/// A release is made from a branch or from a commit; the field holds either.
fn is_sha(target: &str) -> bool {
    matches!(target.len(), 40 | 64) && target.bytes().all(|b| b.is_ascii_hexdigit())
}
