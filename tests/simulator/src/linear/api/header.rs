//! The headers every answer has, and the faults that spoil a right answer on its way out.

use axum::response::Response;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    super::fault::Fault,
    answer::{Answer, Body, internal},
    budget::Standing,
};
use crate::{
    random::Random,
    wire::{Content, Spoil, http_date, respond},
};

/// What the headers tell.
pub(crate) struct Shown {
    pub(crate) now: Timestamp,
    /// Counts the requests answered.
    pub(crate) serial: u64,
    /// The budgets of requests and of points, for whoever was let in.
    pub(crate) budgets: Option<(Standing, Standing)>,
    pub(crate) points: u64,
}

/// The response to send.
pub(crate) fn finish(answer: Answer, shown: &Shown, fault: Option<&Fault>) -> Response {
    let content = match answer.body {
        Body::Json(mut value) => {
            match fault {
                Some(Fault::Partial) => halve(&mut value),
                Some(Fault::BadItem(place)) => spoil(&mut value, *place),
                _ => {}
            }
            Content::Json(value.to_string())
        }
        Body::Html => Content::Html(PAGE.to_owned()),
    };
    let mut headers = vec![
        ("date", http_date(shown.now)),
        ("server", "cloudflare".to_owned()),
        ("x-request-id", Random::new(shown.serial, &[0x2E9]).uuid()),
    ];
    if let Some((requests, points)) = shown.budgets {
        headers.extend([
            ("x-complexity", shown.points.to_string()),
            ("x-ratelimit-requests-limit", requests.limit.to_string()),
            ("x-ratelimit-requests-remaining", requests.remaining.to_string()),
            ("x-ratelimit-requests-reset", requests.resets_at.to_string()),
            ("x-ratelimit-complexity-limit", points.limit.to_string()),
            ("x-ratelimit-complexity-remaining", points.remaining.to_string()),
            ("x-ratelimit-complexity-reset", points.resets_at.to_string()),
        ]);
    }
    let spoil = match fault {
        Some(Fault::Truncated) => Some(Spoil::Truncated),
        Some(Fault::Malformed) => Some(Spoil::Malformed),
        _ => None,
    };
    respond(answer.status, headers, content, spoil)
}

const PAGE: &str = "<!DOCTYPE html>\n<html>\n  <head><title>linear.app | 502: Bad gateway</title></head>\n  <body>\n    \
    <h1>Bad gateway</h1>\n  </body>\n</html>\n";

/// The items of the first list of an answer.
fn items(body: &mut Value) -> Option<(String, &mut Vec<Value>)> {
    let lists = body["data"].as_object_mut()?;
    lists.iter_mut().find_map(|(name, list)| Some((name.clone(), list.get_mut("nodes")?.as_array_mut()?)))
}

/// Half of the items, and an error for the rest.
fn halve(body: &mut Value) {
    let Some((name, items)) = items(body) else { return };
    items.truncate(items.len() / 2);
    let mut error = internal();
    error["path"] = json!([name, "nodes", items.len()]);
    body["errors"] = json!([error]);
}

/// An item in which nothing has the type it should have.
fn spoil(body: &mut Value, place: usize) {
    if let Some(item) = items(body).and_then(|(_, items)| items.get_mut(place)) {
        *item = json!({ "id": 1, "identifier": 2, "title": 3, "body": 4, "createdAt": { "at": 5 }, "updatedAt": 6 });
    }
}
