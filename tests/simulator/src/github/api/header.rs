//! The headers every answer has.

use axum::{http::StatusCode, response::Response};
use jiff::Timestamp;

use super::{
    super::fault::Fault,
    answer::Answer,
    call::{Call, Version},
};
use crate::{
    budget::Budget,
    random::Random,
    wire::{Spoil, http_date, respond},
};

/// The response to send. `serial` counts the requests answered.
pub(crate) fn finish(
    answer: Answer,
    call: &Call,
    budget: &Budget,
    now: Timestamp,
    serial: u64,
    fault: Option<&Fault>,
) -> Response {
    let ok = answer.status == StatusCode::OK;
    let link = match fault {
        Some(Fault::Link(link)) if ok => Some(link.clone()),
        _ => answer.link,
    };
    let privacy = if call.authorization.is_some() { "private" } else { "public" };
    let headers = [
        ("server", Some("GitHub.com".to_owned())),
        ("date", Some(http_date(now))),
        ("cache-control", Some(format!("{privacy}, max-age=60, s-maxage=60"))),
        ("vary", Some("Accept, Authorization, Cookie, X-GitHub-OTP, Accept-Encoding, X-Requested-With".to_owned())),
        ("etag", answer.etag),
        ("link", link),
        ("x-github-media-type", Some("github.v3; format=json".to_owned())),
        ("x-github-api-version-selected", call.version.map(Version::name).map(str::to_owned)),
        ("x-ratelimit-limit", Some(budget.limit.to_string())),
        ("x-ratelimit-remaining", Some(budget.remaining().to_string())),
        ("x-ratelimit-used", Some(budget.used.to_string())),
        ("x-ratelimit-reset", Some(budget.resets_at.to_string())),
        ("x-ratelimit-resource", Some(if call.path == "/graphql" { "graphql" } else { "core" }.to_owned())),
        ("x-github-request-id", Some(request_id(serial, now))),
    ];
    let present = headers.into_iter().filter_map(|(name, value)| value.map(|value| (name, value)));
    respond(answer.status, present.chain(answer.extra), answer.content, fault.and_then(spoil))
}

fn spoil(fault: &Fault) -> Option<Spoil> {
    match fault {
        Fault::Truncated => Some(Spoil::Truncated),
        Fault::Malformed => Some(Spoil::Malformed),
        Fault::BadItem(place) => Some(Spoil::Item(*place, SPOILT)),
        _ => None,
    }
}

/// An item in which nothing has the type it should have.
const SPOILT: &str = r#"{"id":"one","number":"two","tag_name":3,"title":4,"user":5,"created_at":{"at":6}}"#;

/// Of the form `0685:5DDC:10B68F9:25FA1BE:62D6354D`; the last part is the time.
fn request_id(serial: u64, now: Timestamp) -> String {
    let hex = Random::new(serial, &[0x2E9]).hex(22).to_uppercase();
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!("{}:{}:{}:{}:{:X}", part(0, 4), part(4, 8), part(8, 15), part(15, 22), now.as_second())
}
