//! Accepts webhooks: verify, route, store the delivery, enqueue, answer.
//!
//! A success means that the raw bytes are durable, and nothing else: transforming comes later, so an event that we do not
//! know, or a fault in a transform, loses nothing. It knows no provider's payload and no AWS service.

mod accept;
pub mod lambda;

pub use accept::{Webhook, WebhookPorts};
