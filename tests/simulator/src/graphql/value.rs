//! Leaf values, on their way into an answer and out of it.

use apollo_compiler::{
    resolvers::{ResolveInfo, ResolvedValue},
    response::JsonValue,
};
use serde_json::{Number, Value};

/// A leaf, or a list of leaves, of the type that the schema wants.
pub(crate) fn leaf<'a>(value: &Value, info: &ResolveInfo<'_>) -> ResolvedValue<'a> {
    let ty = &info.field_definition().ty;
    let is_float = ty.inner_named_type() == "Float";
    match value {
        Value::Array(items) if ty.is_list() => {
            let items: Vec<ResolvedValue<'a>> = items.iter().map(|item| one(item, is_float)).collect();
            ResolvedValue::list(items)
        }
        value => one(value, is_float),
    }
}

/// The executor takes only fractions for a `Float`, see [`tidy`].
fn one<'a>(value: &Value, is_float: bool) -> ResolvedValue<'a> {
    let number = value.as_f64().filter(|_| is_float).and_then(Number::from_f64);
    ResolvedValue::Leaf(number.map_or_else(|| JsonValue::from(value.clone()), JsonValue::Number))
}

/// The arguments of a field.
pub(crate) fn arguments(info: &ResolveInfo<'_>) -> Value {
    super::json(info.arguments())
}

/// Writes whole numbers as JavaScript does, whatever their type: `7`, not `7.0`.
pub(crate) fn tidy(value: Value) -> Value {
    match value {
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            #[expect(clippy::cast_possible_truncation, reason = "it is whole and small")]
            Some(float) if float.fract() == 0.0 && float.abs() < 1e15 => Value::from(float as i64),
            _ => Value::Number(number),
        },
        Value::Array(items) => items.into_iter().map(tidy).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, tidy(value))).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whole_numbers_have_no_fraction() {
        assert_eq!(tidy(json!([7.0, {"a": -2.0}, 1.5])).to_string(), r#"[7,{"a":-2},1.5]"#);
    }
}
