//! Who may start a connect: somebody whom the authorizer knows as one of the workspace.

use connector_domain::{UserId, WorkspaceId};
use connector_lambda::api::Caller;

/// What a caller must be allowed to.
const SCOPE: &str = "connectors:write";

/// The user, when it may connect accounts to the workspace.
pub(crate) fn user(caller: &Caller, workspace: &WorkspaceId) -> Option<UserId> {
    let (fields, subject, kind) = match caller {
        Caller::Nobody => return None,
        Caller::Token(claims) => (claims, "sub", "user"),
        Caller::Machine(fields) => (fields, "key", "machine"),
    };
    let has = |name: &str, wanted: &str| words(fields.get(name)).any(|word| word == wanted);
    if !has("workspaces", workspace.as_str()) || !has("scope", SCOPE) {
        return None;
    }
    UserId::parse(format!("{kind}:{}", fields.get(subject).filter(|subject| !subject.is_empty())?)).ok()
}

/// The items of a claim. API Gateway writes a list claim as `[a b]`; other issuers put a text with blanks.
fn words(claim: Option<&String>) -> impl Iterator<Item = &str> {
    let text = claim.map(String::as_str).unwrap_or_default();
    let text = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    text.split([' ', ',']).map(|word| word.trim_matches('"')).filter(|word| !word.is_empty())
}
