//! Our schemas against the providers' own, as far as ours go.

use std::{collections::BTreeSet, fs, path::Path};

use apollo_compiler::{Schema, schema::ExtendedType, validation::Valid};

use crate::corpus::outside;

/// The schema in the files of a folder of this package.
pub(crate) fn ours(folder: &str) -> Valid<Schema> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let files = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let schema = files.fold(Schema::builder(), |built, path| built.parse(fs::read_to_string(&path).unwrap(), path));
    schema.build().and_then(Schema::validate).unwrap()
}

/// The provider's own schema, where it lies outside the project.
pub(crate) fn theirs(file: &str) -> Option<Schema> {
    let path = outside(&format!("specs/{file}"))?;
    // It need not be whole: a part of it is enough to compare with.
    Some(Schema::parse(fs::read_to_string(&path).unwrap(), &path).unwrap_or_else(|error| error.partial))
}

/// What our schema has that theirs has not, or has with another type.
pub(crate) fn differences(ours: &Schema, theirs: &Schema) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (name, own) in ours.types.iter().filter(|(_, own)| !own.is_built_in()) {
        match (own, theirs.types.get(name)) {
            (ExtendedType::Object(own), Some(ExtendedType::Object(other))) => {
                for (field, own) in &own.fields {
                    let Some(other) = other.fields.get(field) else {
                        found.insert(format!("{name}.{field} is not there"));
                        continue;
                    };
                    if own.ty != other.ty {
                        found.insert(format!("{name}.{field}: {} instead of {}", own.ty, other.ty));
                    }
                    for own in &own.arguments {
                        let there = other.argument_by_name(&own.name).map(|other| &other.ty);
                        if there != Some(&own.ty) {
                            found.insert(format!("{name}.{field}({}): {} instead of {there:?}", own.name, own.ty));
                        }
                    }
                    for demanded in other.arguments.iter().filter(|argument| argument.is_required()) {
                        if own.argument_by_name(&demanded.name).is_none() {
                            found.insert(format!("{name}.{field} demands {}", demanded.name));
                        }
                    }
                }
            }
            (ExtendedType::InputObject(own), Some(ExtendedType::InputObject(other))) => {
                for (field, own) in &own.fields {
                    let there = other.fields.get(field).map(|other| &other.ty);
                    if there != Some(&own.ty) {
                        found.insert(format!("{name}.{field}: {} instead of {there:?}", own.ty));
                    }
                }
            }
            (ExtendedType::Enum(own), Some(ExtendedType::Enum(other))) => {
                let known = |value| other.values.contains_key(value);
                found.extend(own.values.keys().filter(|value| !known(*value)).map(|value| format!("{name}.{value}")));
            }
            (ExtendedType::Scalar(_), Some(ExtendedType::Scalar(_)))
            | (ExtendedType::Interface(_), Some(ExtendedType::Interface(_)))
            | (ExtendedType::Union(_), Some(ExtendedType::Union(_))) => {}
            (_, other) => {
                found.insert(format!("{name} is {}", other.map_or("not there", |_| "another kind of type")));
            }
        }
    }
    found
}

/// A query for the fields of a type that need no arguments: values, and of things and lists what tells them apart.
pub(crate) fn everything(schema: &Schema, type_name: &str, depth: usize) -> String {
    let Some(ExtendedType::Object(object)) = schema.types.get(type_name) else { return "__typename".to_owned() };
    let fields = object.fields.iter().filter_map(|(name, field)| {
        if field.arguments.iter().any(|argument| argument.is_required()) {
            return None;
        }
        let inner = field.ty.inner_named_type();
        match schema.types.get(inner)? {
            ExtendedType::Scalar(_) | ExtendedType::Enum(_) => Some(name.to_string()),
            _ if depth == 0 => None,
            _ => {
                let first = if field.argument_by_name("first").is_some() { "(first: 2)" } else { "" };
                // A list's own nodes are one level, however they are wrapped.
                let below = if inner.ends_with("Connection") || inner.ends_with("Edge") { depth } else { depth - 1 };
                Some(format!("{name}{first} {{ __typename {} }}", everything(schema, inner, below)))
            }
        }
    });
    fields.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_difference_is_found() {
    let schema = |text: &str| Schema::parse(text, "test.graphql").unwrap();
    let theirs = schema(
        "type Query { a: Int b(n: Int, m: Int!): [A!]! d: String } type A { x: ID! } input F { eq: ID } enum E { one two }",
    );
    assert!(differences(&schema("type Query { a: Int } input F { eq: ID } enum E { two }"), &theirs).is_empty());
    let ours = schema(
        "type Query { a: Int! b(n: ID): [A!]! c: Int } type A { y: ID! } type B { z: Int } input F { eq: Int } enum E { three }",
    );
    let found: Vec<String> =
        differences(&ours, &theirs).into_iter().map(|text| text.split(" instead").next().unwrap().to_owned()).collect();
    assert_eq!(
        found,
        [
            "A.y is not there",
            "B is not there",
            "E.three",
            "F.eq: Int",
            "Query.a: Int!",
            "Query.b demands m",
            "Query.b(n): ID",
            "Query.c is not there"
        ]
    );
}
