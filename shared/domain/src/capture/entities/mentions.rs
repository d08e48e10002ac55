//! What a text names, told by its spelling.
//!
//! Owns the patterns and what must stand around a match. Knows nothing of references, doubles and caps.

use std::sync::LazyLock;

use regex::Regex;

use super::{Entity, EntityCategory, SHORT_HASH};
use crate::text;

/// Longest key taken from text, in characters: what is longer is no name.
const MAX_KEY_CHARS: usize = 200;
/// Characters of context on either side, as evidence.
const CONTEXT_CHARS: usize = 50;

/// What looks like the key of an issue but names a standard, an algorithm or a vulnerability.
const STANDARDS: [&str; 19] = [
    "AES", "ANSI", "CRC", "CVE", "CWE", "ECMA", "FIPS", "HTTP", "IEC", "IEEE", "ISO", "PKCS", "RFC", "RSA", "SHA",
    "SSL", "TLS", "UCS", "UTF",
];

/// One way in which a text names a thing.
struct Rule {
    category: EntityCategory,
    confidence: u8,
    pattern: &'static str,
    /// Key and value of a match, unless it names something else.
    read: for<'t> fn(Found<'t>) -> Option<Named<'t>>,
}

/// A match and its surroundings.
#[derive(Clone, Copy)]
struct Found<'t> {
    before: &'t str,
    text: &'t str,
    after: &'t str,
}

struct Named<'t> {
    key: String,
    value: Option<&'t str>,
}

/// Surest first, so that the first of two equal keys is the one to keep and a cap drops the weakest.
/// Repetitions over Unicode classes have no upper bound: a bound would unroll each into hundreds of states.
const RULES: [Rule; 8] = [
    Rule {
        category: EntityCategory::Endpoint,
        confidence: 95,
        pattern: r#"(?i-u)\b(?:GET|POST|PUT|PATCH|DELETE)(?u:\s)+/(?u:[^\s"'<>])+"#,
        read: endpoint,
    },
    Rule { category: EntityCategory::Project, confidence: 95, pattern: "#[0-9]{1,6}", read: whole },
    Rule {
        category: EntityCategory::Project,
        confidence: 90,
        pattern: r"(?-u)\b[A-Z]{2,10}-[0-9]{1,6}\b",
        read: issue_key,
    },
    Rule { category: EntityCategory::Engineer, confidence: 90, pattern: r"(?-u)@[a-zA-Z0-9_-]{1,39}\b", read: mention },
    Rule {
        category: EntityCategory::Config,
        confidence: 85,
        pattern: r"(?-u)\b[A-Z][A-Z0-9_]{2,}(?:_[A-Z0-9]+)+\b",
        read: whole,
    },
    Rule {
        category: EntityCategory::Definition,
        confidence: 80,
        pattern: r#"(?i-u)\b(?:src|lib|packages|apps|api|components)/(?u:[^\s"'<>])+\.[a-z]{1,10}\b"#,
        read: whole,
    },
    Rule {
        category: EntityCategory::Reference,
        confidence: 75,
        pattern: r"(?i-u)\bbranch(?u:[:\s])+[a-z0-9/_-]{1,100}\b",
        read: branch,
    },
    Rule { category: EntityCategory::Reference, confidence: 70, pattern: r"(?-u)\b[a-f0-9]{7,40}\b", read: commit },
];

// A pattern that does not compile would be left out; a test holds that all do.
static PATTERNS: LazyLock<Vec<(Rule, Regex)>> = LazyLock::new(|| {
    let compiled = |rule: Rule| Regex::new(rule.pattern).ok().map(|regex| (rule, regex));
    RULES.into_iter().filter_map(compiled).collect()
});

/// The things that a text names, surest first; a thing that is named twice comes twice.
pub(super) fn in_text(text: &str) -> impl Iterator<Item = Entity> {
    PATTERNS.iter().flat_map(move |(rule, regex)| {
        regex.find_iter(text).filter_map(|found| {
            rule.entity(Found { before: &text[..found.start()], text: found.as_str(), after: &text[found.end()..] })
        })
    })
}

impl Rule {
    fn entity(&self, found: Found<'_>) -> Option<Entity> {
        let Named { key, value } = (self.read)(found)?;
        (key.chars().count() <= MAX_KEY_CHARS)
            .then(|| Entity::new(self.category, key, value, self.confidence, found.evidence()))
    }
}

impl Found<'_> {
    /// The match and its surroundings in one line.
    fn evidence(self) -> String {
        let start = self.before.char_indices().nth_back(CONTEXT_CHARS - 1).map_or(0, |(start, _)| start);
        let (cut_before, before) = self.before.split_at(start);
        let after = text::cut(self.after, CONTEXT_CHARS);
        let dots = |cut: bool| if cut { "..." } else { "" };
        let line = format!(
            "{}{before}{}{after}{}",
            dots(!cut_before.is_empty()),
            self.text,
            dots(after.len() < self.after.len()),
        );
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

fn whole(found: Found<'_>) -> Option<Named<'_>> {
    Some(Named { key: found.text.to_owned(), value: None })
}

fn endpoint(found: Found<'_>) -> Option<Named<'_>> {
    let (method, path) = found.text.split_once(char::is_whitespace)?;
    let path = path.trim_start();
    Some(Named { key: format!("{method} {path}"), value: Some(path) })
}

fn issue_key(found: Found<'_>) -> Option<Named<'_>> {
    let (prefix, _) = found.text.split_once('-')?;
    if STANDARDS.contains(&prefix) { None } else { whole(found) }
}

/// A person: not the domain of an e-mail address (`jo@example.com`), and not the owner of a package or a team
/// (`@scope/name`).
fn mention(found: Found<'_>) -> Option<Named<'_>> {
    let in_address = found.before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
    let owns =
        found.after.strip_prefix('/').is_some_and(|rest| rest.starts_with(|c: char| !c.is_whitespace() && c != '@'));
    if in_address || owns {
        return None;
    }
    Some(Named { key: found.text.to_owned(), value: found.text.strip_prefix('@') })
}

fn branch(found: Found<'_>) -> Option<Named<'_>> {
    let name = found.text.get("branch".len()..)?.trim_start_matches(|c: char| c == ':' || c.is_whitespace());
    Some(Named { key: format!("branch:{name}"), value: Some(name) })
}

/// A hash: a number of seven digits is more often just a number.
fn commit(found: Found<'_>) -> Option<Named<'_>> {
    let short = text::cut(found.text, SHORT_HASH);
    if short.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    Some(Named { key: short.to_owned(), value: Some(found.text) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The keys that a text names, in order of certainty.
    fn keys(text: &str) -> Vec<String> {
        in_text(text).map(|entity| entity.key).collect()
    }

    #[test]
    fn every_pattern_compiles_and_the_surest_come_first() {
        assert_eq!(PATTERNS.len(), RULES.len());
        assert!(RULES.is_sorted_by_key(|rule| std::cmp::Reverse(rule.confidence)));
    }

    #[test]
    fn each_rule_finds_its_things() {
        for (text, expected) in [
            ("get  /Users?x=1, POST /", vec!["GET /users?x=1,"]),
            ("#1 and x#23", vec!["#1", "#23"]),
            ("ENG-12 A-1 eng-4 ABCDEFGHIJK-2", vec!["ENG-12"]),
            ("(@Jane-Doe) cc:@a", vec!["@jane-doe", "@a"]),
            ("DATABASE_URL HTTP AB_C", vec!["DATABASE_URL"]),
            ("Src/a/b.TS apps/web api/x.properties lib/y.tenletterss", vec!["src/a/b.ts", "api/x.properties"]),
            ("on Branch: Fix/x-1.", vec!["branch:fix/x-1"]),
            ("abc1234 deadbeef99 1234567 g1234567", vec!["abc1234", "deadbee"]),
        ] {
            assert_eq!(keys(text), expected, "{text}");
        }
    }

    #[test]
    fn values_keep_what_the_key_leaves_out() {
        let values: Vec<_> =
            in_text("GET /Users @Jane src/A.rs branch x deadbeef99 #1").map(|entity| entity.value).collect();
        let value = |text: &str| Some(text.to_owned());
        assert_eq!(values, [value("/Users"), None, value("Jane"), value("src/A.rs"), value("x"), value("deadbeef99")]);
    }

    #[test]
    fn addresses_packages_and_teams_are_not_people() {
        for text in ["jo@example.com", "git@github.com:a/b", "é@x", "@scope/name", "@types/*", "@acme/team"] {
            assert_eq!(keys(text), [""; 0], "{text}");
        }
        assert_eq!(keys("@jane/@bob @eve/"), ["@jane", "@bob", "@eve"]);
    }

    #[test]
    fn standards_are_not_projects() {
        assert_eq!(keys("UTF-8 SHA-256 ISO-8601 RFC-7807 CVE-2024-3094 TLS-1"), [""; 0]);
    }

    #[test]
    fn a_very_long_name_is_no_name() {
        let long = "x".repeat(300);
        assert_eq!(keys(&format!("src/{long}.rs GET /{long} {}", "A_".repeat(200))), [""; 0]);
    }

    #[test]
    fn evidence_is_one_line_of_near_words_cut_between_characters() {
        let far = "é".repeat(60);
        let text = format!("{far} \n #1 \t{far}");
        let evidence = in_text(&text).next().unwrap().evidence;
        let near = "é".repeat(47);
        assert_eq!(evidence, format!("...{near} #1 {near}é..."));
        assert_eq!(in_text("see #1").next().unwrap().evidence, "see #1");
    }

    proptest! {
        #[test]
        fn text_of_any_kind_is_read(text in "(\\PC|@|#|/|\\.|-|_|GET /|src/|branch:|[0-9A-F]| ){0,200}") {
            for entity in in_text(&text) {
                prop_assert!(entity.key.chars().count() >= 2);
                prop_assert!(!entity.key.bytes().all(|byte| byte.is_ascii_digit()));
                prop_assert!(!entity.evidence.is_empty());
            }
        }
    }
}
