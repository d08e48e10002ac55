//! Bounds of a sync.

use std::time::Duration;

/// Bounds that hold whatever a provider answers.
#[derive(Debug, Clone, Copy)]
pub struct SyncLimits {
    /// How long a worker may keep a step to itself. Longer than a function may run.
    pub lease: Duration,
    /// How long a sync may stand still before recovery sends it again.
    pub stall: Duration,
    /// Most tries of a step that the provider does not answer.
    pub max_attempts: u32,
    /// First wait after a fault; it doubles with each.
    pub backoff: Duration,
    /// Longest wait after a fault.
    pub max_backoff: Duration,
    /// Most passes that are made again because files could not be read.
    pub max_retries: u32,
    /// Pause before the first of them; it doubles with each.
    pub retry_after: Duration,
    /// How often a head is looked at again that does not show what was told of it.
    pub max_behind: u32,
    /// How often a connection is looked at that cannot be used.
    pub look_again: Duration,
}

impl Default for SyncLimits {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(240),
            stall: Duration::from_secs(300),
            max_attempts: 8,
            backoff: Duration::from_secs(2),
            max_backoff: Duration::from_secs(600),
            max_retries: 5,
            retry_after: Duration::from_secs(900),
            max_behind: 3,
            look_again: Duration::from_secs(3_600),
        }
    }
}
