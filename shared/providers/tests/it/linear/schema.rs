//! Every query is one that Linear's schema allows, and costs less than a single query may.

use std::fs;

use apollo_compiler::executable::{Field, Selection, SelectionSet};
use apollo_compiler::response::JsonMap;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{ExecutableDocument, Schema};
use connector_domain::http::HttpRequest;
use connector_providers::linear::Linear;
use connector_providers::{AccountRef, BackfillSource, ResourceSource, Scope};
use serde_json::Value;

use crate::support::{outside, resource, window};

/// <https://linear.app/developers/rate-limiting>
const MAX_COST: f64 = 10_000.0;
/// The length of a list that does not say how long it is.
const DEFAULT_LENGTH: f64 = 50.0;

fn requests() -> Vec<HttpRequest> {
    let lists = Linear.entity_types().iter().map(|entity| {
        let scope = Scope {
            account: &crate::support::account(),
            resource: &resource(),
            entity: *entity,
            window: window(),
            page_size: u32::MAX,
        };
        Linear.page_request(&scope, None).unwrap()
    });
    let account = crate::support::account();
    let teams = Linear.resources_request(&AccountRef { id: &account, name: "acme" }, None);
    lists.chain([teams, Linear.resource_request("ENG").unwrap()]).collect()
}

/// Points: a tenth for each field, one for each object, and all of a list as often as it is long. That is the stricter
/// reading: by the other one, a list itself counts once.
fn cost(schema: &Schema, set: &SelectionSet, variables: &Value) -> f64 {
    let fields = set.selections.iter().map(|selection| match selection {
        Selection::Field(field) => field,
        other => panic!("no fragments are used: {other:?}"),
    });
    fields
        .map(|field| length(field, variables) * (own(schema, field) + cost(schema, &field.selection_set, variables)))
        .sum()
}

fn own(schema: &Schema, field: &Field) -> f64 {
    match schema.types.get(field.definition.ty.inner_named_type()) {
        Some(ExtendedType::Scalar(_) | ExtendedType::Enum(_)) => 0.1,
        _ => 1.0,
    }
}

fn length(field: &Field, variables: &Value) -> f64 {
    let name = field.definition.ty.inner_named_type().as_str();
    if !name.ends_with("Connection") {
        return 1.0;
    }
    let Some(first) = field.specified_argument_by_name("first") else { return DEFAULT_LENGTH };
    first.to_f64().or_else(|| variables[first.as_variable()?.as_str()].as_f64()).unwrap()
}

#[test]
fn queries_fit_the_schema_and_the_limit_of_cost() {
    let Some(root) = outside() else { return };
    let path = root.join("specs/linear.schema.graphql");
    let schema = Schema::parse_and_validate(fs::read_to_string(&path).unwrap(), &path).unwrap();
    for request in requests() {
        let body: Value = serde_json::from_slice(request.body.unwrap().expose()).unwrap();
        let query = body["query"].as_str().unwrap();
        let document = ExecutableDocument::parse_and_validate(&schema, query, "query.graphql")
            .unwrap_or_else(|error| panic!("{}", error.errors));
        let variables = body["variables"].as_object().unwrap();
        let operation = document.operations.get(None).unwrap();
        // The compiler has a kind of JSON of its own.
        let given: JsonMap = serde_json::from_value(Value::Object(variables.clone())).unwrap();
        apollo_compiler::request::coerce_variable_values(&schema, operation, &given)
            .unwrap_or_else(|error| panic!("{query}\n{error:?}"));
        let points = cost(&schema, &operation.selection_set, &body["variables"]);
        println!("{:>6.0} points  {}", points, operation.name.as_ref().unwrap());
        assert!(points < MAX_COST, "{points} points: {query}");
    }
}
