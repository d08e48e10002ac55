use proptest::prelude::*;

use super::*;
use crate::{SourceType, Timestamp};

fn link(key: &str, role: Role, kind: SourceType, thing: &str, second: i64) -> Link {
    let transition = kind.name().rsplit('.').next().unwrap();
    let entity = kind.name().split('.').next().unwrap();
    Link {
        key: LinkKey::parse(key).unwrap(),
        role,
        source_id: SourceId::once(kind.provider(), entity, thing, transition),
        source: kind.provider(),
        source_type: kind.name().to_owned(),
        title: thing.to_owned(),
        occurred_at: Timestamp::from_second(second).unwrap(),
    }
}

fn told(links: &[Link]) -> Vec<String> {
    let name = |id: &SourceId| id.as_str().split(':').take(2).collect::<Vec<_>>().join(":");
    edges_between(links)
        .iter()
        .map(|edge| format!("{} {} {}", name(&edge.from), edge.relation.as_str(), name(&edge.to)))
        .collect()
}

#[test]
fn a_story_across_tools_is_told_by_its_edges() {
    use SourceType as T;
    let (sentry, linear, item, commit) =
        ("issue:sentry:4509", "issue:linear:ENG-7", "item:github.com/a/b#7", "commit:abc");
    for (links, edges) in [
        (
            vec![
                link(sentry, Role::Own, T::SentryIssueCreated, "4509", 1),
                link(sentry, Role::Mentions, T::LinearIssueCreated, "u", 2),
            ],
            "sentry:issue triggers linear:issue",
        ),
        (
            vec![
                link(linear, Role::Own, T::LinearIssueCreated, "u", 1),
                link(linear, Role::Fixes, T::GithubPullRequestOpened, "9#7", 2),
            ],
            "github:pull-request fixes linear:issue",
        ),
        (
            vec![
                link(linear, Role::Own, T::LinearIssueCreated, "u", 1),
                link(linear, Role::Names, T::GithubPullRequestOpened, "9#7", 2),
            ],
            "linear:issue tracked_in github:pull-request",
        ),
        (
            vec![
                link(item, Role::Own, T::GithubPullRequestOpened, "9#7", 1),
                link(item, Role::Own, T::GithubPullRequestMerged, "9#7", 2),
            ],
            "github:pull-request continues github:pull-request",
        ),
        (
            vec![
                link(item, Role::Own, T::GithubPullRequestMerged, "9#7", 1),
                link(item, Role::Names, T::VercelDeploymentReady, "d", 2),
            ],
            "vercel:deployment tracked_in github:pull-request",
        ),
        (
            vec![
                link(item, Role::Own, T::GithubPullRequestMerged, "9#7", 1),
                link(item, Role::Names, T::GithubReviewSubmitted, "r", 2),
            ],
            "github:pull-request-review references github:pull-request",
        ),
        (
            vec![
                link(commit, Role::Names, T::GithubPush, "9:main", 1),
                link(commit, Role::Names, T::VercelDeploymentReady, "d", 0),
            ],
            "vercel:deployment deploys github:push",
        ),
        (
            vec![
                link(commit, Role::Names, T::GithubPush, "9:main", 1),
                link(commit, Role::ResolvedBy, T::SentryIssueResolved, "4509", 2),
            ],
            "github:push resolves sentry:issue",
        ),
        (
            vec![
                link(commit, Role::Names, T::GithubPush, "9:main", 1),
                link(commit, Role::Names, T::GithubPullRequestMerged, "9#7", 2),
            ],
            "github:pull-request same_commit github:push",
        ),
        (
            vec![
                link("branch:r:x", Role::Names, T::GithubPush, "9:x", 1),
                link("branch:r:x", Role::Names, T::GithubPullRequestMerged, "9#7", 2),
            ],
            "github:pull-request same_branch github:push",
        ),
    ] {
        assert_eq!(told(&links), [edges]);
    }
}

#[test]
fn who_name_the_same_issue_are_related_through_it_alone() {
    let links = [
        link("issue:linear:ENG-7", Role::Fixes, SourceType::GithubPullRequestOpened, "9#7", 1),
        link("issue:linear:ENG-7", Role::Mentions, SourceType::GithubPullRequestOpened, "9#8", 1),
    ];
    assert_eq!(told(&links), Vec::<String>::new());
}

fn any_link() -> impl Strategy<Value = Link> {
    let kinds = prop::sample::select(vec![
        SourceType::GithubPush,
        SourceType::GithubPullRequestOpened,
        SourceType::GithubPullRequestMerged,
        SourceType::GithubIssueCommentCreated,
        SourceType::LinearIssueCreated,
        SourceType::SentryIssueResolved,
        SourceType::VercelDeploymentReady,
    ]);
    let roles = prop::sample::select(vec![Role::Own, Role::Fixes, Role::ResolvedBy, Role::Names, Role::Mentions]);
    let keys =
        prop::sample::select(vec!["commit:a", "branch:r:b", "issue:linear:E-1", "item:r#1", "deployment:vercel:d"]);
    (keys, roles, kinds, "[12]", 0_i64..3).prop_map(|(key, role, kind, thing, at)| link(key, role, kind, &thing, at))
}

proptest! {
    #[test]
    fn edges_are_the_same_in_any_order_and_however_often_a_fact_is_told(
        (links, shuffled) in prop::collection::vec(any_link(), 0..24)
            .prop_flat_map(|links| (Just(links.clone()), Just(links).prop_shuffle()))
    ) {
        let mut again = shuffled.clone();
        again.extend(shuffled);
        prop_assert_eq!(edges_between(&links), edges_between(&again));
    }

    #[test]
    fn an_edge_joins_two_facts(links in prop::collection::vec(any_link(), 0..24)) {
        prop_assert!(edges_between(&links).iter().all(|edge| edge.from != edge.to));
    }
}
