//! Lists in pages: <https://linear.app/developers/pagination>.

use std::cmp::Reverse;

use apollo_compiler::resolvers::{FieldError, ResolveInfo, ResolvedValue};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    super::record::{Kind, Record},
    filter::passes,
    resolve::{Row, Scene},
};
use crate::graphql::{
    connection::{Connection, Part},
    value::arguments,
};

/// What cursors are made of. Both have been seen, in different lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cursors {
    /// The id of an item: the page after it begins where that item is *now*, and is refused when the item is gone.
    #[default]
    Ids,
    /// A place in the list, in base64: it stays where it was, whatever becomes of the item.
    Places,
}

/// The longest page.
const MOST: i64 = 250;
/// The length of a page that is not said.
const PAGE: usize = 50;

/// By what a list is sorted: a moment, and the id where that is the same.
type Place<'a> = (&'a str, &'a str);

/// One page of a list, as the arguments want it.
pub(crate) fn connection<'a>(
    scene: &'a Scene<'a>,
    records: Vec<&'a Record>,
    info: &ResolveInfo<'_>,
) -> Result<ResolvedValue<'a>, FieldError> {
    let arguments = arguments(info);
    let length = |name: &str| match arguments[name].as_i64() {
        None => Ok(None),
        Some(length @ 1..=MOST) => Ok(usize::try_from(length).ok()),
        Some(length) => Err(invalid(&format!(
            "{name} must not be {} than {}",
            if length < 1 { "less" } else { "greater" },
            if length < 1 { 1 } else { MOST }
        ))),
    };
    let (first, last) = (length("first")?, length("last")?);
    let spans = records.first().is_some_and(|record| record.kind == Kind::IssueStateSpan);
    let by = if spans { "startedAt" } else { arguments["orderBy"].as_str().unwrap_or("createdAt") };
    let archived = arguments["includeArchived"].as_bool().unwrap_or(false);
    let filter = arguments["filter"].as_object();
    let mut rows: Vec<(Reverse<Place<'a>>, Row<'a>)> = records
        .into_iter()
        .filter(|record| archived || record.value("archivedAt").is_null())
        .map(|record| scene.row(record))
        .filter(|row| filter.is_none_or(|filter| passes(*row, filter)))
        .map(|row| (Reverse(place(row.record, by)), row))
        .collect();
    // Always descending, and what is alike in an order that means nothing.
    rows.sort_unstable_by_key(|(place, _)| *place);
    let cursor = |name: &str| arguments[name].as_str().map(|cursor| scene.read(cursor, by)).transpose();
    let is_before = |held: Place<'_>, (at, id): &(String, String)| held > (at.as_str(), id.as_str());
    let is_at = |held: Place<'_>, (at, id): &(String, String)| held == (at.as_str(), id.as_str());
    let from = cursor("after")?
        .map_or(0, |place| rows.partition_point(|(held, _)| is_before(held.0, &place) || is_at(held.0, &place)));
    let to = cursor("before")?.map_or(rows.len(), |place| rows.partition_point(|(held, _)| is_before(held.0, &place)));
    let part = Part { from, to, first: first.or(last.is_none().then_some(PAGE)), last };
    let rows: Vec<Row<'a>> = rows.into_iter().map(|(_, row)| row).collect();
    let page = Connection::of(rows, part, |row| scene.write(row.record, by), info);
    Ok(ResolvedValue::object(page))
}

fn place<'a>(record: &'a Record, by: &str) -> Place<'a> {
    (record.text(by), record.id())
}

impl Scene<'_> {
    fn write(&self, record: &Record, by: &str) -> String {
        match self.cursors {
            Cursors::Ids => record.id().to_owned(),
            Cursors::Places => STANDARD.encode(json!({ "key": record.id(), "at": record.text(by) }).to_string()),
        }
    }

    fn read(&self, cursor: &str, by: &str) -> Result<(String, String), FieldError> {
        match self.cursors {
            Cursors::Ids => self.store.get(cursor).map(|record| (record.text(by).to_owned(), cursor.to_owned())),
            Cursors::Places => place_in(cursor),
        }
        .ok_or_else(|| invalid("after must be a cursor of this list"))
    }
}

fn place_in(cursor: &str) -> Option<(String, String)> {
    let held: Value = serde_json::from_slice(&STANDARD.decode(cursor).ok()?).ok()?;
    Some((held["at"].as_str()?.to_owned(), held["key"].as_str()?.to_owned()))
}

fn invalid(constraint: &str) -> FieldError {
    FieldError { message: format!("Argument Validation Error: {constraint}") }
}
