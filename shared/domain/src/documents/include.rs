//! Which paths a file's patterns mean.
//!
//! `*` and `?` stay within a name, `**` goes through folders, `{a,b}` is either. What starts with a dot is meant only where
//! the pattern has a dot there too, and a pattern that starts with `!` means all that the rest of it does not.

use globset::{GlobBuilder, GlobMatcher};

/// A pattern cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("pattern {n} cannot be read")]
pub struct IncludeError {
    /// Which, from 0.
    pub n: usize,
}

/// The patterns of a configuration, ready to be asked.
#[derive(Debug, Clone)]
pub struct Include(Vec<Pattern>);

#[derive(Debug, Clone)]
struct Pattern {
    negated: bool,
    whole: GlobMatcher,
    /// The parts of it that may mean a name with a leading dot.
    hidden: Vec<GlobMatcher>,
    /// The folders that it starts with, as they stand there.
    folder: String,
}

impl Include {
    /// Reads patterns.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub fn new(patterns: &[String]) -> Result<Self, IncludeError> {
        let read = |(n, pattern): (usize, &String)| Pattern::new(pattern).ok_or(IncludeError { n });
        patterns.iter().enumerate().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// Whether a file is meant.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        self.0.iter().any(|pattern| pattern.matches(path))
    }

    /// Whether a file in this folder, or below it, may be meant.
    #[must_use]
    pub fn reaches(&self, folder: &str) -> bool {
        self.0.iter().any(|pattern| pattern.reaches(folder))
    }
}

impl Pattern {
    fn new(pattern: &str) -> Option<Self> {
        let (negated, pattern) = match pattern.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, pattern),
        };
        let hidden = pattern.split(['/', '{', ',', '}']).filter(|part| part.starts_with('.'));
        let folders: Vec<&str> =
            pattern.split('/').take_while(|part| !part.contains(['*', '?', '[', '{', '\\'])).collect();
        // The last part is the name of a file.
        let folders =
            if folders.len() == pattern.split('/').count() { &folders[..folders.len() - 1] } else { &folders };
        Some(Self {
            negated,
            whole: glob(pattern)?,
            hidden: hidden.map(glob).collect::<Option<_>>()?,
            folder: folders.join("/"),
        })
    }

    fn matches(&self, path: &str) -> bool {
        let shown = |name: &str| !name.starts_with('.') || self.hidden.iter().any(|part| part.is_match(name));
        let matches = self.whole.is_match(path) && path.split('/').all(shown);
        matches != self.negated
    }

    fn reaches(&self, folder: &str) -> bool {
        let below = |one: &str, other: &str| {
            other.is_empty() || one == other || one.strip_prefix(other).is_some_and(|rest| rest.starts_with('/'))
        };
        self.negated || below(folder, &self.folder) || below(&self.folder, folder)
    }
}

fn glob(pattern: &str) -> Option<GlobMatcher> {
    let glob = GlobBuilder::new(pattern).literal_separator(true).backslash_escape(true).build().ok()?;
    Some(glob.compile_matcher())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn include(patterns: &[&str]) -> Include {
        Include::new(&patterns.iter().map(|pattern| (*pattern).to_owned()).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn hidden_names_are_meant_only_where_the_pattern_says_so() {
        let docs = include(&["**/*.md"]);
        assert!(docs.matches("a.md") && docs.matches("docs/deep/a.md"));
        assert!(!docs.matches(".github/a.md") && !docs.matches("docs/.a.md"));
        let hidden = include(&[".github/**/*.md"]);
        assert!(hidden.matches(".github/a.md") && hidden.matches(".github/x/a.md"));
        assert!(!hidden.matches(".github/.x/a.md"));
        assert!(include(&["{.github,docs}/*.md"]).matches(".github/a.md"));
    }

    #[test]
    fn one_pattern_is_enough_and_an_exclamation_turns_it_around() {
        let either = include(&["docs/*.md", "README.md"]);
        assert!(either.matches("docs/a.md") && either.matches("README.md") && !either.matches("docs/x/a.md"));
        let rest = include(&["!src/**"]);
        assert!(rest.matches("docs/a.md") && !rest.matches("src/a.rs"));
    }

    #[test]
    fn a_folder_is_left_out_only_where_nothing_below_it_can_be_meant() {
        let docs = include(&["docs/guide/*.md", "*.txt"]);
        for (folder, reached) in
            [("", true), ("docs", true), ("docs/guide", true), ("docs/guide/x", true), ("docs-old", true)]
        {
            assert_eq!(docs.reaches(folder), reached, "{folder}");
        }
        let one = include(&["docs/guide/**/*.md", "LICENSE/text"]);
        for (folder, reached) in
            [("docs", true), ("docs/api", false), ("docs-old", false), ("LICENSE", true), ("src", false)]
        {
            assert_eq!(one.reaches(folder), reached, "{folder}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let error = Include::new(&["a".to_owned(), "docs/[a".to_owned()]).unwrap_err();
        assert_eq!(error, IncludeError { n: 1 });
    }
}
