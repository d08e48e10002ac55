//! Releases.

use jiff::Timestamp;
use serde::Serialize;

use super::{node_id, repository::View, user::User};

/// A published release.
pub(crate) struct Release {
    pub(crate) id: u64,
    pub(crate) tag: String,
    pub(crate) name: Option<String>,
    pub(crate) body: Option<String>,
    pub(crate) author: User,
    pub(crate) prerelease: bool,
    /// The time of the tagged commit.
    pub(crate) created_at: Timestamp,
    pub(crate) published_at: Timestamp,
    pub(crate) revision: u64,
}

/// One item of `GET /repos/{owner}/{repo}/releases`, and `release` of a webhook.
#[derive(Serialize)]
pub(crate) struct ReleaseJson<'a> {
    url: String,
    assets_url: String,
    upload_url: String,
    html_url: String,
    id: u64,
    author: &'a User,
    node_id: String,
    tag_name: &'a str,
    target_commitish: &'static str,
    name: Option<&'a str>,
    draft: bool,
    immutable: bool,
    prerelease: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
    published_at: Timestamp,
    assets: [(); 0],
    tarball_url: String,
    zipball_url: String,
    body: Option<&'a str>,
}

pub(crate) fn release<'a>(view: &View, release: &'a Release) -> ReleaseJson<'a> {
    let (id, tag) = (release.id, &release.tag);
    let url = format!("{}/releases/{id}", view.api);
    ReleaseJson {
        assets_url: format!("{url}/assets"),
        upload_url: format!("https://uploads.github.com/repos/{}/releases/{id}/assets{{?name,label}}", view.full_name),
        html_url: format!("{}/releases/tag/{tag}", view.web),
        id,
        author: &release.author,
        node_id: node_id("RE", &[view.id, id]),
        tag_name: tag,
        target_commitish: "main",
        name: release.name.as_deref(),
        draft: false,
        immutable: false,
        prerelease: release.prerelease,
        created_at: release.created_at,
        updated_at: release.published_at,
        published_at: release.published_at,
        assets: [],
        tarball_url: format!("{}/tarball/{tag}", view.api),
        zipball_url: format!("{}/zipball/{tag}", view.api),
        body: release.body.as_deref(),
        url,
    }
}
