//! Lists in pages: <https://docs.github.com/en/graphql/guides/using-pagination-in-the-graphql-api>.

use apollo_compiler::resolvers::{FieldError, ResolveInfo, ResolvedValue};
use serde_json::Value;

use super::{super::api::cursor::Cursor, object::Object};
use crate::graphql::connection::{Connection, Part};

/// The longest page.
const MOST: i64 = 100;

/// One page of a list, as the arguments want it.
pub(crate) fn connection<'a>(
    list: Vec<Object<'a>>,
    arguments: &Value,
    info: &ResolveInfo<'_>,
) -> Result<ResolvedValue<'a>, FieldError> {
    let name = info.field_name();
    let length = |argument: &str| match arguments[argument].as_i64() {
        None => Ok(None),
        Some(length @ 0..=MOST) => Ok(usize::try_from(length).ok()),
        Some(length) => Err(FieldError {
            message: format!(
                "Requesting {length} records on the `{name}` connection exceeds the `{argument}` limit of {MOST} records."
            ),
        }),
    };
    let (first, last) = (length("first")?, length("last")?);
    if first.is_none() && last.is_none() && shows_items(info) {
        return Err(FieldError {
            message: format!(
                "You must provide a `first` or `last` value to properly paginate the `{name}` connection."
            ),
        });
    }
    let order = &arguments["orderBy"];
    let (by, descends) = (order["field"].as_str().unwrap_or_default(), order["direction"] == "DESC");
    // Reports on a deployment come newest first, and whatever else has no order asked for oldest first.
    let descends = descends || (order.is_null() && matches!(list.first(), Some(Object::Status(..))));
    let mut sorted: Vec<((i64, u64), Object<'a>)> =
        list.into_iter().map(|object| (place(object, by), object)).collect();
    sorted.sort_unstable_by_key(|(place, _)| *place);
    if descends {
        sorted.reverse();
    }
    let cursor = |argument: &str| match arguments[argument].as_str() {
        None => Ok(None),
        Some(text) => Cursor::decode(text)
            .map(Some)
            .ok_or_else(|| FieldError { message: format!("`{text}` does not appear to be a valid cursor.") }),
    };
    let is_before = |here: (i64, u64), there: (i64, u64)| if descends { here > there } else { here < there };
    let from = cursor("after")?
        .map_or(0, |cursor| sorted.partition_point(|(here, _)| is_before(*here, cursor.0) || *here == cursor.0));
    let to =
        cursor("before")?.map_or(sorted.len(), |cursor| sorted.partition_point(|(here, _)| is_before(*here, cursor.0)));
    let list: Vec<Object<'a>> = sorted.into_iter().map(|(_, object)| object).collect();
    let part = Part { from, to, first, last };
    let page = Connection::of(list, part, |object| Cursor(place(*object, by)).encode(), info);
    Ok(ResolvedValue::object(page))
}

/// By what a list is sorted, and so what its cursors name: a place, whatever comes to stand there.
fn place(object: Object<'_>, by: &str) -> (i64, u64) {
    let (created_at, updated_at) = object.times();
    let value = match (by, object) {
        ("UPDATED_AT", _) => updated_at.as_second(),
        ("COMMENTS", Object::Issue(_, item) | Object::Pull(_, item, _)) => i64::from(item.now.comments),
        _ => created_at.as_second(),
    };
    (value, object.number())
}

/// Whether items are asked for, and not only how many there are.
fn shows_items(info: &ResolveInfo<'_>) -> bool {
    let document = info.document();
    let mut asked = info.field_selections().iter().flat_map(|field| field.selection_set.root_fields(document));
    asked.any(|field| matches!(field.name.as_str(), "nodes" | "edges"))
}
