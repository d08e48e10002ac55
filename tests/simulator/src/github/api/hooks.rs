//! The log of the App's webhooks that did not arrive, and sending them again.
//! <https://docs.github.com/en/rest/apps/webhooks>

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::super::{State, Webhook, json::text};
use super::answer::Answer;
use super::call::Call;
use super::token::app;

/// A try to deliver a webhook that failed.
pub(crate) struct Failed {
    id: u64,
    webhook: Webhook,
    delivered_at: Timestamp,
    status: u16,
    redelivery: bool,
}

/// All of them, and what was sent again.
#[derive(Default)]
pub(crate) struct Hooks {
    failed: Vec<Failed>,
    pub(crate) sent_again: Vec<Webhook>,
}

/// How long the log is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(72);

impl Hooks {
    pub(crate) fn fail(&mut self, webhook: Webhook, status: u16, now: Timestamp) {
        let redelivery = self.failed.iter().any(|failed| failed.webhook.delivery_id == webhook.delivery_id);
        let id = 1_000_000_000_001 + self.failed.len() as u64 * 7;
        self.failed.push(Failed { id, webhook, delivered_at: now, status, redelivery });
    }
}

/// `GET /app/hook/deliveries`, newest first.
pub(super) fn list(state: &State, call: &Call, now: Timestamp) -> Answer {
    if let Err(refusal) = app(state.desk.apps.current(), call.authorization.as_deref(), now) {
        return *refusal;
    }
    let parameter = |name: &str| call.param(name);
    let size = parameter("per_page").and_then(|text| text.parse().ok()).unwrap_or(30_usize).clamp(1, 100);
    let before = parameter("cursor").and_then(|text| text.parse().ok()).unwrap_or(u64::MAX);
    let kept = state.hooks.failed.iter().rev().filter(|failed| now.duration_since(failed.delivered_at) <= KEPT);
    let mut rest = kept.filter(|failed| failed.id < before).peekable();
    let page: Vec<_> = rest.by_ref().take(size).collect();
    let more = rest.peek().is_some();
    let entry = |failed: &&Failed| {
        json!({
            "id": failed.id, "guid": failed.webhook.delivery_id, "delivered_at": failed.delivered_at.to_string(),
            "redelivery": failed.redelivery, "duration": 10.0, "status": "failed", "status_code": failed.status,
            "event": failed.webhook.event, "action": failed.webhook.action, "installation_id": null,
            "repository_id": null, "throttled_at": null,
        })
    };
    let body = text(&page.iter().map(entry).collect::<Vec<_>>());
    let mut answer = Answer::json(200, body);
    answer.link = page.last().filter(|_| more).map(|last| {
        let base = &call.base;
        format!("<{base}/app/hook/deliveries?status=failure&per_page={size}&cursor={}>; rel=\"next\"", last.id)
    });
    answer
}

/// `POST /app/hook/deliveries/{id}/attempts`.
pub(super) fn again(state: &mut State, call: &Call, id: &str, now: Timestamp) -> Answer {
    if let Err(refusal) = app(state.desk.apps.current(), call.authorization.as_deref(), now) {
        return *refusal;
    }
    let failed = state.hooks.failed.iter().find(|failed| failed.id.to_string() == id);
    let Some(webhook) = failed.map(|failed| failed.webhook.clone()) else { return Answer::not_found() };
    state.hooks.sent_again.push(webhook);
    Answer::json(202, "{}".to_owned())
}
