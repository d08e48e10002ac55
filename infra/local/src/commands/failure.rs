//! What a command tells when it cannot do its work: what is wrong, and what to do next, one line each.

use std::error::Error;
use std::io;

use connector_domain::IdError;
use connector_domain::ports::PortError;
use connector_lambda::telemetry::chain;

use crate::stack::{SecretsError, StackError, TemplateError};

/// A command cannot do its work.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    message: String,
    hint: Option<String>,
    /// Nobody reads what it would say.
    pub(super) unheard: bool,
}

impl Failure {
    /// Says what is wrong.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, unheard: false }
    }

    /// Says what to do next.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Says what is wrong with a file.
    pub(crate) fn of_file(path: &std::path::Path, error: &io::Error) -> Self {
        Self::new(format!("cannot read {}: {error}", path.display()))
    }

    /// One line each.
    pub(super) fn lines(&self) -> impl Iterator<Item = (&'static str, String)> {
        let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let hint = self.hint.as_deref().map(|hint| ("hint", one_line(hint)));
        [("error", one_line(&self.message))].into_iter().chain(hint)
    }

    fn of(error: &dyn Error) -> Self {
        Self::new(chain(error))
    }
}

impl From<io::Error> for Failure {
    /// Only output is written without saying more.
    fn from(error: io::Error) -> Self {
        let unheard = error.kind() == io::ErrorKind::BrokenPipe;
        Self { unheard, ..Self::new(format!("cannot write the output: {error}")) }
    }
}

impl From<StackError> for Failure {
    fn from(error: StackError) -> Self {
        match error {
            StackError::Secrets(error) => error.into(),
            StackError::Template(error) => error.into(),
            StackError::Port(error) => error.into(),
            StackError::Data { path, problem } => {
                Self::new(format!("cannot open the data in {}: {problem}", path.display()))
                    .hint("name another directory with --data, or remove this one to start anew")
            }
            StackError::Listen { port, source } => Self::new(format!("cannot listen on 127.0.0.1:{port}: {source}"))
                .hint("name another port with --port; 0 takes any that is free"),
            StackError::ApiUrl { provider } => Self::new(format!("{provider}'s API cannot be at that address"))
                .hint("give an https URL, or an http URL of this machine, such as http://127.0.0.1:8088/github"),
            other => Self::of(&other),
        }
    }
}

impl From<SecretsError> for Failure {
    fn from(error: SecretsError) -> Self {
        let hint = match &error {
            SecretsError::Io { .. } => "name another directory with --data",
            SecretsError::Malformed { path, .. } | SecretsError::Empty { path, .. } => {
                return Self::of(&error).hint(format!("remove {} to have new secrets made", path.display()));
            }
        };
        Self::of(&error).hint(hint)
    }
}

impl From<TemplateError> for Failure {
    fn from(error: TemplateError) -> Self {
        Self::new(format!("template.yaml cannot be run here: {}", chain(&error)))
    }
}

impl From<PortError> for Failure {
    fn from(error: PortError) -> Self {
        Self::of(&error)
    }
}

impl From<IdError> for Failure {
    fn from(error: IdError) -> Self {
        Self::of(&error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_one_line_and_one_hint() {
        let failure = Failure::new("it broke\n  in two").hint("mend it");
        let lines: Vec<_> = failure.lines().collect();
        assert_eq!(lines, [("error", "it broke in two".to_owned()), ("hint", "mend it".to_owned())]);
        assert_eq!(Failure::new("x").lines().count(), 1);
    }

    #[test]
    fn a_port_that_is_taken_has_a_way_out() {
        let failure = Failure::from(StackError::Listen { port: 8787, source: io::ErrorKind::AddrInUse.into() });
        let lines: Vec<_> = failure.lines().map(|(_, text)| text).collect();
        assert!(lines[0].contains("127.0.0.1:8787"), "{lines:?}");
        assert!(lines[1].contains("--port"), "{lines:?}");
    }
}
