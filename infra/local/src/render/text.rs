//! Words and numbers as people write them, and text that fits a width.

use std::borrow::Cow;
use std::time::Duration;

use connector_domain::Timestamp;
use console::{Alignment, measure_text_width, pad_str, truncate_str};

/// `1 page`, `1,204 pages`.
pub(crate) fn count(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(n), if n == 1 { one } else { many })
}

/// `1,204`.
pub(crate) fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `0.4 s`, `12 s`, `3 min 05 s`, `2 h 10 min`.
pub(crate) fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", time.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3_600, seconds / 60 % 60),
    }
}

/// `2026-02-06 12:00`.
pub(crate) fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

/// `12:00:05 UTC`, with the day when that is not today.
pub(crate) fn clock(at: Timestamp, now: Timestamp) -> String {
    let today = at.strftime("%F").to_string() == now.strftime("%F").to_string();
    at.strftime(if today { "%H:%M:%S UTC" } else { "%F %H:%M:%S UTC" }).to_string()
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn list<T: AsRef<str>>(items: &[T]) -> String {
    let Some((last, others)) = items.split_last() else { return String::new() };
    if others.is_empty() {
        return last.as_ref().to_owned();
    }
    let others: Vec<_> = others.iter().map(AsRef::as_ref).collect();
    format!("{} and {}", others.join(", "), last.as_ref())
}

/// One line without control characters: titles and names are written by strangers, and a terminal obeys what it is sent.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    let unfit = |c: char| {
        c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if text.contains(unfit) { text.replace(unfit, " ").into() } else { text.into() }
}

/// Exactly `width` columns: cut with an ellipsis, or filled up.
pub(crate) fn fit(text: &str, width: usize, alignment: Alignment) -> String {
    // What is cut may end before a wide character, one column short.
    pad_str(&cut(text, width), width, alignment, None).into_owned()
}

/// At most `width` columns.
pub(crate) fn cut(text: &str, width: usize) -> Cow<'_, str> {
    truncate_str(text, width, "…")
}

/// Lines of at most `width` columns, broken between words, each after `indent` blanks.
pub(crate) fn wrap(text: &str, indent: usize, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = " ".repeat(indent);
    let mut is_empty = true;
    for word in text.split(' ') {
        if !is_empty && measure_text_width(&line) + 1 + measure_text_width(word) > width {
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_words_agree() {
        let all = [(0, "0 pages"), (1, "1 page"), (2, "2 pages"), (999, "999 pages"), (1_000, "1,000 pages")];
        for (n, text) in all {
            assert_eq!(count(n, "page", "pages"), text);
        }
        assert_eq!(number(12_345_678), "12,345,678");
    }

    #[test]
    fn durations_are_as_exact_as_one_cares() {
        let all = [(400, "0.4 s"), (12_300, "12 s"), (185_000, "3 min 05 s"), (7_800_000, "2 h 10 min")];
        for (millis, text) in all {
            assert_eq!(duration(Duration::from_millis(millis)), text);
        }
    }

    #[test]
    fn a_time_of_another_day_says_which() {
        let at: Timestamp = "2026-02-06T12:00:05Z".parse().unwrap();
        assert_eq!(clock(at, at), "12:00:05 UTC");
        assert_eq!(clock(at, "2026-02-05T23:59:59Z".parse().unwrap()), "2026-02-06 12:00:05 UTC");
        assert_eq!(minute(at), "2026-02-06 12:00");
    }

    #[test]
    fn lists_read_like_sentences() {
        assert_eq!(list::<&str>(&[]), "");
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
    }

    #[test]
    fn a_stranger_cannot_steer_the_terminal() {
        assert_eq!(clean("\u{1b}[2Jgone\r\n\u{202e}x"), " [2Jgone   x");
        assert_eq!(clean("café 日本"), "café 日本");
    }

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrap("one two three", 2, 9), ["  one two", "  three"]);
        assert_eq!(wrap("indivisible", 0, 4), ["indivisible"], "a word is not broken");
        assert_eq!(wrap("", 2, 9), ["  "]);
    }

    #[test]
    fn widths_are_columns_and_not_bytes() {
        assert_eq!(fit("日本語", 4, Alignment::Left), "日… ");
        assert_eq!(fit("ab", 4, Alignment::Right), "  ab");
        assert_eq!(cut("abcdef", 4), "abc…");
    }
}
