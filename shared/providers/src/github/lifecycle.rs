//! What installs, removals and renames change on our side.

use std::collections::BTreeMap;

use connector_domain::connection::ResourceRef;
use connector_domain::lifecycle::{LifecycleAction, LifecycleChange};
use connector_domain::transformed::Quarantined;
use connector_domain::{AccountId, IdError, ResourceId};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::payload::Installation;
use crate::json::{self, NumericId};

/// A kind of change, as event and action tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Installed,
    Uninstalled,
    Suspended,
    Unsuspended,
    AccountRenamed,
    RepositoriesAdded,
    RepositoriesRemoved,
    RepositoryRenamed,
    RepositoryDeleted,
    RepositoryTransferred,
}

#[derive(Deserialize)]
struct Body {
    installation: Installation,
    #[serde(default)]
    repositories_added: Vec<Listed>,
    #[serde(default)]
    repositories_removed: Vec<Listed>,
    repository: Option<Listed>,
    account: Option<Account>,
    changes: Option<Changes>,
}

/// The account that the app is installed on: of people and organizations the login, of enterprises the slug.
#[derive(Deserialize)]
struct Account {
    login: Option<String>,
    slug: Option<String>,
}

/// What an event changed: of an account, its name.
#[derive(Deserialize)]
struct Changes {
    login: Option<Was>,
}

#[derive(Deserialize)]
struct Was {
    from: String,
}

/// A repository as these events tell it.
#[derive(Deserialize)]
struct Listed {
    id: NumericId,
    full_name: String,
}

/// What the bodies of these events may hold at the top.
const KNOWN: &[&str] = &[
    "account",
    "action",
    "changes",
    "enterprise",
    "installation",
    "organization",
    "repositories",
    "repositories_added",
    "repositories_removed",
    "repository",
    "repository_selection",
    "requester",
    "sender",
    "target_type",
];

impl Change {
    /// Reads the change out of a body.
    pub(super) fn read(self, raw: &[u8]) -> Result<LifecycleChange, Quarantined> {
        let keys: BTreeMap<String, IgnoredAny> = json::parse(raw)?;
        let body: Body = json::parse(raw)?;
        // The header that names the event is outside the signature. Sent again under the name `repository`, the signed
        // body of a deleted label would delete the repository; but it also holds the label.
        let fits = keys.keys().all(|key| KNOWN.contains(&key.as_str()));
        if !fits || self.about_repository() != body.repository.is_some() {
            return Err(json::quarantined("", "the body is not one of the event that the header names"));
        }
        let account = AccountId::parse(body.installation.id.to_string()).map_err(unfit)?;
        Ok(LifecycleChange { account, action: self.action(body)?, at: None })
    }

    const fn about_repository(self) -> bool {
        matches!(self, Self::RepositoryRenamed | Self::RepositoryDeleted | Self::RepositoryTransferred)
    }

    fn action(self, body: Body) -> Result<LifecycleAction, Quarantined> {
        let gone = |repository: Option<Listed>, reason| {
            let resource = one(repository)?.id;
            Ok(LifecycleAction::ResourceGone { resource, reason })
        };
        match self {
            Self::Installed => Ok(LifecycleAction::Installed),
            Self::Uninstalled => Ok(LifecycleAction::Uninstalled),
            Self::Suspended => Ok(LifecycleAction::Suspended),
            Self::Unsuspended => Ok(LifecycleAction::Unsuspended),
            Self::AccountRenamed => {
                let name = body.account.and_then(|account| account.login.or(account.slug));
                let name = name.ok_or_else(|| json::quarantined("account", "missing field login"))?;
                // Repositories are named after people and organizations; an enterprise only owns these.
                let owner_was = body.changes.and_then(|changes| changes.login).map(|login| login.from);
                Ok(LifecycleAction::AccountRenamed { name, owner_was })
            }
            Self::RepositoriesAdded => Ok(LifecycleAction::ResourcesAdded(all(body.repositories_added)?)),
            Self::RepositoriesRemoved => Ok(LifecycleAction::ResourcesRemoved(all(body.repositories_removed)?)),
            Self::RepositoryRenamed => Ok(LifecycleAction::ResourceRenamed(one(body.repository)?)),
            Self::RepositoryDeleted => gone(body.repository, "deleted"),
            Self::RepositoryTransferred => gone(body.repository, "transferred"),
        }
    }
}

fn all(listed: Vec<Listed>) -> Result<Vec<ResourceRef>, Quarantined> {
    listed.into_iter().map(|repository| one(Some(repository))).collect()
}

fn one(repository: Option<Listed>) -> Result<ResourceRef, Quarantined> {
    let repository = repository.ok_or_else(|| json::quarantined("", "missing field repository"))?;
    Ok(ResourceRef { id: ResourceId::parse(repository.id.to_string()).map_err(unfit)?, name: repository.full_name })
}

fn unfit(error: IdError) -> Quarantined {
    json::quarantined("", error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository(name: &str) -> ResourceRef {
        ResourceRef { id: ResourceId::parse("7").unwrap(), name: name.into() }
    }

    #[test]
    fn each_change_is_read() {
        let read = |change: Change, body: &str| {
            let change = change.read(body.as_bytes()).unwrap();
            assert_eq!(change.account.as_str(), "5");
            change.action
        };
        let installation = r#"{"installation":{"id":5},"repositories":[],"sender":{}}"#;
        assert_eq!(read(Change::Installed, installation), LifecycleAction::Installed);
        assert_eq!(read(Change::Uninstalled, installation), LifecycleAction::Uninstalled);
        assert_eq!(read(Change::Suspended, installation), LifecycleAction::Suspended);
        assert_eq!(read(Change::Unsuspended, installation), LifecycleAction::Unsuspended);

        let owner = r#"{"installation":{"id":5},"account":{"login":"acme"},"changes":{"login":{"from":"acne"}},
            "target_type":"Organization"}"#;
        let renamed = |name: &str, was: Option<&str>| LifecycleAction::AccountRenamed {
            name: name.to_owned(),
            owner_was: was.map(str::to_owned),
        };
        assert_eq!(read(Change::AccountRenamed, owner), renamed("acme", Some("acne")));
        let enterprise = r#"{"installation":{"id":5},"account":{"slug":"acme-inc"},"changes":{"slug":{"from":"x"}}}"#;
        assert_eq!(read(Change::AccountRenamed, enterprise), renamed("acme-inc", None));

        let lists = r#"{"installation":{"id":5},"repositories_added":[{"id":7,"full_name":"acme/a"}],
            "repositories_removed":[{"id":7,"full_name":"acme/b"}]}"#;
        let (added, removed) = (vec![repository("acme/a")], vec![repository("acme/b")]);
        assert_eq!(read(Change::RepositoriesAdded, lists), LifecycleAction::ResourcesAdded(added));
        assert_eq!(read(Change::RepositoriesRemoved, lists), LifecycleAction::ResourcesRemoved(removed));

        let about = r#"{"installation":{"id":5},"changes":{},"repository":{"id":7,"full_name":"acme/new"}}"#;
        let resource = ResourceId::parse("7").unwrap();
        assert_eq!(read(Change::RepositoryRenamed, about), LifecycleAction::ResourceRenamed(repository("acme/new")));
        for (change, reason) in [(Change::RepositoryDeleted, "deleted"), (Change::RepositoryTransferred, "transferred")]
        {
            let gone = LifecycleAction::ResourceGone { resource: resource.clone(), reason };
            assert_eq!(read(change, about), gone);
        }
    }

    #[test]
    fn a_signed_body_of_another_event_changes_nothing() {
        let label =
            r#"{"action":"deleted","label":{},"repository":{"id":7,"full_name":"a/b"},"installation":{"id":5}}"#;
        let repository = r#"{"action":"deleted","repository":{"id":7,"full_name":"a/b"},"installation":{"id":5}}"#;
        let installation = r#"{"action":"deleted","installation":{"id":5}}"#;
        assert!(Change::RepositoryDeleted.read(label.as_bytes()).is_err());
        assert!(Change::Uninstalled.read(repository.as_bytes()).is_err());
        assert!(Change::RepositoryDeleted.read(installation.as_bytes()).is_err());
        assert!(Change::AccountRenamed.read(installation.as_bytes()).is_err());
    }

    #[test]
    fn a_change_without_an_installation_is_nobodys() {
        let error = Change::Uninstalled.read(b"{}").unwrap_err();
        assert_eq!(error.reason, "missing field installation");
    }
}
