//! Whose webhook it is: the team's that has installed the integration, or the user's, by id in the verified body.

use connector_domain::delivery::Origin;
use connector_domain::transformed::IgnoreReason;
use connector_domain::{AccountId, Delivery, ResourceId, Verified};

use super::payload::Owned;
use super::webhook::TEST;
use crate::{Route, json};

/// The body names neither a team nor a user.
const NO_OWNER: IgnoreReason = IgnoreReason::fixed("no_owner");

/// Finds the account and, where the event is about one, the project.
pub(super) fn route(delivery: &Delivery<Verified>) -> Route {
    if matches!(&delivery.origin, Origin::Webhook { event, .. } if event == TEST) {
        return Route::Nowhere(IgnoreReason::PING);
    }
    let owned: Owned = match json::parse(&delivery.raw) {
        Ok(owned) => owned,
        Err(error) => return Route::Unreadable(error),
    };
    let Some(account) = owned.account() else {
        return Route::Nowhere(NO_OWNER);
    };
    match (AccountId::parse(account), owned.project().map(ResourceId::parse).transpose()) {
        (Ok(account), Ok(resource)) => Route::Account { account, resource },
        (Err(error), _) | (_, Err(error)) => Route::Unreadable(json::quarantined("", error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use connector_domain::{ProviderKind, Timestamp};

    use super::*;

    fn routed(event: &str, body: &[u8]) -> Route {
        let webhook = Delivery::webhook(ProviderKind::Vercel, event.into(), None, body.into(), Timestamp::UNIX_EPOCH);
        route(&webhook.verify(|_| Ok::<(), ()>(())).unwrap())
    }

    #[test]
    fn the_team_and_the_project_decide_by_id() {
        let account = AccountId::parse("team_1").unwrap();
        assert_eq!(
            routed("deployment.created", br#"{"payload":{"team":{"id":"team_1"},"project":{"id":"prj_1"}}}"#),
            Route::Account { account: account.clone(), resource: Some(ResourceId::parse("prj_1").unwrap()) }
        );
        let about_the_account = br#"{"payload":{"team":{"id":"team_1"},"configuration":{"id":"icfg_1"}}}"#;
        assert_eq!(
            routed("integration-configuration.removed", about_the_account),
            Route::Account { account, resource: None }
        );
    }

    #[test]
    fn a_detail_that_cannot_be_read_does_not_hide_whose_it_is() {
        let odd = br#"{"createdAt":"?","payload":{"deployment":7,"team":{"id":"team_1"},"project":{"id":"prj_1"}}}"#;
        assert!(matches!(routed("deployment.created", odd), Route::Account { resource: Some(_), .. }));
    }

    #[test]
    fn what_belongs_to_nobody_is_told_apart_from_what_cannot_be_read() {
        assert_eq!(routed("test-webhook", b"{}"), Route::Nowhere(IgnoreReason::PING));
        assert_eq!(routed("deployment.created", br#"{"payload":{"team":null}}"#), Route::Nowhere(NO_OWNER));
        for bad in [&b"[]"[..], b"{", b"\xff", br#"{"payload":{"team":7}}"#, br#"{"teamId":"a b"}"#] {
            assert!(matches!(routed("deployment.created", bad), Route::Unreadable(_)), "{bad:?}");
        }
    }
}
