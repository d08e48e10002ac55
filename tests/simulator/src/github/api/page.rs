//! Cutting one page out of a list, and the `Link` header to the others
//! (<https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api>).

use std::ops::Range;

use base64::{Engine, engine::general_purpose::URL_SAFE};
use url::form_urlencoded;

use super::{super::json::pack, call::Call};

/// Which page, as asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    pub(crate) number: usize,
    pub(crate) size: usize,
}

impl Page {
    /// Anything that is not a positive number counts as not given; sizes end at 100.
    pub(crate) fn of(call: &Call) -> Self {
        let positive = |name| call.param(name).and_then(|text| text.parse::<usize>().ok()).filter(|&n| n > 0);
        Self { number: positive("page").unwrap_or(1), size: positive("per_page").unwrap_or(30).min(100) }
    }

    /// The page's part of a list of `total` entries.
    pub(crate) fn range(self, total: usize) -> Range<usize> {
        let start = (self.number - 1).saturating_mul(self.size).min(total);
        start..start.saturating_add(self.size).min(total)
    }
}

/// The header between numbered pages; none when all fits on one. `address` is the list's address by id.
pub(crate) fn numbered(call: &Call, address: &str, page: Page, total: usize) -> Option<String> {
    let last = total.div_ceil(page.size).max(1);
    let to = |number: usize| Some((number, None));
    let mut links = Vec::new();
    if page.number > 1 {
        links.push(("prev", to(page.number - 1)));
    }
    if page.number < last {
        links.push(("next", to(page.number + 1)));
        links.push(("last", to(last)));
    }
    if page.number > 1 {
        links.push(("first", to(1)));
    }
    render(call, address, links)
}

/// The header between pages by cursor: no `first`, no `last`.
pub(crate) fn by_cursor(
    call: &Call,
    address: &str,
    page: Page,
    before: Option<Cursor>,
    after: Option<Cursor>,
) -> Option<String> {
    let links = vec![
        ("next", after.map(|cursor| (page.number + 1, Some(("after", cursor))))),
        ("prev", before.map(|cursor| (page.number.saturating_sub(1).max(1), Some(("before", cursor))))),
    ];
    render(call, address, links)
}

type Target = (usize, Option<(&'static str, Cursor)>);

fn render(call: &Call, address: &str, links: Vec<(&'static str, Option<Target>)>) -> Option<String> {
    let links: Vec<String> = links
        .into_iter()
        .filter_map(|(rel, target)| target.map(|target| (rel, target)))
        .map(|(rel, target)| format!("<{address}?{}>; rel=\"{rel}\"", query(call, target)))
        .collect();
    (!links.is_empty()).then(|| links.join(", "))
}

/// The caller's own parameters with another page.
fn query(call: &Call, (number, cursor): Target) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in &call.query {
        if !matches!(name.as_str(), "page" | "after" | "before") {
            query.append_pair(name, value);
        }
    }
    if let Some((name, cursor)) = cursor {
        query.append_pair(name, &cursor.encode());
    }
    query.append_pair("page", &number.to_string());
    query.finish()
}

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
