//! Pages of rows in memory: what every list does with its rows once they are in order.

use connector_domain::ports::{Page, Paging, PortError};

/// Most rows looked at for one page. Small, so that every test of a caller meets short pages.
const SEARCH: usize = 7;

/// A page of `rows`, each under its place. `descending` says how places follow each other.
pub(super) fn page<T>(
    operation: &'static str,
    mut rows: Vec<(String, T)>,
    descending: bool,
    paging: &Paging,
    wanted: impl Fn(&T) -> bool,
) -> Result<Page<T>, PortError> {
    rows.sort_unstable_by(|(a, _), (b, _)| if descending { b.cmp(a) } else { a.cmp(b) });
    if let Some(after) = &paging.after {
        if !after.starts_with(PLACE) {
            return Err(PortError::bad_cursor(operation));
        }
        rows.retain(|(place, _)| if descending { mark(place) < *after } else { mark(place) > *after });
    }
    let mut page = Page { items: Vec::new(), next: None };
    let last = rows.len().saturating_sub(1);
    for (n, (place, row)) in rows.into_iter().enumerate() {
        if wanted(&row) {
            page.items.push(row);
        }
        if n < last && (page.items.len() == paging.limit || n + 1 == SEARCH.max(paging.limit)) {
            page.next = Some(mark(&place));
            break;
        }
    }
    Ok(page)
}

/// Tells a place of ours from any text.
const PLACE: &str = "place ";

fn mark(place: &str) -> String {
    format!("{PLACE}{place}")
}
