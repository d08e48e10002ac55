//! Score, category, topics and entities agree with the corpus, except where they differ on purpose.

use std::collections::BTreeMap;

use connector_domain::capture::{
    Category, Classification, Entity, EntityCategory, classify, extract_entities, score, topics,
};
use connector_domain::{Reference, SourceEvent, SourceType};
use serde::Deserialize;

use crate::corpus::{self, Fact};

/// A difference on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum OnPurpose {
    /// The corpus scores the word `release` in a prefix that the transform itself puts before the title.
    OwnPrefix,
    /// The corpus finds topics within words: `ci` in `special`.
    WholeWords,
    /// The corpus spells a type of Vercel's another way in observations: `deployment_succeeded`.
    TypeName,
    /// The corpus takes the domain of an e-mail address for a person.
    Address,
    /// The corpus takes the owner of a package or a team for a person.
    Owner,
    /// The corpus takes a standard for a project.
    Standard,
    /// The corpus keeps the first spelling of a key; here a key has one spelling and the value keeps the other.
    Spelling,
}

/// What was compared, and which differences were met.
#[derive(Default)]
struct Report {
    compared: usize,
    unmapped: usize,
    on_purpose: BTreeMap<OnPurpose, usize>,
    unexplained: Vec<String>,
}

impl Report {
    fn differ(&mut self, place: &str, why: Option<OnPurpose>, what: impl std::fmt::Display) {
        match why {
            Some(why) => *self.on_purpose.entry(why).or_default() += 1,
            None => self.unexplained.push(format!("{place}: {what}")),
        }
    }

    fn finish(self, name: &str) {
        let Self { compared, unmapped, on_purpose, unexplained } = self;
        println!("{name}: {compared} compared, {unmapped} not ours; on purpose: {on_purpose:?}");
        assert!(compared > 0, "{name}: the corpus holds nothing to compare");
        assert!(unexplained.is_empty(), "{name}:\n{}", unexplained.join("\n"));
    }
}

#[derive(Deserialize)]
struct ExpectedScore {
    score: u8,
    factors: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExpectedCategories {
    primary_category: Category,
    secondary_categories: Vec<Category>,
}

#[derive(Debug, Deserialize)]
struct ExpectedEntity {
    category: EntityCategory,
    key: String,
    value: Option<String>,
    confidence: f64,
    evidence: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExpectedObservation {
    #[serde(flatten)]
    score: ExpectedScore,
    observation_type: String,
    fallback_classification: ExpectedCategories,
    topics_with_fallback: Vec<String>,
    entities: Vec<ExpectedEntity>,
}

#[test]
fn scores_agree() {
    let Some(root) = corpus::root() else { return };
    let mut report = Report::default();
    for (at, case) in corpus::cases::<Fact, ExpectedScore>(&root, "score").into_iter().enumerate() {
        match case.input.event() {
            Some(event) => compare_score(&mut report, &at.to_string(), &event, &case.output),
            None => report.unmapped += 1,
        }
    }
    report.finish("score");
}

#[test]
fn categories_agree() {
    let Some(root) = corpus::root() else { return };
    let mut report = Report::default();
    let cases = corpus::cases::<Fact, ExpectedCategories>(&root, "classify");
    for (at, case) in cases.into_iter().enumerate() {
        match case.input.event() {
            Some(event) => compare_categories(&mut report, &at.to_string(), &event, &case.output),
            None => report.unmapped += 1,
        }
    }
    report.finish("classify");
}

#[test]
fn topics_agree() {
    let Some(root) = corpus::root() else { return };
    let mut report = Report::default();
    let none = Classification { primary: Category::Other, secondary: vec![], confidence: 0 };
    for (at, case) in corpus::cases::<Fact, Vec<String>>(&root, "topics").into_iter().enumerate() {
        let Some(event) = case.input.event() else {
            report.unmapped += 1;
            continue;
        };
        let mut expected = case.output;
        expected.push(Category::Other.as_str().to_owned());
        compare_topics(&mut report, &at.to_string(), &event, &topics(&event, &none), expected);
    }
    report.finish("topics");
}

#[test]
fn entities_of_texts_agree() {
    #[derive(Deserialize)]
    struct Text {
        title: String,
        content: String,
    }
    let Some(root) = corpus::root() else { return };
    let mut report = Report::default();
    let cases = corpus::cases::<Text, Vec<ExpectedEntity>>(&root, "textEntities");
    for (at, case) in cases.into_iter().enumerate() {
        let event = corpus::event(SourceType::GithubPush, &case.input.title, &case.input.content);
        compare_entities(&mut report, &at.to_string(), &event, &case.output);
    }
    report.finish("textEntities");
}

#[test]
fn entities_of_references_agree() {
    let Some(root) = corpus::root() else { return };
    let mut report = Report::default();
    let cases = corpus::cases::<Vec<Reference>, Vec<ExpectedEntity>>(&root, "refEntities");
    for (at, case) in cases.into_iter().enumerate() {
        let mut event = corpus::event(SourceType::GithubPush, "", "");
        event.references = case.input;
        compare_entities(&mut report, &at.to_string(), &event, &case.output);
    }
    report.finish("refEntities");
}

#[test]
fn whole_events_agree() {
    let Some(root) = corpus::root() else { return };
    let mut report = Report::default();
    for folder in ["github", "synthetic/github", "vercel", "synthetic/vercel"] {
        for path in corpus::files(&root.join(folder)) {
            let place = path.display().to_string();
            let Some(vector) = corpus::json(&path) else {
                println!("skipped, half a character: {place}");
                continue;
            };
            let fact: Option<Fact> = serde_json::from_value(vector["expected"].clone()).unwrap();
            let Some(event) = fact.and_then(Fact::event) else {
                report.unmapped += 1;
                continue;
            };
            let expected: ExpectedObservation = serde_json::from_value(vector).unwrap();
            compare_observation(&mut report, &place, &event, expected);
        }
    }
    report.finish("events");
}

fn compare_observation(report: &mut Report, place: &str, event: &SourceEvent, expected: ExpectedObservation) {
    let name = event.source_type.name();
    if name != expected.observation_type {
        let why = spelled_otherwise(&expected.observation_type, name).then_some(OnPurpose::TypeName);
        report.differ(place, why, format!("observation type {}", expected.observation_type));
    }
    compare_score(report, place, event, &expected.score);
    compare_categories(report, place, event, &expected.fallback_classification);
    let found = topics(event, &classify(event));
    compare_topics(report, place, event, &found, expected.topics_with_fallback);
    compare_entities(report, place, event, &expected.entities);
}

fn compare_score(report: &mut Report, place: &str, event: &SourceEvent, expected: &ExpectedScore) {
    report.compared += 1;
    let found = score(event);
    if found.score == expected.score && found.factors == expected.factors {
        return;
    }
    let prefix = format!("[{}]", event.source_type.label());
    let by_prefix = event.title.starts_with(&prefix) && prefix.contains("Release");
    let without = expected.factors.iter().filter(|factor| *factor != "important_keyword");
    let ten_less = expected.score - found.score == 10 || (expected.score == 100 && (90..100).contains(&found.score));
    let why = (by_prefix && ten_less && found.factors.iter().eq(without)).then_some(OnPurpose::OwnPrefix);
    let what = format!("{found:?}, not {} {:?}", expected.score, expected.factors);
    report.differ(place, why, what);
}

fn compare_categories(report: &mut Report, place: &str, event: &SourceEvent, expected: &ExpectedCategories) {
    report.compared += 1;
    let found = classify(event);
    if found.primary != expected.primary_category || found.secondary != expected.secondary_categories {
        report.differ(place, None, format!("{found:?}"));
    }
}

fn compare_topics(report: &mut Report, place: &str, event: &SourceEvent, found: &[String], mut expected: Vec<String>) {
    report.compared += 1;
    if found == expected {
        return;
    }
    let what = format!("{found:?}, not {expected:?}");
    let name = event.source_type.name();
    if let Some(spelled) = expected.get_mut(1).filter(|topic| spelled_otherwise(topic, name)) {
        name.clone_into(spelled);
        if found == expected {
            return report.differ(place, Some(OnPurpose::TypeName), what);
        }
    }
    let title = event.title.to_lowercase();
    let words: Vec<_> = title.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    expected.retain(|topic| found.contains(topic) || !title.contains(topic) || words.contains(&topic.as_str()));
    report.differ(place, (found == expected).then_some(OnPurpose::WholeWords), what);
}

fn spelled_otherwise(topic: &str, name: &str) -> bool {
    topic != name && topic.replacen('_', ".", 1) == name
}

fn compare_entities(report: &mut Report, place: &str, event: &SourceEvent, expected: &[ExpectedEntity]) {
    report.compared += 1;
    let mut found = extract_entities(event);
    for expected in expected {
        let same =
            |entity: &Entity| entity.category == expected.category && entity.key.eq_ignore_ascii_case(&expected.key);
        match found.iter().position(same) {
            Some(at) => compare_entity(report, place, &found.remove(at), expected),
            None => report.differ(place, why_missing(event, expected), format!("lacks {expected:?}")),
        }
    }
    for entity in found {
        report.differ(place, None, format!("unexpected {entity:?}"));
    }
}

fn compare_entity(report: &mut Report, place: &str, found: &Entity, expected: &ExpectedEntity) {
    let what = format!("{found:?}, not {expected:?}");
    let same = found.confidence == (expected.confidence * 100.0).round() as u8 && found.evidence == expected.evidence;
    let spelled = found.key == expected.key;
    let value = if spelled { None } else { Some(&expected.key) };
    if !same || found.value.as_ref() != expected.value.as_ref().or(value) {
        report.differ(place, None, what);
    } else if !spelled {
        report.differ(place, Some(OnPurpose::Spelling), what);
    }
}

fn why_missing(event: &SourceEvent, expected: &ExpectedEntity) -> Option<OnPurpose> {
    const STANDARDS: [&str; 5] = ["UTF-", "SHA-", "ISO-", "RFC-", "CVE-"];
    let text = format!("{}\n{}", event.title, event.body);
    let (before, after) = text.split_once(&expected.key)?;
    match expected.category {
        EntityCategory::Engineer if before.ends_with(char::is_alphanumeric) => Some(OnPurpose::Address),
        EntityCategory::Engineer if after.starts_with('/') => Some(OnPurpose::Owner),
        EntityCategory::Project if STANDARDS.iter().any(|name| expected.key.starts_with(name)) => {
            Some(OnPurpose::Standard)
        }
        _ => None,
    }
}
