//! Data keys in clear, kept for a short while: KMS has a quota of calls, and a disabled key must soon be without effect.
//! <https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html>

use std::collections::HashMap;
use std::time::Duration;

use connector_domain::Timestamp;
use sha2::{Digest, Sha256};

use super::keys::{KeyBytes, SealContext};

const TTL: Duration = Duration::from_secs(300);
const MAX_USES: u32 = 1_000;
const MAX_ENTRIES: usize = 1_000;

/// Names a sealed data key in its context.
pub(super) type Id = [u8; 32];

pub(super) fn id(sealed: &[u8], context: &SealContext) -> Id {
    // The canonical context tells its own end.
    Sha256::new().chain_update(context.canonical()).chain_update(sealed).finalize().into()
}

/// The keys.
#[derive(Default)]
pub(super) struct KeyCache(HashMap<Id, Entry>);

struct Entry {
    key: KeyBytes,
    until: Timestamp,
    since: Timestamp,
    uses: u32,
}

impl KeyCache {
    pub(super) fn get(&mut self, id: &Id, now: Timestamp) -> Option<KeyBytes> {
        let entry = self.0.get_mut(id)?;
        // A clock that was set back must not make a key live longer.
        if now < entry.since || now >= entry.until || entry.uses >= MAX_USES {
            self.0.remove(id);
            return None;
        }
        entry.uses += 1;
        Some(entry.key.clone())
    }

    pub(super) fn insert(&mut self, id: Id, key: KeyBytes, now: Timestamp) {
        if self.0.len() >= MAX_ENTRIES {
            self.0.retain(|_, entry| entry.since <= now && now < entry.until);
        }
        if self.0.len() >= MAX_ENTRIES
            && let Some(oldest) = self.0.iter().min_by_key(|(_, entry)| entry.since).map(|(id, _)| *id)
        {
            self.0.remove(&oldest);
        }
        let until = now.checked_add(TTL).unwrap_or(now);
        self.0.insert(id, Entry { key, until, since: now, uses: 1 });
    }
}

#[cfg(test)]
mod tests {
    use connector_testkit::builders::at;

    use super::*;

    #[test]
    fn a_key_is_good_for_minutes_and_a_number_of_uses() {
        let mut cache = KeyCache::default();
        let insert = |cache: &mut KeyCache, now| cache.insert([1; 32], KeyBytes::new([7; 32]), now);
        insert(&mut cache, at(0));
        assert!(cache.get(&[1; 32], at(299)).is_some());
        assert!(cache.get(&[2; 32], at(0)).is_none());
        assert!(cache.get(&[1; 32], at(300)).is_none());
        insert(&mut cache, at(0));
        assert!(cache.get(&[1; 32], at(-1)).is_none(), "the clock was set back");
        insert(&mut cache, at(0));
        let uses = (0..2_000).take_while(|_| cache.get(&[1; 32], at(1)).is_some()).count();
        assert_eq!(uses, 999, "the one that brought it in counts");
    }

    #[test]
    fn it_does_not_grow_without_end() {
        let mut cache = KeyCache::default();
        for n in 0..3_000_u32 {
            let mut id = [0; 32];
            id[..4].copy_from_slice(&n.to_be_bytes());
            cache.insert(id, KeyBytes::new([7; 32]), at(i64::from(n) / 100));
        }
        assert_eq!(cache.0.len(), MAX_ENTRIES);
        let mut newest = [0; 32];
        newest[..4].copy_from_slice(&2_999_u32.to_be_bytes());
        assert!(cache.get(&newest, at(30)).is_some(), "the oldest go first");
    }
}
