//! Every query is one that GitHub's schema allows, stays below its limits, and is what the fixtures answer.

use std::fs;

use apollo_compiler::executable::{Field, Selection, SelectionSet};
use apollo_compiler::response::JsonMap;
use apollo_compiler::{ExecutableDocument, Schema};
use connector_domain::ProviderKind;
use connector_domain::backfill::{Cursor, EntityType};
use connector_domain::http::HttpRequest;
use connector_providers::github::GitHub;
use connector_providers::{BackfillSource, Scope};
use serde_json::{Value, json};

use crate::support::{account, outside, page, resource, window};

/// <https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api>
const MAX_NODES: u64 = 500_000;
/// Of 5,000 in an hour: what a page may cost.
const MAX_POINTS: u64 = 10;
/// The longest page of any list.
const MAX_FIRST: u64 = 100;

fn asked(entity: EntityType, depth: usize) -> HttpRequest {
    let open: Vec<_> = (0..depth).map(|_| json!({ "ids": ["X"], "after": "Y" })).collect();
    let cursor = Cursor::parse(json!({ "v": 1, "trunk": null, "open": open }).to_string()).unwrap();
    let scope = Scope { account: &account(), resource: &resource(), entity, window: window(), page_size: u32::MAX };
    GitHub.page_request(&scope, (depth > 0).then_some(&cursor)).unwrap()
}

/// The queries of a list and of what is below it, each with the fixture that answers it.
fn queries(entity: EntityType) -> impl Iterator<Item = (HttpRequest, &'static str)> {
    let fixtures: &[&str] = match entity {
        EntityType::Discussion => &["discussion", "discussion.below", "discussion.replies"],
        EntityType::Review => &["review", "review.below"],
        EntityType::Deployment => &["deployment", "deployment.below"],
        other => panic!("which fixtures has {other}?"),
    };
    assert_eq!(asked(entity, fixtures.len()), asked(entity, 0), "there is more below");
    fixtures.iter().enumerate().map(move |(depth, fixture)| (asked(entity, depth), *fixture))
}

/// A query that fits the schema.
struct Query<'a> {
    document: &'a ExecutableDocument,
    variables: &'a Value,
}

impl Query<'_> {
    /// The fields of a selection with those of its fragments, and whether they stand under a type's condition.
    fn fields<'s>(&'s self, set: &'s SelectionSet, conditional: bool) -> Vec<(&'s Field, bool)> {
        let all = set.selections.iter().flat_map(|selection| match selection {
            Selection::Field(field) => vec![(&**field, conditional)],
            Selection::InlineFragment(inline) => self.fields(&inline.selection_set, true),
            Selection::FragmentSpread(spread) => {
                self.fields(&self.document.fragments[&spread.fragment_name].selection_set, conditional)
            }
        });
        all.collect()
    }

    /// What is asked for: nodes, and lists, when there are `times` of the selection.
    fn size(&self, set: &SelectionSet, times: u64) -> (u64, u64) {
        let mut total = (0, 0);
        for (field, _) in self.fields(set, false) {
            let mut each = times;
            if field.definition.ty.inner_named_type().as_str().ends_with("Connection") {
                let first = field.specified_argument_by_name("first").expect("GitHub wants to know how many");
                let first = first.to_i32().map(|first| u64::try_from(first).unwrap());
                let first = first.or_else(|| self.variables["first"].as_u64()).unwrap();
                assert!((1..=MAX_FIRST).contains(&first));
                each *= first;
                total = (total.0 + each, total.1 + times);
            }
            let (nodes, lists) = self.size(&field.selection_set, each);
            total = (total.0 + nodes, total.1 + lists);
        }
        total
    }

    /// An answer has what is asked for and nothing else.
    fn check(&self, set: &SelectionSet, answer: &Value, path: &str) {
        match answer {
            Value::Array(all) => all.iter().for_each(|one| self.check(set, one, path)),
            Value::Object(object) => {
                let fields = self.fields(set, false);
                for key in object.keys() {
                    assert!(
                        fields.iter().any(|(field, _)| field.response_key().as_str() == key),
                        "{path}: {key} was not asked for"
                    );
                }
                for (field, conditional) in fields {
                    let key = field.response_key().as_str();
                    match object.get(key) {
                        Some(value) => self.check(&field.selection_set, value, &format!("{path}.{key}")),
                        None => assert!(conditional, "{path}: {key} is missing"),
                    }
                }
            }
            _ => {}
        }
    }
}

#[test]
fn queries_fit_the_schema_and_the_limits_and_fixtures_answer_them() {
    let Some(root) = outside() else { return };
    let path = root.join("specs/github.graphql.slice.graphql");
    // It is a part of the schema, which leaves out by which field `Query` is a `Node`.
    let text = fs::read_to_string(&path).unwrap().replace("type Query implements Node {", "type Query {");
    let schema = Schema::parse_and_validate(text, &path).unwrap();
    let lists = GitHub.entity_types().iter().copied().filter(|entity| GitHub.needs_token(*entity));
    for (request, fixture) in lists.flat_map(queries) {
        let body: Value = serde_json::from_slice(request.body.unwrap().expose()).unwrap();
        let text = body["query"].as_str().unwrap();
        let document = ExecutableDocument::parse_and_validate(&schema, text, "query.graphql")
            .unwrap_or_else(|error| panic!("{}", error.errors));
        let operation = document.operations.get(None).unwrap();
        // The compiler has a kind of JSON of its own.
        let given: JsonMap = serde_json::from_value(body["variables"].clone()).unwrap();
        apollo_compiler::request::coerce_variable_values(&schema, operation, &given)
            .unwrap_or_else(|error| panic!("{text}\n{error:?}"));

        let query = Query { document: &document, variables: &body["variables"] };
        let (nodes, lists) = query.size(&operation.selection_set, 1);
        let points = lists.div_ceil(100).max(1);
        println!("{nodes:>6} nodes {points:>2} points  {}", operation.name.as_ref().unwrap());
        assert!(nodes <= MAX_NODES && points <= MAX_POINTS, "{nodes} nodes, {points} points: {text}");

        let answer: Value = serde_json::from_slice(&page(ProviderKind::Github, fixture)).unwrap();
        query.check(&operation.selection_set, &answer["data"], fixture);
    }
}
