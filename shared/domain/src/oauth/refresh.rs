//! When and by whom tokens are renewed: a state machine that is written back with its version as the condition.
//!
//! Of many callers that find an expired token one takes the lease and asks the provider; the others use the old token while
//! it lives, or wait. Renewing a rotating token may end the old one, so a lapsed lease means that an answer may be lost:
//! who takes over tries the old refresh token once more, and where the provider refuses it, the loss is known by name.
//! Each row says when it is due, so that tokens are renewed and losses found before anybody needs them.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::TokenSet;
use crate::Timestamp;
use crate::backfill::Version;

/// How long one caller may take to renew a token.
pub const LEASE: Duration = Duration::from_secs(30);
/// Pause after a provider that could not answer, while the old token lives.
const PAUSE: Duration = Duration::from_secs(60);

/// What is known of tokens without opening them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRow {
    /// Number of this writing of the row.
    pub version: Version,
    /// Number of the tokens: it grows when they change.
    pub generation: u64,
    /// Whether they can be used.
    pub status: TokenStatus,
    /// Who renews them now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
    /// Whether a lease has lapsed since these tokens were stored: newer ones may exist that nobody has.
    #[serde(default)]
    pub interrupted: bool,
    /// When the provider gave them.
    pub granted_at: Timestamp,
    /// When the provider says that they end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// From when on they should be renewed; `None` when they do not end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_after: Option<Timestamp>,
    /// What they are good for.
    #[serde(default)]
    pub scopes: BTreeSet<String>,
}

/// Whether tokens can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum TokenStatus {
    /// They can.
    Good,
    /// A person must connect again.
    NeedsReconnect {
        /// Why.
        reason: ReconnectReason,
    },
}

/// Why a person must connect again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReconnectReason {
    /// The provider refuses the tokens.
    Refused,
    /// The tokens were renewed and the answer was lost before it was stored.
    Lost,
    /// The new tokens are good for less than the old ones.
    ScopeLost,
}

impl ReconnectReason {
    /// The name of the reason.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Refused => "token_refused",
            Self::Lost => "refresh_lost",
            Self::ScopeLost => "scope_lost",
        }
    }
}

/// One caller's right to renew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Whose.
    pub owner: String,
    /// Until when.
    pub until: Timestamp,
}

/// What a caller must do for a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Use what is there.
    Use,
    /// Renew it, once this row is stored.
    Refresh(Box<TokenRow>),
    /// Another caller renews it and the old one is not good any more: look again soon.
    Wait,
    /// A person must connect again; the row may have to be told.
    NeedsReconnect(ReconnectReason),
}

impl TokenRow {
    /// The row of tokens that a person has granted, on top of the one before. `jitter` in 0..1 spreads the renewals.
    #[must_use]
    pub fn granted(tokens: &TokenSet, previous: Option<&Self>, jitter: f64, now: Timestamp) -> Self {
        let expires_at = tokens.expires_at.filter(|at| *at > now);
        Self {
            version: previous.map_or(1, |row| row.version + 1),
            generation: previous.map_or(1, |row| row.generation + 1),
            status: TokenStatus::Good,
            lease: None,
            interrupted: false,
            granted_at: now,
            expires_at,
            refresh_after: expires_at.map(|at| refresh_after(now, at, jitter)),
            scopes: tokens.scopes.clone(),
        }
    }

    /// What to do for a token. `refused` is whether the provider has just refused these very tokens, `refreshable` whether
    /// they can be renewed at all.
    #[must_use]
    pub fn step(&self, refused: bool, refreshable: bool, owner: &str, now: Timestamp) -> Step {
        if let TokenStatus::NeedsReconnect { reason } = self.status {
            return Step::NeedsReconnect(reason);
        }
        let dead = refused || self.expires_at.is_some_and(|at| at <= now);
        // Newer tokens may exist that nobody has, and these may be dead for all their date says.
        let lapsed = self.lease.as_ref().is_some_and(|lease| lease.until <= now);
        if !dead && !lapsed && self.refresh_after.is_none_or(|at| at > now) {
            return Step::Use;
        }
        if !refreshable {
            return if dead { Step::NeedsReconnect(ReconnectReason::Refused) } else { Step::Use };
        }
        if self.lease.as_ref().is_some_and(|lease| lease.until > now) {
            return if dead { Step::Wait } else { Step::Use };
        }
        let mut next = self.changed();
        next.interrupted |= self.lease.is_some();
        next.lease = Some(Lease { owner: owner.to_owned(), until: crate::time::later(now, LEASE) });
        Step::Refresh(Box::new(next))
    }

    /// After the provider gave new tokens. Where it does not say how long they live, they live as long as the old ones.
    /// It is made from whatever row stands there now, as long as that has the same [`Self::generation`]: who was overtaken
    /// in its sleep holds the newest tokens all the same.
    #[must_use]
    pub fn renewed(&self, tokens: &TokenSet, jitter: f64, now: Timestamp) -> Self {
        let life = self.expires_at.map(|at| at.duration_since(self.granted_at));
        let mut tokens = tokens.clone();
        tokens.expires_at = tokens.expires_at.or_else(|| now.checked_add(life?).ok());
        let mut next = Self::granted(&tokens, Some(self), jitter, now);
        if !self.scopes.is_subset(&tokens.scopes) {
            next.status = TokenStatus::NeedsReconnect { reason: ReconnectReason::ScopeLost };
        }
        next
    }

    /// After the provider refused to renew them.
    #[must_use]
    pub fn refused(&self) -> Self {
        let reason = if self.interrupted { ReconnectReason::Lost } else { ReconnectReason::Refused };
        let mut next = self.changed();
        next.lease = None;
        next.status = TokenStatus::NeedsReconnect { reason };
        next
    }

    /// After the provider could not answer. It may have renewed them for all we know.
    #[must_use]
    pub fn postponed(&self, now: Timestamp) -> Self {
        let mut next = self.changed();
        next.lease = None;
        next.interrupted = true;
        next.refresh_after = next.refresh_after.map(|_| now.checked_add(PAUSE).unwrap_or(now));
        next
    }

    /// When somebody should look at the row although nobody asks for a token: to renew these, or to find out what became
    /// of a renewal that did not come back. `None` when there is nothing to do.
    #[must_use]
    pub fn due_at(&self) -> Option<Timestamp> {
        match (self.status, &self.lease) {
            (TokenStatus::NeedsReconnect { .. }, _) => None,
            (TokenStatus::Good, Some(lease)) => Some(lease.until),
            (TokenStatus::Good, None) => self.refresh_after,
        }
    }

    /// Of tokens that nobody can renew: nothing is to be done before they end.
    #[must_use]
    pub fn left_to_end(&self) -> Self {
        let mut next = self.changed();
        next.lease = None;
        next.refresh_after = next.expires_at;
        next
    }

    fn changed(&self) -> Self {
        Self { version: self.version + 1, ..self.clone() }
    }
}

/// After 80 % of the life, a little earlier or later.
fn refresh_after(now: Timestamp, expires_at: Timestamp, jitter: f64) -> Timestamp {
    let life = Duration::try_from(expires_at.duration_since(now)).unwrap_or_default();
    now.checked_add(life.mul_f64(0.75 + jitter.clamp(0.0, 1.0) * 0.1)).unwrap_or(expires_at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Secret;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_770_379_200 + seconds).unwrap()
    }

    fn tokens(expires_at: Option<Timestamp>) -> TokenSet {
        TokenSet {
            access: Secret::new("a").unwrap(),
            refresh: Secret::new("r"),
            expires_at,
            refresh_expires_at: None,
            scopes: BTreeSet::from(["read".to_owned()]),
            grant: None,
        }
    }

    fn granted() -> TokenRow {
        TokenRow::granted(&tokens(Some(at(1_000))), None, 0.5, at(0))
    }

    fn lease(row: &TokenRow, owner: &str, now: Timestamp) -> TokenRow {
        let Step::Refresh(next) = row.step(false, true, owner, now) else { panic!("{row:?}") };
        *next
    }

    #[test]
    fn a_token_is_used_until_four_fifths_of_its_life() {
        let row = granted();
        assert_eq!(row.step(false, true, "a", at(799)), Step::Use);
        assert!(matches!(row.step(false, true, "a", at(800)), Step::Refresh(_)));
        let endless = TokenRow::granted(&tokens(None), None, 0.5, at(0));
        assert_eq!(endless.step(false, true, "a", at(1_000_000_000)), Step::Use);
        assert!(matches!(endless.step(true, true, "a", at(0)), Step::Refresh(_)), "until it is refused");
    }

    #[test]
    fn one_renews_and_others_use_the_old_one_while_it_lives() {
        let leased = lease(&granted(), "a", at(985));
        assert_eq!(leased.step(false, true, "b", at(999)), Step::Use);
        assert_eq!(leased.step(true, true, "b", at(999)), Step::Wait, "it was refused");
        assert_eq!(leased.step(false, true, "b", at(1_001)), Step::Wait);
        assert_eq!(leased.version, 2);
    }

    #[test]
    fn a_lapsed_lease_is_taken_over_and_a_loss_has_a_name() {
        let taken = lease(&lease(&granted(), "a", at(900)), "b", at(930));
        assert!(taken.interrupted);
        assert_eq!(taken.refused().status, TokenStatus::NeedsReconnect { reason: ReconnectReason::Lost });
        let first = lease(&granted(), "a", at(900));
        let refused = first.refused();
        assert_eq!(refused.status, TokenStatus::NeedsReconnect { reason: ReconnectReason::Refused });
        assert_eq!(refused.step(false, true, "b", at(900)), Step::NeedsReconnect(ReconnectReason::Refused));
        // Who slept through its lease comes back with the newest tokens.
        let rescued = taken.refused().renewed(&tokens(Some(at(2_000))), 0.5, at(940));
        assert_eq!((rescued.status, rescued.interrupted, rescued.generation), (TokenStatus::Good, false, 2));
    }

    #[test]
    fn a_row_is_due_when_its_tokens_are_old_or_a_renewal_did_not_come_back() {
        assert_eq!(granted().due_at(), Some(at(800)));
        assert_eq!(TokenRow::granted(&tokens(None), None, 0.5, at(0)).due_at(), None);
        // An endless token was refused, and who renewed it vanished: the old one is not trusted until its end.
        let endless = TokenRow::granted(&tokens(None), None, 0.5, at(0));
        let Step::Refresh(leased) = endless.step(true, true, "a", at(0)) else { panic!() };
        assert_eq!(leased.due_at(), Some(at(30)));
        assert_eq!(leased.step(false, true, "b", at(29)), Step::Use);
        assert!(matches!(leased.step(false, true, "b", at(30)), Step::Refresh(row) if row.interrupted));
        assert_eq!(leased.refused().due_at(), None, "a person must act now");
        assert_eq!(lease(&granted(), "a", at(900)).postponed(at(910)).due_at(), Some(at(970)));
        let left = granted().left_to_end();
        assert_eq!((left.due_at(), left.version), (Some(at(1_000)), 2));
    }

    #[test]
    fn a_provider_that_cannot_answer_is_asked_later() {
        let postponed = lease(&granted(), "a", at(900)).postponed(at(910));
        assert_eq!(postponed.step(false, true, "a", at(969)), Step::Use);
        assert!(matches!(postponed.step(false, true, "a", at(970)), Step::Refresh(_)));
        assert!(matches!(postponed.step(true, true, "a", at(911)), Step::Refresh(_)), "the old one is of no use");
        assert!(matches!(postponed.step(false, true, "a", at(1_000)), Step::Refresh(_)), "it has ended");
    }

    #[test]
    fn what_cannot_be_renewed_is_used_until_it_is_refused() {
        let row = granted();
        assert_eq!(row.step(false, false, "a", at(999)), Step::Use);
        let refused = Step::NeedsReconnect(ReconnectReason::Refused);
        assert_eq!(row.step(false, false, "a", at(1_000)), refused);
        assert_eq!(row.step(true, false, "a", at(0)), refused);
    }

    #[test]
    fn an_answer_without_a_life_has_the_one_before_and_less_scope_is_told() {
        let renewed = granted().renewed(&tokens(None), 0.5, at(500));
        assert_eq!(renewed.expires_at, Some(at(1_500)));
        let mut less = tokens(None);
        less.scopes = BTreeSet::from(["write".to_owned()]);
        let lost = granted().renewed(&less, 0.5, at(500)).status;
        assert_eq!(lost, TokenStatus::NeedsReconnect { reason: ReconnectReason::ScopeLost });
    }

    proptest! {
        /// Whatever a provider says about the end of a token, a good one is used at once and renewed before it ends.
        #[test]
        fn a_new_token_can_be_used(life in any::<i32>(), jitter in any::<f64>()) {
            let row = TokenRow::granted(&tokens(Some(at(i64::from(life)))), None, jitter, at(0));
            if life > 1 {
                prop_assert_eq!(row.step(false, true, "a", at(0)), Step::Use);
                prop_assert!(row.refresh_after.unwrap() < row.expires_at.unwrap());
            } else if life <= 0 {
                prop_assert_eq!(row.expires_at, None, "an end in the past is none");
            }
        }
    }
}
