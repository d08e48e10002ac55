//! Every provider, and everything that can be wrong with a state: one answer for all of it, and nothing happens.

use std::collections::BTreeSet;
use std::time::Duration;

use connector_domain::ProviderKind;
use dynoxide::Database;
use dynoxide::actions::scan::ScanRequest;
use futures::future::join_all;
use serde_json::{Value, json};
use url::Url;

use super::http::{Reply, send};
use super::{Desk, Visit};

#[derive(Debug, Clone, Copy)]
enum Wrong {
    NoState,
    Foreign,
    Expired,
    Replayed,
    Tampered,
    OtherProviders,
    OtherBrowser,
    NoCookie,
    TwoStates,
}

const ALL: [Wrong; 9] = [
    Wrong::NoState,
    Wrong::Foreign,
    Wrong::Expired,
    Wrong::Replayed,
    Wrong::Tampered,
    Wrong::OtherProviders,
    Wrong::OtherBrowser,
    Wrong::NoCookie,
    Wrong::TwoStates,
];

/// Never given out.
const FOREIGN: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// The way back with another state, or none. Sentry's comes from the cookie.
fn with_state(kind: ProviderKind, visit: &Visit, state: Option<&str>) -> (String, String) {
    if kind == ProviderKind::Sentry {
        let bound = visit.cookie.split('.').next().unwrap();
        let cookie = state.map_or_else(|| bound.to_owned(), |state| format!("{bound}.{state}"));
        return (visit.back.clone(), cookie);
    }
    let mut url = Url::parse(&visit.back).unwrap();
    let kept: Vec<_> = url.query_pairs().into_owned().filter(|(name, _)| name != "state").collect();
    url.query_pairs_mut().clear().extend_pairs(kept).extend_pairs(state.map(|state| ("state", state)));
    (url.into(), visit.cookie.clone())
}

/// The cookie of one provider under the name that another's has.
fn renamed(cookie: &str, kind: ProviderKind) -> String {
    format!("__Host-connect-{kind}={}", cookie.split_once('=').unwrap().1)
}

fn flipped(state: &str) -> String {
    let last = if state.ends_with('A') { 'E' } else { 'A' };
    format!("{}{last}", &state[..state.len() - 1])
}

impl Desk {
    /// A request that must be refused, and the key of the connect that it must not touch.
    async fn spoil(&self, kind: ProviderKind, wrong: Wrong) -> (String, Vec<String>, Option<String>) {
        let visit = self.visit(kind, "approve").await;
        let one = |(url, cookie): (String, String), poll: Option<String>| (url, vec![cookie], poll);
        let untouched = Some(visit.poll.clone());
        match wrong {
            Wrong::NoState => one(with_state(kind, &visit, None), untouched),
            Wrong::Foreign => one(with_state(kind, &visit, Some(FOREIGN)), untouched),
            Wrong::Tampered => one(with_state(kind, &visit, Some(&flipped(&visit.state))), untouched),
            Wrong::Expired => {
                self.clock.advance(Duration::from_secs(601));
                // Whoever waits has stopped to.
                one((visit.back, visit.cookie), None)
            }
            Wrong::Replayed => {
                assert_eq!(self.finish(&visit).await.status, 200, "{kind}");
                one((visit.back, visit.cookie), None)
            }
            Wrong::OtherProviders => {
                let other = ProviderKind::ALL.into_iter().find(|other| *other != kind).unwrap();
                let theirs = self.visit(other, "approve").await;
                let (url, _) = with_state(kind, &visit, Some(&theirs.state));
                let bound = renamed(theirs.cookie.split('.').next().unwrap(), kind);
                let is_sentry = kind == ProviderKind::Sentry;
                let cookie = if is_sentry { format!("{bound}.{}", theirs.state) } else { bound };
                one((url, cookie), untouched)
            }
            Wrong::OtherBrowser => {
                let other = self.visit(kind, "approve").await;
                // Their own cookie, with the state of the first browser.
                let (url, _) = with_state(kind, &visit, Some(&visit.state));
                let bound = other.cookie.split('.').next().unwrap();
                let is_sentry = kind == ProviderKind::Sentry;
                let cookie = if is_sentry { format!("{bound}.{}", visit.state) } else { bound.to_owned() };
                one((url, cookie), untouched)
            }
            Wrong::NoCookie => (visit.back, Vec::new(), untouched),
            Wrong::TwoStates => {
                let twice = format!("{}&state={}&state={FOREIGN}", visit.back, visit.state);
                (twice, vec![visit.cookie], untouched)
            }
        }
    }

    /// Every stored item.
    fn items(&self) -> BTreeSet<String> {
        scan(self).into_iter().map(|(table, item)| format!("{table} {item}")).collect()
    }
}

/// The rows as they are, by table.
pub(crate) fn scan(desk: &Desk) -> Vec<(String, Value)> {
    let file = desk.rows.path().join("connectors.db");
    let rows = Database::new(file.to_str().unwrap()).unwrap();
    let tables = serde_json::to_value(rows.list_tables(serde_json::from_value(json!({})).unwrap()).unwrap()).unwrap();
    let mut found = Vec::new();
    for table in tables["TableNames"].as_array().unwrap() {
        let mut from = Value::Null;
        loop {
            let request: ScanRequest =
                serde_json::from_value(json!({ "TableName": table, "ExclusiveStartKey": from })).unwrap();
            let page = serde_json::to_value(rows.scan(request).unwrap()).unwrap();
            let items = page["Items"].as_array().cloned().unwrap_or_default();
            found.extend(items.into_iter().map(|item| (table.as_str().unwrap().to_owned(), item)));
            from = page["LastEvaluatedKey"].clone();
            if from.is_null() {
                break;
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_state_that_is_not_good_is_refused_in_one_way_and_nothing_happens() {
    for kind in ProviderKind::ALL {
        let desk = Desk::new().await;
        let mut answers = BTreeSet::new();
        for wrong in ALL {
            let (url, cookies, poll) = desk.spoil(kind, wrong).await;
            let before = (desk.items(), ProviderKind::ALL.map(|kind| desk.calls(kind)), desk.tap.passed().len());
            assert!(!before.0.is_empty());
            let headers: Vec<_> = cookies.iter().map(|cookie| ("cookie", cookie.as_str())).collect();
            let refused = send("GET", &url, &headers, String::new()).await;
            assert_eq!(refused.status, 400, "{kind}, {wrong:?}: {}", refused.text());
            answers.insert(refused.whole());
            let after = (desk.items(), ProviderKind::ALL.map(|kind| desk.calls(kind)), desk.tap.passed().len());
            assert!(before == after, "{kind}, {wrong:?}: something happened");
            if let Some(poll) = poll {
                assert_eq!(desk.outcome(kind, &poll).await, json!({ "status": "pending" }), "{kind}, {wrong:?}");
            }
        }
        assert_eq!(answers.len(), 1, "{kind}: the answers tell what was wrong: {answers:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_callbacks_at_once_exactly_one_wins() {
    for kind in ProviderKind::ALL {
        let desk = Desk::new().await;
        let visit = desk.visit(kind, "approve").await;
        let before = desk.calls(kind);
        let replies: Vec<Reply> = join_all((0..8).map(|_| desk.finish(&visit))).await;
        let won = replies.iter().filter(|reply| reply.status == 200).count();
        let refused = replies.iter().filter(|reply| reply.status == 400).count();
        assert_eq!((won, refused), (1, 7), "{kind}");
        assert_eq!(desk.connections().await, 1, "{kind}");
        assert_eq!(desk.outcome(kind, &visit.poll).await["status"], "connected", "{kind}");
        let exchanges = desk
            .tap
            .passed()
            .iter()
            .filter(|passed| passed.method == "POST" && passed.body.contains("client_secret"))
            .count();
        assert_eq!(exchanges, 1, "{kind}: {} calls", desk.calls(kind) - before);
    }
}
