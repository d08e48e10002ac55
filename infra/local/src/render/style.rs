//! Colour, or none.

use std::fmt::Display;

use anstyle::{AnsiColor, Style as Ansi};

/// Paints text, or leaves it as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Style {
    colour: bool,
}

/// What a text is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Paint {
    /// Nothing special.
    #[default]
    Plain,
    /// A heading.
    Strong,
    /// Beside the point.
    Faint,
    /// Well done.
    Good,
    /// To be looked at.
    Odd,
    /// Failed.
    Bad,
    /// A name.
    Name,
}

impl Style {
    /// No escape sequences.
    pub(crate) const PLAIN: Self = Self { colour: false };
    /// With the terminal's own colours.
    pub(crate) const COLOUR: Self = Self { colour: true };

    /// The text as it is to be written.
    pub(crate) fn paint(self, paint: Paint, text: impl Display) -> String {
        let ansi = match paint {
            Paint::Plain => return text.to_string(),
            _ if !self.colour => return text.to_string(),
            Paint::Strong => Ansi::new().bold(),
            Paint::Faint => Ansi::new().dimmed(),
            Paint::Good => AnsiColor::Green.on_default(),
            Paint::Odd => AnsiColor::Yellow.on_default(),
            Paint::Bad => AnsiColor::Red.on_default().bold(),
            Paint::Name => AnsiColor::Cyan.on_default(),
        };
        format!("{ansi}{text}{ansi:#}")
    }

    /// A heading.
    pub(crate) fn strong(self, text: impl Display) -> String {
        self.paint(Paint::Strong, text)
    }

    /// Beside the point.
    pub(crate) fn faint(self, text: impl Display) -> String {
        self.paint(Paint::Faint, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_has_no_escape_sequence() {
        for paint in [Paint::Plain, Paint::Strong, Paint::Faint, Paint::Good, Paint::Odd, Paint::Bad, Paint::Name] {
            assert_eq!(Style::PLAIN.paint(paint, "done"), "done");
        }
        assert_eq!(Style::COLOUR.paint(Paint::Good, "done"), "\u{1b}[32mdone\u{1b}[0m");
        assert_eq!(Style::COLOUR.paint(Paint::Plain, "done"), "done");
    }
}
