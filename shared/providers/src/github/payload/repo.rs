//! The repository that a fact is about.

use connector_domain::connection::ResourceRef;

use super::Repository;
use crate::encode;
use crate::parts::filled;

/// The repository that a fact is about, told the same by both paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::github) struct Repo {
    pub(in crate::github) id: u64,
    pub(in crate::github) name: String,
    /// Its page, without a slash at the end.
    url: String,
}

impl Repo {
    /// From a webhook.
    pub(in crate::github) fn of(repository: &Repository) -> Self {
        let url = filled(repository.html_url.as_deref());
        Self {
            id: repository.id.0,
            name: repository.full_name.clone(),
            url: url.map_or_else(|| format!("https://github.com/{}", repository.full_name), str::to_owned),
        }
    }

    /// From a listed item, whose own page is below that of its repository. `None` when the id is not one of GitHub's.
    pub(in crate::github) fn listed(resource: &ResourceRef, item_url: Option<&str>) -> Option<Self> {
        let below = format!("/{}/", resource.name);
        let url = item_url.and_then(|url| Some(&url[..url.find(&below)? + below.len() - 1]));
        Some(Self {
            id: resource.id.as_str().parse().ok()?,
            name: resource.name.clone(),
            url: url.map_or_else(|| format!("https://github.com/{}", resource.name), str::to_owned),
        })
    }

    /// The address of a page below the repository's own.
    pub(in crate::github) fn page(&self, kind: &str, id: &str) -> String {
        page(&self.url, kind, id)
    }

    /// The host that serves it, which differs on GitHub Enterprise Server.
    pub(in crate::github) fn host(&self) -> &str {
        self.url.split('/').nth(2).unwrap_or_default()
    }

    /// The address of a repository on the same host.
    pub(in crate::github) fn neighbour(&self, name: &str) -> String {
        format!("https://{}/{name}", self.host())
    }
}

/// The address of a page below that of a repository.
pub(in crate::github) fn page(repository: &str, kind: &str, id: &str) -> String {
    format!("{repository}/{kind}/{}", encode::path(id))
}

#[cfg(test)]
mod tests {
    use connector_domain::ResourceId;

    use super::*;

    #[test]
    fn both_paths_tell_the_same_repository() {
        let repository: Repository = serde_json::from_str(
            r#"{"id":"7","full_name":"acme/shop","html_url":"https://git.example/acme/shop","pushed_at":1557933657}"#,
        )
        .unwrap();
        let resource = ResourceRef { id: ResourceId::parse("7").unwrap(), name: "acme/shop".into() };
        let repo = Repo::of(&repository);
        assert_eq!(Repo::listed(&resource, Some("https://git.example/acme/shop/pull/4")).unwrap(), repo);
        assert_eq!(repo.host(), "git.example");
        assert_eq!(repo.page("tree", "a#b"), "https://git.example/acme/shop/tree/a%23b");
        assert_eq!(Repo::listed(&resource, None).unwrap().host(), "github.com");
        let foreign = ResourceRef { id: ResourceId::parse("R_x").unwrap(), name: "acme/shop".into() };
        assert_eq!(Repo::listed(&foreign, None), None);
    }
}
