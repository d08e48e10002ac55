//! Lenient views of Vercel's objects, the same for webhooks and list items: required is only what identity needs.

use std::collections::BTreeMap;
use std::fmt;

use connector_domain::Timestamp;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::parts::filled;

/// A moment: milliseconds since 1970, now and then with a fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Millis(pub(super) Timestamp);

impl<'de> Deserialize<'de> for Millis {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = Millis;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("milliseconds since 1970")
            }
            fn visit_i64<E: Error>(self, millis: i64) -> Result<Millis, E> {
                Timestamp::from_millisecond(millis).map(Millis).map_err(|_| E::custom("out of range"))
            }
            fn visit_u64<E: Error>(self, millis: u64) -> Result<Millis, E> {
                self.visit_i64(i64::try_from(millis).unwrap_or(i64::MAX))
            }
            fn visit_f64<E: Error>(self, millis: f64) -> Result<Millis, E> {
                // What an integer cannot hold becomes the largest one, which is out of range.
                self.visit_i64(millis as i64)
            }
        }
        deserializer.deserialize_any(Number)
    }
}

/// An object of which only the id matters.
#[derive(Debug, Deserialize)]
pub(super) struct Identified {
    pub(super) id: Option<String>,
}

/// Whom a webhook is about. <https://vercel.com/docs/webhooks/webhooks-api#payload>
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Owned {
    /// These stand at the top in old webhooks.
    team_id: Option<String>,
    owner_id: Option<String>,
    user_id: Option<String>,
    payload: Option<OwnedPayload>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OwnedPayload {
    team: Option<Identified>,
    user: Option<Identified>,
    /// When an installation moves to another team, this is the one that had it.
    previous_team_id: Option<String>,
    previous_account_id: Option<String>,
    project: Option<Project>,
    project_id: Option<String>,
}

impl Owned {
    /// The team, or the user where there is none: the account that has installed the integration.
    pub(super) fn account(&self) -> Option<&str> {
        let payload = self.payload.as_ref();
        [
            payload.and_then(|payload| id(payload.team.as_ref())),
            self.team_id.as_deref(),
            payload.and_then(|payload| payload.previous_team_id.as_deref()),
            payload.and_then(|payload| payload.previous_account_id.as_deref()),
            self.owner_id.as_deref(),
            payload.and_then(|payload| id(payload.user.as_ref())),
            self.user_id.as_deref(),
        ]
        .into_iter()
        .find_map(filled)
    }

    /// The project, where the webhook is about one.
    pub(super) fn project(&self) -> Option<&str> {
        let payload = self.payload.as_ref()?;
        payload.project.as_ref().and_then(Project::id).or(filled(payload.project_id.as_deref()))
    }
}

pub(super) fn id(object: Option<&Identified>) -> Option<&str> {
    filled(object?.id.as_deref())
}

/// A webhook about a deployment.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Webhook {
    pub(super) id: Option<String>,
    pub(super) created_at: Option<Millis>,
    pub(super) region: Option<String>,
    /// These stand at the top in old webhooks.
    pub(super) team_id: Option<String>,
    pub(super) user_id: Option<String>,
    pub(super) payload: Payload,
}

/// The part of a [`Webhook`] that depends on its event.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Payload {
    pub(super) team: Option<Identified>,
    pub(super) user: Option<Identified>,
    pub(super) project: Option<Project>,
    pub(super) project_id: Option<String>,
    pub(super) deployment: Option<Deployment>,
    #[serde(default, deserialize_with = "told")]
    pub(super) target: Option<Option<String>>,
    pub(super) links: Option<Links>,
    pub(super) from_deployment_id: Option<String>,
    pub(super) to_deployment_id: Option<String>,
}

/// Pages of the dashboard.
#[derive(Debug, Deserialize)]
pub(super) struct Links {
    pub(super) deployment: Option<String>,
}

/// A project: an object, which mostly has no name, or in old webhooks its bare name.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Project {
    Name(String),
    Object { id: Option<String>, name: Option<String> },
}

impl Project {
    pub(super) fn id(&self) -> Option<&str> {
        match self {
            Self::Name(_) => None,
            Self::Object { id, .. } => filled(id.as_deref()),
        }
    }

    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Name(name) => filled(Some(name)),
            Self::Object { name, .. } => filled(name.as_deref()),
        }
    }
}

/// A deployment. Lists call its id `uid`, all else `id`.
/// <https://vercel.com/docs/rest-api/reference/endpoints/deployments/list-deployments>
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Deployment {
    pub(super) id: Option<String>,
    pub(super) uid: Option<String>,
    /// The name of its project at the time.
    pub(super) name: Option<String>,
    pub(super) project_id: Option<String>,
    /// The host that serves it; null until it is uploaded.
    pub(super) url: Option<String>,
    pub(super) inspector_url: Option<String>,
    pub(super) meta: Option<Meta>,
    /// `null` means preview; absent means that nothing is said.
    #[serde(default, deserialize_with = "told")]
    pub(super) target: Option<Option<String>>,
    pub(super) custom_environment: Option<CustomEnvironment>,
    pub(super) custom_environment_id: Option<String>,
    pub(super) creator: Option<Creator>,
    pub(super) created: Option<Millis>,
    pub(super) created_at: Option<Millis>,
    pub(super) building_at: Option<Millis>,
    /// When the build ended, well or not.
    pub(super) ready: Option<Millis>,
    pub(super) state: Option<String>,
    pub(super) ready_state: Option<String>,
    pub(super) checks_state: Option<String>,
    pub(super) checks: Option<Checks>,
    pub(super) error_code: Option<String>,
    pub(super) error_message: Option<String>,
}

/// An environment besides production, preview and development.
#[derive(Debug, Deserialize)]
pub(super) struct CustomEnvironment {
    pub(super) slug: Option<String>,
}

/// Who made a deployment: a Vercel user.
#[derive(Debug, Deserialize)]
pub(super) struct Creator {
    pub(super) uid: Option<String>,
    pub(super) username: Option<String>,
}

/// What holds a built deployment back from its domains.
#[derive(Debug, Deserialize)]
pub(super) struct Checks {
    #[serde(rename = "deployment-alias")]
    pub(super) alias: Option<Check>,
}

/// How checks stand.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Check {
    pub(super) state: Option<String>,
    pub(super) completed_at: Option<Millis>,
}

/// What the git host, the command line or the user noted about a deployment.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct Meta(BTreeMap<String, Value>);

impl Meta {
    /// A text that is not blank, or a number as text.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::String(text) => filled(Some(text)).map(str::to_owned),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }
}

/// A project with its history. <https://vercel.com/docs/rest-api/reference/endpoints/projects/find-a-project-by-id-or-name>
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListedProject {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) created_at: Option<Millis>,
    pub(super) framework: Option<String>,
}

/// Tells `null` from absent.
fn told<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_milliseconds() {
        let at = |json: &str| serde_json::from_str::<Millis>(json).map(|at| at.0.as_millisecond()).ok();
        assert_eq!(at("1592335604941"), Some(1_592_335_604_941));
        assert_eq!(at("6246.82"), Some(6_246));
        for bad in ["1e300", "-1e300", "18446744073709551615", "\"1592335604941\"", "null", "[]", "true"] {
            assert_eq!(at(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_owner_is_the_team_and_else_the_user() {
        let account = |json: &str| serde_json::from_str::<Owned>(json).unwrap().account().map(str::to_owned);
        let is = |json, expected: &str| assert_eq!(account(json).as_deref(), Some(expected), "{json}");
        is(r#"{"payload":{"team":{"id":"team_1"},"user":{"id":"u"}}}"#, "team_1");
        is(r#"{"payload":{"team":null,"user":{"id":"u"}}}"#, "u");
        is(r#"{"teamId":"team_1","userId":"u","ownerId":"team_1","payload":{"user":{"id":"u"}}}"#, "team_1");
        is(r#"{"teamId":null,"userId":"u","ownerId":"o"}"#, "o");
        is(r#"{"teamId":"","userId":"u"}"#, "u");
        is(r#"{"payload":{"previousTeamId":"team_1","newTeamId":"team_2"}}"#, "team_1");
        assert_eq!(account(r#"{"payload":{"team":{"id":" "}}}"#), None);
    }

    #[test]
    fn a_project_is_an_object_or_a_name_beside_an_id() {
        let project = |json: &str| serde_json::from_str::<Owned>(json).unwrap().project().map(str::to_owned);
        assert_eq!(project(r#"{"payload":{"project":{"id":"prj_1"}}}"#).as_deref(), Some("prj_1"));
        assert_eq!(project(r#"{"payload":{"project":"shop","projectId":"prj_1"}}"#).as_deref(), Some("prj_1"));
        assert_eq!(project(r#"{"payload":{"project":"shop"}}"#), None);
    }

    #[test]
    fn no_target_is_not_the_same_as_a_null_one() {
        let target = |json: &str| serde_json::from_str::<Deployment>(json).unwrap().target;
        assert_eq!(target("{}"), None);
        assert_eq!(target(r#"{"target":null}"#), Some(None));
        assert_eq!(target(r#"{"target":"production"}"#), Some(Some("production".into())));
    }
}
