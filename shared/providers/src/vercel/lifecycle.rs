//! What removals, permissions and renames change on our side.
//! <https://vercel.com/docs/webhooks/webhooks-api#integration-configuration.removed>

use connector_domain::connection::ResourceRef;
use connector_domain::lifecycle::{LifecycleAction, LifecycleChange};
use connector_domain::transformed::Quarantined;
use connector_domain::{AccountId, IdError, ResourceId};
use serde::Deserialize;

use super::payload::{Millis, Owned, Project};
use crate::json;

/// A kind of change, as the event tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// The integration is gone from the account.
    Removed,
    /// It went to another account, which connects anew: a connection never changes hands.
    Transferred,
    ScopesConfirmed,
    /// Another choice of projects.
    ProjectsChosen,
    ProjectCreated,
    ProjectRenamed,
    ProjectRemoved,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    created_at: Option<Millis>,
    #[serde(default)]
    payload: Payload,
}

#[derive(Default, Deserialize)]
struct Payload {
    project: Option<Project>,
    projects: Option<Projects>,
}

#[derive(Default, Deserialize)]
struct Projects {
    added: Option<Vec<String>>,
    removed: Option<Vec<String>>,
}

impl Change {
    /// Reads the change out of a body.
    pub(super) fn read(self, raw: &[u8]) -> Result<LifecycleChange, Quarantined> {
        let owned: Owned = json::parse(raw)?;
        let account = owned.account().ok_or_else(|| json::quarantined("", "neither a team nor a user is named"))?;
        let account = AccountId::parse(account).map_err(unfit)?;
        let body: Body = json::parse(raw)?;
        Ok(LifecycleChange { account, action: self.action(body.payload)?, at: body.created_at.map(|at| at.0) })
    }

    fn action(self, payload: Payload) -> Result<LifecycleAction, Quarantined> {
        Ok(match self {
            Self::Removed | Self::Transferred => LifecycleAction::Uninstalled,
            Self::ScopesConfirmed => LifecycleAction::Installed,
            Self::ProjectsChosen => chosen(payload.projects.unwrap_or_default())?,
            Self::ProjectCreated => LifecycleAction::ResourcesAdded(vec![named(payload)?]),
            Self::ProjectRenamed => LifecycleAction::ResourceRenamed(named(payload)?),
            Self::ProjectRemoved => {
                let resource = identified(&payload)?;
                LifecycleAction::ResourceGone { resource, reason: "deleted" }
            }
        })
    }
}

/// One event can tell of both. What can no longer be read matters; what can now be linked, a person will see.
fn chosen(projects: Projects) -> Result<LifecycleAction, Quarantined> {
    // Only ids are told, so an id stands for the name.
    let one = |id: String| Ok(ResourceRef { id: resource(&id)?, name: id });
    let all = |ids: Vec<String>| ids.into_iter().map(one).collect::<Result<_, Quarantined>>();
    let (added, removed) = (projects.added.unwrap_or_default(), projects.removed.unwrap_or_default());
    Ok(if !removed.is_empty() {
        LifecycleAction::ResourcesRemoved(all(removed)?)
    } else if !added.is_empty() {
        LifecycleAction::ResourcesAdded(all(added)?)
    } else {
        LifecycleAction::Installed
    })
}

fn identified(payload: &Payload) -> Result<ResourceId, Quarantined> {
    let id = payload.project.as_ref().and_then(Project::id);
    resource(id.ok_or_else(|| json::quarantined("payload.project", "missing field id"))?)
}

fn named(payload: Payload) -> Result<ResourceRef, Quarantined> {
    let id = identified(&payload)?;
    let name = payload.project.as_ref().and_then(Project::name);
    let name = name.ok_or_else(|| json::quarantined("payload.project", "missing field name"))?;
    Ok(ResourceRef { id, name: name.to_owned() })
}

fn resource(id: &str) -> Result<ResourceId, Quarantined> {
    ResourceId::parse(id).map_err(unfit)
}

fn unfit(error: IdError) -> Quarantined {
    json::quarantined("", error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(id: &str, name: &str) -> ResourceRef {
        ResourceRef { id: ResourceId::parse(id).unwrap(), name: name.into() }
    }

    fn read(change: Change, payload: &str) -> LifecycleAction {
        let body = format!(
            r#"{{"createdAt":1592335604941,"payload":{{"team":{{"id":"team_1"}},"user":{{"id":"u"}},{payload}}}}}"#
        );
        let change = change.read(body.as_bytes()).unwrap();
        assert_eq!(change.account.as_str(), "team_1");
        assert_eq!(change.at.map(|at| at.as_millisecond()), Some(1_592_335_604_941));
        change.action
    }

    #[test]
    fn each_change_is_read() {
        let configuration = r#""configuration":{"id":"icfg_1","projectSelection":"selected","projects":["prj_1"]}"#;
        assert_eq!(read(Change::Removed, configuration), LifecycleAction::Uninstalled);
        assert_eq!(read(Change::ScopesConfirmed, configuration), LifecycleAction::Installed);

        let about = r#""project":{"id":"prj_1","name":"shop"}"#;
        let shop = project("prj_1", "shop");
        assert_eq!(read(Change::ProjectCreated, about), LifecycleAction::ResourcesAdded(vec![shop.clone()]));
        assert_eq!(read(Change::ProjectRenamed, about), LifecycleAction::ResourceRenamed(shop));
        let resource = ResourceId::parse("prj_1").unwrap();
        let gone = LifecycleAction::ResourceGone { resource, reason: "deleted" };
        assert_eq!(read(Change::ProjectRemoved, about), gone);
    }

    #[test]
    fn of_a_new_choice_of_projects_the_loss_counts() {
        let chosen = |projects: &str| read(Change::ProjectsChosen, projects);
        let removed = LifecycleAction::ResourcesRemoved(vec![project("prj_2", "prj_2")]);
        assert_eq!(chosen(r#""projects":{"added":["prj_1"],"removed":["prj_2"]}"#), removed);
        let added = LifecycleAction::ResourcesAdded(vec![project("prj_1", "prj_1")]);
        assert_eq!(chosen(r#""projects":{"added":["prj_1"],"removed":[]}"#), added);
        assert_eq!(chosen(r#""projects":{}"#), LifecycleAction::Installed);
        assert_eq!(chosen(r#""projects":null"#), LifecycleAction::Installed);
    }

    #[test]
    fn a_transfer_ends_the_connection_of_the_account_that_had_it() {
        let body = br#"{"payload":{"previousTeamId":"team_1","newTeamId":"team_2","installationId":"icfg_1"}}"#;
        let change = Change::Transferred.read(body).unwrap();
        assert_eq!((change.account.as_str(), change.action), ("team_1", LifecycleAction::Uninstalled));
    }

    #[test]
    fn a_change_of_nobody_or_of_no_project_is_told() {
        assert!(Change::Removed.read(b"{}").is_err());
        let nameless = br#"{"payload":{"team":{"id":"team_1"},"project":{"id":"prj_1"}}}"#;
        assert_eq!(Change::ProjectRenamed.read(nameless).unwrap_err().path, "payload.project");
        assert!(Change::ProjectRemoved.read(nameless).is_ok());
    }
}
