//! What GitHub says, as JSON: one file per kind of thing, shared by the list endpoints and the webhooks.
//!
//! Fields follow the public schemas of <https://github.com/github/rest-api-description>. Addresses inside the
//! objects are those of github.com, whatever port the simulator listens on, so that data is the same everywhere.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

pub(super) mod deployment;
pub(super) mod discussion;
pub(super) mod envelope;
pub(super) mod event;
pub(super) mod issue;
pub(super) mod pull;
pub(super) mod push;
pub(super) mod release;
pub(super) mod repository;
pub(super) mod talk;
pub(super) mod user;

/// Where GitHub's own objects say the API is.
pub(super) const API: &str = "https://api.github.com";
/// Where GitHub's own objects say the site is.
pub(super) const WEB: &str = "https://github.com";

/// Serialized once, copied as bytes into every object that carries it.
pub(super) fn raw(value: &impl Serialize) -> Box<RawValue> {
    to_raw_value(value).unwrap_or_else(|error| unreachable!("our own structures serialize: {error}"))
}

/// One object as text.
pub(super) fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| unreachable!("our own structures serialize: {error}"))
}

/// GitHub's newer node ids: a prefix and the base64 of a MessagePack array `[0, id...]`.
pub(super) fn node_id(prefix: &str, ids: &[u64]) -> String {
    let mut packed = vec![0x90 | u8::try_from(ids.len() + 1).unwrap_or(0x0F), 0x00];
    for id in ids {
        pack(&mut packed, *id);
    }
    format!("{prefix}_{}", URL_SAFE_NO_PAD.encode(packed))
}

/// A MessagePack number: 32 bits where it fits, else 64.
pub(super) fn pack(into: &mut Vec<u8>, number: u64) {
    if let Ok(small) = u32::try_from(number) {
        into.push(0xCE);
        into.extend(small.to_be_bytes());
    } else {
        into.push(0xCF);
        into.extend(number.to_be_bytes());
    }
}

/// The reactions every issue-like object carries; nobody reacts here.
pub(super) fn reactions(url: String) -> impl Serialize {
    #[derive(Serialize)]
    struct Reactions {
        url: String,
        total_count: u32,
        #[serde(rename = "+1")]
        up: u32,
        #[serde(rename = "-1")]
        down: u32,
        laugh: u32,
        hooray: u32,
        confused: u32,
        heart: u32,
        rocket: u32,
        eyes: u32,
    }
    Reactions { url, total_count: 0, up: 0, down: 0, laugh: 0, hooray: 0, confused: 0, heart: 0, rocket: 0, eyes: 0 }
}

#[cfg(test)]
mod tests {
    #[test]
    fn node_ids_have_githubs_own_encoding() {
        // Repository 515435940 of the public octokit fixtures.
        assert_eq!(super::node_id("R", &[515_435_940]), "R_kgDOHrjtpA");
        assert_eq!(super::node_id("PR", &[592_181_315, 1_263_574_504]), "PR_kwDOI0v4Q85LUJ3o");
    }
}
