use proptest::prelude::*;

use super::*;
use crate::enrich::embed_text;

fn fact(n: usize, text: &str, entities: &[&str], actor: &str, hours: i64) -> Feature {
    Feature {
        source_id: SourceId::once(ProviderKind::Github, "pr", n, "merged"),
        source: ProviderKind::Github,
        source_type: "pull-request.merged".to_owned(),
        title: text.to_owned(),
        // A Monday.
        occurred_at: Timestamp::from_second(1_770_000_000 + hours * 3_600).unwrap(),
        score: u8::try_from(n % 100).unwrap(),
        topics: vec!["github".to_owned(), "pull-request.merged".to_owned(), "feature".to_owned()],
        entities: entities.iter().map(|one| (*one).to_owned()).collect(),
        actor: Some(actor.to_owned()),
        embedding: embed_text(text),
        views: BTreeMap::new(),
    }
}

fn sizes(features: &[Feature]) -> Vec<usize> {
    clusters(features).iter().map(|one| one.members.len()).collect()
}

#[test]
fn what_says_the_same_about_the_same_belongs_together() {
    let facts = [
        fact(1, "Checkout times out under load", &["project:ENG-7"], "github:1", 0),
        fact(2, "Checkout times out: retry the payment", &["project:ENG-7"], "github:1", 1),
        fact(3, "New colours for the landing page", &["project:ENG-9"], "github:2", 1),
    ];
    let found = clusters(&facts);
    assert_eq!(found.iter().map(|one| one.members.len()).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(found[1].summary, "Checkout times out under load \u{2192} Checkout times out: retry the payment");
    assert_eq!(found[1].keywords, ["feature"]);
    assert_eq!(found[1].label, "Checkout times out: retry the payment");
    assert!(found[1].is_open(facts[1].occurred_at));
    assert!(!found[1].is_open(facts[1].occurred_at + IDLE));
}

#[test]
fn age_alone_joins_nothing_and_idle_clusters_are_closed() {
    let same = |n, hours| fact(n, "Checkout times out", &["project:ENG-7"], "github:1", hours);
    assert_eq!(sizes(&[same(1, 0), same(2, 1)]), [2]);
    assert_eq!(sizes(&[same(1, 0), same(2, 60)]), [1, 1]);
    let other = fact(3, "Icons", &[], "github:2", -1_000);
    assert_eq!(sizes(&[same(1, 0), other]), [1, 1], "a much older fact is not nearer for it");
}

#[test]
fn weeks_begin_on_monday() {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    assert_eq!(week(at("2026-02-02T00:00:00Z")), "2026-02-02");
    assert_eq!(week(at("2026-02-08T23:59:59Z")), "2026-02-02");
    assert_eq!(week(at("2026-01-01T00:00:00Z")), "2025-12-29");
    let all = weeks(at("2026-01-31T00:00:00Z"), at("2026-02-10T00:00:00Z"), 9);
    assert_eq!(all, ["2026-02-09", "2026-02-02", "2026-01-26"]);
    assert_eq!(weeks(Timestamp::MIN, Timestamp::MAX, 3).len(), 3);
}

fn any_fact() -> impl Strategy<Value = Feature> {
    let text = prop::sample::select(vec!["Checkout times out", "Checkout retry", "New colours", "Fix the icons"]);
    let entity = prop::sample::select(vec!["project:A-1", "project:A-2", "config:X_Y"]);
    (0_usize..40, text, entity, "github:[12]", 0_i64..100)
        .prop_map(|(n, text, entity, actor, hours)| fact(n, text, &[entity], &actor, hours))
}

proptest! {
    #[test]
    fn clusters_are_the_same_in_any_order_of_arrival(
        (facts, shuffled) in prop::collection::btree_map(0_usize..40, any_fact(), 0..30)
            .prop_map(|all| all.into_iter().map(|(n, one)| Feature {
                source_id: SourceId::once(ProviderKind::Github, "pr", n, "merged"), ..one
            }).collect::<Vec<_>>())
            .prop_flat_map(|facts| (Just(facts.clone()), Just(facts).prop_shuffle()))
    ) {
        let found = clusters(&facts);
        prop_assert_eq!(&found, &clusters(&shuffled));
        let members: usize = found.iter().map(|one| one.members.len()).sum();
        prop_assert_eq!(members, facts.len(), "each fact is in one cluster");
    }
}
