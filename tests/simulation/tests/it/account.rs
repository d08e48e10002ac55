//! One fault at every port call of a callback and of a renewal: nothing half, and nothing silently dead.

use std::sync::Arc;
use std::time::Duration;

use connector_domain::connection::ConnectionStatus;
use connector_domain::oauth::ConnectFailure;
use connector_domain::ports::TokenError;
use connector_simulation::{Account, Fault, Grants, Plan};

fn calm() -> Arc<Plan> {
    Arc::new(Plan::scripted([]))
}

/// Connected, with tokens that have just ended.
fn expired(grants: Grants) -> Account {
    let account = Account::new(grants);
    let visitor = account.visit("code").unwrap();
    account.callback(&visitor, &calm()).unwrap().unwrap();
    account.advance(Duration::from_secs(1_000));
    account
}

/// Asks until there is an answer that stays: whether there is a good token.
fn settle(account: &Account, context: &str) -> bool {
    for _ in 0..5 {
        account.advance(Duration::from_secs(60));
        match account.bearer(&calm()).unwrap() {
            Ok(Some(token)) => {
                assert!(account.takes(&token), "{context}: a token that the provider does not take");
                return true;
            }
            Ok(None) => panic!("{context}: the tokens are gone"),
            Err(TokenError::NeedsReconnect) => return false,
            Err(TokenError::Port(_)) => {}
        }
    }
    panic!("{context}: it does not settle");
}

fn renewals(faults: impl Fn(&Account, &str, Vec<(usize, Fault)>)) {
    for grants in [Grants::Strict, Grants::Grace] {
        let plan = calm();
        let token = expired(grants).bearer(&plan).unwrap();
        assert!(token.unwrap().is_some());
        let calls = plan.calls();
        assert!(calls.contains(&"ProviderHttp::send") && calls.contains(&"TokenVault::store"), "{calls:?}");
        for (point, call) in calls.iter().enumerate() {
            for fault in Fault::ALL {
                let context = format!("{grants:?}, {fault:?} at {point} ({call})");
                faults(&expired(grants), &context, vec![(point, fault)]);
                // A fault may make the way longer, so that there is more to break after it.
                for second in point + 1..calls.len() + 4 {
                    for then in Fault::ALL {
                        let context = format!("{context}, then {then:?} at {second}");
                        faults(&expired(grants), &context, vec![(point, fault), (second, then)]);
                    }
                }
            }
        }
    }
}

#[test]
fn a_renewal_that_breaks_anywhere_ends_in_a_good_token_or_in_a_loss_with_a_name() {
    renewals(|account, context, faults| {
        let first = account.bearer(&Arc::new(Plan::scripted(faults)));
        if let Some(Ok(Some(token))) = first {
            assert!(account.takes(&token), "{context}");
        }
        if settle(account, context) {
            assert_eq!(account.lost(), None, "{context}");
        } else {
            assert!(context.starts_with("Strict"), "{context}: the provider would have given the same answer again");
            assert_eq!(account.lost().as_deref(), Some("refresh_lost"), "{context}");
            // A person heals it.
            let visitor = account.visit("another code").unwrap();
            account.callback(&visitor, &calm()).unwrap().unwrap();
            assert!(settle(account, context) && account.lost().is_none(), "{context}");
        }
    });
}

#[test]
fn a_callback_that_breaks_anywhere_leaves_nothing_half() {
    let plan = calm();
    let account = Account::new(Grants::Strict);
    account.callback(&account.visit("code").unwrap(), &plan).unwrap().unwrap();
    let calls = plan.calls();
    assert_eq!(calls[0], "StateStore::take", "nothing is done before the state is spent: {calls:?}");
    for (point, call) in calls.iter().enumerate() {
        for fault in Fault::ALL {
            let context = format!("{fault:?} at {point} ({call})");
            let account = Account::new(Grants::Strict);
            let visitor = account.visit("code").unwrap();
            let first = account.callback(&visitor, &Arc::new(Plan::scripted([(point, fault)])));
            for connection in account.connections() {
                assert_eq!(connection.status, ConnectionStatus::Active, "{context}");
                assert!(account.has_tokens(&connection), "{context}: a connection without tokens");
            }
            if let Some(Ok(connected)) = &first {
                assert_eq!(account.connections()[0].id, connected.connection, "{context}");
            }
            let spent = point > 0 || matches!(fault, Fault::FailAfter | Fault::CrashAfter);
            match account.callback(&visitor, &calm()).unwrap() {
                Err(error) => {
                    assert!(spent, "{context}: the state was not spent");
                    assert_eq!(error.failure, ConnectFailure::StateInvalid, "{context}");
                }
                Ok(_) => assert!(!spent, "{context}: the state was good twice"),
            }
            let again = account.visit("another code").unwrap();
            account.callback(&again, &calm()).unwrap().unwrap();
            assert_eq!(account.connections().len(), 1, "{context}: one account is one connection");
            assert!(settle(&account, &context), "{context}");
        }
    }
}
