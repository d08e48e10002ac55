//! The webhooks of the demo: which come, in which order, and what is made of them.

use std::collections::BTreeSet;

use connector_domain::capture::CaptureReport;
use connector_domain::http::WebhookRequest;
use connector_domain::{DeliveryId, ProviderKind, Timestamp, WorkspaceId};
use futures::{StreamExt, TryStreamExt};

use super::super::simulated::{Source, Webhook};
use super::Failure;
use crate::render::text::count;
use crate::stack::Stack;

/// Webhooks on their way at once.
const AT_ONCE: usize = 8;
/// One in so many never comes, and one in so many comes twice, as on a bad day.
const LOST: usize = 7;
const TWICE: usize = 5;

/// What will be sent.
pub(super) struct Plan {
    sent: Vec<(ProviderKind, Webhook)>,
    lost: usize,
    twice: usize,
    new: usize,
}

/// What was answered.
#[derive(Default)]
pub(super) struct Delivered {
    /// Deliveries that are stored, each once.
    pub(super) ids: BTreeSet<DeliveryId>,
    /// Webhooks that were taken.
    pub(super) received: u64,
}

impl Plan {
    /// The history so far with some lost and some twice, new facts, and all of it in disorder.
    pub(super) fn new(sources: &[Source], seed: u64, now: Timestamp) -> Self {
        let mut chance = Chance(seed);
        let of = |told: &dyn Fn(&Source) -> Vec<Webhook>| -> Vec<_> {
            sources.iter().flat_map(|source| told(source).into_iter().map(|webhook| (source.kind, webhook))).collect()
        };
        let mut history = of(&|source| source.happenings.history(now));
        chance.shuffle(&mut history);
        let lost = history.len() / LOST;
        history.truncate(history.len() - lost);
        let again: Vec<_> = history.iter().step_by(TWICE).cloned().collect();
        let new = of(&|source| source.happenings.news(now));
        let counts = (again.len(), new.len());
        let mut sent = history;
        sent.extend(again);
        sent.extend(new);
        chance.shuffle(&mut sent);
        Self { sent, lost, twice: counts.0, new: counts.1 }
    }

    pub(super) fn in_words(&self) -> String {
        let sent = count(self.sent.len() as u64, "webhook", "webhooks");
        let new = count(self.new as u64, "tells", "tell");
        format!("{sent} in no order: {} come twice, {new} of new facts, and {} never come.", self.twice, self.lost)
    }
}

/// Signs and sends all of a plan, several at once.
pub(super) async fn deliver(stack: &Stack, plan: &Plan) -> Result<Delivered, Failure> {
    let replies = futures::stream::iter(&plan.sent).map(|webhook| post(stack, webhook));
    let mut replies = replies.buffer_unordered(AT_ONCE);
    let mut delivered = Delivered::default();
    while let Some(id) = replies.try_next().await? {
        delivered.received += 1;
        delivered.ids.insert(id);
    }
    Ok(delivered)
}

/// Signs and sends one.
pub(super) async fn post(stack: &Stack, (kind, webhook): &(ProviderKind, Webhook)) -> Result<DeliveryId, Failure> {
    let secret = stack.secrets().webhook(*kind);
    let secret = secret.ok_or_else(|| Failure::new(format!("there is no secret to sign for {kind} with")))?;
    let signed = webhook(secret.expose());
    let request = WebhookRequest { headers: signed.headers.into_iter().collect(), body: signed.body };
    let reply = stack.webhook(&format!("/webhooks/{kind}"), "POST", request).await;
    if reply.status != 200 {
        return Err(Failure::new(format!("a webhook of {kind} was answered with {}", reply.status)));
    }
    Ok(DeliveryId::parse(reply.body["delivery"].as_str().unwrap_or_default())?)
}

impl Delivered {
    /// Webhooks that brought what was stored already.
    pub(super) fn repeated(&self) -> u64 {
        self.received - self.ids.len() as u64
    }
}

/// What became of the deliveries, as their rows say.
pub(super) async fn report(
    stack: &Stack,
    delivered: &Delivered,
    workspace: &WorkspaceId,
) -> Result<CaptureReport, Failure> {
    let mut sum = CaptureReport::default();
    for id in &delivered.ids {
        let record = stack.stores().deliveries.record(id).await?;
        if let Some(report) = record.as_ref().and_then(|record| record.outcomes.get(workspace)) {
            sum.merge(report);
        }
    }
    Ok(sum)
}

/// Chance that is the same for the same seed: xorshift, as of <https://www.jstatsoft.org/article/view/v008i14>.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.max(1);
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(bound.max(1)).unwrap_or(1)).unwrap_or(0)
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}
