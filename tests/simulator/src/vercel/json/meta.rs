//! What Vercel copies from the git host into a deployment.

use serde_json::{Map, Value, json};

use super::super::{
    deployment::Deployment,
    draft::{Git, NewDeployment},
};
use crate::random::{Random, of_name};

/// `meta`: texts only, whatever they mean.
pub(super) fn meta(deployment: &Deployment, slug: &str) -> Map<String, Value> {
    let draft = &deployment.draft;
    let (prefix, mut meta) = match draft.git {
        Git::GitHub => ("github", github(deployment, slug, slug)),
        Git::GitHubFork => ("github", github(deployment, slug, &draft.author)),
        Git::GitLab => ("gitlab", gitlab(deployment, slug)),
        Git::Bitbucket => ("bitbucket", bitbucket(deployment, slug)),
        Git::Local => ("git", Map::from_iter([("gitDirty".to_owned(), json!("0"))])),
        Git::None => return Map::new(),
    };
    for (key, value) in [
        ("Ref", &draft.branch),
        ("Sha", &deployment.sha),
        ("Message", &draft.message),
        ("AuthorName", &draft.author),
        ("AuthorLogin", &draft.author),
    ] {
        // The command line knows the author's name and no login.
        if draft.git != Git::Local || key != "AuthorLogin" {
            meta.insert(format!("{prefix}Commit{key}"), json!(value));
        }
    }
    meta
}

/// `from`: who owns the repository that has the commit.
fn github(deployment: &Deployment, slug: &str, from: &str) -> Map<String, Value> {
    let repo = &deployment.name;
    let repo_id = number(repo);
    texts(&[
        ("githubDeployment", "1"),
        ("githubOrg", slug),
        ("githubRepo", repo),
        ("githubRepoId", &repo_id),
        ("githubRepoOwnerType", "Organization"),
        ("githubRepoVisibility", "private"),
        ("githubCommitOrg", from),
        ("githubCommitRepo", repo),
        ("githubCommitRepoId", &repo_id),
    ])
    .chain(request("githubPrId", &deployment.draft))
    .chain(branch_alias(deployment, slug))
    .collect()
}

fn gitlab(deployment: &Deployment, slug: &str) -> Map<String, Value> {
    let name = &deployment.name;
    texts(&[
        ("gitlabDeployment", "1"),
        ("gitlabProjectId", &number(name)),
        ("gitlabProjectName", name),
        ("gitlabProjectNamespace", slug),
        ("gitlabProjectPath", &format!("{slug}/{name}")),
        ("gitlabProjectVisibility", "private"),
    ])
    .chain(request("gitlabMrId", &deployment.draft))
    .chain(branch_alias(deployment, slug))
    .collect()
}

fn bitbucket(deployment: &Deployment, slug: &str) -> Map<String, Value> {
    let name = &deployment.name;
    let uuid = Random::new(of_name(name), &[0xB17B]).uuid();
    texts(&[
        ("bitbucketDeployment", "1"),
        ("bitbucketRepoFullName", &format!("{slug}/{name}")),
        ("bitbucketRepoName", name),
        ("bitbucketRepoOwner", slug),
        ("bitbucketRepoSlug", name),
        ("bitbucketRepoUuid", &format!("{{{uuid}}}")),
        ("bitbucketRepoVisibility", "private"),
    ])
    .chain(branch_alias(deployment, slug))
    .collect()
}

fn texts<'a>(pairs: &'a [(&'a str, &'a str)]) -> impl Iterator<Item = (String, Value)> + use<> {
    let pairs: Vec<(String, Value)> = pairs.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
    pairs.into_iter()
}

fn request(key: &str, draft: &NewDeployment) -> Option<(String, Value)> {
    draft.request.map(|number| (key.to_owned(), json!(number.to_string())))
}

fn branch_alias(deployment: &Deployment, slug: &str) -> Option<(String, Value)> {
    Some(("branchAlias".to_owned(), json!(alias(deployment, slug))))
}

/// The address that follows a branch.
pub(super) fn alias(deployment: &Deployment, slug: &str) -> String {
    let branch: String =
        deployment.draft.branch.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    format!("{}-git-{branch}-{slug}.vercel.app", deployment.name)
}

fn number(name: &str) -> String {
    (100_000_000 + of_name(name) % 800_000_000).to_string()
}
