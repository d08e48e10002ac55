//! Cutting texts to size. Sizes are counted in characters and every cut falls on a character boundary.

use std::borrow::Cow;

/// Longest title in characters, as the product promises.
pub const MAX_TITLE_CHARS: usize = 120;
/// Longest body in characters.
pub const MAX_BODY_CHARS: usize = 10_000;

/// The first `max` characters.
#[must_use]
pub fn cut(text: &str, max: usize) -> &str {
    match text.char_indices().nth(max) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

/// At most `max` characters; a longer text loses its end to `...`.
#[must_use]
pub fn ellipsize(text: &str, max: usize) -> Cow<'_, str> {
    if text.char_indices().nth(max).is_none() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("{}...", cut(text, max.saturating_sub(3))))
}

/// Drops white space at both ends, a byte-order mark included (editors leave one at the start of pasted texts).
#[must_use]
pub fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
}

/// A title: trimmed and at most [`MAX_TITLE_CHARS`] long.
#[must_use]
pub fn title(text: &str) -> String {
    ellipsize(trim(text), MAX_TITLE_CHARS).into_owned()
}

/// A body: trimmed and at most [`MAX_BODY_CHARS`] long.
#[must_use]
pub fn body(text: &str) -> String {
    ellipsize(trim(text), MAX_BODY_CHARS).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cuts_fall_between_characters() {
        assert_eq!(cut("añ😀b", 3), "añ😀");
        assert_eq!(cut("ab", 3), "ab");
        assert_eq!(ellipsize("abcdef", 5), "ab...");
        assert_eq!(ellipsize("abcde", 5), "abcde");
        assert_eq!(title("\u{feff} x \n"), "x");
    }

    proptest! {
        #[test]
        fn no_text_exceeds_its_limit(text in "\\PC{0,400}") {
            prop_assert!(title(&text).chars().count() <= MAX_TITLE_CHARS);
            prop_assert!(ellipsize(&text, 7).chars().count() <= 7);
            prop_assert!(text.starts_with(cut(&text, 9)));
        }
    }
}
