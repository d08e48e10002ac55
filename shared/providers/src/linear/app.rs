//! What our Linear application must be granted: to read, and to be told.

/// What a person is asked for. Nothing of a workspace is ever changed.
/// <https://linear.app/developers/oauth-2-0-authentication#2-redirect-user-access-requests-to-linear>
pub const SCOPE: &str = "read";

/// The kinds of things that the application's webhook is to tell of, by Linear's names. That a grant was taken back
/// (`OAuthApp`) is told without being asked for. <https://linear.app/developers/webhooks>
pub const EVENTS: &[&str] = &[
    "Comment",
    "Cycle",
    "Document",
    "Initiative",
    "InitiativeUpdate",
    "Issue",
    "IssueLabel",
    "IssueSLA",
    "Project",
    "ProjectUpdate",
    "Reaction",
];
