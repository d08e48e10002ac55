//! Cursors: opaque to callers, and good only for the list and the filters that gave them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::problem::{Code, Problem};

/// Bytes of the digest that binds a cursor to its list.
const BOUND: usize = 8;
/// Longest cursor.
const MAX: usize = 2_048;

/// What a cursor is bound to: a list with its filters.
#[derive(Debug, Clone)]
pub(crate) struct List([u8; BOUND]);

impl List {
    /// A list by its route and the filters of the query, in any order.
    pub(crate) fn of<'a>(route: &str, workspace: &str, filters: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut filters: Vec<_> = filters.collect();
        filters.sort_unstable();
        let mut hash = Sha256::new();
        for part in [route, workspace].into_iter().chain(filters.into_iter().flat_map(|(name, value)| [name, value])) {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let mut bound = [0; BOUND];
        bound.copy_from_slice(&hash.finalize()[..BOUND]);
        Self(bound)
    }

    /// The cursor for a place.
    pub(crate) fn cursor(&self, place: &str) -> String {
        URL_SAFE_NO_PAD.encode([&self.0[..], place.as_bytes()].concat())
    }

    /// The place of a cursor.
    pub(crate) fn place(&self, cursor: &str) -> Result<String, Problem> {
        let refused = || Problem::new(Code::InvalidCursor);
        if cursor.len() > MAX {
            return Err(refused());
        }
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| refused())?;
        let place = bytes.strip_prefix(&self.0[..]).ok_or_else(refused)?;
        String::from_utf8(place.to_vec()).map_err(|_| refused())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_good_for_its_own_list_only() {
        let list = List::of("runs", "acme", [("a", "1"), ("b", "2")].into_iter());
        let cursor = list.cursor("2026-02#é");
        assert_eq!(list.place(&cursor).unwrap(), "2026-02#é");
        assert!(List::of("runs", "acme", [("b", "2"), ("a", "1")].into_iter()).place(&cursor).is_ok());
        for (route, workspace, filters) in [
            ("sources", "acme", vec![("a", "1"), ("b", "2")]),
            ("runs", "beta", vec![("a", "1"), ("b", "2")]),
            ("runs", "acme", vec![("a", "1")]),
            ("runs", "acme", vec![("a", "1b"), ("", "2")]),
        ] {
            assert!(List::of(route, workspace, filters.into_iter()).place(&cursor).is_err());
        }
        for bad in ["", "!", "AAAA", &cursor[1..], &format!("{cursor}{}", "A".repeat(3_000))] {
            assert_eq!(list.place(bad).unwrap_err().code, Code::InvalidCursor, "{bad}");
        }
    }
}
