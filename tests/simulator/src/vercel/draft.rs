//! What a scenario says about a deployment it makes; everything else is filled in.

use super::Target;

/// A deployment to make. `Default` is a preview of a branch on GitHub.
#[derive(Clone, Debug)]
pub struct NewDeployment {
    /// Where it goes.
    pub target: Target,
    /// Where its commit is from.
    pub git: Git,
    /// The branch.
    pub branch: String,
    /// The commit's whole message.
    pub message: String,
    /// Who wrote the commit and, as a Vercel user of the same name, made the deployment.
    pub author: String,
    /// The number of the pull request, which GitHub's and GitLab's deployments may name.
    pub request: Option<u32>,
    /// The hash of the commit; made up without one.
    pub commit: Option<String>,
    /// Whether checks must pass after the build: `ready` and `succeeded` are then apart.
    pub checks: bool,
}

/// Where the commit of a deployment is from, and so what its `meta` has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Git {
    /// `github*` keys.
    #[default]
    GitHub,
    /// `github*` keys, with a commit in somebody's fork.
    GitHubFork,
    /// `gitlab*` keys.
    GitLab,
    /// `bitbucket*` keys.
    Bitbucket,
    /// By command line in a repository: `git*` keys, and no host.
    Local,
    /// By command line outside of one: no keys.
    None,
}

impl Git {
    /// Whether a push made the deployment, and not the command line.
    pub(crate) fn is_by_host(self) -> bool {
        !matches!(self, Self::Local | Self::None)
    }
}

impl NewDeployment {
    /// A production deployment of `main` with this commit message.
    #[must_use]
    pub fn production(message: impl Into<String>) -> Self {
        Self { target: Target::Production, branch: "main".to_owned(), message: message.into(), ..Self::default() }
    }
}

impl Default for NewDeployment {
    fn default() -> Self {
        Self {
            target: Target::Preview,
            git: Git::GitHub,
            branch: "patch-1".to_owned(),
            message: "Update README.md".to_owned(),
            author: "octavia".to_owned(),
            request: None,
            commit: None,
            checks: false,
        }
    }
}
