//! What a scenario says about what it makes; everything else is filled in.

/// An issue to open, with its first event.
#[derive(Clone, Debug)]
pub struct NewIssue {
    /// The type of the error; None for a mere message.
    pub kind: Option<String>,
    /// What the error or the message says.
    pub value: String,
    /// The function that failed.
    pub function: String,
    /// The file it is in.
    pub filename: String,
    /// `error`, `fatal`, `warning`, `info` or `debug`.
    pub level: String,
    /// The name of the environment, if the SDK tells it.
    pub environment: Option<String>,
    /// The version of the application, if the SDK tells it.
    pub release: Option<String>,
}

impl NewIssue {
    /// An error of this type that says this.
    #[must_use]
    pub fn error(kind: impl Into<String>, value: impl Into<String>) -> Self {
        Self { kind: Some(kind.into()), value: value.into(), ..Self::default() }
    }

    /// A message without an error.
    #[must_use]
    pub fn message(text: impl Into<String>) -> Self {
        Self { kind: None, value: text.into(), level: "info".to_owned(), ..Self::default() }
    }

    pub(crate) fn title(&self) -> String {
        match &self.kind {
            Some(kind) => format!("{kind}: {}", self.value),
            None => self.value.clone(),
        }
    }

    /// Where it happened, as Sentry sums it up.
    pub(crate) fn culprit(&self) -> String {
        match self.kind {
            Some(_) => format!("{}({})", self.function, self.filename),
            None => String::new(),
        }
    }
}

impl Default for NewIssue {
    fn default() -> Self {
        Self {
            kind: Some("TypeError".to_owned()),
            value: "Cannot read properties of undefined (reading 'id')".to_owned(),
            function: "launch".to_owned(),
            filename: "src/pad.ts".to_owned(),
            level: "error".to_owned(),
            environment: Some("production".to_owned()),
            release: Some("rocket@1.4.0".to_owned()),
        }
    }
}

/// How an issue is resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// Now.
    Now,
    /// By this release: events of older ones do not bring it back.
    InRelease(String),
    /// By the release after the present one.
    InNextRelease,
}

/// Whom an issue is given to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Assignee {
    /// A member, by name.
    Person(String),
    /// A team, by slug.
    Team(String),
}

/// How bad a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Degree {
    /// The incident is there: not told by rules of ordinary make.
    Open,
    /// Bad.
    Warning,
    /// Worse.
    Critical,
    /// Fine again.
    Resolved,
}
