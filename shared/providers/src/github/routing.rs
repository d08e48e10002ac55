//! Whose webhook it is: the installation's, by its id in the verified body. Names never decide.

use connector_domain::delivery::Origin;
use connector_domain::transformed::IgnoreReason;
use connector_domain::{AccountId, Delivery, ResourceId, Verified};
use serde::Deserialize;

use super::payload::Installation;
use crate::Route;
use crate::json::{self, NumericId};

/// The webhook was set up on a repository by hand: no installation stands for it, so nobody has authorised it.
const NO_INSTALLATION: IgnoreReason = IgnoreReason::fixed("no_installation");

/// A person has taken back what they had granted the app for themselves. We keep no token of a person: who may connect an
/// installation is asked once, while it is connected, and the installation stands until an event of its own ends it.
const USER_AUTHORIZATION: IgnoreReason = IgnoreReason::fixed("user_authorization");

#[derive(Deserialize)]
struct Envelope {
    installation: Option<Installation>,
    repository: Option<Subject>,
}

#[derive(Deserialize)]
struct Subject {
    id: NumericId,
}

/// Finds the account and, where the event is about one, the repository.
pub(super) fn route(delivery: &Delivery<Verified>) -> Route {
    let is = |name| matches!(&delivery.origin, Origin::Webhook { event, .. } if event == name);
    if is("ping") {
        return Route::Nowhere(IgnoreReason::PING);
    }
    let envelope: Envelope = match json::parse(&delivery.raw) {
        Ok(envelope) => envelope,
        Err(error) => return Route::Unreadable(error),
    };
    let Some(installation) = envelope.installation else {
        return Route::Nowhere(if is("github_app_authorization") { USER_AUTHORIZATION } else { NO_INSTALLATION });
    };
    let resource = envelope.repository.map(|repository| ResourceId::parse(repository.id.to_string())).transpose();
    match (AccountId::parse(installation.id.to_string()), resource) {
        (Ok(account), Ok(resource)) => Route::Account { account, resource },
        (Err(error), _) | (_, Err(error)) => Route::Unreadable(json::quarantined("", error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use connector_domain::{ProviderKind, Timestamp};

    use super::*;

    fn routed(event: &str, body: &[u8]) -> Route {
        let webhook = Delivery::webhook(ProviderKind::Github, event.into(), None, body.into(), Timestamp::UNIX_EPOCH);
        route(&webhook.verify(|_| Ok::<(), ()>(())).unwrap())
    }

    #[test]
    fn the_installation_and_the_repository_decide_by_id() {
        let account = AccountId::parse("5").unwrap();
        assert_eq!(
            routed("issues", br#"{"installation":{"id":5},"repository":{"id":"18446744073709551615","name":"x"}}"#),
            Route::Account {
                account: account.clone(),
                resource: Some(ResourceId::parse("18446744073709551615").unwrap())
            }
        );
        let about_the_account = routed("installation", br#"{"installation":{"id":5}}"#);
        assert_eq!(about_the_account, Route::Account { account, resource: None });
    }

    #[test]
    fn a_text_that_is_no_unicode_does_not_hide_whose_it_is() {
        let odd = br#"{"title":"\ud83d","installation":{"id":5}}"#;
        assert!(matches!(routed("issues", odd), Route::Account { .. }));
    }

    #[test]
    fn what_belongs_to_nobody_is_told_apart_from_what_cannot_be_read() {
        assert_eq!(routed("ping", b"not json"), Route::Nowhere(IgnoreReason::PING));
        assert_eq!(routed("push", br#"{"repository":{"id":1}}"#), Route::Nowhere(NO_INSTALLATION));
        let revoked = routed("github_app_authorization", br#"{"action":"revoked","sender":{"id":1}}"#);
        assert_eq!(revoked, Route::Nowhere(USER_AUTHORIZATION));
        for bad in [&b"[]"[..], b"{", b"\xff", br#"{"installation":{"id":-5}}"#, br#"{"installation":{"id":""}}"#] {
            assert!(matches!(routed("push", bad), Route::Unreadable(_)), "{bad:?}");
        }
    }
}
