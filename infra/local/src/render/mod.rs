//! How things are shown: two output streams, colour where it is wanted, tables, a timeline and progress.
//!
//! It owns widths, words and colours. It must not know where the things come from.

pub(crate) mod detail;
pub(crate) mod graph;
pub(crate) mod progress;
pub(crate) mod runs;
pub(crate) mod style;
pub(crate) mod table;
pub(crate) mod text;
pub(crate) mod timeline;

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use connector_lambda::env::{Env, ProcessEnv};
use console::Term;

use style::Style;

/// How standard output shows things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    /// With colour or without.
    pub(crate) style: Style,
    /// Columns of the terminal; `None` when a file or a pipe reads it, which lines may be as long as they like for.
    pub(crate) width: Option<usize>,
}

impl Look {
    /// For a file or a pipe.
    #[cfg(test)]
    pub(crate) const PLAIN: Self = Self { style: Style::PLAIN, width: None };

    /// Whether a line can be drawn anew.
    pub(crate) const fn is_live(self) -> bool {
        self.width.is_some()
    }
}

/// Standard output for what was asked for, standard error for everything about it.
pub(crate) struct Output {
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
    /// How standard output shows things.
    pub(crate) look: Look,
    /// How standard error does.
    pub(crate) aside: Style,
}

impl Output {
    /// This process's streams.
    pub(crate) fn of_process() -> Self {
        let env = ProcessEnv;
        // https://no-color.org
        let colour = env.get("NO_COLOR").is_none() && env.get("TERM").is_none_or(|term| term != "dumb");
        let style = |terminal: bool| if terminal && colour { Style::COLOUR } else { Style::PLAIN };
        let terminal = io::stdout().is_terminal();
        let width = terminal.then(|| Term::stdout().size_checked().map_or(80, |(_, columns)| usize::from(columns)));
        Self {
            out: Box::new(io::stdout()),
            err: Box::new(io::stderr()),
            look: Look { style: style(terminal), width },
            aside: style(io::stderr().is_terminal()),
        }
    }

    /// Writes a line to standard output.
    pub(crate) fn line(&mut self, text: impl Display) -> io::Result<()> {
        writeln!(self.out, "{text}")
    }

    /// Writes a sentence to standard output, after `indent` blanks, on as many lines as it takes.
    pub(crate) fn say(&mut self, indent: usize, text: &str) -> io::Result<()> {
        self.lines(text::wrap(text, indent, self.look.width.unwrap_or(usize::MAX)))
    }

    /// Writes lines to standard output.
    pub(crate) fn lines<T: Display>(&mut self, lines: impl IntoIterator<Item = T>) -> io::Result<()> {
        lines.into_iter().try_for_each(|line| self.line(line))
    }

    /// Writes a line to standard error.
    pub(crate) fn note(&mut self, text: impl Display) -> io::Result<()> {
        writeln!(self.err, "{text}")
    }
}
