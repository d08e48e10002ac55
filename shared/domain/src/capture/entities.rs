//! Things a fact names: people, issues, endpoints, settings, files, commits.
//!
//! Owns what an entity is, how its key is spelled and how many there may be. What a text names, [`mentions`] knows.

mod mentions;

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::{Reference, ReferenceKind, SourceEvent, text};

/// What kind of thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EntityCategory {
    /// A person, as `@jane`.
    Engineer,
    /// A piece of work, as `#7` or `ENG-7`.
    Project,
    /// A method and path, as `GET /users`.
    Endpoint,
    /// A setting, as `DATABASE_URL`.
    Config,
    /// A source file, as `src/main.rs`.
    Definition,
    /// An outside service; only a language model tells it.
    Service,
    /// Any other thing: a commit by seven digits, `branch:main`, `tag:v1`, a label.
    Reference,
}

impl EntityCategory {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Engineer, Self::Project, Self::Endpoint, Self::Config, Self::Definition, Self::Service, Self::Reference];
}

/// A thing that a fact names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    /// What kind of thing.
    pub category: EntityCategory,
    /// Which one, in one spelling wherever it is named.
    pub key: String,
    /// More about it: how a reference relates to it, the whole of what the key holds a part of,
    /// or else the spelling that was found, where the key has another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// How sure it is, in percent.
    pub confidence: u8,
    /// The words around it, or the reference that it is.
    pub evidence: String,
}

/// Most entities of one fact; the surest stay.
const MAX_ENTITIES: usize = 50;
/// A reference is a statement of the provider, not a guess.
const REFERENCE_CONFIDENCE: u8 = 98;
/// A commit is told by so many digits of its hash.
const SHORT_HASH: usize = 7;

/// Finds what a fact names: each thing once, the surest first, 50 at most.
#[must_use]
pub fn extract_entities(event: &SourceEvent) -> Vec<Entity> {
    let text = format!("{}\n{}", event.title, event.body);
    let mut seen = HashSet::new();
    event
        .references
        .iter()
        .map(Entity::from_reference)
        .chain(mentions::in_text(&text))
        .filter(|entity| seen.insert((entity.category, entity.key.clone())))
        .take(MAX_ENTITIES)
        .collect()
}

impl Entity {
    /// `found` is the key as it was found; a value that is not given holds it where the key is spelled otherwise.
    fn new(category: EntityCategory, found: String, value: Option<&str>, confidence: u8, evidence: String) -> Self {
        let key = spelled(category, &found);
        let value = value.map(str::to_owned).or_else(|| (key != found).then_some(found));
        Self { category, key, value, confidence, evidence }
    }

    fn from_reference(reference: &Reference) -> Self {
        let Reference { kind, id, label, .. } = reference;
        let (category, key) = match kind {
            ReferenceKind::Issue | ReferenceKind::Pr | ReferenceKind::Discussion => {
                (EntityCategory::Project, id.clone())
            }
            ReferenceKind::Assignee | ReferenceKind::Reviewer | ReferenceKind::Author => {
                (EntityCategory::Engineer, format!("@{id}"))
            }
            ReferenceKind::Commit => (EntityCategory::Reference, text::cut(id, SHORT_HASH).to_owned()),
            // Names that say nothing by themselves, or that several kinds of things share, carry their kind.
            ReferenceKind::Branch | ReferenceKind::Tag | ReferenceKind::Release => {
                (EntityCategory::Reference, format!("{}:{id}", kind.as_str()))
            }
            ReferenceKind::Deployment
            | ReferenceKind::Project
            | ReferenceKind::Cycle
            | ReferenceKind::Team
            | ReferenceKind::Label
            | ReferenceKind::Initiative
            | ReferenceKind::Document => (EntityCategory::Reference, id.clone()),
        };
        Self::new(category, key, label.as_deref(), REFERENCE_CONFIDENCE, format!("Reference: {}", kind.as_str()))
    }
}

/// The one spelling of a key: things that differ in case only are the same thing.
fn spelled(category: EntityCategory, key: &str) -> String {
    match category {
        EntityCategory::Project | EntityCategory::Config => key.to_uppercase(),
        EntityCategory::Endpoint => match key.split_once(' ') {
            Some((method, path)) => format!("{} {}", method.to_uppercase(), path.to_lowercase()),
            None => key.to_uppercase(),
        },
        EntityCategory::Engineer | EntityCategory::Definition | EntityCategory::Service | EntityCategory::Reference => {
            key.to_lowercase()
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::SourceType;
    use crate::capture::examples::{event, reference};

    #[test]
    fn references_name_things() {
        let mut event = event(SourceType::GithubPush, "", "");
        event.references = [
            (ReferenceKind::Issue, "eng-1"),
            (ReferenceKind::Pr, "#2"),
            (ReferenceKind::Discussion, "#3"),
            (ReferenceKind::Commit, "ABCDEF1234567890"),
            (ReferenceKind::Branch, "main"),
            (ReferenceKind::Tag, "v1"),
            (ReferenceKind::Release, "77"),
            (ReferenceKind::Assignee, "Jane"),
            (ReferenceKind::Reviewer, "bob"),
            (ReferenceKind::Author, "eve"),
            (ReferenceKind::Label, "Bug"),
        ]
        .map(|(kind, id)| reference(kind, id))
        .into();
        let found = extract_entities(&event);
        let keys: Vec<_> = found.iter().map(|entity| entity.key.as_str()).collect();
        assert_eq!(
            keys,
            ["ENG-1", "#2", "#3", "abcdef1", "branch:main", "tag:v1", "release:77", "@jane", "@bob", "@eve", "bug"]
        );
        assert_eq!(
            found[0],
            Entity {
                category: EntityCategory::Project,
                key: "ENG-1".into(),
                value: Some("eng-1".into()),
                confidence: 98,
                evidence: "Reference: issue".into(),
            }
        );
        assert_eq!(found[1].value, None);
    }

    #[test]
    fn a_reference_is_surer_than_the_same_thing_in_text() {
        let mut event = event(SourceType::GithubPush, "closes #7", "@JANE and @jane");
        event.references = vec![reference(ReferenceKind::Issue, "#7").label("closes")];
        let found = extract_entities(&event);
        let keys: Vec<_> = found.iter().map(|e| (e.key.as_str(), e.confidence)).collect();
        assert_eq!(keys, [("#7", 98), ("@jane", 90)]);
        assert_eq!(found[0].value.as_deref(), Some("closes"));
        assert_eq!(found[1].value.as_deref(), Some("JANE"));
    }

    #[test]
    fn the_cap_drops_what_is_least_sure() {
        let issues: String = (0..60).map(|n| format!("ENG-{n} src/{n}.rs ")).collect();
        let mut event = event(SourceType::GithubPush, "GET /users", &issues);
        event.references = vec![reference(ReferenceKind::Label, "last")];
        let found = extract_entities(&event);
        assert_eq!(found.len(), 50);
        assert_eq!((found[0].key.as_str(), found[1].key.as_str()), ("last", "GET /users"));
        assert!(found[2..].iter().all(|entity| entity.category == EntityCategory::Project));
    }

    /// What a text may be made of: names, pieces of names, and letters whose case does not fold one to one.
    const PIECES: [&str; 20] = [
        "@a",
        "@B",
        "@b",
        "#1",
        "#2",
        "ENG-1",
        "GET /a",
        "get /A",
        "branch: x",
        "src/é.rs",
        "deadbeef",
        "A_B_C",
        "İ",
        "ß",
        "😀",
        "/",
        ".",
        " ",
        "\n",
        "1234567",
    ];

    proptest! {
        #[test]
        fn any_text_has_few_distinct_entities_surest_first(
            title in "\\PC{0,130}",
            pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..200),
            ids in proptest::collection::vec("[a-cA-C#é]{1,3}", 0..70),
        ) {
            let mut event = event(SourceType::GithubPush, &title, &pieces.concat());
            event.references = ids.iter().map(|id| reference(ReferenceKind::Label, id)).collect();
            let found = extract_entities(&event);
            prop_assert!(found.len() <= 50);
            prop_assert!(found.is_sorted_by_key(|entity| std::cmp::Reverse(entity.confidence)));
            let keys: HashSet<_> = found.iter().map(|entity| (entity.category, &entity.key)).collect();
            prop_assert_eq!(keys.len(), found.len());
        }
    }
}
