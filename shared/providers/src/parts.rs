//! Small parts that the facts of several providers are built from.

use connector_domain::{Metadata, Reference, ReferenceKind, Timestamp, text};
use serde_json::Value;

/// A text that is not blank.
pub(crate) fn filled(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.trim().is_empty())
}

/// The start of a text on one line, with dots where something was cut.
pub(crate) fn excerpt(text: &str, max: usize) -> String {
    let mut line = String::new();
    for word in text::trim(text).split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(text::cut(word, max + 1));
        if line.len() > max && line.chars().count() > max {
            return format!("{}...", text::cut(&line, max));
        }
    }
    line
}

/// The minute that a moment is in.
pub(crate) fn minute(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second().div_euclid(60) * 60).unwrap_or(at)
}

/// A reference with an address, where there is one.
pub(crate) fn reference(kind: ReferenceKind, id: impl Into<String>, url: Option<&str>) -> Option<Reference> {
    let reference = Reference::new(kind, id)?;
    Some(match filled(url) {
        Some(url) => reference.url(url),
        None => reference,
    })
}

/// Metadata in the making: what is absent stays absent.
#[derive(Debug, Default)]
pub(crate) struct Attributes(pub(crate) Metadata);

impl Attributes {
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn maybe(self, name: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_one_line_and_tells_what_was_cut() {
        assert_eq!(excerpt(" a\n\n b\t c ", 5), "a b c");
        assert_eq!(excerpt("a b cd", 5), "a b c...");
        assert_eq!(excerpt("ééééé", 5), "ééééé");
        assert_eq!(excerpt(&"é".repeat(9_999), 5), "ééééé...");
        assert_eq!(excerpt(" \n", 5), "");
    }

    #[test]
    fn a_minute_begins_at_its_first_second() {
        let at = |text: &str| minute(text.parse().unwrap()).to_string();
        assert_eq!(at("2026-01-31T11:40:59.999Z"), "2026-01-31T11:40:00Z");
        assert_eq!(at("1969-12-31T23:59:59Z"), "1969-12-31T23:59:00Z");
    }

    #[test]
    fn blank_texts_are_absent() {
        assert_eq!(filled(Some(" ")), None);
        assert_eq!(reference(ReferenceKind::Label, "", None), None);
        assert_eq!(reference(ReferenceKind::Label, "a", Some("")).unwrap().url, None);
        assert_eq!(Attributes::default().with("a", 1).maybe("b", None::<u8>).0.len(), 1);
    }
}
