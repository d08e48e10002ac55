//! Bounds of a unit.

use std::time::Duration;

/// Bounds that hold whatever a provider answers.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How long a worker may keep a page to itself. Longer than a function may run.
    pub lease: Duration,
    /// How long a unit may stand still before recovery sends it again.
    pub stall: Duration,
    /// Most pages of one unit; the unit is then partial, never completed.
    pub max_pages: u32,
    /// Most calls for one page before the unit fails.
    pub max_attempts: u32,
    /// First wait after a fault; it doubles with each.
    pub backoff: Duration,
    /// Longest wait after a fault.
    pub max_backoff: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(120),
            stall: Duration::from_secs(300),
            max_pages: 10_000,
            max_attempts: 8,
            backoff: Duration::from_secs(2),
            max_backoff: Duration::from_secs(600),
        }
    }
}
