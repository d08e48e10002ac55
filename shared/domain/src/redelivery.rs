//! Webhooks that did not arrive, where their provider keeps a log of them and sends them again when it is asked.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{ProviderKind, Timestamp};

/// A try to deliver that failed, as the provider's log tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedDelivery {
    /// The provider's id of the try.
    pub id: String,
    /// Its id of what was to be delivered, the same in every try.
    pub event: String,
    /// When it was tried.
    pub at: Timestamp,
}

/// The row of which tries were asked for again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redelivered {
    /// Of which provider.
    pub provider: ProviderKind,
    /// The last failed try of an event that was asked for again, and when.
    pub asked: BTreeMap<String, Timestamp>,
}

/// Tries after which an event is given up: what is refused for what it is will be refused again.
const MOST_TRIES: usize = 6;
/// Pause after the first failure; each further one makes it four times as long.
const FIRST_PAUSE: Duration = Duration::from_secs(60);

/// What is to be done about a log of failures.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Due<'a> {
    /// Tries to ask for again, the oldest first.
    pub again: Vec<&'a FailedDelivery>,
    /// Events that failed too often.
    pub given_up: usize,
}

impl Redelivered {
    /// Nothing was asked for yet.
    #[must_use]
    pub const fn nothing(provider: ProviderKind) -> Self {
        Self { provider, asked: BTreeMap::new() }
    }

    /// What is to be asked for again of all failures that the log still has. A try is asked for once: if that fails too, the
    /// log has another one.
    #[must_use]
    pub fn due<'a>(&self, failed: &'a [FailedDelivery], now: Timestamp) -> Due<'a> {
        let mut events: BTreeMap<&str, Vec<&FailedDelivery>> = BTreeMap::new();
        for failure in failed {
            events.entry(&failure.event).or_default().push(failure);
        }
        let mut due = Due::default();
        for tries in events.into_values() {
            let Some(last) = tries.iter().max_by_key(|failure| failure.at) else { continue };
            let pause = FIRST_PAUSE.saturating_mul(1 << (2 * (tries.len() - 1)).min(16));
            if self.asked.contains_key(&last.id) {
                continue;
            }
            if tries.len() >= MOST_TRIES {
                due.given_up += 1;
            } else if last.at.checked_add(pause).is_ok_and(|then| then <= now) {
                due.again.push(last);
            }
        }
        due.again.sort_unstable_by_key(|failure| (failure.at, &failure.id));
        due
    }

    /// After these were asked for; what the log does not have any more is forgotten.
    #[must_use]
    pub fn after(&self, again: &[&FailedDelivery], failed: &[FailedDelivery], now: Timestamp) -> Self {
        let known = |id: &String| failed.iter().any(|failure| failure.id == *id);
        let mut asked = self.asked.clone();
        asked.retain(|id, _| known(id));
        asked.extend(again.iter().map(|failure| (failure.id.clone(), now)));
        Self { provider: self.provider, asked }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn failed(id: &str, event: &str, second: i64) -> FailedDelivery {
        FailedDelivery { id: id.to_owned(), event: event.to_owned(), at: at(second) }
    }

    #[test]
    fn each_failed_try_is_asked_for_once_after_a_pause_that_grows() {
        let mut log = vec![failed("1", "a", 0)];
        let asked = Redelivered::nothing(ProviderKind::Github);
        assert_eq!(asked.due(&log, at(59)).again.len(), 0, "it may have been a moment's fault");
        let due = asked.due(&log, at(60));
        assert_eq!(due.again, [&log[0]]);
        let asked = asked.after(&due.again, &log, at(60));
        assert_eq!(asked.due(&log, at(9_999)), Due::default(), "it arrived, or is in the log again");
        log.push(failed("2", "a", 61));
        assert_eq!(asked.due(&log, at(61 + 239)).again.len(), 0);
        assert_eq!(asked.due(&log, at(61 + 240)).again, [&log[1]]);
        log.extend((3..7).map(|n| failed(&n.to_string(), "a", 1_000 * n)));
        let given_up = asked.due(&log, at(1_000_000));
        assert_eq!((given_up.again.len(), given_up.given_up), (0, 1));
    }

    #[test]
    fn what_the_log_has_forgotten_is_forgotten() {
        let log = [failed("1", "a", 0), failed("2", "b", 0)];
        let asked = Redelivered::nothing(ProviderKind::Github).after(&[&log[0], &log[1]], &log, at(60));
        assert_eq!(asked.asked.len(), 2);
        assert_eq!(asked.after(&[], &log[1..], at(61)).asked.into_keys().collect::<Vec<_>>(), ["2"]);
    }
}
