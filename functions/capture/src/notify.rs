//! Other systems are told of what matters.

use std::sync::Arc;
use std::time::Duration;

use connector_domain::notification::Notification;
use connector_domain::observation::Observation;
use connector_domain::ports::{PortError, Queue};

/// Whom to tell, and of what.
#[derive(Clone)]
pub struct Notify {
    /// Who wants to know.
    pub queue: Arc<dyn Queue<Notification>>,
    /// Of facts with this score or a higher one.
    pub from: u8,
}

impl Notify {
    /// Tells of new rows, in their order. A delivery that is captured again after a fault tells of them again.
    pub(crate) async fn tell<'a>(&self, captured: impl Iterator<Item = &'a Observation>) -> Result<(), PortError> {
        let matter = captured.filter(|observation| observation.significance.score >= self.from);
        let notifications: Vec<_> = matter.map(Notification::of).collect();
        if notifications.is_empty() {
            return Ok(());
        }
        self.queue.send(&notifications, Duration::ZERO).await
    }
}
