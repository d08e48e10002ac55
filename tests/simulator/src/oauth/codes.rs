//! Codes that are good once, and not for long.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{
    random::Random,
    secrets::{Secret, digest},
};

/// The codes that were given out, with what each was made for.
pub(crate) struct Codes<T> {
    seed: u64,
    made: u64,
    held: BTreeMap<Secret, (T, Timestamp)>,
}

impl<T> Codes<T> {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, made: 0, held: BTreeMap::new() }
    }

    /// A new code, good until then.
    pub(crate) fn issue(&mut self, made_for: T, until: Timestamp) -> String {
        self.made += 1;
        let code = Random::new(self.seed, &[self.made, 0xC0DE]).hex(40);
        self.held.insert(digest(&code), (made_for, until));
        code
    }

    /// What a code was made for. It is spent now.
    pub(crate) fn spend(&mut self, code: &str, now: Timestamp) -> Option<T> {
        let (made_for, until) = self.held.remove(&digest(code))?;
        (until > now).then_some(made_for)
    }

    /// Spends all of them, as though somebody else had been faster.
    pub(crate) fn spend_all(&mut self) {
        self.held.clear();
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn a_code_is_good_once_and_in_its_time() {
        let mut codes = Codes::new(1);
        let now = Timestamp::UNIX_EPOCH;
        let until = now + SignedDuration::from_mins(10);
        let (first, second) = (codes.issue(1, until), codes.issue(2, until));
        assert_ne!(first, second);
        assert_eq!(codes.spend(&first, now), Some(1));
        assert_eq!(codes.spend(&first, now), None);
        assert_eq!(codes.spend(&second, until), None, "too late");
        assert_eq!(codes.spend("foreign", now), None);
    }
}
