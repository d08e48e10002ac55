//! What a scenario says about a thing it makes; everything else is filled in.

/// An issue to open. `Default` is a plain one in the backlog.
#[derive(Clone, Debug)]
pub struct NewIssue {
    /// Its title.
    pub title: String,
    /// Its description.
    pub description: Option<String>,
    /// Who makes it, by handle; None for what an integration makes, which has no creator.
    pub author: Option<String>,
    /// The name of the state it begins in.
    pub state: String,
    /// Who is to do it, by handle.
    pub assignee: Option<String>,
    /// Names of labels, which are made when they are new.
    pub labels: Vec<String>,
    /// From 1 (urgent) to 4 (low); 0 for none.
    pub priority: u8,
    /// In points.
    pub estimate: Option<u32>,
    /// A day, such as `2026-06-30`.
    pub due: Option<String>,
    /// The id of a project.
    pub project: Option<String>,
    /// The id of a cycle.
    pub cycle: Option<String>,
    /// The id of the issue it is a part of.
    pub parent: Option<String>,
}

impl NewIssue {
    /// An issue with this title.
    #[must_use]
    pub fn titled(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }
}

impl Default for NewIssue {
    fn default() -> Self {
        Self {
            title: "It does not work".to_owned(),
            description: None,
            author: Some("octavia".to_owned()),
            state: "Backlog".to_owned(),
            assignee: None,
            labels: Vec::new(),
            priority: 0,
            estimate: None,
            due: None,
            project: None,
            cycle: None,
            parent: None,
        }
    }
}

/// A change to an issue.
#[derive(Clone, Debug)]
pub enum Edit {
    /// Another title.
    Title(String),
    /// Another description.
    Description(String),
    /// Somebody else is to do it, or nobody.
    Assignee(Option<String>),
    /// Another priority.
    Priority(u8),
    /// Another estimate, or none.
    Estimate(Option<u32>),
    /// Another day, or none.
    Due(Option<String>),
    /// One label more.
    Label(String),
    /// One label less.
    Unlabel(String),
    /// Another project by id, or none.
    Project(Option<String>),
    /// Another cycle by id, or none.
    Cycle(Option<String>),
}

/// A comment to write.
#[derive(Clone, Debug)]
pub struct NewComment {
    /// Its text.
    pub body: String,
    /// Who writes it, by handle; None for an integration, which is no user.
    pub author: Option<String>,
    /// The id of what it is on: an issue, or an update of a project or an initiative.
    pub on: String,
    /// The id of the comment it answers.
    pub parent: Option<String>,
}

impl NewComment {
    /// A comment on the thing with this id.
    #[must_use]
    pub fn on(on: impl Into<String>, body: impl Into<String>) -> Self {
        Self { body: body.into(), author: Some("octavia".to_owned()), on: on.into(), parent: None }
    }
}

/// A project to start.
#[derive(Clone, Debug)]
pub struct NewProject {
    /// Its name.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// Who makes it, by handle.
    pub author: String,
    /// Who leads it, by handle.
    pub lead: Option<String>,
    /// The name of the status it begins in.
    pub status: String,
    /// A day.
    pub start: Option<String>,
    /// A day.
    pub target: Option<String>,
    /// Keys of other teams that take part.
    pub with: Vec<String>,
    /// Ids of the initiatives it belongs to.
    pub initiatives: Vec<String>,
}

impl NewProject {
    /// A project of this name.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            description: String::new(),
            author: "octavia".to_owned(),
            lead: None,
            status: "Backlog".to_owned(),
            start: None,
            target: None,
            with: Vec::new(),
            initiatives: Vec::new(),
        }
    }
}

/// How a project or an initiative goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Health {
    /// As planned.
    #[default]
    OnTrack,
    /// It may be late.
    AtRisk,
    /// It is late.
    OffTrack,
}

impl Health {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::OnTrack => "onTrack",
            Self::AtRisk => "atRisk",
            Self::OffTrack => "offTrack",
        }
    }
}

/// A document to write.
#[derive(Clone, Debug)]
pub struct NewDocument {
    /// Its title.
    pub title: String,
    /// Its text.
    pub content: String,
    /// Who writes it, by handle.
    pub author: String,
    /// The id of the project or the initiative it belongs to.
    pub of: Option<String>,
}

impl NewDocument {
    /// A document of this title.
    #[must_use]
    pub fn titled(title: impl Into<String>) -> Self {
        Self { title: title.into(), content: "# Plan\n".to_owned(), author: "octavia".to_owned(), of: None }
    }
}
