//! GraphQL over HTTP: reads a request against a schema, and answers the fields it asks for and no others.
//! <https://spec.graphql.org/October2021/>
//!
//! The providers bring the schema, the objects, and their own words for what is wrong.

use apollo_compiler::{
    ExecutableDocument, Schema,
    ast::Document,
    executable::Operation,
    parser::Parser,
    request::coerce_variable_values,
    resolvers::{Execution, ObjectValue},
    response::{GraphQLError, JsonMap},
    validation::{DiagnosticList, Valid},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub(crate) mod asked;
pub(crate) mod connection;
pub(crate) mod value;

/// A GraphQL request that was answered.
#[derive(Clone, Debug, PartialEq)]
pub struct AnsweredQuery {
    /// The operation's name, where it has one.
    pub operation: Option<String>,
    /// The fields asked of the root: `issues`, `viewer`, ...
    pub fields: Vec<String>,
    /// The variables, with their defaults.
    pub variables: Value,
    /// The status it was answered with.
    pub status: u16,
    /// The points it cost.
    pub points: u64,
}

/// What an API can be asked.
pub(crate) struct Api(Valid<Schema>);

/// A request as it is posted.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Posted {
    query: String,
    operation_name: Option<String>,
    variables: Option<JsonMap>,
}

/// A request that fits the schema.
pub(crate) struct Question<'a> {
    api: &'a Api,
    document: Valid<ExecutableDocument>,
    name: Option<String>,
    variables: Valid<JsonMap>,
}

/// Why a request is not even begun.
#[derive(Clone, Debug)]
pub(crate) enum Refusal {
    /// It is not JSON with a `query`.
    Unreadable,
    /// The query is not GraphQL.
    Parse(Vec<Value>),
    /// The query asks for what the schema has not.
    Validation(Vec<Value>),
    /// The variables are not of the types they were declared with.
    Variables(Vec<Value>),
}

/// What came of a question: `data` is null where something that may not be null could not be had.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) data: Value,
    pub(crate) errors: Vec<Map<String, Value>>,
}

/// Deeper and longer than any client's query.
const DEEPEST: usize = 100;
const LONGEST: usize = 20_000;

impl Api {
    /// The API of a schema in several files.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let parts = files.iter().fold(Schema::builder(), |built, (path, text)| built.parse(*text, path));
        match parts.build().and_then(Schema::validate) {
            Ok(schema) => Self(schema),
            Err(error) => unreachable!("our own schema is valid: {}", error.errors),
        }
    }

    pub(crate) fn schema(&self) -> &Valid<Schema> {
        &self.0
    }

    /// Reads a posted body.
    pub(crate) fn read(&self, body: &[u8]) -> Result<Question<'_>, Refusal> {
        let posted: Posted = serde_json::from_slice(body).map_err(|_| Refusal::Unreadable)?;
        let mut parser = Parser::new().recursion_limit(DEEPEST).token_limit(LONGEST);
        let parsed: Document =
            parser.parse_ast(posted.query, "request.graphql").map_err(|error| Refusal::Parse(told(&error.errors)))?;
        let document =
            parsed.to_executable_validate(&self.0).map_err(|error| Refusal::Validation(told(&error.errors)))?;
        let unfit =
            |error: apollo_compiler::request::RequestError| vec![json(&error.to_graphql_error(&document.sources))];
        let variables = {
            let operation = document
                .operations
                .get(posted.operation_name.as_deref())
                .map_err(|error| Refusal::Validation(unfit(error)))?;
            coerce_variable_values(&self.0, operation, &posted.variables.unwrap_or_default())
                .map_err(|error| Refusal::Variables(unfit(error)))?
        };
        Ok(Question { api: self, document, name: posted.operation_name, variables })
    }
}

/// The errors in the words of graphql-js, which both providers use.
fn told(errors: &DiagnosticList) -> Vec<Value> {
    let (empty, told): (Vec<_>, Vec<_>) = errors
        .iter()
        .map(|error| error.unstable_to_json_compat())
        .partition(|error| error.message.contains("must have a selection of subfields"));
    // A field that is unknown leaves an empty selection, which is the same mistake.
    let told = if told.is_empty() { empty } else { told };
    told.iter().map(json).collect()
}

fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_else(|error| unreachable!("what was read as JSON can be written: {error}"))
}

impl Question<'_> {
    fn operation(&self) -> &Operation {
        match self.document.operations.get(self.name.as_deref()) {
            Ok(operation) => operation,
            Err(_) => unreachable!("it was found when the request was read"),
        }
    }

    /// Whether it wants to change something.
    pub(crate) fn changes(&self) -> bool {
        !self.operation().is_query()
    }

    /// The fields asked of the root, in their order.
    pub(crate) fn roots(&self) -> Vec<String> {
        self.operation().root_fields(&self.document).map(|field| field.name.to_string()).collect()
    }

    /// The operation's name, where it has one.
    pub(crate) fn operation_name(&self) -> Option<&str> {
        self.operation().name.as_ref().map(|name| name.as_str())
    }

    /// What is kept of it.
    pub(crate) fn answered(&self, status: u16, points: u64) -> AnsweredQuery {
        AnsweredQuery {
            operation: self.operation_name().map(str::to_owned),
            fields: self.roots(),
            variables: json(&*self.variables),
            status,
            points,
        }
    }

    /// Answers it.
    pub(crate) fn answer(&self, root: &dyn ObjectValue) -> Answered {
        let answered = Execution::new(self.api.schema(), &self.document)
            .operation(self.operation())
            .coerced_variable_values(&self.variables)
            .enable_schema_introspection(true)
            .execute_sync(root);
        match answered {
            Ok(response) => Answered {
                data: value::tidy(json(&response.data)),
                errors: response.errors.iter().map(error).collect(),
            },
            Err(error) => unreachable!("the request was checked before: {}", error.message()),
        }
    }
}

/// An error of a field, without the words that the executor puts before ours.
fn error(error: &GraphQLError) -> Map<String, Value> {
    let mut told = match json(error) {
        Value::Object(told) => told,
        other => unreachable!("an error is an object: {other}"),
    };
    if let Some(message) = error.message.strip_prefix("resolver error: ") {
        told.insert("message".to_owned(), message.into());
    }
    told
}
