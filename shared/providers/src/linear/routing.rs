//! Whose webhook it is: the organisation's, and of its teams the one that the verified body names, by id.

use connector_domain::transformed::IgnoreReason;
use connector_domain::{AccountId, Delivery, ResourceId, Verified};
use serde::Deserialize;

use crate::Route;
use crate::json;

/// Older than the field, or no webhook of Linear's.
const NO_ORGANISATION: IgnoreReason = IgnoreReason::fixed("no_organization");

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    organization_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    data: Option<Subject>,
    /// What `data` is called in events of service levels.
    issue_data: Option<Subject>,
}

/// Whatever of a thing tells its teams.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Subject {
    team_id: Option<String>,
    team: Option<Team>,
    team_ids: Option<Vec<String>>,
    /// The issue of a comment or a reaction.
    issue: Option<Box<Subject>>,
    /// How a project stood when an update was posted.
    info_snapshot: Option<Snapshot>,
}

#[derive(Deserialize)]
struct Team {
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Snapshot {
    teams_info: Option<Vec<Team>>,
}

impl Subject {
    /// The one team it is about. Projects may have several: then it is about no single one.
    fn team(self) -> Option<String> {
        let one = self.team_id.or(self.team.map(|team| team.id));
        one.or_else(|| only(self.team_ids?))
            .or_else(|| only(self.info_snapshot?.teams_info?.into_iter().map(|team| team.id).collect()))
            .or_else(|| self.issue?.team())
    }
}

fn only(mut teams: Vec<String>) -> Option<String> {
    if teams.len() == 1 { teams.pop() } else { None }
}

/// Finds the account and, where the body tells it, the team.
pub(super) fn route(delivery: &Delivery<Verified>) -> Route {
    let envelope: Envelope = match json::parse(&delivery.raw) {
        Ok(envelope) => envelope,
        Err(error) => return Route::Unreadable(error),
    };
    let Some(organisation) = envelope.organization_id else {
        return Route::Nowhere(NO_ORGANISATION);
    };
    // What cannot be read of the subject does not hide whose it is.
    let subject = json::parse::<Body>(&delivery.raw).ok().and_then(|body| body.data.or(body.issue_data));
    let team = subject.and_then(Subject::team).map(ResourceId::parse).transpose();
    match (AccountId::parse(organisation), team) {
        (Ok(account), Ok(resource)) => Route::Account { account, resource },
        (Err(error), _) | (_, Err(error)) => Route::Unreadable(json::quarantined("", error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use connector_domain::{ProviderKind, Timestamp};

    use super::*;

    fn routed(body: &str) -> Route {
        let webhook = Delivery::webhook(ProviderKind::Linear, "x".into(), None, body.into(), Timestamp::UNIX_EPOCH);
        route(&webhook.verify(|_| Ok::<(), ()>(())).unwrap())
    }

    fn team(data: &str) -> Option<String> {
        match routed(&format!(r#"{{"organizationId":"o","data":{data}}}"#)) {
            Route::Account { account, resource } if account.as_str() == "o" => {
                resource.map(|team| team.as_str().to_owned())
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_team_is_found_wherever_the_body_has_it() {
        for data in [
            r#"{"teamId":"t"}"#,
            r#"{"team":{"id":"t","key":"ENG"}}"#,
            r#"{"teamIds":["t"]}"#,
            r#"{"issue":{"id":"i","teamId":"t"}}"#,
            r#"{"issue":{"id":"i","team":{"id":"t"}}}"#,
            r#"{"project":{"id":"p"},"infoSnapshot":{"teamsInfo":[{"id":"t"}]}}"#,
        ] {
            assert_eq!(team(data).as_deref(), Some("t"), "{data}");
        }
        assert!(matches!(
            routed(r#"{"type":"IssueSLA","organizationId":"o","issueData":{"teamId":"t"}}"#),
            Route::Account { resource: Some(team), .. } if team.as_str() == "t"
        ));
    }

    #[test]
    fn what_is_about_no_single_team_is_the_organisations() {
        for data in
            [r#"{"issueId":"i"}"#, r#"{"teamIds":["t","u"]}"#, r#"{"teamIds":[]}"#, r#"{"issue":7}"#, "7", "null"]
        {
            assert_eq!(team(data), None, "{data}");
        }
        assert!(matches!(
            routed(r#"{"type":"OAuthApp","action":"revoked","organizationId":"o"}"#),
            Route::Account { resource: None, .. }
        ));
    }

    #[test]
    fn a_text_that_is_no_unicode_does_not_hide_whose_it_is() {
        assert_eq!(team(r#"{"title":"\ud83d","teamId":"t"}"#).as_deref(), Some("t"));
    }

    #[test]
    fn what_belongs_to_nobody_is_told_apart_from_what_cannot_be_read() {
        assert_eq!(routed(r#"{"data":{"teamId":"t"}}"#), Route::Nowhere(NO_ORGANISATION));
        for bad in ["[]", "{", r#"{"organizationId":7}"#, r#"{"organizationId":""}"#, r#"{"organizationId":"a b"}"#] {
            assert!(matches!(routed(bad), Route::Unreadable(_)), "{bad}");
        }
    }
}
