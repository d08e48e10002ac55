//! What the items of GraphQL's lists prove: each brings a list of its own.

use connector_domain::transformed::{IgnoreReason, Item, Quarantined};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Page;
use super::graphql::Connection;
use crate::github::facts::comment::{self, Place};
use crate::github::facts::discussion::{self, Transition};
use crate::github::facts::{self, deployment, review};
use crate::github::payload::{
    Answer, Comment, Deployment, DeploymentStatus, Discussion, PullRequest, Repo, Review, User,
};
use crate::json::{self, NumericId};

/// A comment whose words are gone.
const DELETED: IgnoreReason = IgnoreReason::fixed("deleted");

/// The list in an item, of which each item is read by itself.
fn below(raw: &[u8], each: impl Fn(&[u8]) -> Result<Vec<Item>, Quarantined>) -> Result<Vec<Item>, Quarantined> {
    #[derive(Deserialize)]
    struct Branch<'a> {
        #[serde(borrow)]
        below: Option<Connection<'a>>,
    }
    let nodes = json::parse::<Branch<'_>>(raw)?.below.map(|below| below.nodes).unwrap_or_default();
    let read = nodes.iter().enumerate().flat_map(|(index, node)| {
        let aside = |error| vec![Item::Quarantined(json::within(&format!("below.nodes[{index}]"), error))];
        each(node.get().as_bytes()).unwrap_or_else(aside)
    });
    Ok(read.collect())
}

/// The reviews of a pull request.
pub(super) fn reviews(page: &Page<'_>, raw: &[u8]) -> Result<Vec<Item>, Quarantined> {
    #[derive(Deserialize)]
    struct Reviewed {
        commit: Option<Commit>,
    }
    #[derive(Deserialize)]
    struct Commit {
        oid: Option<String>,
    }

    let pull: PullRequest = json::parse(raw)?;
    let repo = page.repo(pull.html_url.as_deref())?;
    below(raw, |raw| {
        let mut review: Review = json::parse(raw)?;
        review.commit_id = json::parse::<Reviewed>(raw)?.commit.and_then(|commit| commit.oid);
        let reviewer = review.user.as_ref().and_then(facts::actor);
        Ok(vec![page.told(review::submitted(&review, &(&pull).into(), &repo, reviewer))?])
    })
}

/// The states that a deployment came to.
pub(super) fn deployment(page: &Page<'_>, raw: &[u8]) -> Result<Vec<Item>, Quarantined> {
    #[derive(Deserialize)]
    struct Deployed {
        named: Option<Named>,
    }
    #[derive(Deserialize)]
    struct Named {
        name: Option<String>,
    }

    let mut deployment: Deployment = json::parse(raw)?;
    deployment.reference = json::parse::<Deployed>(raw)?.named.and_then(|named| named.name);
    let repo = page.repo(None)?;
    below(raw, |raw| {
        let status: DeploymentStatus = json::parse(raw)?;
        let actor = status.creator.as_ref().and_then(facts::actor);
        Ok(vec![page.told(deployment::event(&deployment, &status, &repo, actor))?])
    })
}

/// A discussion with its comments; or more of its comments; or more of the replies to one.
pub(super) fn discussion(page: &Page<'_>, raw: &[u8]) -> Result<Vec<Item>, Quarantined> {
    #[derive(Deserialize)]
    struct Asked {
        /// Of what is asked for by itself.
        #[serde(rename = "type")]
        kind: Option<String>,
        chosen_by: Option<User>,
        answer: Option<Answer>,
    }
    #[derive(Deserialize)]
    struct Replied {
        id: NumericId,
        discussion: Discussion,
    }

    let Asked { kind, chosen_by, answer } = json::parse(raw)?;
    if kind.as_deref() == Some("DiscussionComment") {
        let Replied { id, discussion } = json::parse(raw)?;
        return Thread::of(page, &discussion)?.replies(raw, id);
    }
    let discussion: Discussion = json::parse(raw)?;
    let thread = Thread::of(page, &discussion)?;
    let mut items = Vec::new();
    if kind.is_none() {
        let made = |what, answer, who: Option<&User>| {
            page.fact(discussion::event(&discussion, answer, what, &thread.repo, who.and_then(facts::actor)))
        };
        items.push(made(Transition::Created, None, discussion.user.as_ref())?);
        if discussion.answer_chosen_at.is_some() {
            items.push(made(Transition::Answered, answer.as_ref(), chosen_by.as_ref())?);
        }
    }
    items.extend(thread.comments(raw)?);
    Ok(items)
}

/// The comments of a discussion.
struct Thread<'a> {
    page: &'a Page<'a>,
    discussion: &'a Discussion,
    repo: Repo,
}

impl<'a> Thread<'a> {
    fn of(page: &'a Page<'a>, discussion: &'a Discussion) -> Result<Self, Quarantined> {
        Ok(Self { page, discussion, repo: page.repo(discussion.html_url.as_deref())? })
    }

    fn comments(&self, raw: &[u8]) -> Result<Vec<Item>, Quarantined> {
        #[derive(Deserialize)]
        struct Kept {
            deleted_at: Option<IgnoredAny>,
        }
        below(raw, |raw| {
            let comment: Comment = json::parse(raw)?;
            // One that has replies leaves an empty place.
            let gone = json::parse::<Kept>(raw)?.deleted_at.is_some();
            let own = if gone { Item::Ignored(DELETED) } else { self.comment(&comment)? };
            Ok(std::iter::once(own).chain(self.replies(raw, comment.id)?).collect())
        })
    }

    fn replies(&self, raw: &[u8], to: NumericId) -> Result<Vec<Item>, Quarantined> {
        below(raw, |raw| {
            let reply = Comment { parent_id: Some(to), ..json::parse(raw)? };
            Ok(vec![self.comment(&reply)?])
        })
    }

    fn comment(&self, comment: &Comment) -> Result<Item, Quarantined> {
        let author = comment.user.as_ref().and_then(facts::actor);
        self.page.fact(comment::created(comment, Place::Discussion, &self.discussion.into(), &self.repo, author))
    }
}
