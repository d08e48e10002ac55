//! What a query costs, and how much it may ask for:
//! <https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api>.

use crate::graphql::asked::Asked;

/// The most nodes a query may ask for.
pub(crate) const MOST_NODES: u64 = 500_000;

/// How many nodes all pages together may have.
pub(crate) fn nodes(asked: &[Asked]) -> u64 {
    walk(asked, 1, |times, length| times.saturating_mul(length))
}

/// A point for each hundred pages that are fetched, and at least one.
pub(crate) fn points(asked: &[Asked]) -> u64 {
    let pages = walk(asked, 1, |times, _| times);
    (pages.saturating_add(50) / 100).max(1)
}

/// Sums up the lists: `times` is how often a list is fetched, since it is in each item of those around it.
fn walk(asked: &[Asked], times: u64, of: fn(u64, u64) -> u64) -> u64 {
    let one = |field: &Asked| {
        if !field.connection {
            return walk(&field.fields, times, of);
        }
        let length = field.length.unwrap_or(0);
        of(times, length).saturating_add(walk(&field.fields, times.saturating_mul(length), of))
    };
    asked.iter().map(one).fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(length: u64, fields: Vec<Asked>) -> Asked {
        Asked { leaf: false, connection: true, length: Some(length), fields }
    }

    #[test]
    fn githubs_own_examples() {
        // 50 + 50 x 20 + 50 x 20 x 10 = 11,050 nodes, of the page about query limits.
        let asked = [list(50, vec![list(20, vec![list(10, vec![])])])];
        assert_eq!(nodes(&asked), 11_050);
        // 1 + 100 + 100 x 50 = 5,101 pages: 51 points.
        let asked = [list(100, vec![list(50, vec![list(60, vec![])])])];
        assert_eq!(points(&asked), 51);
        assert_eq!(points(&[]), 1);
    }
}
