//! Events: the single errors that make an issue.

use jiff::Timestamp;

/// An event of an issue, which tells what it says.
pub(crate) struct Event {
    /// 32 hexadecimal digits.
    pub(crate) id: String,
    pub(crate) issue: u64,
    pub(crate) at: Timestamp,
    /// Who was hit, of so many.
    pub(crate) user: Option<u32>,
}

/// Where an event stands among those of its project: when it happened, and its number.
pub(crate) type Place = (i64, u64);

impl Event {
    /// The index keeps whole seconds.
    pub(crate) fn second(&self) -> i64 {
        self.at.as_second()
    }
}
