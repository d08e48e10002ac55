//! Records as the objects of the API.

use apollo_compiler::{
    resolvers::{FieldError, ObjectValue, ResolveInfo, ResolvedValue},
    schema::ExtendedType,
};
use jiff::Timestamp;
use serde_json::Value;

use super::{
    super::{
        State,
        record::{Kind, Record, Store},
    },
    list::{self, Cursors},
};
use crate::graphql::value::{arguments, leaf};

/// What one question sees.
pub(crate) struct Scene<'a> {
    pub(crate) store: &'a Store,
    pub(crate) organization: &'a str,
    /// Who asks, by id.
    pub(crate) viewer: String,
    pub(crate) now: Timestamp,
    pub(crate) cursors: Cursors,
}

/// A record in a scene.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    pub(crate) scene: &'a Scene<'a>,
    pub(crate) record: &'a Record,
}

/// What a field is.
pub(crate) enum Found<'a> {
    Value(Value),
    One(Option<Row<'a>>),
    Many(Vec<Row<'a>>),
}

impl<'a> Scene<'a> {
    pub(crate) fn new(state: &'a State, viewer: String, now: Timestamp) -> Self {
        let State { store, organization, cursors, .. } = state;
        Self { store, organization, viewer, now, cursors: *cursors }
    }

    pub(crate) fn row(&'a self, record: &'a Record) -> Row<'a> {
        Row { scene: self, record }
    }

    /// A record of a kind by its id or by what people call it.
    fn called(&self, kind: Kind, id: &str) -> Option<&Record> {
        let by_id = self.store.get(id).filter(|record| record.kind == kind);
        let name = match kind {
            Kind::Issue => "identifier",
            Kind::Team => "key",
            Kind::Project | Kind::Initiative | Kind::Document => "slugId",
            _ => return by_id,
        };
        by_id.or_else(|| self.store.of(kind).find(|record| record.text(name) == id))
    }
}

impl<'a> Row<'a> {
    /// A field by its name: for filters, which know no schema.
    pub(crate) fn find(self, name: &str) -> Found<'a> {
        let Self { scene, record } = self;
        if let Some(many) = scene.store.many(record, name) {
            return Found::Many(many.into_iter().map(|record| scene.row(record)).collect());
        }
        // Whatever is told by id elsewhere is a thing here, whether this record has one or not.
        let is_thing = record.fields.contains_key(&format!("{name}Id")) || THINGS.contains(&name);
        if is_thing {
            return Found::One(scene.store.one(record, name).map(|record| scene.row(record)));
        }
        Found::Value(self.value(name))
    }

    /// A value, kept or counted.
    fn value(self, name: &str) -> Value {
        let Self { scene, record } = self;
        match (record.kind, name) {
            (Kind::User, "isMe") => Value::from(record.id() == scene.viewer),
            (Kind::Organization, "userCount") => Value::from(scene.store.of(Kind::User).count()),
            (Kind::Project, "state") => {
                scene.store.one(record, "status").map_or(Value::Null, |status| status.value("type").clone())
            }
            _ => record.value(name).clone(),
        }
    }
}

/// Fields that lead to one other record, which may be missing.
const THINGS: [&str; 15] = [
    "assignee",
    "comment",
    "creator",
    "cycle",
    "initiative",
    "initiativeUpdate",
    "issue",
    "lead",
    "owner",
    "parent",
    "project",
    "projectUpdate",
    "status",
    "team",
    "user",
];

impl ObjectValue for Row<'_> {
    fn type_name(&self) -> &str {
        self.record.kind.name()
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        let (name, ty) = (info.field_name(), &info.field_definition().ty);
        let Self { scene, record } = *self;
        if is_leaf(info) {
            return Ok(leaf(&self.value(name), info));
        }
        let many = || scene.store.many(record, name).unwrap_or_default();
        if ty.inner_named_type().ends_with("Connection") {
            return list::connection(scene, many(), info);
        }
        Ok(match ty.is_list() {
            true if record.kind == Kind::IssueHistory && many().is_empty() => ResolvedValue::null(),
            true => ResolvedValue::list(many().into_iter().map(|record| ResolvedValue::object(scene.row(record)))),
            false => ResolvedValue::nullable_object(scene.store.one(record, name).map(|record| scene.row(record))),
        })
    }
}

fn is_leaf(info: &ResolveInfo<'_>) -> bool {
    let type_name = info.field_definition().ty.inner_named_type();
    matches!(info.schema().types.get(type_name), Some(ExtendedType::Scalar(_) | ExtendedType::Enum(_)))
}

/// The root of every query.
pub(crate) struct Root<'a>(pub(crate) &'a Scene<'a>);

impl ObjectValue for Root<'_> {
    fn type_name(&self) -> &str {
        "Query"
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        let scene = self.0;
        let type_name = info.field_definition().ty.inner_named_type().as_str();
        let id = match info.field_name() {
            "viewer" => scene.viewer.clone(),
            "organization" => scene.organization.to_owned(),
            _ => arguments(info)["id"].as_str().unwrap_or_default().to_owned(),
        };
        if let Some(kind) = type_name.strip_suffix("Connection").and_then(Kind::named) {
            return list::connection(scene, scene.store.of(kind).collect(), info);
        }
        let found = Kind::named(type_name).and_then(|kind| scene.called(kind, &id));
        match found {
            Some(record) => Ok(ResolvedValue::object(scene.row(record))),
            None => Err(FieldError { message: format!("Entity not found: {type_name}") }),
        }
    }
}
