//! What must not be.

use std::fmt;

/// Which rule was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// A fact that we were told, or that a covered list had, is no observation.
    Lost,
    /// An observation is of no fact of its workspace's resources.
    Invented,
    /// One fact took effect more than once.
    Twice,
    /// Two paths told different stories of one fact.
    Conflict,
    /// A row, a message or a call of one workspace is another's.
    CrossTenant,
    /// The history never came to rest.
    Stuck,
    /// A row is not terminal, or ended in a way that nothing explains.
    NotEnded,
    /// A row went back: what had ended went on, or a page was counted twice.
    WentBack,
    /// A message stayed in a dead-letter queue after it was moved back.
    DeadLetter,
    /// More calls of the provider than pages and accidents explain.
    TooManyCalls,
    /// A step that began after a cancel, or after the end of the connection, called the provider.
    CalledAfterEnd,
    /// A secret where it must not be.
    Leaked,
    /// Tokens are dead and nobody is told, or they died for no reason.
    TokensDead,
    /// A one-time state was good twice, or after its time.
    StateReused,
    /// It took too long to heal.
    SlowToHeal,
    /// An error without a code of ours.
    NoCode,
    /// The counts of reports are not what was stored.
    WrongCount,
    /// What is kept beside observations is not what they say.
    Beside,
    /// A language model was asked in vain, cost more than it may, or said what it never did.
    Said,
    /// Documents are not the files of the repository.
    Documents,
}

impl Rule {
    /// The invariant it belongs to, as `docs/simulation.md` numbers them.
    #[must_use]
    pub const fn invariant(self) -> &'static str {
        match self {
            Self::Lost | Self::Invented | Self::Conflict => "I1",
            Self::Twice | Self::WrongCount => "I2",
            Self::CrossTenant => "I3",
            Self::Stuck | Self::NotEnded | Self::WentBack | Self::DeadLetter => "I4",
            Self::TooManyCalls => "I5",
            Self::CalledAfterEnd => "I6",
            Self::Leaked => "I7",
            Self::TokensDead | Self::StateReused => "I8",
            Self::SlowToHeal => "I9",
            Self::NoCode => "I10",
            Self::Beside => "I11",
            Self::Said => "I12",
            Self::Documents => "I13",
        }
    }
}

/// A broken rule, and how.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Which rule.
    pub rule: Rule,
    /// Where, and what there was.
    pub detail: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}: {}", self.rule.invariant(), self.rule, self.detail)
    }
}
