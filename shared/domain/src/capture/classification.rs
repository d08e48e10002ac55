//! What kind of work a fact is about, by rules alone.
//!
//! Owns the categories and the words that tell them. Knows no model: a better judgement replaces this one later.

use std::sync::LazyLock;

use regex::RegexSet;
use serde::{Deserialize, Serialize};

use super::significance::own_title;
use crate::SourceEvent;

/// A kind of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// A defect is mended.
    BugFix,
    /// Something new.
    Feature,
    /// The same behaviour in a better form.
    Refactor,
    /// Texts for people.
    Documentation,
    /// Tests.
    Testing,
    /// Build, pipeline, configuration.
    Infrastructure,
    /// Access and vulnerabilities.
    Security,
    /// Speed.
    Performance,
    /// Something is down.
    Incident,
    /// A choice that was made.
    Decision,
    /// Talk.
    Discussion,
    /// A version is published.
    Release,
    /// A version goes live.
    Deployment,
    /// None of these.
    Other,
}

impl Category {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::BugFix,
        Self::Feature,
        Self::Refactor,
        Self::Documentation,
        Self::Testing,
        Self::Infrastructure,
        Self::Security,
        Self::Performance,
        Self::Incident,
        Self::Decision,
        Self::Discussion,
        Self::Release,
        Self::Deployment,
        Self::Other,
    ];

    /// The name in rows and topics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BugFix => "bug_fix",
            Self::Feature => "feature",
            Self::Refactor => "refactor",
            Self::Documentation => "documentation",
            Self::Testing => "testing",
            Self::Infrastructure => "infrastructure",
            Self::Security => "security",
            Self::Performance => "performance",
            Self::Incident => "incident",
            Self::Decision => "decision",
            Self::Discussion => "discussion",
            Self::Release => "release",
            Self::Deployment => "deployment",
            Self::Other => "other",
        }
    }
}

/// The kinds of work that a fact is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Classification {
    /// First of all.
    pub primary: Category,
    /// Also; three at most.
    pub secondary: Vec<Category>,
    /// How sure that is, in percent.
    pub confidence: u8,
}

/// Most secondary categories.
const MAX_SECONDARY: usize = 3;

/// Words tell only so much.
const CONFIDENCE: u8 = 50;

/// The words of each category. The order decides: the first category found is the primary one.
const RULES: [(Category, &str); 13] = [
    (Category::Release, r"\brelease\b|\bversion(?u:\s)+\d|\bv\d+\.\d+"),
    (Category::Deployment, r"\bdeploy|\bshippe?d?\b"),
    (Category::Security, r"\bsecurity\b|\bvulnerability\b|\bCVE-\d+|\bauth\b|\bpermission"),
    (Category::Incident, r"\b(?:incident|outage|downtime|emergency|hotfix)\b"),
    (Category::BugFix, r"\bfix(?:es|ed|ing)?\b|\bbug\b|\bpatch\b|\bresolve[sd]?\b|\bcorrect"),
    (Category::Feature, r"\bfeat(?:ure)?(?::|(?u:\s))|\badd(?:s|ed|ing)?\b|\bnew\b|\bimplement|\bintroduce"),
    (Category::Performance, r"\bperf(?:ormance)?\b|\boptimiz|\bspeed|\bfaster\b|\bslow"),
    (Category::Testing, r"\btest(?:s|ing)?\b|\bspec\b|\bcoverage\b|\be2e\b|\bunit\b"),
    (Category::Documentation, r"\bdocs?\b|\breadme\b|\bcomment|\bjsdoc\b|\bdocumentation\b"),
    (Category::Infrastructure, r"\bci\b|\bcd\b|\bpipeline\b|\bworkflow\b|\bdocker|\bconfig|\binfra"),
    (Category::Refactor, r"\brefactor|\brestructure|\breorganize|\bcleanup\b|\bchore\b"),
    (Category::Discussion, r"\brfc\b|\bproposal\b|\bdiscuss"),
    (Category::Decision, r"\bdecision\b|\bdecide[sd]?\b|\badr\b|\barchitecture\b"),
];

// A pattern that does not compile would leave the set empty; a test holds that all do.
static WORDS: LazyLock<RegexSet> =
    LazyLock::new(|| RegexSet::new(RULES.map(|(_, words)| format!("(?i-u){words}"))).unwrap_or_default());

/// Classifies a fact by the words of its type, title and body.
#[must_use]
pub fn classify(event: &SourceEvent) -> Classification {
    // The type comes first: a `release.published` is a release and a `discussion.created` a discussion by name alone.
    // Only that a fact is a comment does not tell what it is about, neither in its type nor in our label for it.
    let kind = event.source_type.name().replace("comment", "");
    let text = format!("{kind} {} {}", own_title(event), event.body);
    let matches = WORDS.matches(&text);
    let mut found = matches.iter().filter_map(|at| RULES.get(at)).map(|(category, _)| *category);
    Classification {
        primary: found.next().unwrap_or(Category::Other),
        secondary: found.take(MAX_SECONDARY).collect(),
        confidence: CONFIDENCE,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::SourceType;
    use crate::capture::examples::event;

    fn found(source_type: SourceType, title: &str, body: &str) -> (Category, Vec<Category>) {
        let classification = classify(&event(source_type, title, body));
        (classification.primary, classification.secondary)
    }

    #[test]
    fn every_rule_compiles() {
        assert_eq!(WORDS.len(), RULES.len());
    }

    #[test]
    fn words_tell_the_category() {
        for (category, texts) in [
            (Category::Release, "release|version  3|v1.2"),
            (Category::Deployment, "deploys|shipped"),
            (Category::Security, "security|vulnerability|CVE-2024-1|auth|permissions"),
            (Category::Incident, "incident|outage|downtime|emergency|hotfix"),
            (Category::BugFix, "fix|Fixes|fixed|fixing|bug|patch|resolve|resolved|correction"),
            (Category::Feature, "feat: x|feature|add|adds|added|adding|new|implements|introduced"),
            (Category::Performance, "perf|performance|optimize|speedup|faster|slower"),
            (Category::Testing, "test|tests|testing|spec|coverage|e2e|unit"),
            (Category::Documentation, "doc|docs|readme|comments|jsdoc|documentation"),
            (Category::Infrastructure, "ci|cd|pipeline|workflow|dockerfile|configure|infra"),
            (Category::Refactor, "refactoring|restructured|reorganize|cleanup|chore"),
            (Category::Discussion, "rfc|proposal|discuss"),
            (Category::Decision, "decision|decide|decided|adr|architecture"),
            (Category::Other, "author|ship|latest|prefix|feat.|v1|résumé"),
        ] {
            for text in texts.split('|') {
                assert_eq!(found(SourceType::GithubPush, text, ""), (category, vec![]), "{text}");
            }
        }
    }

    #[test]
    fn the_type_alone_tells_releases_and_discussions() {
        let primary = |source_type| found(source_type, "x", "").0;
        assert_eq!(primary(SourceType::GithubReleasePublished), Category::Release);
        assert_eq!(primary(SourceType::GithubDiscussionCreated), Category::Discussion);
        assert_eq!(primary(SourceType::GithubDiscussionAnswered), Category::Discussion);
        assert_eq!(primary(SourceType::GithubIssueOpened), Category::Other);
    }

    #[test]
    fn a_comment_is_about_what_its_own_words_say() {
        let comment = SourceType::GithubIssueCommentCreated;
        assert_eq!(found(comment, "[Comment Added] #4: Same here", ""), (Category::Other, vec![]));
        assert_eq!(found(comment, "[Comment Added] #4: See the docs", "").0, Category::Documentation);
        let discussion = SourceType::GithubDiscussionCommentCreated;
        assert_eq!(found(discussion, "[Discussion Comment Added] #4: Yes", ""), (Category::Discussion, vec![]));
    }

    #[test]
    fn the_first_rule_wins_and_three_more_are_kept() {
        assert_eq!(
            found(SourceType::GithubPush, "new tests", "docs, ci, refactor"),
            (Category::Feature, vec![Category::Testing, Category::Documentation, Category::Infrastructure])
        );
    }

    #[test]
    fn names_are_the_same_in_rows_and_topics() {
        for (category, _) in RULES {
            let json = serde_json::to_value(category).unwrap();
            assert_eq!(json, category.as_str());
        }
    }

    proptest! {
        #[test]
        fn any_text_has_a_category(title in "\\PC{0,130}", body in "(\\PC|fix|new|v1.0|ci| ){0,200}") {
            let (primary, secondary) = found(SourceType::GithubPush, &title, &body);
            prop_assert!(secondary.len() <= MAX_SECONDARY);
            prop_assert!(!secondary.contains(&primary));
            prop_assert!(!secondary.contains(&Category::Other));
        }
    }
}
