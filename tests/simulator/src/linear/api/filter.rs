//! Filters: <https://linear.app/developers/filtering>.
//!
//! A filter is an object whose keys are fields. What it asks of a field depends on what the field is: a value is
//! compared, a thing is filtered in turn, and of many things some or every one is.

use jiff::{Span, Timestamp, civil::Date, tz::Offset};
use serde_json::{Map, Value};

use super::{
    super::record::stamp,
    resolve::{Found, Row},
};

/// Whether a record passes a filter. Conditions beside each other must all hold.
pub(crate) fn passes(row: Row<'_>, filter: &Map<String, Value>) -> bool {
    filter.iter().all(|(key, wanted)| match (key.as_str(), wanted) {
        ("and", Value::Array(all)) => all.iter().all(|filter| nested(row, filter)),
        ("or", Value::Array(any)) => any.iter().any(|filter| nested(row, filter)),
        (_, Value::Object(wanted)) => match row.find(key) {
            Found::Value(value) => compares(&value, wanted, row.scene.now),
            Found::One(one) => passes_one(one, wanted),
            Found::Many(many) => passes_many(&many, wanted, row.scene.now),
        },
        // A condition that is null asks nothing.
        _ => true,
    })
}

fn nested(row: Row<'_>, filter: &Value) -> bool {
    filter.as_object().is_none_or(|filter| passes(row, filter))
}

/// A thing that may be missing: what is missing passes `null: true`, and nothing else that asks of it.
fn passes_one(one: Option<Row<'_>>, filter: &Map<String, Value>) -> bool {
    let null = filter.get("null").and_then(Value::as_bool);
    if null.is_some_and(|null| null != one.is_none()) {
        return false;
    }
    let rest: Map<String, Value> =
        filter.iter().filter(|(key, _)| *key != "null").map(|(k, v)| (k.clone(), v.clone())).collect();
    match one {
        Some(one) => passes(one, &rest),
        None => rest.values().all(Value::is_null),
    }
}

fn passes_many(many: &[Row<'_>], filter: &Map<String, Value>, now: Timestamp) -> bool {
    filter.iter().all(|(key, wanted)| match (key.as_str(), wanted) {
        ("and", Value::Array(all)) => {
            all.iter().filter_map(Value::as_object).all(|filter| passes_many(many, filter, now))
        }
        ("or", Value::Array(any)) => {
            any.iter().filter_map(Value::as_object).any(|filter| passes_many(many, filter, now))
        }
        ("some", Value::Object(filter)) => many.iter().any(|row| passes(*row, filter)),
        ("every", Value::Object(filter)) => many.iter().all(|row| passes(*row, filter)),
        ("length", Value::Object(wanted)) => compares(&Value::from(many.len()), wanted, now),
        _ => true,
    })
}

/// Whether a value is as asked: every operator must hold.
fn compares(value: &Value, wanted: &Map<String, Value>, now: Timestamp) -> bool {
    wanted.iter().filter(|(_, wanted)| !wanted.is_null()).all(|(operator, wanted)| match operator.as_str() {
        "null" => wanted.as_bool() == Some(value.is_null()),
        "eq" => is(value, wanted, now),
        "neq" => !is(value, wanted, now),
        "in" => any(wanted).any(|wanted| is(value, wanted, now)),
        "nin" => !any(wanted).any(|wanted| is(value, wanted, now)),
        "lt" => order(value, wanted, now).is_some_and(std::cmp::Ordering::is_lt),
        "lte" => order(value, wanted, now).is_some_and(std::cmp::Ordering::is_le),
        "gt" => order(value, wanted, now).is_some_and(std::cmp::Ordering::is_gt),
        "gte" => order(value, wanted, now).is_some_and(std::cmp::Ordering::is_ge),
        _ => written(value, operator, wanted),
    })
}

fn any(wanted: &Value) -> impl Iterator<Item = &Value> {
    wanted.as_array().into_iter().flatten()
}

fn is(value: &Value, wanted: &Value, now: Timestamp) -> bool {
    value == wanted || order(value, wanted, now).is_some_and(std::cmp::Ordering::is_eq)
}

/// How two values of one kind stand to each other: numbers, or moments.
fn order(value: &Value, wanted: &Value, now: Timestamp) -> Option<std::cmp::Ordering> {
    match (value, wanted) {
        (Value::Number(value), Value::Number(wanted)) => value.as_f64()?.partial_cmp(&wanted.as_f64()?),
        (Value::String(value), Value::String(wanted)) => Some(value.as_str().cmp(moment(wanted, now)?.as_str())),
        _ => None,
    }
}

/// A moment as records have it, from a time, a day, or a duration from now such as `-P2W`.
fn moment(text: &str, now: Timestamp) -> Option<String> {
    let utc = Offset::UTC;
    let day = || utc.to_timestamp(text.parse::<Date>().ok()?.at(0, 0, 0, 0)).ok();
    let from_now = || utc.to_timestamp(utc.to_datetime(now).checked_add(text.parse::<Span>().ok()?).ok()?).ok();
    text.parse::<Timestamp>().ok().or_else(day).or_else(from_now).map(stamp)
}

fn written(value: &Value, operator: &str, wanted: &Value) -> bool {
    let (Some(value), Some(wanted)) = (value.as_str(), wanted.as_str()) else { return operator.starts_with("n") };
    let (small, small_wanted) = (value.to_lowercase(), wanted.to_lowercase());
    match operator {
        "eqIgnoreCase" => small == small_wanted,
        "neqIgnoreCase" => small != small_wanted,
        "contains" => value.contains(wanted),
        "containsIgnoreCase" => small.contains(&small_wanted),
        "notContains" => !value.contains(wanted),
        "notContainsIgnoreCase" => !small.contains(&small_wanted),
        "startsWith" => value.starts_with(wanted),
        "startsWithIgnoreCase" => small.starts_with(&small_wanted),
        "notStartsWith" => !value.starts_with(wanted),
        "endsWith" => value.ends_with(wanted),
        "notEndsWith" => !value.ends_with(wanted),
        _ => unreachable!("the schema has no operator {operator}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn holds(value: Value, wanted: Value) -> bool {
        let now = "2026-06-01T12:00:00Z".parse().unwrap();
        compares(&value, wanted.as_object().unwrap(), now)
    }

    #[test]
    fn moments_are_compared_as_moments() {
        let at = json!("2026-05-30T10:00:00.500Z");
        for (wanted, expected) in [
            (json!({"gt": "2026-05-30T10:00:00.499Z"}), true),
            (json!({"gte": "2026-05-30T12:00:00.5+02:00"}), true),
            (json!({"gt": "2026-05-30T10:00:00.5Z"}), false),
            (json!({"gt": "2026-05-30"}), true),
            (json!({"gt": "-P3D"}), true),
            (json!({"gt": "-P1D"}), false),
            (json!({"gt": "2026-05-01", "lt": "2026-05-30"}), false),
            (json!({"eq": "2026-05-30T10:00:00.5Z"}), true),
            (json!({"in": ["2026-05-30T10:00:00.5Z"]}), true),
            (json!({"gt": "soon"}), false),
        ] {
            assert_eq!(holds(at.clone(), wanted.clone()), expected, "{wanted}");
        }
        assert!(!holds(Value::Null, json!({"gte": "2026-05-30"})), "what has no time is not after one");
        assert!(holds(Value::Null, json!({"null": true})) && !holds(at, json!({"null": true})));
    }

    #[test]
    fn texts_and_numbers_have_their_operators() {
        assert!(holds(json!("Bug"), json!({"eqIgnoreCase": "bug", "startsWith": "B", "notContains": "x"})));
        assert!(!holds(json!("Bug"), json!({"eq": "bug"})));
        assert!(holds(json!("a"), json!({"in": ["a", "b"], "nin": ["c"]})));
        assert!(!holds(Value::Null, json!({"contains": "a"})));
        assert!(holds(json!(7), json!({"gt": 6.5, "neq": 8, "eq": 7.0})));
        assert!(holds(json!(true), json!({"eq": true})));
    }
}
