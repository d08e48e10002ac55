use connector_domain::enrich::{activity, feature, week};
use connector_domain::ports::{LocalEmbedder, ObservationStore};
use connector_domain::{Reference, ReferenceKind, SourceEvent, SourceType};
use connector_testkit::builders::{actor, at, observe, workspace};
use connector_testkit::memory::MemoryObservations;

use super::*;

const SHA: &str = "6dcb09b5b57875f334f61aebed695e2e4193db5e";

fn fact(
    kind: SourceType,
    thing: &str,
    second: i64,
    text: &str,
    references: &[(ReferenceKind, &str, &str, &str)],
) -> Observation {
    let transition = kind.name().rsplit('.').next().unwrap();
    let id = SourceId::once(kind.provider(), "thing", thing, transition);
    let mut event = SourceEvent::new(kind, id, text, text, at(second));
    event.actor = Some(actor("7"));
    event.references = references
        .iter()
        .map(|(kind, id, url, label)| Reference {
            kind: *kind,
            id: (*id).to_owned(),
            url: Some((*url).to_owned()),
            label: Some((*label).to_owned()).filter(|label| !label.is_empty()),
        })
        .collect();
    observe(&workspace("acme"), event)
}

/// From an error to what is deployed, and something that has nothing to do with it.
fn facts() -> Vec<Observation> {
    use ReferenceKind::{Commit, Issue, Pr};
    use SourceType as T;
    let pull = "https://github.com/acme/shop/pull/7";
    vec![
        fact(
            T::SentryIssueCreated,
            "4509",
            0,
            "Timeout in pay()",
            &[(Issue, "4509", "https://a.sentry.io/issues/4509", "")],
        ),
        fact(
            T::LinearIssueCreated,
            "u",
            1,
            "Checkout times out https://a.sentry.io/issues/4509",
            &[(Issue, "ENG-7", "https://linear.app/a/issue/ENG-7/x", "")],
        ),
        fact(
            T::GithubPullRequestOpened,
            "9#7",
            2,
            "Retry the payment",
            &[(Pr, "#7", pull, ""), (Issue, "ENG-7", "", "fixes")],
        ),
        fact(
            T::GithubPullRequestMerged,
            "9#7",
            3,
            "Retry the payment",
            &[(Pr, "#7", pull, ""), (Commit, SHA, "", "merge")],
        ),
        fact(T::VercelDeploymentSucceeded, "d", 4, "shop to production", &[(Commit, SHA, "", "")]),
        fact(
            T::GithubIssueOpened,
            "9#8",
            4,
            "New colours",
            &[(Issue, "#8", "https://github.com/acme/shop/issues/8", "")],
        ),
    ]
}

async fn enriched(facts: &[Observation], order: &[usize]) -> MemoryObservations {
    let store = MemoryObservations::default();
    for fact in order.iter().map(|at| &facts[*at]) {
        assert!(store.put_if_absent(std::slice::from_ref(fact)).await[0].is_ok());
        store.put_links(&fact.workspace, &links(fact)).await.unwrap();
        let (account, act) = activity(fact).unwrap();
        store.note_activity(&fact.workspace, &account, &[act]).await.unwrap();
        store.put_feature(&fact.workspace, &feature(fact)).await.unwrap();
    }
    store
}

const FAR: Reach = Reach { steps: 6, facts: 50 };

#[tokio::test]
async fn a_story_is_found_from_either_end_whatever_came_first() {
    let facts = facts();
    let mut known = None;
    for order in [[0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [3, 0, 5, 4, 1, 2]] {
        let store = enriched(&facts, &order).await;
        let acme = workspace("acme");
        for end in [0, 4] {
            let story = story(&store, &acme, &facts[end], FAR).await.unwrap();
            let told: Vec<_> = story.edges.iter().map(|edge| edge.relation.as_str()).collect();
            assert_eq!(story.facts.len(), 5, "all but the colours");
            assert_eq!(told.len(), 4);
            for relation in ["triggers", "fixes", "continues", "deploys"] {
                assert!(told.contains(&relation), "{relation}");
            }
            assert_eq!(*known.get_or_insert_with(|| story.clone()), story);
        }
        let clusters = clusters_of(&store, &acme, &week(at(0))).await.unwrap();
        assert_eq!(clusters.iter().map(|one| one.members.len()).sum::<usize>(), 6);
    }
}

#[tokio::test]
async fn a_story_ends_where_its_reach_does() {
    let facts = facts();
    let store = enriched(&facts, &[0, 1, 2, 3, 4, 5]).await;
    let near = |steps, facts_| Reach { steps, facts: facts_ };
    let reached = async |reach| {
        let story = story(&store, &workspace("acme"), &facts[0], reach).await.unwrap();
        (story.facts.len(), story.edges.len(), story.more)
    };
    assert_eq!(reached(near(0, 50)).await, (1, 0, false));
    assert_eq!(reached(near(1, 50)).await, (2, 1, false));
    assert_eq!(reached(near(2, 50)).await, (3, 2, false));
    assert_eq!(reached(near(6, 3)).await, (3, 2, true));
    let alone = story(&store, &workspace("acme"), &facts[5], FAR).await.unwrap();
    assert_eq!((alone.facts.len(), alone.edges.len()), (1, 0));
}

#[tokio::test]
async fn facts_are_found_by_words_first_and_then_by_likeness() {
    let facts = facts();
    let store = enriched(&facts, &[0, 1, 2, 3, 4, 5]).await;
    let found = async |text: &str, since| {
        let asked = Search { text: text.to_owned(), since: at(since), until: at(9), limit: 3 };
        let found = search(&store, &LocalEmbedder, None, &workspace("acme"), &asked).await.unwrap().found;
        found.into_iter().map(|one| (one.feature.title, one.named)).collect::<Vec<_>>()
    };
    assert_eq!(
        found("checkout ENG-7", 0).await[0],
        ("Checkout times out https://a.sentry.io/issues/4509".into(), true)
    );
    assert_eq!(found("payments retried", 0).await[0], ("Retry the payment".into(), false));
    assert!(found("colours", 0).await.contains(&("New colours".into(), true)));
    assert!(found("", 0).await.is_empty());
    assert!(found("colours", 5).await.is_empty());
}
