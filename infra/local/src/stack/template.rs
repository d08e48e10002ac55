//! What `template.yaml` says about running: functions, routes, queues, mappings, schedules and tables.
//!
//! Only what the local stack uses is read. A resource's name here is its logical id, so `!Ref PageQueue` in a function's
//! settings is `PageQueue`, and a setting that is missing in the template is missing here too.

mod document;
mod event;
mod function;
mod queue;
mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use document::Document;

/// The shipped template.
const EMBEDDED: &str = include_str!("../../../../template.yaml");

/// What is deployed.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    /// Functions by logical id.
    pub functions: BTreeMap<String, Function>,
    /// Which requests go to which function.
    pub routes: Vec<Route>,
    /// Queues by logical id, the dead-letter queues among them.
    pub queues: BTreeMap<String, QueueSpec>,
    /// Which queue feeds which function.
    pub mappings: Vec<Mapping>,
    /// Which function runs how often.
    pub schedules: Vec<Schedule>,
    /// Tables by logical id.
    pub tables: BTreeMap<String, Table>,
}

/// A function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// The binary it runs.
    pub binary: String,
    /// How long one invocation may take.
    pub timeout: Duration,
    /// Its environment.
    pub settings: BTreeMap<String, String>,
}

/// A route of the HTTP API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// `POST`, `GET`, ... or `ANY`.
    pub method: String,
    /// The path, with its variables in braces.
    pub path: String,
    /// Logical id of the function.
    pub function: String,
    /// Who may call it.
    pub guard: Guard,
}

/// Who may call a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Guard {
    /// Anybody.
    Open,
    /// Who has a token of the issuer for this audience.
    Token {
        /// For whom the token must be.
        audience: String,
    },
    /// Whom the function of this logical id lets through.
    Function(String),
}

/// A queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueSpec {
    /// How long a received message stays hidden.
    pub visibility: Duration,
    /// How long every message is delayed.
    pub delay: Duration,
    /// Where messages go that fail too often.
    pub dead_letters: Option<DeadLetters>,
}

/// When a message has failed too often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetters {
    /// Logical id of the dead-letter queue.
    pub queue: String,
    /// How often a message is received before.
    pub max_receives: u32,
}

/// A queue that feeds a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// Logical id of the queue.
    pub queue: String,
    /// Logical id of the function.
    pub function: String,
    /// Most messages of one invocation.
    pub batch_size: usize,
    /// Most invocations at once.
    pub concurrency: usize,
}

/// A function that runs by the clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Logical id of the function.
    pub function: String,
    /// How often.
    pub every: Duration,
}

/// A table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Keys and indexes, as DynamoDB's `CreateTable` takes them, without the name.
    pub definition: serde_json::Value,
    /// The attribute that says when a row expires.
    pub expires: Option<String>,
}

/// The template cannot be run here.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// It cannot be read.
    #[error("it is not YAML: {0}")]
    Yaml(#[from] serde_yaml_ng::Error),
    /// A resource says something that cannot be run here, or does not say what it must.
    #[error("resource {resource}: {problem}")]
    Resource {
        /// Its logical id.
        resource: String,
        /// What is wrong, with the property's path.
        problem: String,
    },
    /// There is nothing to run.
    #[error("it has no Resources")]
    Empty,
}

impl TemplateError {
    /// A resource with a problem.
    pub(super) fn at(resource: &str, problem: impl Into<String>) -> Self {
        Self::Resource { resource: resource.to_owned(), problem: problem.into() }
    }
}

impl Template {
    /// The template that this program was built with.
    ///
    /// # Errors
    /// When it says something that cannot be run here.
    pub fn embedded() -> Result<Self, TemplateError> {
        Self::parse(EMBEDDED)
    }

    /// Reads a template.
    ///
    /// # Errors
    /// When it is not YAML, or says something that cannot be run here; the resource and the property are named.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let document = Document::parse(text)?;
        let mut template = Self {
            functions: BTreeMap::new(),
            routes: Vec::new(),
            queues: BTreeMap::new(),
            mappings: Vec::new(),
            schedules: Vec::new(),
            tables: BTreeMap::new(),
        };
        for resource in document.resources() {
            let name = resource.name.to_owned();
            match resource.kind()?.as_str() {
                "AWS::Serverless::Function" => {
                    template.functions.insert(name, function::read(&document, &resource)?);
                    event::read(&document, &resource, &mut template)?;
                }
                "AWS::SQS::Queue" => {
                    template.queues.insert(name, queue::read(&resource)?);
                }
                "AWS::DynamoDB::Table" => {
                    template.tables.insert(name, table::read(&resource)?);
                }
                _ => {}
            }
        }
        template.check()?;
        Ok(template)
    }

    /// What all functions that have a setting set it to, and one of them. Two that differ would each be right in their
    /// own eyes.
    pub(super) fn setting(&self, name: &'static str) -> Result<(&str, &str), TemplateError> {
        let settings = self.functions.iter();
        let mut values =
            settings.filter_map(|(function, spec)| Some((function.as_str(), spec.settings.get(name)?.as_str())));
        let Some((function, value)) = values.next() else {
            return Err(TemplateError::at("Resources", format!("no function has the setting {name}")));
        };
        match values.find(|(_, other)| *other != value) {
            None => Ok((function, value)),
            Some((other, _)) => Err(TemplateError::at(other, format!("its setting {name} is not that of {function}"))),
        }
    }

    /// What AWS checks when it deploys, and what would go wrong silently later.
    fn check(&self) -> Result<(), TemplateError> {
        for (name, queue) in &self.queues {
            if let Some(dead) = &queue.dead_letters
                && !self.queues.contains_key(&dead.queue)
            {
                return Err(TemplateError::at(name, format!("its dead-letter queue {} is not a queue", dead.queue)));
            }
        }
        for mapping in &self.mappings {
            let Some(queue) = self.queues.get(&mapping.queue) else {
                let problem = format!("it is fed by {}, which is not a queue", mapping.queue);
                return Err(TemplateError::at(&mapping.function, problem));
            };
            // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
            let timeout = self.functions.get(&mapping.function).map_or(Duration::ZERO, |function| function.timeout);
            if queue.visibility < timeout {
                let problem = format!("VisibilityTimeout is shorter than the Timeout of {}", mapping.function);
                return Err(TemplateError::at(&mapping.queue, problem));
            }
        }
        for route in &self.routes {
            if let Guard::Function(guard) = &route.guard
                && !self.functions.contains_key(guard)
            {
                return Err(TemplateError::at(&route.function, format!("its authorizer {guard} is not a function")));
            }
        }
        for (index, route) in self.routes.iter().enumerate() {
            let same = |other: &Route| other.method == route.method && other.path == route.path;
            if self.routes.iter().take(index).any(same) {
                let problem = format!("{} {} has two functions", route.method, route.path);
                return Err(TemplateError::at(&route.function, problem));
            }
        }
        Ok(())
    }
}
