//! What a query costs: 0.1 points for a property, 1 for an object, and all within a list as often as its page is long.
//! <https://linear.app/developers/rate-limiting>

use crate::graphql::asked::Asked;

/// The most one query may cost.
pub(crate) const MOST: u64 = 10_000;
/// The length of a page that is not said.
const PAGE: u64 = 50;

/// The points of a query by the documented rule: an upper bound, by which queries are refused.
pub(crate) fn most(asked: &[Asked]) -> u64 {
    rounded(tenths(asked, true))
}

/// The points that are charged. They are fewer: measured, the lists asked of the root count once, whatever the length of
/// their pages, and only lists within them count as often as those are long.
pub(crate) fn charged(asked: &[Asked]) -> u64 {
    rounded(tenths(asked, false))
}

fn rounded(tenths: u64) -> u64 {
    tenths.div_ceil(10)
}

fn tenths(asked: &[Asked], multiplied: bool) -> u64 {
    let one = |field: &Asked| {
        if field.leaf {
            return 1;
        }
        let times = if field.connection && multiplied { field.length.unwrap_or(PAGE) } else { 1 };
        let within =
            field.fields.iter().fold(0_u64, |sum, inner| sum.saturating_add(tenths(std::slice::from_ref(inner), true)));
        10_u64.saturating_add(within.saturating_mul(times))
    };
    asked.iter().map(one).fold(0, u64::saturating_add)
}
