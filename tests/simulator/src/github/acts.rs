//! More that a scenario can do to a repository: what people say about its items, what is pushed and deployed.

use jiff::Timestamp;

use super::{
    Repository,
    draft::{DeploymentState, NewCommit, NewReview},
    fact::What,
    json::push,
    repository::Wrong,
    talk::Steps,
    webhook::Webhook,
};

impl Repository {
    /// Comments on an issue or a pull request: `issue_comment` `created`. Answers the comment's id as well.
    pub fn comment(&self, number: u32, text: &str, by: &str, at: Timestamp) -> (u64, Webhook) {
        let mut made = 0;
        let webhook = self.told(at, |repo| {
            let by = repo.person(by);
            let (id, steps) = repo.comment(number, text, by, at).ok_or(Wrong::NoItem(number))?;
            made = id;
            Ok((facts(number, steps), 0))
        });
        (made, webhook)
    }

    /// Says it otherwise: `issue_comment` `edited`.
    pub fn edit_comment(&self, id: u64, text: &str, by: &str, at: Timestamp) -> Webhook {
        self.told(at, |repo| {
            let by = repo.person(by);
            let (number, steps) = repo.edit_comment(id, text, by, at).ok_or(Wrong::Nothing(id))?;
            Ok((facts(number, steps), 0))
        })
    }

    /// Takes it back: `issue_comment` `deleted`. It leaves every list.
    pub fn delete_comment(&self, id: u64, by: &str, at: Timestamp) -> Webhook {
        self.told(at, |repo| {
            let by = repo.person(by);
            let (number, steps) = repo.delete_comment(id, by, at).ok_or(Wrong::Nothing(id))?;
            Ok((facts(number, steps), 0))
        })
    }

    /// Reviews a pull request: `pull_request_review` `submitted`, and `pull_request_review_comment` `created` for each
    /// of its remarks, which [`Self::history_webhooks`] has. Answers the review's id as well.
    pub fn review(&self, number: u32, draft: NewReview, by: &str, at: Timestamp) -> (u64, Webhook) {
        let mut made = 0;
        let webhook = self.told(at, |repo| {
            let by = repo.person(by);
            let (id, steps) = repo.review(number, draft, by, at).ok_or(Wrong::NoItem(number))?;
            made = id;
            Ok((facts(number, steps), 0))
        });
        (made, webhook)
    }

    /// Dismisses a review: `pull_request_review` `dismissed`.
    pub fn dismiss_review(&self, id: u64, by: &str, at: Timestamp) -> Webhook {
        self.told(at, |repo| {
            let by = repo.person(by);
            let (number, steps) = repo.dismiss(id, by, at).ok_or(Wrong::Nothing(id))?;
            Ok((facts(number, steps), 0))
        })
    }

    /// Replies to a remark: `pull_request_review_comment` `created`, inside a review that says nothing itself. Answers
    /// the reply's id as well.
    pub fn reply(&self, to: u64, text: &str, by: &str, at: Timestamp) -> (u64, Webhook) {
        let mut made = 0;
        let webhook = self.told(at, |repo| {
            let by = repo.person(by);
            let (number, id, steps) = repo.reply(to, text, by, at).ok_or(Wrong::Nothing(to))?;
            made = id;
            Ok((facts(number, steps), 1))
        });
        (made, webhook)
    }

    /// Pushes commits to a branch in place of those it has.
    pub fn force_push(&self, branch: &str, commits: &[NewCommit], at: Timestamp) -> Webhook {
        self.tell(at, |repo| Ok(What::Push { index: repo.new_push(branch, commits, push::Kind::Forced, at) }))
    }

    /// Deletes a branch, which is told as a push.
    pub fn delete_branch(&self, branch: &str, at: Timestamp) -> Webhook {
        self.tell(at, |repo| Ok(What::Push { index: repo.new_push(branch, &[], push::Kind::Deleted, at) }))
    }

    /// The push that merging a pull request makes.
    pub fn push_merge(&self, number: u32, at: Timestamp) -> Webhook {
        self.tell(at, |repo| Ok(What::Push { index: repo.new_merge(number, at).ok_or(Wrong::NotNow(number))? }))
    }

    /// Begins a deployment of a branch: `deployment` `created`. Answers its id as well.
    pub fn deploy(&self, branch: &str, environment: &str, by: &str, at: Timestamp) -> (u64, Webhook) {
        let mut made = 0;
        let webhook = self.tell(at, |repo| {
            let by = repo.person(by);
            let index = repo.deploy(branch, environment, by, at);
            made = repo.deployments.get(index).map_or(0, |held| held.id);
            Ok(What::Deployed { index })
        });
        (made, webhook)
    }

    /// Says how a deployment goes: `deployment_status` `created`.
    pub fn report_deployment(&self, id: u64, state: DeploymentState, at: Timestamp) -> Webhook {
        self.tell(at, |repo| {
            let (index, status) = repo.report(id, state, at).ok_or(Wrong::Nothing(id))?;
            Ok(What::Reported { index, status })
        })
    }
}

fn facts(number: u32, steps: Steps) -> Vec<What> {
    steps.into_iter().map(|step| What::Step { number, step }).collect()
}
