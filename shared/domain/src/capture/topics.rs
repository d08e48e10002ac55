//! Words to find an observation by.

use super::Classification;
use crate::{ReferenceKind, SourceEvent};

/// Words of a title that are topics, in the order they are listed.
const KEYWORDS: [&str; 8] = ["fix", "feat", "refactor", "test", "docs", "chore", "ci", "perf"];

/// The topics of a fact, each once: provider, type, labels, key words of the title, categories.
#[must_use]
pub fn topics(event: &SourceEvent, classification: &Classification) -> Vec<String> {
    let labels = event
        .references
        .iter()
        .filter(|reference| reference.kind == ReferenceKind::Label)
        // Where labels have ids that say nothing, their name stands beside it.
        .map(|label| label.label.as_ref().unwrap_or(&label.id).to_lowercase());
    let keywords = KEYWORDS.iter().filter(|keyword| has_word(&event.title, keyword));
    let categories = std::iter::once(&classification.primary).chain(&classification.secondary);

    let mut topics = vec![event.provider().to_string(), event.source_type.to_string()];
    topics.extend(labels);
    topics.extend(keywords.map(|keyword| (*keyword).to_owned()));
    topics.extend(categories.map(|category| category.as_str().to_owned()));

    let mut seen = std::collections::HashSet::new();
    topics.retain(|topic| seen.insert(topic.clone()));
    topics
}

/// Whole words only: `special` does not speak of `ci`.
fn has_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|part| part.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SourceType;
    use crate::capture::classify;
    use crate::capture::examples::{event, reference};

    fn topics_of(title: &str, labels: &[&str]) -> Vec<String> {
        let mut event = event(SourceType::GithubIssueOpened, title, "");
        event.references = labels
            .iter()
            .map(|label| reference(ReferenceKind::Label, label))
            .chain([reference(ReferenceKind::Issue, "#1")])
            .collect();
        topics(&event, &classify(&event))
    }

    #[test]
    fn topics_come_from_everywhere_and_once() {
        assert_eq!(
            topics_of("CI/CD: fix(perf) docs", &["BUG", "bug", "Perf"]),
            [
                "github",
                "issue.opened",
                "bug",
                "perf",
                "fix",
                "docs",
                "ci",
                "bug_fix",
                "performance",
                "documentation",
                "infrastructure",
            ]
        );
    }

    #[test]
    fn parts_of_words_are_no_topics() {
        assert_eq!(topics_of("A special prefix, ci_x", &[]), ["github", "issue.opened", "other"]);
    }
}
