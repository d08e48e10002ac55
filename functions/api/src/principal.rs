//! Who is calling, and what it may do where.

use std::collections::{BTreeMap, BTreeSet};

use connector_domain::access::Scope;
use connector_domain::{UserId, WorkspaceId};
use connector_lambda::api::Caller;

/// Whom an authorizer let through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    workspaces: BTreeSet<WorkspaceId>,
    subject: UserId,
    scopes: BTreeSet<Scope>,
}

/// A workspace that its caller may enter. There is no other way to one than [`Principal::tenant`], and rows are reached
/// through nothing else, so a workspace that only a path names is no key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tenant(WorkspaceId);

impl Tenant {
    pub(crate) const fn id(&self) -> &WorkspaceId {
        &self.0
    }
}

impl Principal {
    /// Reads what the authorizer says; `None` when it names nobody.
    #[must_use]
    pub fn of(caller: &Caller) -> Option<Self> {
        match caller {
            Caller::Nobody => None,
            Caller::Token(claims) => Self::read(claims, "sub", "user:"),
            Caller::Machine(fields) => Self::read(fields, "key", "machine:"),
        }
    }

    fn read(fields: &BTreeMap<String, String>, subject: &str, prefix: &str) -> Option<Self> {
        let subject = fields.get(subject).filter(|subject| !subject.is_empty())?;
        Some(Self {
            workspaces: words(fields.get("workspaces")).filter_map(|id| WorkspaceId::parse(id).ok()).collect(),
            subject: UserId::parse(format!("{prefix}{subject}")).ok()?,
            scopes: words(fields.get("scope")).filter_map(|scope| scope.parse().ok()).collect(),
        })
    }

    /// Who it is, for the log of changes.
    #[must_use]
    pub const fn subject(&self) -> &UserId {
        &self.subject
    }

    /// The workspaces it may enter.
    pub fn workspaces(&self) -> impl Iterator<Item = &WorkspaceId> {
        self.workspaces.iter()
    }

    /// Whether it may do this.
    #[must_use]
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// The workspace of this name, if it may enter it.
    pub(crate) fn tenant(&self, workspace: &str) -> Option<Tenant> {
        self.workspaces.iter().find(|id| id.as_str() == workspace).cloned().map(Tenant)
    }
}

/// The items of a claim. API Gateway writes a list claim as `[a b]`; other issuers put a text with blanks.
fn words(claim: Option<&String>) -> impl Iterator<Item = &str> {
    let text = claim.map(String::as_str).unwrap_or_default();
    let text = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    text.split([' ', ',']).map(|word| word.trim_matches('"')).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &[(&str, &str)]) -> Option<Principal> {
        Principal::of(&Caller::Token(claims.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()))
    }

    #[test]
    fn a_list_claim_reads_in_every_spelling() {
        for text in ["[acme beta]", "acme beta", "[\"acme\",\"beta\"]", "[acme, beta]"] {
            let principal = token(&[("sub", "u"), ("workspaces", text), ("scope", "openid connectors:read")]).unwrap();
            assert_eq!(principal.workspaces().map(WorkspaceId::as_str).collect::<Vec<_>>(), ["acme", "beta"], "{text}");
            assert!(principal.may(Scope::Read) && !principal.may(Scope::Write));
            assert!(principal.tenant("acme").is_some() && principal.tenant("gamma").is_none());
        }
    }

    #[test]
    fn nobody_is_nobody() {
        assert_eq!(Principal::of(&Caller::Nobody), None);
        assert_eq!(token(&[("workspaces", "acme")]), None, "no subject");
        assert_eq!(token(&[("sub", ""), ("workspaces", "acme")]), None);
        let principal = token(&[("sub", "u")]).unwrap();
        assert!(principal.tenant("").is_none() && principal.workspaces().count() == 0);
    }

    #[test]
    fn a_person_cannot_pass_for_a_machine() {
        let fields = BTreeMap::from([("key".to_owned(), "1".to_owned()), ("sub".to_owned(), "u".to_owned())]);
        assert_eq!(Principal::of(&Caller::Machine(fields.clone())).unwrap().subject().as_str(), "machine:1");
        assert_eq!(Principal::of(&Caller::Token(fields)).unwrap().subject().as_str(), "user:u");
    }
}
