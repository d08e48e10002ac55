//! Moments and the time between them, without the ends of the calendar getting in the way.

use std::time::Duration;

use crate::Timestamp;
use crate::http::MIN_RETRY_AFTER;

/// A moment some time after another; the last one that there is when that is beyond it.
#[must_use]
pub fn later(at: Timestamp, by: Duration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// The time from now to a moment; none when that has passed.
#[must_use]
pub fn until(now: Timestamp, moment: Timestamp) -> Duration {
    Duration::try_from(moment.duration_since(now)).unwrap_or(Duration::ZERO)
}

/// A pause, doubled so many times.
#[must_use]
pub fn doubled(pause: Duration, times: u32) -> Duration {
    pause.saturating_mul(1_u32 << times.min(16))
}

/// Exponential backoff with full jitter, which is in 0..1: from `first` on, and no longer than `longest`.
/// <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>
#[must_use]
pub fn backoff(first: Duration, longest: Duration, times: u32, jitter: f64) -> Duration {
    MIN_RETRY_AFTER + doubled(first, times).min(longest).mul_f64(jitter.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_end_of_time_is_passed() {
        let (now, minute) = (Timestamp::UNIX_EPOCH, Duration::from_secs(60));
        assert_eq!(until(now, later(now, minute)), minute);
        assert_eq!(until(later(now, minute), now), Duration::ZERO);
        assert_eq!(later(Timestamp::MAX, minute), Timestamp::MAX);
    }
}
