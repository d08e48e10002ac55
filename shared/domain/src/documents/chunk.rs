//! A text in pieces that a model reads at once: cut at blank lines, with fenced code kept together.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Cuts texts as a model reads them.
pub trait Tokenizer: Send + Sync {
    /// Where the tokens of a text end, in bytes; the last one ends with the text. A token may end inside a character.
    fn ends(&self, text: &str) -> Vec<usize>;
}

/// How long pieces are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkSettings {
    /// Most tokens of a piece.
    pub max_tokens: usize,
    /// Tokens that a piece repeats of the one before.
    pub overlap: usize,
}

impl Default for ChunkSettings {
    fn default() -> Self {
        Self { max_tokens: 512, overlap: 50 }
    }
}

impl ChunkSettings {
    /// A name for how texts are cut and made into vectors: with another one everything is made anew.
    #[must_use]
    pub fn hash(&self, model: &str, dimensions: usize) -> String {
        let model = serde_json::Value::from(model);
        let json = format!(
            r#"{{"embeddingModel":{model},"embeddingDim":{dimensions},"chunkMaxTokens":{},"chunkOverlap":{}}}"#,
            self.max_tokens, self.overlap
        );
        hex::encode(Sha256::digest(json))
    }
}

/// Bytes of a token, of which most texts have far fewer.
const LONGEST: usize = 16;

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Where it stands, in bytes.
    pub range: Range<usize>,
    /// How many tokens it has.
    pub tokens: usize,
}

/// A stretch that is not cut unless it is too long by itself.
struct Segment {
    range: Range<usize>,
    tokens: usize,
}

/// What is being filled.
struct Open {
    range: Range<usize>,
    /// No fewer than it has: what is cut into tokens as a whole has no more than its parts.
    tokens: usize,
}

/// The pieces of a text, in order. What stands between them is white space, or stands in both.
#[must_use]
pub fn chunk(text: &str, settings: ChunkSettings, tokenizer: &dyn Tokenizer) -> Vec<Piece> {
    let cutter = Cutter { text, max: settings.max_tokens.max(1), overlap: settings.overlap, tokenizer };
    cutter.pieces()
}

struct Cutter<'a> {
    text: &'a str,
    max: usize,
    overlap: usize,
    tokenizer: &'a dyn Tokenizer,
}

impl Cutter<'_> {
    fn pieces(&self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        // A text that is much longer does not fit, and is not worth the counting.
        if self.text.len() <= self.max.saturating_mul(LONGEST) && self.count(0..self.text.len()) <= self.max {
            self.close(&mut pieces, 0..self.text.len());
            return pieces;
        }
        let mut open: Option<Open> = None;
        for range in segments(self.text) {
            let segment = Segment { tokens: self.count(range.clone()), range };
            if segment.tokens > self.max {
                if let Some(open) = open.take() {
                    self.close(&mut pieces, open.range);
                }
                self.cut(&mut pieces, segment.range);
                continue;
            }
            open = Some(match open.take() {
                None => Open::of(&segment),
                Some(open) => {
                    let between = self.between(&open, &segment);
                    match open.with(&segment, between, self.max) {
                        Ok(longer) => longer,
                        Err(full) => {
                            let next = self.after(&full, between, &segment);
                            self.close(&mut pieces, full.range);
                            next
                        }
                    }
                }
            });
        }
        if let Some(open) = open {
            self.close(&mut pieces, open.range);
        }
        pieces
    }

    /// What follows a full piece: the end of it, and a segment, where both fit.
    fn after(&self, full: &Open, between: usize, segment: &Segment) -> Open {
        let ends = self.tokenizer.ends(&self.text[full.range.clone()]);
        // The first token of the break is not counted, so that pieces begin where they always did: one more may come of it.
        let wider = between.saturating_sub(1);
        let repeated = ends.len().min(self.overlap).min(self.max.saturating_sub(segment.tokens + wider));
        let at = ends.len().checked_sub(repeated + 1).and_then(|last| ends.get(last)).copied().unwrap_or(0);
        let start = ceil(self.text, full.range.start + at);
        if repeated == 0 || start >= full.range.end {
            return Open::of(segment);
        }
        Open { range: start..segment.range.end, tokens: repeated + wider + segment.tokens }
    }

    /// The white space before a segment.
    fn between(&self, open: &Open, segment: &Segment) -> usize {
        self.tokenizer.ends(&self.text[open.range.end..segment.range.start]).len()
    }

    /// A segment that is too long, in pieces that repeat nothing.
    fn cut(&self, pieces: &mut Vec<Piece>, range: Range<usize>) {
        let ends = self.tokenizer.ends(&self.text[range.clone()]);
        let mut start = range.start;
        for last in ends.chunks(self.max).filter_map(<[usize]>::last) {
            let end = ceil(self.text, range.start + last).min(range.end);
            self.close(pieces, start..end);
            start = end;
        }
    }

    fn count(&self, range: Range<usize>) -> usize {
        self.tokenizer.ends(&self.text[trimmed(self.text, range)]).len()
    }

    fn close(&self, pieces: &mut Vec<Piece>, range: Range<usize>) {
        let range = trimmed(self.text, range);
        if !range.is_empty() {
            pieces.push(Piece { tokens: self.count(range.clone()), range });
        }
    }
}

impl Open {
    fn of(segment: &Segment) -> Self {
        Self { range: segment.range.clone(), tokens: segment.tokens }
    }

    /// The same with a segment more, or as it is when that is too much.
    fn with(self, segment: &Segment, between: usize, max: usize) -> Result<Self, Self> {
        let tokens = self.tokens + between + segment.tokens;
        if tokens > max {
            return Err(self);
        }
        Ok(Self { range: self.range.start..segment.range.end, tokens })
    }
}

/// The stretches between blank lines, without the white space around them. Fenced code is part of one.
/// <https://spec.commonmark.org/0.31.2/#fenced-code-blocks>
fn segments(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let (mut start, mut at) = (0, 0);
    let mut fence: Option<(char, usize)> = None;
    for line in text.split_inclusive('\n') {
        if let Some((mark, length)) = fence {
            if fence_of(line).is_some_and(|(other, count)| other == mark && count >= length && is_bare(line, mark)) {
                fence = None;
            }
        } else if line.trim().is_empty() {
            found.push(trimmed(text, start..at));
            start = at + line.len();
        } else {
            fence = fence_of(line);
        }
        at += line.len();
    }
    found.push(trimmed(text, start..at));
    found.retain(|range| !range.is_empty());
    found
}

/// The mark of a fence and how often it stands there.
fn fence_of(line: &str) -> Option<(char, usize)> {
    let rest = line.trim_start_matches(' ');
    let mark = rest.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
    let count = rest.chars().take_while(|c| *c == mark).count();
    let info = &rest[count..];
    let opens = line.len() - rest.len() <= 3 && count >= 3 && !(mark == '`' && info.contains('`'));
    opens.then_some((mark, count))
}

/// Whether nothing but the mark stands in a line, as at the end of fenced code.
fn is_bare(line: &str, mark: char) -> bool {
    line.trim().chars().all(|c| c == mark)
}

fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let part = &text[range.clone()];
    let start = range.start + (part.len() - part.trim_start().len());
    start..start + part.trim().len()
}

/// The start of the character that begins here or next.
fn ceil(text: &str, mut at: usize) -> usize {
    while at < text.len() && !text.is_char_boundary(at) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Each run of letters, and each other byte, is a token: characters of several bytes are cut.
    struct Words;

    impl Tokenizer for Words {
        fn ends(&self, text: &str) -> Vec<usize> {
            let bytes = text.as_bytes();
            (1..=bytes.len())
                .filter(|end| {
                    let letter = |n: usize| bytes.get(n).is_some_and(u8::is_ascii_alphanumeric);
                    !(letter(end - 1) && letter(*end))
                })
                .collect()
        }
    }

    fn texts(text: &str, max_tokens: usize, overlap: usize) -> Vec<String> {
        let pieces = chunk(text, ChunkSettings { max_tokens, overlap }, &Words);
        pieces.into_iter().map(|piece| text[piece.range].to_owned()).collect()
    }

    #[test]
    fn a_short_text_is_one_piece_and_an_empty_one_none() {
        assert_eq!(texts("  one two\n", 50, 5), ["one two"]);
        assert_eq!(texts("", 50, 5), [""; 0]);
        assert_eq!(texts(" \n\n ", 50, 5), [""; 0]);
    }

    #[test]
    fn a_text_is_cut_at_blank_lines_and_a_piece_repeats_the_end_of_the_one_before() {
        let text = "one two three\n\nfour five six\n\nseven eight nine";
        assert_eq!(texts(text, 12, 3), ["one two three\n\nfour five six", "five six\n\nseven eight nine"]);
        assert_eq!(texts(text, 12, 0), ["one two three\n\nfour five six", "seven eight nine"]);
    }

    #[test]
    fn fenced_code_is_kept_together() {
        let text = "before it\n\n```rust\nlet a = 1;\n\nlet b = 2;\n```\n\nafter it";
        let pieces = texts(text, 30, 0);
        assert!(pieces.iter().any(|piece| piece.contains("```rust\nlet a = 1;\n\nlet b = 2;\n```")), "{pieces:?}");
        // A fence inside another one does not end it, and one that nobody closes goes on to the end.
        assert_eq!(segments("````\n```\n\nx\n````\n\ny").len(), 2);
        assert_eq!(segments("~~~\na\n\nb").len(), 1);
        assert_eq!(segments("``` a`b\n\nx").len(), 2, "that is no fence");
    }

    #[test]
    fn white_space_between_counts_as_what_it_is() {
        let text = "a\n\n\n \n\n\nb\n\nc\n\n\n\n\n\nd";
        assert_eq!(texts(text, 8, 0), ["a", "b\n\nc", "d"]);
        let repeating = chunk(text, ChunkSettings { max_tokens: 8, overlap: 4 }, &Words);
        assert!(repeating.len() > 3 && repeating.iter().all(|piece| piece.tokens <= 9), "{repeating:?}");
    }

    #[test]
    fn what_is_too_long_by_itself_is_cut_by_tokens() {
        let pieces = texts("a b c d e f g\n\nh", 4, 2);
        assert_eq!(pieces, ["a b", "c d", "e f", "g", "h"]);
        for piece in texts(&"\u{1f600}".repeat(30), 7, 2) {
            assert!(piece.chars().all(|c| c == '\u{1f600}'));
        }
    }

    proptest! {
        #[test]
        fn nothing_but_white_space_is_lost_and_no_piece_is_too_long(
            text in "([a-c]{1,3}[ \n]{1,3}|```\n|\u{e9}\u{1f600}){0,60}", max in 4_usize..30, overlap in 0_usize..6,
        ) {
            let pieces = chunk(&text, ChunkSettings { max_tokens: max, overlap }, &Words);
            let mut end = 0;
            for piece in &pieces {
                let own = &text[piece.range.clone()];
                prop_assert!(!own.is_empty() && own == own.trim());
                prop_assert!(piece.range.start <= end || text[end..piece.range.start].trim().is_empty());
                prop_assert!(piece.range.end > end, "each piece goes further");
                // A character that a cut falls into belongs to one side.
                prop_assert!(piece.tokens <= max + 4, "{} of {max}", piece.tokens);
                end = piece.range.end;
            }
            prop_assert!(text[end..].trim().is_empty());
        }
    }
}
