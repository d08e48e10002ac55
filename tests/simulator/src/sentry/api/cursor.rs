//! Cursors: `value:offset:is_prev`, and the `Link` header that always has both directions
//! (<https://docs.sentry.io/api/pagination/>).

use std::{fmt, ops::Range};

use url::form_urlencoded;

use super::answer::Answer;
use crate::wire::Call;

/// A place in a list: so many items after the first one of this value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) value: i64,
    pub(crate) offset: usize,
    pub(crate) is_prev: bool,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.value, self.offset, u8::from(self.is_prev))
    }
}

impl Cursor {
    /// The cursor of a request; the start where it has none.
    pub(crate) fn of(call: &Call) -> Result<Self, Answer> {
        match call.param("cursor") {
            None | Some("") => Ok(Self::default()),
            Some(text) => Self::parse(text).ok_or_else(|| Answer::bad_request("Invalid cursor parameter.")),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let (value, offset, is_prev) = (parts.next()?, parts.next()?, parts.next()?);
        // Sentry writes values that are not whole with a fraction.
        let value = value.parse::<f64>().ok().filter(|value| value.is_finite())? as i64;
        let cursor = Self { value, offset: offset.parse().ok()?, is_prev: is_prev.parse::<u8>().ok()? == 1 };
        parts.next().is_none().then_some(cursor)
    }
}

/// One page: which items, and where the pages beside it begin.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) range: Range<usize>,
    previous: (Cursor, bool),
    next: (Cursor, bool),
}

impl Page {
    /// Of a list in descending order of its values: a cursor names a value, so nothing is lost when items before it
    /// come or go.
    pub(crate) fn by_value(values: &[i64], cursor: Cursor, limit: usize) -> Self {
        let first_of = |value: i64, end: usize| values[..end].partition_point(|held| *held > value);
        let start = match (cursor.value, cursor.is_prev) {
            (0, true) => values.len(),
            (0, false) => 0,
            (value, _) => first_of(value, values.len()),
        };
        let place = start.saturating_add(cursor.offset).min(values.len());
        let range = match cursor.is_prev {
            true => place.saturating_sub(limit)..place,
            false => place..place.saturating_add(limit).min(values.len()),
        };
        let Some(last) = values.len().checked_sub(1) else {
            let at = |is_prev| (Cursor { is_prev, ..cursor }, false);
            return Self { range, previous: at(true), next: at(false) };
        };
        let at = |index: usize, is_prev: bool| {
            let value = values[index.min(last)];
            Cursor { value, offset: index - first_of(value, index), is_prev }
        };
        let previous = (at(range.start, true), range.start > 0);
        let next = (at(range.end, false), range.end < values.len());
        Self { range, previous, next }
    }

    /// Of any list: a cursor names how many items to leave out, so those that come or go before it move others over
    /// the page's edge.
    pub(crate) fn by_offset(total: usize, cursor: Cursor, limit: usize) -> Self {
        let start = cursor.offset.min(total);
        let end = start.saturating_add(limit).min(total);
        let at = |offset, is_prev| Cursor { value: 0, offset, is_prev };
        Self {
            range: start..end,
            previous: (at(cursor.offset.saturating_sub(limit), true), cursor.offset > 0),
            next: (at(cursor.offset.saturating_add(limit), false), end < total),
        }
    }

    /// The header: both directions, whether or not there is anything.
    pub(crate) fn link(&self, call: &Call) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(call.query.iter().filter(|(name, _)| name != "cursor"));
        let address = format!("{}{}?{}", call.base, call.path, query.finish());
        let one = |rel: &str, (cursor, results): (Cursor, bool)| {
            format!("<{address}&cursor={cursor}>; rel=\"{rel}\"; results=\"{results}\"; cursor=\"{cursor}\"")
        };
        format!("{}, {}", one("previous", self.previous), one("next", self.next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_three_numbers() {
        assert_eq!(Cursor::parse("17:2:1"), Some(Cursor { value: 17, offset: 2, is_prev: true }));
        assert_eq!(Cursor::parse("17.0:2:0").map(|cursor| cursor.to_string()).as_deref(), Some("17:2:0"));
        for bad in ["", "1", "1:2", "a:0:0", "1:-1:0", "1:0:0:0", "NaN:0:0"] {
            assert_eq!(Cursor::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_walk_by_value_passes_ties_one_by_one() {
        let values = [9, 7, 7, 7, 7, 3, 1];
        for limit in 1..9 {
            let (mut cursor, mut met) = (Cursor::default(), Vec::new());
            loop {
                let page = Page::by_value(&values, cursor, limit);
                met.extend(page.range.clone());
                let (next, more) = page.next;
                if !more {
                    break;
                }
                cursor = next;
            }
            assert_eq!(met, (0..values.len()).collect::<Vec<_>>(), "by {limit}");
        }
    }

    #[test]
    fn the_previous_page_is_the_one_before() {
        let values = [9, 7, 7, 7, 7, 3, 1];
        let second = Page::by_value(&values, Page::by_value(&values, Cursor::default(), 3).next.0, 3);
        assert_eq!((second.range.clone(), second.previous.1), (3..6, true));
        assert_eq!(Page::by_value(&values, second.previous.0, 3).range, 0..3);
        let empty = Page::by_value(&[], Cursor::default(), 3);
        assert_eq!((empty.range, empty.previous.1, empty.next.1), (0..0, false, false));
    }
}
