//! What can go wrong with a stack, each with what to do next.

use std::path::PathBuf;

use connector_domain::ports::PortError;
use connector_domain::{IdError, ProviderKind, RunId};
use connector_flows::StartError;

use super::{SecretsError, TemplateError};

/// A stack cannot start, or cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// The template cannot be run here.
    #[error("template.yaml cannot be run here: {0}")]
    Template(#[from] TemplateError),
    /// The webhook secrets cannot be read or made.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The file with the rows cannot be opened.
    #[error("cannot open the data in {}: {problem}. Another directory may be given, or this one removed to start anew", path.display())]
    Data {
        /// The directory.
        path: PathBuf,
        /// Why.
        problem: String,
    },
    /// A key cannot be read or made.
    #[error("cannot use {}: {problem}. Without this file a new key is made; what the old one sealed or signed is then good for nothing", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// Why.
        problem: String,
    },
    /// The embedded DynamoDB does not take what the template says.
    #[error("the embedded DynamoDB refused {what}: {problem}")]
    Database {
        /// What was asked of it.
        what: String,
        /// What it answered.
        problem: String,
    },
    /// Nothing can listen there.
    #[error("cannot listen on 127.0.0.1:{port}: {source}. Another port may be free: 0 takes any")]
    Listen {
        /// The port asked for.
        port: u16,
        /// What the system answered.
        #[source]
        source: std::io::Error,
    },
    /// The address of a provider's API cannot be used.
    #[error("{provider}'s API address must be an https URL, or an http URL of this machine")]
    ApiUrl {
        /// Whose.
        provider: ProviderKind,
    },
    /// The HTTP client could not be built.
    #[error("the HTTP client could not be built: {0}")]
    Http(String),
    /// No such run.
    #[error("there is no run {0}")]
    UnknownRun(RunId),
    /// An identifier cannot be used.
    #[error(transparent)]
    Id(#[from] IdError),
    /// A run cannot start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A store or a queue failed.
    #[error(transparent)]
    Port(#[from] PortError),
}
