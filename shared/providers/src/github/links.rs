//! Words in a pull request's text that close an issue.
//! <https://docs.github.com/en/issues/tracking-your-work-with-issues/using-issues/linking-a-pull-request-to-an-issue>

use std::sync::LazyLock;

use connector_domain::{Reference, ReferenceKind};
use regex::{Captures, Regex};

use super::payload::Repo;

/// An issue of this host: `#7`, `GH-7`, `owner/repo#7`, or its address.
static ISSUE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let number = r"(?:(?P<repo>[\w.-]+/[\w.-]+)?#|GH-)(?P<number>[0-9]{1,10})";
    let url = r"https?://(?P<host>[^\s/]+)/(?P<url_repo>[\w.-]+/[\w.-]+)/(?:issues|pull)/(?P<url_number>[0-9]{1,10})";
    Regex::new(&format!(r"(?i)\b(?P<word>{WORD}):?\s+(?:{number}|{url})\b")).ok()
});

/// An issue of another tracker, such as `ENG-7` of Linear.
static KEY: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(&format!(r"(?i)\b(?P<word>{WORD}):?\s+(?:Sentry\s+)?(?P<key>[A-Z]+-[0-9]+)\b")).ok());

/// GitHub's nine keywords.
const WORD: &str = "close[sd]?|fix(?:e[sd])?|resolve[sd]?";

/// The issues that a text closes, in the order GitHub's own ones first; each once per relation.
pub(super) fn closing(text: &str, repo: &Repo) -> Vec<Reference> {
    let mut found: Vec<Reference> = Vec::new();
    let own = captures(&ISSUE, text).filter_map(|link| own_tracker(&link, repo));
    let other = captures(&KEY, text).filter_map(|link| other_tracker(&link));
    for link in own.chain(other) {
        if !found.contains(&link) {
            found.push(link);
        }
    }
    found
}

fn captures<'t>(
    pattern: &'static LazyLock<Option<Regex>>,
    text: &'t str,
) -> impl Iterator<Item = Captures<'t>> + use<'t> {
    pattern.iter().flat_map(move |pattern| pattern.captures_iter(text))
}

fn own_tracker(link: &Captures<'_>, repo: &Repo) -> Option<Reference> {
    if link.name("host").is_some_and(|host| !host.as_str().eq_ignore_ascii_case(repo.host())) {
        return None;
    }
    let number = link.name("number").or_else(|| link.name("url_number"))?.as_str();
    let name = link.name("repo").or_else(|| link.name("url_repo")).map(|name| name.as_str());
    let reference = match name.filter(|name| !name.eq_ignore_ascii_case(&repo.name)) {
        None => Reference::new(ReferenceKind::Issue, format!("#{number}"))?.url(repo.page("issues", number)),
        Some(name) => Reference::new(ReferenceKind::Issue, format!("{name}#{number}"))?
            .url(format!("{}/issues/{number}", repo.neighbour(name))),
    };
    Some(reference.label(relation(link)))
}

fn other_tracker(link: &Captures<'_>) -> Option<Reference> {
    let key = link.name("key")?.as_str();
    if key.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("GH-")) {
        return None;
    }
    Some(Reference::new(ReferenceKind::Issue, key)?.label(relation(link)))
}

/// One word for each of the three families.
fn relation(link: &Captures<'_>) -> &'static str {
    match link.name("word").and_then(|word| word.as_str().bytes().next()) {
        Some(b'c' | b'C') => "closes",
        Some(b'f' | b'F') => "fixes",
        _ => "resolves",
    }
}

#[cfg(test)]
mod tests {
    use connector_domain::ResourceId;
    use connector_domain::connection::ResourceRef;

    use super::*;

    fn found(text: &str) -> Vec<String> {
        let resource = ResourceRef { id: ResourceId::parse("7").unwrap(), name: "acme/shop".into() };
        let repo = Repo::listed(&resource, None).unwrap();
        closing(text, &repo)
            .into_iter()
            .map(|link| format!("{} {} {}", link.label.unwrap(), link.id, link.url.unwrap_or_default()))
            .collect()
    }

    #[test]
    fn the_nine_words_have_three_meanings() {
        for (word, meaning) in [
            ("close", "closes"),
            ("closes", "closes"),
            ("Closed", "closes"),
            ("fix", "fixes"),
            ("FIXES", "fixes"),
            ("fixed", "fixes"),
            ("resolve", "resolves"),
            ("resolves", "resolves"),
            ("Resolved:", "resolves"),
        ] {
            let expected = format!("{meaning} #12 https://github.com/acme/shop/issues/12");
            assert_eq!(found(&format!("It {word}\n#12.")), [expected], "{word}");
        }
    }

    #[test]
    fn other_repositories_addresses_and_trackers_count() {
        assert_eq!(found("fixes acme/till#3"), ["fixes acme/till#3 https://github.com/acme/till/issues/3"]);
        assert_eq!(found("fixes Acme/Shop#3"), ["fixes #3 https://github.com/acme/shop/issues/3"]);
        assert_eq!(found("fixes GH-3"), ["fixes #3 https://github.com/acme/shop/issues/3"]);
        assert_eq!(
            found("closes https://github.com/acme/till/issues/4, resolves https://github.com/acme/shop/pull/5"),
            [
                "closes acme/till#4 https://github.com/acme/till/issues/4",
                "resolves #5 https://github.com/acme/shop/issues/5"
            ]
        );
        assert_eq!(found("fixes ENG-8, resolves Sentry web-9"), ["fixes ENG-8 ", "resolves web-9 "]);
    }

    #[test]
    fn only_a_keyword_before_an_issue_links() {
        for text in [
            "prefix #11",
            "fix#12",
            "fixes #14abc",
            "see #3",
            "affixes #3",
            "fixes https://evil.example/acme/shop/issues/4",
            "",
        ] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn a_link_counts_once_per_relation() {
        assert_eq!(found("fixes #1, fixes #1, closes #1").len(), 2);
    }
}
