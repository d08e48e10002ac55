//! Relations by commit agree with the corpus.

use connector_domain::enrich::{Link, LinkKey, Role, edges_between};
use connector_domain::{ProviderKind, Reference, SourceId, SourceType, Timestamp};
use serde::Deserialize;

use crate::corpus;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Commit {
    new_source: ProviderKind,
    match_source: ProviderKind,
    commit_ref: Reference,
}

fn link(source: ProviderKind, thing: &str, role: Role, second: i64) -> Link {
    let kind = match source {
        ProviderKind::Github => SourceType::GithubPullRequestMerged,
        ProviderKind::Vercel => SourceType::VercelDeploymentSucceeded,
        ProviderKind::Linear => SourceType::LinearIssueCompleted,
        ProviderKind::Sentry => SourceType::SentryIssueResolved,
    };
    Link {
        key: LinkKey::parse("commit:x").unwrap(),
        role,
        source_id: SourceId::once(source, "thing", thing, "seen"),
        source,
        source_type: kind.name().to_owned(),
        title: String::new(),
        occurred_at: Timestamp::from_second(second).unwrap(),
    }
}

#[test]
fn relations_by_commit_agree_with_the_corpus() {
    let Some(root) = corpus::root() else { return };
    for case in corpus::cases::<Commit, String>(&root, "commitRelationType") {
        let Commit { new_source, match_source, commit_ref } = &case.input;
        let role = if commit_ref.label.as_deref() == Some("resolved_by") { Role::ResolvedBy } else { Role::Names };
        let links = [link(*new_source, "new", role, 2), link(*match_source, "old", Role::Names, 1)];
        let found: Vec<_> = edges_between(&links).iter().map(|edge| edge.relation.as_str()).collect();
        assert_eq!(found, [case.output.as_str()], "{:?}", case.input);
    }
}
