//! Lists in pages, as Relay has them: <https://relay.dev/graphql/connections.htm>.

use std::ops::Range;

use apollo_compiler::resolvers::{FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use serde_json::Value;

use super::value::leaf;

/// One page of a list.
pub(crate) struct Connection<N> {
    /// `IssueConnection`, `DiscussionConnection`, ...
    pub(crate) type_name: String,
    /// The items, each with its cursor.
    pub(crate) items: Vec<(N, String)>,
    pub(crate) has_next: bool,
    pub(crate) has_previous: bool,
    /// How long the whole list is.
    pub(crate) total: usize,
}

struct Edge<N>(String, N, String);

struct PageInfo(Vec<(&'static str, Value)>);

/// Which part of a list to show.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Part {
    /// The index of the first item that may be shown.
    pub(crate) from: usize,
    /// The index of the first item that may not.
    pub(crate) to: usize,
    pub(crate) first: Option<usize>,
    pub(crate) last: Option<usize>,
}

impl Part {
    /// The indexes to show.
    pub(crate) fn range(self) -> Range<usize> {
        let (mut from, mut to) = (self.from.min(self.to), self.to);
        if let Some(first) = self.first {
            to = to.min(from.saturating_add(first));
        }
        if let Some(last) = self.last {
            from = from.max(to.saturating_sub(last));
        }
        from..to
    }
}

impl<N> Connection<N> {
    /// A part of a list.
    pub(crate) fn of(list: Vec<N>, part: Part, cursor: impl Fn(&N) -> String, info: &ResolveInfo<'_>) -> Self {
        let (total, range) = (list.len(), part.range());
        let (has_next, has_previous) = (range.end < total, range.start > 0);
        let shown = list.into_iter().take(range.end).skip(range.start);
        Self {
            type_name: info.field_definition().ty.inner_named_type().to_string(),
            items: shown.map(|node| (cursor(&node), node)).map(|(cursor, node)| (node, cursor)).collect(),
            has_next,
            has_previous,
            total,
        }
    }
}

impl<N: ObjectValue + Clone> ObjectValue for Connection<N> {
    fn type_name(&self) -> &str {
        &self.type_name
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        let cursor = |item: Option<&(N, String)>| item.map(|(_, cursor)| cursor.as_str()).into();
        Ok(match info.field_name() {
            "nodes" => ResolvedValue::list(self.items.iter().map(|(node, _)| ResolvedValue::object(node.clone()))),
            "edges" => {
                let name = self.type_name.replace("Connection", "Edge");
                ResolvedValue::list(
                    self.items
                        .iter()
                        .map(move |(node, at)| ResolvedValue::object(Edge(name.clone(), node.clone(), at.clone()))),
                )
            }
            "pageInfo" => ResolvedValue::object(PageInfo(vec![
                ("hasNextPage", self.has_next.into()),
                ("hasPreviousPage", self.has_previous.into()),
                ("startCursor", cursor(self.items.first())),
                ("endCursor", cursor(self.items.last())),
            ])),
            "totalCount" => ResolvedValue::leaf(self.total),
            _ => return Err(self.unknown_field_error(info)),
        })
    }
}

impl<N: ObjectValue + Clone> ObjectValue for Edge<N> {
    fn type_name(&self) -> &str {
        &self.0
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        match info.field_name() {
            "node" => Ok(ResolvedValue::object(self.1.clone())),
            "cursor" => Ok(ResolvedValue::leaf(self.2.as_str())),
            _ => Err(self.unknown_field_error(info)),
        }
    }
}

impl ObjectValue for PageInfo {
    fn type_name(&self) -> &str {
        "PageInfo"
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        let held = self.0.iter().find(|(name, _)| *name == info.field_name());
        held.map(|(_, value)| leaf(value, info)).ok_or_else(|| self.unknown_field_error(info))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_cut_from_both_ends() {
        let range = |from, to, first, last| Part { from, to, first, last }.range();
        assert_eq!(range(0, 10, Some(3), None), 0..3);
        assert_eq!(range(8, 10, Some(3), None), 8..10);
        assert_eq!(range(0, 10, None, Some(3)), 7..10);
        assert_eq!(range(2, 7, Some(4), Some(1)), 5..6);
        assert_eq!(range(10, 10, Some(4), None), 10..10);
        assert_eq!(range(5, 3, Some(4), None), 3..3, "an end before the start");
    }
}
