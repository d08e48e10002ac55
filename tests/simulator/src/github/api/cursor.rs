//! Places in a list that keep their meaning while items before them come and go.

use std::ops::Range;

use base64::{Engine, engine::general_purpose::URL_SAFE};

use super::{super::json::pack, answer::Answer, call::Call};

/// A place in a sorted list: the sort value and the id of an item. It names the item's place, not its index, so
/// nothing is skipped when items before it come or go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cursor(pub(crate) (i64, u64));

const MARK: &[u8] = b"cursor:v2:";

impl Cursor {
    /// GitHub's own form: a mark and a MessagePack pair.
    pub(crate) fn encode(self) -> String {
        let mut bytes = MARK.to_vec();
        bytes.push(0x92);
        pack(&mut bytes, u64::try_from(self.0.0).unwrap_or(0));
        pack(&mut bytes, self.0.1);
        URL_SAFE.encode(bytes)
    }

    pub(crate) fn decode(text: &str) -> Option<Self> {
        let bytes = URL_SAFE.decode(text).ok()?;
        let rest = bytes.strip_prefix(MARK)?.strip_prefix(&[0x92])?;
        let (value, rest) = number(rest)?;
        let (id, rest) = number(rest)?;
        rest.is_empty().then_some(Self((i64::try_from(value).ok()?, id)))
    }
}

/// One MessagePack number, and what follows it.
fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    match bytes.split_first()? {
        (0xCE, rest) => {
            let (digits, rest) = rest.split_first_chunk::<4>()?;
            Some((u64::from(u32::from_be_bytes(*digits)), rest))
        }
        (0xCF, rest) => {
            let (digits, rest) = rest.split_first_chunk::<8>()?;
            Some((u64::from_be_bytes(*digits), rest))
        }
        _ => None,
    }
}

/// The cursors of a request: after which place, or before which.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    after: Option<Cursor>,
    before: Option<Cursor>,
}

impl Bounds {
    pub(crate) fn of(call: &Call) -> Result<Self, Box<Answer>> {
        let cursor = |name: &str| match call.param(name) {
            None => Ok(None),
            Some(text) => Cursor::decode(text)
                .map(Some)
                .ok_or_else(|| Box::new(Answer::error(422, &format!("The {name} cursor is not valid.")))),
        };
        Ok(Self { after: cursor("after")?, before: cursor("before")? })
    }

    /// Whether the request names no place.
    pub(crate) fn are_open(self) -> bool {
        self.after.is_none() && self.before.is_none()
    }
}

/// One page of a sorted list, and the places that the pages beside it begin at.
pub(crate) struct Cut {
    pub(crate) range: Range<usize>,
    pub(crate) previous: Option<Cursor>,
    pub(crate) next: Option<Cursor>,
}

impl Cut {
    /// `first`: the page where the request names no place.
    pub(crate) fn new<T>(
        sorted: &[T],
        place: impl Fn(&T) -> (i64, u64),
        ascending: bool,
        bounds: Bounds,
        first: Range<usize>,
        size: usize,
    ) -> Self {
        let is_before = |item: &T, cursor: Cursor| {
            let here = place(item);
            if ascending { here < cursor.0 } else { here > cursor.0 }
        };
        let range = if let Some(after) = bounds.after {
            let start = sorted.partition_point(|item| is_before(item, after) || place(item) == after.0);
            start..start.saturating_add(size).min(sorted.len())
        } else if let Some(before) = bounds.before {
            let end = sorted.partition_point(|item| is_before(item, before));
            end.saturating_sub(size)..end
        } else {
            first
        };
        let at = |index: usize| sorted.get(index).map(|item| Cursor(place(item)));
        let previous = if range.start > 0 { at(range.start) } else { None };
        let next = if range.end < sorted.len() { range.end.checked_sub(1).and_then(at) } else { None };
        Self { range, previous, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_has_githubs_own_form() {
        // Seen in the Link header of a public repository.
        let seen = "Y3Vyc29yOnYyOpLPAAABlmHoX8jOs5p-pw==";
        let cursor = Cursor::decode(seen);
        assert_eq!(cursor, Some(Cursor((1_745_399_341_000, 3_013_246_631))));
        assert_eq!(cursor.map(Cursor::encode).as_deref(), Some(seen));
    }

    #[test]
    fn garbage_is_no_cursor() {
        for text in ["", "x", "Y3Vyc29yOnYyOg==", "Y3Vyc29yOnYyOpLPAAABlmHoX8jOs5p-pwA="] {
            assert_eq!(Cursor::decode(text), None, "{text}");
        }
    }
}
