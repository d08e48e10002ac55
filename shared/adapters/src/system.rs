//! The clock and the chance of the machine.

use std::time::Duration;

use async_trait::async_trait;
use connector_domain::Timestamp;
use connector_domain::ports::{Clock, Pause, Random};

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the time comes from")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// Waits by the machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemPause;

#[async_trait]
impl Pause for SystemPause {
    #[expect(clippy::disallowed_methods, reason = "the one place where waiting is done")]
    async fn pause(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

/// The operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsRandom;

impl Random for OsRandom {
    #[expect(clippy::disallowed_methods, reason = "the one place where chance comes from")]
    #[expect(clippy::expect_used, reason = "no key, nonce or id may be made without randomness")]
    fn bytes(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).expect("the operating system gives randomness");
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ() {
        let (a, b) = (OsRandom.id(), OsRandom.id());
        assert_eq!((a.len(), a == b), (32, false));
        assert!((0.0..1.0).contains(&OsRandom.fraction()));
    }

    #[test]
    fn time_passes() {
        assert!(SystemClock.now() <= SystemClock.now());
    }
}
