//! Columns that line up.

use console::{Alignment, measure_text_width};

use super::Look;
use super::style::Paint;
use super::text::fit;

/// A column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    heading: &'static str,
    alignment: Alignment,
    /// Most columns of the terminal it may take.
    most: usize,
    /// Whether it gives way to the others. One column of a table should.
    yields: bool,
}

impl Column {
    /// Text.
    pub(crate) const fn text(heading: &'static str) -> Self {
        Self { heading, alignment: Alignment::Left, most: usize::MAX, yields: false }
    }

    /// Numbers.
    pub(crate) const fn number(heading: &'static str) -> Self {
        Self { alignment: Alignment::Right, ..Self::text(heading) }
    }

    /// At most so wide on a terminal.
    pub(crate) const fn most(self, most: usize) -> Self {
        Self { most, ..self }
    }

    /// Takes what the others leave on a terminal.
    pub(crate) const fn yields(self) -> Self {
        Self { yields: true, ..self }
    }
}

/// A text and what it is.
#[derive(Debug, Clone)]
pub(crate) struct Cell(String, Paint);

impl Cell {
    /// A painted text.
    pub(crate) fn new(text: impl Into<String>, paint: Paint) -> Self {
        Self(text.into(), paint)
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self(text.into(), Paint::Plain)
    }
}

/// Rows below headings. A table without headings has columns without.
#[derive(Debug)]
pub(crate) struct Table<const N: usize> {
    columns: [Column; N],
    rows: Vec<[Cell; N]>,
    /// Blanks between two columns.
    gap: usize,
}

impl<const N: usize> Table<N> {
    /// A table without rows.
    pub(crate) const fn new(columns: [Column; N]) -> Self {
        Self { columns, rows: Vec::new(), gap: 2 }
    }

    /// With one blank between two columns in place of two.
    pub(crate) fn dense(self) -> Self {
        Self { gap: 1, ..self }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: [Cell; N]) {
        self.rows.push(cells);
    }

    /// Its lines, each after `indent` blanks and without blanks at its end.
    pub(crate) fn lines(&self, indent: usize, look: Look) -> Vec<String> {
        let widths = self.widths(indent, look);
        let mut lines = Vec::with_capacity(self.rows.len() + 1);
        if self.columns.iter().any(|column| !column.heading.is_empty()) {
            let headings = self.columns.map(|column| Cell::new(column.heading, Paint::Faint));
            lines.push(self.line(&headings, &widths, indent, look));
        }
        lines.extend(self.rows.iter().map(|row| self.line(row, &widths, indent, look)));
        lines
    }

    fn line(&self, cells: &[Cell; N], widths: &[usize; N], indent: usize, look: Look) -> String {
        let mut line = " ".repeat(indent);
        let last = cells.iter().rposition(|cell| !cell.0.is_empty()).unwrap_or(0);
        for (place, ((Cell(text, paint), column), width)) in cells.iter().zip(&self.columns).zip(widths).enumerate() {
            let mut fitted = fit(text, *width, column.alignment);
            if place == last {
                fitted.truncate(fitted.trim_end().len());
            }
            line.push_str(&look.style.paint(*paint, fitted));
            if place == last {
                break;
            }
            line.push_str(&" ".repeat(self.gap));
        }
        line
    }

    fn widths(&self, indent: usize, look: Look) -> [usize; N] {
        let mut widths = std::array::from_fn(|at| {
            let cells = self.rows.iter().map(|row| row[at].0.as_str());
            let most = if look.is_live() { self.columns[at].most } else { usize::MAX };
            let widest = cells.map(measure_text_width).max().unwrap_or(0).min(most);
            widest.max(measure_text_width(self.columns[at].heading))
        });
        if let Some(width) = look.width {
            let taken = indent + widths.iter().sum::<usize>() + self.gap * N.saturating_sub(1);
            if let Some(at) = self.columns.iter().position(|column| column.yields) {
                let over = taken.saturating_sub(width);
                widths[at] = widths[at].saturating_sub(over).max(widths[at].min(8));
            }
        }
        widths
    }
}

#[cfg(test)]
mod tests {
    use super::super::style::Style;
    use super::*;

    fn table() -> Table<3> {
        let mut table =
            Table::new([Column::text("title").yields(), Column::number("pages"), Column::text("state").most(6)]);
        table.row(["A long title, and then some more of it".into(), "3".into(), Cell::new("completed", Paint::Good)]);
        table.row(["Short".into(), "12".into(), "ok".into()]);
        table
    }

    #[test]
    fn columns_line_up_and_nothing_is_cut_for_a_pipe() {
        assert_eq!(
            table().lines(2, Look::PLAIN),
            [
                "  title                                   pages  state",
                "  A long title, and then some more of it      3  completed",
                "  Short                                      12  ok",
            ]
        );
    }

    #[test]
    fn a_terminal_gets_what_fits() {
        let look = Look { style: Style::PLAIN, width: Some(32) };
        let lines = table().lines(0, look);
        assert_eq!(
            lines,
            ["title              pages  state", "A long title, an…      3  compl…", "Short                 12  ok",]
        );
        assert!(lines.iter().all(|line| measure_text_width(line) <= 32));
    }

    #[test]
    fn colour_takes_no_room() {
        let look = Look { style: Style::COLOUR, width: Some(32) };
        for (coloured, plain) in
            table().lines(0, look).iter().zip(table().lines(0, Look { style: Style::PLAIN, ..look }))
        {
            assert_eq!(console::strip_ansi_codes(coloured), plain);
        }
    }

    #[test]
    fn a_table_without_headings_starts_with_its_rows() {
        let mut table = Table::new([Column::text(""), Column::text("")]);
        table.row(["received".into(), "12".into()]);
        assert_eq!(table.lines(0, Look::PLAIN), ["received  12"]);
    }
}
