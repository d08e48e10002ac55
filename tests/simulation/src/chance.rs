//! Chance that a seed repeats.

use std::sync::atomic::{AtomicU64, Ordering};

use connector_domain::ports::Random;

/// SplitMix64: small, and good enough to choose among schedules. <https://prng.di.unimi.it/splitmix64.c>
#[derive(Debug)]
pub struct Chance(AtomicU64);

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Chance {
    /// The chance of a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// Another chance of the same seed, which draws on its own: what one of them draws moves nothing of the other.
    #[must_use]
    pub fn apart(seed: u64, purpose: u64) -> Self {
        Self::new(mix(seed ^ mix(purpose)))
    }

    /// The next number.
    pub fn next(&self) -> u64 {
        mix(self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP))
    }

    /// A number below `n`; 0 for 0.
    pub fn below(&self, n: usize) -> usize {
        let n = n as u64;
        usize::try_from(self.next().checked_rem(n).unwrap_or(0)).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&self, low: u64, high: u64) -> u64 {
        low + self.next() % (high.saturating_sub(low) + 1)
    }

    /// True in `percent` of a hundred cases.
    pub fn percent(&self, percent: u64) -> bool {
        percent > 0 && self.next() % 100 < percent
    }

    /// True in `per_mille` of a thousand cases.
    pub fn per_mille(&self, per_mille: u64) -> bool {
        per_mille > 0 && self.next() % 1_000 < per_mille
    }

    /// One of these.
    pub fn pick<T: Copy, const N: usize>(&self, among: [T; N]) -> T {
        among[self.below(N)]
    }
}

const fn mix(seed: u64) -> u64 {
    let mut z = seed;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Random for Chance {
    fn bytes(&self) -> [u8; 16] {
        let (high, low) = (self.next().to_be_bytes(), self.next().to_be_bytes());
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&high);
        bytes[8..].copy_from_slice(&low);
        bytes
    }
}
