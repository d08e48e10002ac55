//! What a unit, or many of them, has done.

use serde::{Deserialize, Serialize};

/// What a unit has done. What became of the items, the reports of its pages say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Pages fetched and stored.
    pub pages: u64,
    /// Items on them, as the provider lists them.
    pub items: u64,
    /// Calls made to the provider, failed ones included.
    pub calls: u64,
    /// Times it had to wait.
    pub waits: u64,
    /// Seconds that it has waited, in all.
    #[serde(default)]
    pub waited: u64,
}

impl Counters {
    /// Adds others.
    pub const fn merge(&mut self, other: &Self) {
        self.pages += other.pages;
        self.items += other.items;
        self.calls += other.calls;
        self.waits += other.waits;
        self.waited += other.waited;
    }
}
