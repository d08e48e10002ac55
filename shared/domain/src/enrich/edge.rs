//! What two facts are to each other. It follows from what both say, so it is the same whichever came first, and whoever
//! looks from which end.

use std::collections::BTreeSet;

use serde::Serialize;

use super::link::{Link, LinkKey, Role};
use crate::{ProviderKind, SourceId};

/// What one fact is to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// The later fact of the same thing.
    Continues,
    /// Both are about one commit.
    SameCommit,
    /// A deployment of what the other is about.
    Deploys,
    /// A commit resolved the other.
    Resolves,
    /// Both are about one branch.
    SameBranch,
    /// It says that it closes, fixes or resolves the other.
    Fixes,
    /// It names the other.
    References,
    /// It is worked on in the other, a pull request.
    TrackedIn,
    /// The other was filed because of it.
    Triggers,
}

impl Relation {
    /// The name in answers and on screens.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Continues => "continues",
            Self::SameCommit => "same_commit",
            Self::Deploys => "deploys",
            Self::Resolves => "resolves",
            Self::SameBranch => "same_branch",
            Self::Fixes => "fixes",
            Self::References => "references",
            Self::TrackedIn => "tracked_in",
            Self::Triggers => "triggers",
        }
    }

    /// How sure it is, in percent.
    #[must_use]
    pub const fn confidence(self) -> u8 {
        match self {
            Self::SameBranch => 90,
            Self::References | Self::Triggers => 80,
            _ => 100,
        }
    }
}

/// That one fact is something to another. Two edges that say the same are the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Edge {
    /// The one.
    pub from: SourceId,
    /// The other.
    pub to: SourceId,
    /// What the one is to the other.
    pub relation: Relation,
    /// What both have to do with.
    pub key: LinkKey,
}

/// All edges between facts, from what each has to do with: of two facts each relation once, by the first key that tells
/// it. Between facts of one thing there is only that the later continues the earlier.
#[must_use]
pub fn edges_between<'a>(links: impl IntoIterator<Item = &'a Link>) -> BTreeSet<Edge> {
    let links: BTreeSet<&Link> = links.into_iter().collect();
    let mut edges = BTreeSet::new();
    let links: Vec<&Link> = links.into_iter().collect();
    // They are sorted by key first, so facts with one key stand together.
    for group in links.chunk_by(|a, b| a.key == b.key) {
        for (at, one) in group.iter().enumerate() {
            edges.extend(group.iter().skip(at + 1).filter_map(|other| edge(one, other)));
        }
    }
    let mut told = BTreeSet::new();
    edges.retain(|edge: &Edge| told.insert((edge.from.clone(), edge.to.clone(), edge.relation)));
    edges
}

/// What two facts are to each other by one key, whichever is given first.
fn edge(one: &Link, other: &Link) -> Option<Edge> {
    if one.source_id == other.source_id {
        return None;
    }
    let order = |link: &Link| (link.occurred_at, link.source_id.clone());
    let (early, late) = if order(one) < order(other) { (one, other) } else { (other, one) };
    let made = |from: &Link, to: &Link, relation| {
        let (from, to) = (from.source_id.clone(), to.source_id.clone());
        Some(Edge { from, to, relation, key: one.key.clone() })
    };
    if early.subject() == late.subject() && !is_push(early) {
        return made(late, early, Relation::Continues);
    }
    if key_is(&one.key, "commit:") {
        let of = |wanted: fn(&Link) -> bool| match (wanted(early), wanted(late)) {
            (true, false) => Some((early, late)),
            (false, true) => Some((late, early)),
            _ => None,
        };
        if let Some((resolved, commit)) = of(|link| link.role == Role::ResolvedBy) {
            return made(commit, resolved, Relation::Resolves);
        }
        return match of(is_deployment) {
            Some((deployment, code)) => made(deployment, code, Relation::Deploys),
            None => made(late, early, Relation::SameCommit),
        };
    }
    if key_is(&one.key, "branch:") {
        return made(late, early, Relation::SameBranch);
    }
    // An issue, a pull request, a deployment: what it is to others goes through it, not past it.
    let (own, naming) = match (early.role == Role::Own, late.role == Role::Own) {
        (true, false) => (early, late),
        (false, true) => (late, early),
        _ => return None,
    };
    if naming.role == Role::Fixes {
        return made(naming, own, Relation::Fixes);
    }
    if own.source == ProviderKind::Sentry && naming.source == ProviderKind::Linear {
        return made(own, naming, Relation::Triggers);
    }
    let works = naming.role == Role::Names && !is_talk(naming);
    if works && own.source_type.starts_with("pull-request.") {
        return made(naming, own, Relation::TrackedIn);
    }
    // A branch that carries an issue's key is where the issue is worked on.
    if works && naming.source_type.starts_with("pull-request.") && own.source == ProviderKind::Linear {
        return made(own, naming, Relation::TrackedIn);
    }
    made(naming, own, Relation::References)
}

fn key_is(key: &LinkKey, kind: &str) -> bool {
    key.as_str().starts_with(kind)
}

fn is_deployment(link: &Link) -> bool {
    link.source_type.starts_with("deployment.")
}

/// Pushes to one branch are not one thing that goes on.
fn is_push(link: &Link) -> bool {
    link.source_type == "push"
}

/// What people say about a thing is not work on it.
fn is_talk(link: &Link) -> bool {
    ["comment", "review"].iter().any(|word| link.source_type.contains(word))
}

#[cfg(test)]
mod tests;
