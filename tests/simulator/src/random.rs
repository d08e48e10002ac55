//! Small seeded randomness: the same seed gives the same sequence on every machine.

/// SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>): tiny, fast, good enough to vary test data.
pub(crate) struct Random(u64);

impl Random {
    /// A generator for one purpose, told apart from the others by `parts`.
    pub(crate) fn new(seed: u64, parts: &[u64]) -> Self {
        Self(mix(seed, parts))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number in `0..bound`; 0 when `bound` is 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.next() % bound }
    }

    /// True in `percent` of 100 cases.
    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.index(from.len())]
    }

    /// An index below `len`, which must not be 0.
    pub(crate) fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).unwrap_or(0)
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.index(last + 1);
            items.swap(last, other);
        }
    }

    /// `digits` hexadecimal digits, for shas, tokens and delivery ids.
    pub(crate) fn hex(&mut self, digits: usize) -> String {
        let mut out = String::with_capacity(digits + 16);
        while out.len() < digits {
            out.push_str(&hex::encode(self.next().to_be_bytes()));
        }
        out.truncate(digits);
        out
    }

    /// `count` moments in order, from `since` up to `until`. Every sixteenth is that of the one before it.
    pub(crate) fn moments(&mut self, count: u32, since: i64, until: i64) -> Vec<i64> {
        let span = u64::try_from(until - since).unwrap_or(0);
        let mut moments: Vec<i64> = (0..count).map(|_| since + i64::try_from(self.below(span)).unwrap_or(0)).collect();
        moments.sort_unstable();
        for index in (16..moments.len()).step_by(16) {
            moments[index] = moments[index - 1];
        }
        moments
    }

    /// A version 4 UUID.
    pub(crate) fn uuid(&mut self) -> String {
        let hex = self.hex(32);
        let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
        format!("{}-{}-4{}-a{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
    }

    /// So many letters and digits, for the ids of providers that use them.
    pub(crate) fn alphanumeric(&mut self, length: usize) -> String {
        const SIGNS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        (0..length).map(|_| char::from(self.pick(SIGNS))).collect()
    }
}

/// One number out of several.
pub(crate) fn mix(seed: u64, parts: &[u64]) -> u64 {
    let mut random = Random(seed);
    let mut out = random.next();
    for part in parts {
        random.0 ^= part.wrapping_mul(0xD6E8_FEB8_6659_FD93);
        out ^= random.next();
    }
    out
}

/// FNV-1a: a stable number for a name.
pub(crate) fn of_name(name: &str) -> u64 {
    name.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3))
}
