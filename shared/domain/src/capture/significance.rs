//! How much a fact matters, 0 to 100, and why.
//!
//! Owns the signal words and their points; the base of each type stands in the table of source types.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::RegexSet;
use serde::{Deserialize, Serialize};

use crate::{SourceEvent, SourceType};

/// The score of a fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Significance {
    /// 0 to 100.
    pub score: u8,
    /// What the score is made of, such as `base:push` or `fix_keyword`.
    pub factors: Vec<String>,
}

/// Signal words: name, points, pattern. Each counts once, however often it occurs.
const SIGNALS: [(&str, i32, &str); 8] = [
    ("critical_keyword", 20, r"breaking|critical|urgent|security|vulnerability|CVE-\d+"),
    ("incident_keyword", 15, "hotfix|emergency|incident|outage|downtime"),
    ("important_keyword", 10, "major|important|significant|release|deploy"),
    ("feature_keyword", 8, "feature|feat|new"),
    ("fix_keyword", 5, "fix|bug|patch|resolve"),
    ("routine_keyword", -10, "chore|deps|dependencies|bump|update|upgrade"),
    ("trivial_keyword", -15, "typo|whitespace|formatting|lint"),
    ("wip_keyword", -10, "wip|draft|temp|test"),
];

/// Points for each reference, and the most they add up to.
const REFERENCES: &str = "references";
const REFERENCE_POINTS: i32 = 3;
const MAX_REFERENCE_POINTS: i32 = 15;

/// Bodies of more than so many characters, longest first: length, points, name.
const SIZES: [(usize, i32, &str); 2] = [(500, 5, "substantial_content"), (200, 2, "moderate_content")];

// A pattern that does not compile would leave the set empty; a test holds that all do.
static WORDS: LazyLock<RegexSet> =
    LazyLock::new(|| RegexSet::new(SIGNALS.map(|(_, _, words)| format!(r"(?i-u)\b(?:{words})\b"))).unwrap_or_default());

/// Points that a workspace gives otherwise, by the name of what they are for: `base:push`, `fix_keyword`, `references` (for
/// each one), `substantial_content`.
pub type Weights = BTreeMap<String, i16>;

/// Whether points can be given for something of this name.
#[must_use]
pub fn is_weight(name: &str) -> bool {
    let base = |name: &str| SourceType::ALL.iter().any(|kind| kind.name() == name);
    name == REFERENCES
        || SIGNALS.iter().any(|(known, ..)| *known == name)
        || SIZES.iter().any(|(.., known)| *known == name)
        || name.strip_prefix("base:").is_some_and(base)
}

/// Scores a fact by the usual points.
#[must_use]
pub fn score(event: &SourceEvent) -> Significance {
    score_with(event, &Weights::new())
}

/// Scores a fact by the points of a workspace.
#[must_use]
pub fn score_with(event: &SourceEvent, weights: &Weights) -> Significance {
    let points = |name: &str, usual: i32| weights.get(name).map_or(usual, |points| i32::from(*points));
    let base = format!("base:{}", event.source_type);
    let mut total = points(&base, event.source_type.weight());
    let mut factors = vec![base];

    let text = format!("{} {}", own_title(event), event.body);
    for (name, usual, _) in WORDS.matches(&text).iter().filter_map(|at| SIGNALS.get(at)) {
        total += points(name, *usual);
        factors.push((*name).to_owned());
    }

    let references = event.references.len();
    if references > 0 {
        let each = points(REFERENCES, REFERENCE_POINTS);
        let sum = i32::try_from(references).map_or(i32::MAX, |n| n.saturating_mul(each));
        total += sum.clamp(-MAX_REFERENCE_POINTS, MAX_REFERENCE_POINTS);
        factors.push(format!("references:{references}"));
    }

    let size = SIZES.iter().find(|(longer_than, ..)| event.body.chars().nth(*longer_than).is_some());
    if let Some((_, usual, name)) = size {
        total += points(name, *usual);
        factors.push((*name).to_owned());
    }

    Significance { score: u8::try_from(total.clamp(0, 100)).unwrap_or_default(), factors }
}

/// The title without the `[Release Published] ` that we put before it ourselves: our own words say nothing about the
/// fact that its base does not say already.
pub(super) fn own_title(event: &SourceEvent) -> &str {
    event
        .title
        .strip_prefix('[')
        .and_then(|rest| rest.strip_prefix(event.source_type.label()))
        .and_then(|rest| rest.strip_prefix(']'))
        .unwrap_or(&event.title)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ReferenceKind;
    use crate::capture::examples::{event, reference};

    fn scored(source_type: SourceType, title: &str, body: &str) -> (u8, Vec<String>) {
        let Significance { score, factors } = score(&event(source_type, title, body));
        (score, factors)
    }

    #[test]
    fn every_signal_compiles() {
        assert_eq!(WORDS.len(), SIGNALS.len());
    }

    #[test]
    fn a_workspace_gives_points_of_its_own() {
        let mut seen = event(SourceType::GithubPush, "[Push] fix the docs", &"x".repeat(300));
        seen.references = vec![reference(ReferenceKind::Commit, "a"), reference(ReferenceKind::Commit, "b")];
        let with = |weights: &[(&str, i16)]| {
            let weights: Weights = weights.iter().map(|(name, points)| ((*name).to_owned(), *points)).collect();
            assert!(weights.keys().all(|name| is_weight(name)));
            score_with(&seen, &weights)
        };
        assert_eq!(with(&[]), score(&seen));
        assert_eq!(with(&[]).score, 30 + 5 + 6 + 2);
        let all = [("base:push", 10), ("fix_keyword", 40), ("references", 1), ("moderate_content", 0)];
        assert_eq!(with(&all).score, 10 + 40 + 2);
        assert_eq!(with(&all).factors, score(&seen).factors, "what counts stays the same");
        assert_eq!(with(&[("base:push", -300), ("references", 300)]).score, 0);
        for unknown in ["push", "base:", "base:tag", "Fix_keyword", ""] {
            assert!(!is_weight(unknown), "{unknown}");
        }
    }

    #[test]
    fn signals_add_up_and_count_once() {
        assert_eq!(
            scored(SourceType::GithubPush, "[Push] FIX: bug, bump deps", "cve-2024-1"),
            (
                30 + 20 + 5 - 10,
                vec!["base:push".into(), "critical_keyword".into(), "fix_keyword".into(), "routine_keyword".into()]
            )
        );
    }

    #[test]
    fn every_signal_word_counts() {
        for (points, factor, words) in [
            (20, "critical_keyword", "breaking critical urgent security vulnerability cve-2024-1"),
            (15, "incident_keyword", "hotfix emergency incident outage downtime"),
            (10, "important_keyword", "major important significant release deploy"),
            (8, "feature_keyword", "feature feat new"),
            (5, "fix_keyword", "fix bug patch resolve"),
            (-10, "routine_keyword", "chore deps dependencies bump update upgrade"),
            (-15, "trivial_keyword", "typo whitespace formatting lint"),
            (-10, "wip_keyword", "wip draft temp test"),
        ] {
            for word in words.split(' ') {
                let (score, factors) = scored(SourceType::GithubPush, "x", &format!("({word})"));
                assert_eq!((i32::from(score), factors[1].as_str()), (30 + points, factor), "{word}");
            }
        }
    }

    #[test]
    fn signals_are_whole_ascii_words() {
        for title in ["fixes insecurity", "patch_1", "ſecurity ﬁx", "latest"] {
            assert_eq!(scored(SourceType::GithubPush, title, "").0, 30, "{title}");
        }
    }

    #[test]
    fn our_own_prefix_says_nothing_but_the_same_words_of_others_do() {
        let published = SourceType::GithubReleasePublished;
        assert_eq!(scored(published, "[Release Published] v1", "").0, 75);
        assert_eq!(scored(published, "[Release Published]", "").0, 75);
        assert_eq!(scored(published, "[Release Published] Release v1", "").0, 85);
        assert_eq!(scored(SourceType::GithubPush, "[Release Published] v1", "").0, 40);
    }

    #[test]
    fn references_and_size_give_a_bonus_with_an_end() {
        let mut event = event(SourceType::GithubIssueOpened, "t", &"é".repeat(201));
        event.references = vec![reference(ReferenceKind::Label, "l"); 4];
        assert_eq!(score(&event).score, 45 + 12 + 2);
        event.references = vec![reference(ReferenceKind::Label, "l"); 9];
        let significance = score(&event);
        assert_eq!(significance.score, 45 + 15 + 2);
        assert_eq!(significance.factors, ["base:issue.opened", "references:9", "moderate_content"]);
        event.body = "é".repeat(200);
        assert_eq!(score(&event).score, 45 + 15);
        event.body = "é".repeat(501);
        assert_eq!(score(&event).score, 45 + 15 + 5);
    }

    #[test]
    fn the_score_stays_in_its_range() {
        assert_eq!(scored(SourceType::GithubPush, "chore typo wip", "").0, 0);
        let urgent = "breaking outage release feature fix";
        assert_eq!(scored(SourceType::GithubReleasePublished, urgent, "").0, 100);
    }

    proptest! {
        #[test]
        fn any_text_has_a_score(
            at in 0..SourceType::ALL.len(),
            title in "\\PC{0,130}",
            body in "(\\PC|release|typo|wip| ){0,300}",
        ) {
            let source_type = SourceType::ALL[at];
            let (score, factors) = scored(source_type, &title, &body);
            prop_assert!(score <= 100);
            prop_assert_eq!(&factors[0], &format!("base:{source_type}"));
        }
    }
}
