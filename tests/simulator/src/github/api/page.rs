//! Cutting one page out of a list, and the `Link` header to the others
//! (<https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api>).

use std::ops::Range;

use url::form_urlencoded;

use super::{call::Call, cursor::Cursor};

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

/// The same where there are no page numbers at all.
pub(crate) fn by_cursor_only(
    call: &Call,
    address: &str,
    before: Option<Cursor>,
    after: Option<Cursor>,
) -> Option<String> {
    let to = |name, cursor: Option<Cursor>| cursor.map(|cursor| (0, Some((name, cursor))));
    render(call, address, vec![("next", to("after", after)), ("prev", to("before", before))])
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

/// The caller's own parameters with another page, which has no number where it is 0.
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
    if number > 0 {
        query.append_pair("page", &number.to_string());
    }
    query.finish()
}
