//! What Vercel copies from the git host into a deployment's `meta`. It is missing for most deployments by command line.

use connector_domain::event::Actor;
use connector_domain::{Reference, ReferenceKind};

use super::payload::Meta;
use crate::encode;
use crate::parts::reference;

/// Where the commit is from: the keys of `meta` start with its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Host {
    Github,
    Gitlab,
    Bitbucket,
    /// The command line, which knows the local commit and no host.
    Local,
}

impl Host {
    const ALL: [Self; 4] = [Self::Github, Self::Gitlab, Self::Bitbucket, Self::Local];

    const fn prefix(self) -> &'static str {
        match self {
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Bitbucket => "bitbucket",
            Self::Local => "git",
        }
    }

    /// Owner and name of the repository that the project is connected to.
    fn repository(self, meta: &Meta) -> (Option<String>, Option<String>) {
        match self {
            Self::Github => (meta.text("githubOrg"), meta.text("githubRepo")),
            Self::Gitlab => match meta.text("gitlabProjectPath").as_deref().and_then(|path| path.rsplit_once('/')) {
                Some((group, name)) => (Some(group.to_owned()), Some(name.to_owned())),
                None => (meta.text("gitlabProjectNamespace"), meta.text("gitlabProjectName")),
            },
            Self::Bitbucket => (meta.text("bitbucketRepoOwner"), meta.text("bitbucketRepoSlug")),
            Self::Local => (None, None),
        }
    }

    /// The repository that holds the commit: not the connected one when it comes from a fork.
    fn source(self, meta: &Meta) -> Option<(String, String)> {
        match self {
            Self::Github => meta.text("githubCommitOrg").zip(meta.text("githubCommitRepo")),
            Self::Gitlab | Self::Bitbucket | Self::Local => None,
        }
    }

    /// The address of a repository.
    fn page(self, meta: &Meta, owner: &str, name: &str) -> Option<String> {
        let host = match self {
            Self::Github => meta.text("githubHost").filter(|host| is_host(host)).unwrap_or_else(|| "github.com".into()),
            Self::Gitlab => "gitlab.com".into(),
            Self::Bitbucket => "bitbucket.org".into(),
            Self::Local => return None,
        };
        Some(format!("https://{host}/{}/{}", encode::path(owner), encode::path(name)))
    }

    /// Below a repository: commits, branches, and requests to merge.
    const fn below(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Github | Self::Local => ("commit", "tree", "pull"),
            Self::Gitlab => ("-/commit", "-/tree", "-/merge_requests"),
            Self::Bitbucket => ("commits", "branch", "pull-requests"),
        }
    }

    /// The number of the request to merge.
    fn request(self, meta: &Meta) -> Option<String> {
        match self {
            Self::Github => meta.text("githubPrId"),
            Self::Gitlab => meta.text("gitlabMrId"),
            Self::Bitbucket | Self::Local => None,
        }
    }
}

fn is_host(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
}

/// The commit that was deployed.
#[derive(Debug, Default)]
pub(super) struct Commit {
    pub(super) sha: Option<String>,
    pub(super) branch: Option<String>,
    pub(super) message: Option<String>,
    pub(super) author: Option<String>,
    pub(super) org: Option<String>,
    pub(super) repo: Option<String>,
    login: Option<String>,
    avatar: Option<String>,
    references: Vec<Reference>,
}

impl Commit {
    /// Reads the keys of the first host that has any.
    pub(super) fn of(meta: Option<&Meta>) -> Self {
        let Some(meta) = meta else { return Self::default() };
        Host::ALL.into_iter().find_map(|host| Self::from(host, meta)).unwrap_or_default()
    }

    fn from(host: Host, meta: &Meta) -> Option<Self> {
        let text = |name: &str| meta.text(&format!("{}Commit{name}", host.prefix()));
        let (sha, branch) = (text("Sha"), text("Ref"));
        if sha.is_none() && branch.is_none() {
            return None;
        }
        let (org, repo) = host.repository(meta);
        let connected = org.as_deref().zip(repo.as_deref()).and_then(|(org, repo)| host.page(meta, org, repo));
        let source = host.source(meta).and_then(|(org, repo)| host.page(meta, &org, &repo));
        let source = source.or_else(|| connected.clone());

        let (commits, branches, requests) = host.below();
        let at = |what: ReferenceKind, kind: &str, id: &str| {
            let url = source.as_ref().map(|repository| format!("{repository}/{kind}/{}", encode::path(id)));
            reference(what, id, url.as_deref())
        };
        let mut references = Vec::new();
        references.extend(sha.as_deref().and_then(|sha| at(ReferenceKind::Commit, commits, sha)));
        references.extend(branch.as_deref().and_then(|name| at(ReferenceKind::Branch, branches, name)));
        // Its number says something only together with the repository.
        if let (Some(number), Some(connected)) = (host.request(meta), &connected) {
            let url = format!("{connected}/{requests}/{}", encode::path(&number));
            references.extend(reference(ReferenceKind::Pr, format!("#{number}"), Some(&url)));
        }

        Some(Self {
            message: text("Message"),
            author: text("AuthorName"),
            login: text("AuthorLogin"),
            avatar: text("AuthorAvatar"),
            sha,
            branch,
            org,
            repo,
            references,
        })
    }

    /// Who wrote it, by the login on the git host: a display name is nobody's for sure.
    pub(super) fn actor(&self) -> Option<Actor> {
        let login = self.login.as_ref()?;
        Some(Actor {
            id: login.clone(),
            name: self.author.as_ref().unwrap_or(login).clone(),
            email: None,
            avatar_url: self.avatar.clone(),
        })
    }

    /// Commit, branch and request to merge.
    pub(super) fn references(&self) -> impl Iterator<Item = Reference> {
        self.references.iter().cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(meta: &str) -> Commit {
        Commit::of(Some(&serde_json::from_str(meta).unwrap()))
    }

    fn urls(commit: &Commit) -> Vec<(&str, Option<&str>)> {
        commit.references.iter().map(|reference| (reference.id.as_str(), reference.url.as_deref())).collect()
    }

    #[test]
    fn a_commit_of_a_fork_is_in_the_fork_and_its_request_in_the_repository() {
        let commit = commit(
            r#"{"githubCommitSha":"abc","githubCommitRef":"fix/#1","githubOrg":"acme","githubRepo":"shop",
                "githubCommitOrg":"jane","githubCommitRepo":"shop-fork","githubPrId":17,
                "githubCommitAuthorName":"Jane Doe","githubCommitAuthorLogin":"jane","githubCommitMessage":"fix"}"#,
        );
        assert_eq!(
            urls(&commit),
            [
                ("abc", Some("https://github.com/jane/shop-fork/commit/abc")),
                ("fix/#1", Some("https://github.com/jane/shop-fork/tree/fix/%231")),
                ("#17", Some("https://github.com/acme/shop/pull/17")),
            ]
        );
        let actor = commit.actor().unwrap();
        assert_eq!((actor.id.as_str(), actor.name.as_str()), ("jane", "Jane Doe"));
        assert_eq!(commit.message.as_deref(), Some("fix"));
    }

    #[test]
    fn every_host_has_its_own_keys_and_addresses() {
        let gitlab = commit(
            r#"{"gitlabCommitSha":"abc","gitlabCommitRef":"main","gitlabProjectPath":"acme/web/shop","gitlabMrId":"3"}"#,
        );
        assert_eq!(
            urls(&gitlab),
            [
                ("abc", Some("https://gitlab.com/acme/web/shop/-/commit/abc")),
                ("main", Some("https://gitlab.com/acme/web/shop/-/tree/main")),
                ("#3", Some("https://gitlab.com/acme/web/shop/-/merge_requests/3")),
            ]
        );
        assert_eq!((gitlab.org.as_deref(), gitlab.repo.as_deref()), (Some("acme/web"), Some("shop")));
        let bitbucket = commit(
            r#"{"bitbucketCommitSha":"abc","bitbucketCommitRef":"main","bitbucketRepoOwner":"acme","bitbucketRepoSlug":"shop"}"#,
        );
        assert_eq!(
            urls(&bitbucket),
            [
                ("abc", Some("https://bitbucket.org/acme/shop/commits/abc")),
                ("main", Some("https://bitbucket.org/acme/shop/branch/main")),
            ]
        );
        let local =
            commit(r#"{"gitCommitSha":"abc","gitCommitRef":"main","gitCommitAuthorName":"Jane","gitDirty":"1"}"#);
        assert_eq!(urls(&local), [("abc", None), ("main", None)]);
        assert_eq!(local.actor(), None);
        let enterprise = commit(
            r#"{"githubCommitSha":"abc","githubOrg":"acme","githubRepo":"shop","githubHost":"git.acme.example"}"#,
        );
        assert_eq!(urls(&enterprise), [("abc", Some("https://git.acme.example/acme/shop/commit/abc"))]);
    }

    #[test]
    fn what_is_not_told_is_absent() {
        let lone = commit(r#"{"githubCommitSha":"abc","githubPrId":"17","githubCommitRef":" ","githubOrg":null}"#);
        assert_eq!(urls(&lone), [("abc", None)]);
        for none in [r#"{"action":"redeploy"}"#, r#"{"githubDeployment":"1","githubCommitSha":""}"#] {
            assert!(urls(&commit(none)).is_empty(), "{none}");
        }
        assert!(Commit::of(None).sha.is_none());
    }
}
