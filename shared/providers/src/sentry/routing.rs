//! Whose webhook it is: the installation's, by its uuid in the verified body. Names and headers never decide.

use connector_domain::{AccountId, Delivery, IdError, ResourceId, Verified};
use serde::Deserialize;

use super::payload::ProjectRef;
use crate::Route;
use crate::json;

#[derive(Deserialize)]
struct Envelope {
    installation: Installation,
    data: Option<Data>,
}

/// The installation that stands for an organization.
#[derive(Deserialize)]
pub(super) struct Installation {
    pub(super) uuid: String,
}

/// Where a project can stand. Comments and metric alerts tell it by slug only, which does not decide.
#[derive(Deserialize)]
struct Data {
    issue: Option<Subject>,
    error: Option<Subject>,
    event: Option<Subject>,
}

#[derive(Deserialize)]
struct Subject {
    project: Option<ProjectRef>,
}

/// Finds the account and, where the body names one by its id, the project.
pub(super) fn route(delivery: &Delivery<Verified>) -> Route {
    match json::parse(&delivery.raw) {
        Ok(envelope) => {
            found(envelope).unwrap_or_else(|error| Route::Unreadable(json::quarantined("", error.to_string())))
        }
        Err(error) => Route::Unreadable(error),
    }
}

fn found(Envelope { installation, data }: Envelope) -> Result<Route, IdError> {
    let subject = data.and_then(|data| data.issue.or(data.error).or(data.event));
    let project = subject.and_then(|subject| subject.project?.id());
    Ok(Route::Account {
        account: AccountId::parse(installation.uuid)?,
        resource: project.map(|id| ResourceId::parse(id.to_string())).transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use connector_domain::{ProviderKind, Timestamp};

    use super::*;

    fn routed(body: &[u8]) -> Route {
        let webhook = Delivery::webhook(ProviderKind::Sentry, "issue".into(), None, body.into(), Timestamp::UNIX_EPOCH);
        route(&webhook.verify(|_| Ok::<(), ()>(())).unwrap())
    }

    #[test]
    fn the_installation_and_the_project_decide_by_id() {
        let route = |data: &str| routed(format!(r#"{{"installation":{{"uuid":"7a48"}},"data":{data}}}"#).as_bytes());
        let to = |project: Option<&str>| Route::Account {
            account: AccountId::parse("7a48").unwrap(),
            resource: project.map(|id| ResourceId::parse(id).unwrap()),
        };
        assert_eq!(route(r#"{"issue":{"project":{"id":"456","slug":"shop"}}}"#), to(Some("456")));
        assert_eq!(route(r#"{"error":{"project":4505278293147648}}"#), to(Some("4505278293147648")));
        assert_eq!(route(r#"{"event":{"project":"456"},"triggered_rule":"x"}"#), to(Some("456")));
        for nowhere in [
            "{}",
            "null",
            r#"{"error":{"project":"shop"}}"#,
            r#"{"event":{}}"#,
            r#"{"comment_id":1,"project_slug":"shop"}"#,
            r#"{"metric_alert":{"projects":["shop"]}}"#,
        ] {
            assert_eq!(route(nowhere), to(None), "{nowhere}");
        }
    }

    #[test]
    fn a_text_that_is_no_unicode_does_not_hide_whose_it_is() {
        let odd = br#"{"data":{"issue":{"title":"\ud83d"}},"installation":{"uuid":"7a48"}}"#;
        assert!(matches!(routed(odd), Route::Account { .. }));
    }

    #[test]
    fn a_body_that_was_cut_off_is_unreadable() {
        for bad in [
            &b"[]"[..],
            b"{}",
            b"\xff",
            br#"{"installation":{"uuid":"7a48"},"data":{"iss"#,
            br#"{"installation":{"uuid":""}}"#,
        ] {
            assert!(matches!(routed(bad), Route::Unreadable(_)), "{bad:?}");
        }
    }
}
