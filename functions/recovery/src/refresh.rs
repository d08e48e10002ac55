//! One sweep over tokens that are due.

use std::sync::Arc;
use std::time::Duration;

use connector_domain::ports::{Clock, PortError, TokenRows};
use connector_flows::{ConnectionTokens, Due};
use connector_lambda::telemetry::chain;
use tracing::{info, warn};

/// Renews tokens before they end, and finds out what became of renewals that did not come back.
#[derive(Clone)]
pub struct TokenRefresh {
    /// Renews one connection's.
    pub tokens: ConnectionTokens,
    /// What is due.
    pub rows: Arc<dyn TokenRows>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// What a sweep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Refreshed {
    /// Connections with new tokens.
    pub renewed: u64,
    /// Connections that a person must make anew, as was found out now.
    pub lost: u64,
    /// Ended connections whose tokens were still there.
    pub forgotten: u64,
    /// Rows that could not be looked at; the next sweep tries again.
    pub failed: u64,
}

/// Rows looked at per sweep. What is over comes first in the next one.
const BATCH: usize = 200;
/// When a sweep takes no more rows: a provider that hangs must not run it into its timeout.
const BUDGET: Duration = Duration::from_secs(60);

impl TokenRefresh {
    /// Looks at what is due, one after the other: nobody waits. Safe to repeat and to run twice at once.
    ///
    /// # Errors
    /// When what is due cannot be listed.
    pub async fn sweep(&self) -> Result<Refreshed, PortError> {
        let mut refreshed = Refreshed::default();
        let start = self.clock.now();
        let until = start.checked_add(BUDGET).unwrap_or(start);
        for id in self.rows.due(start, BATCH).await? {
            if self.clock.now() >= until {
                break;
            }
            match self.tokens.look_at_due(&id).await {
                Ok(Due::Renewed) => refreshed.renewed += 1,
                Ok(Due::NeedsReconnect) => refreshed.lost += 1,
                Ok(Due::Forgotten) => refreshed.forgotten += 1,
                Ok(Due::Kept) => {}
                Err(error) => {
                    refreshed.failed += 1;
                    warn!(connection.id = %id, "could not look at the tokens of {id}: {}", chain(&error));
                }
            }
        }
        if refreshed != Refreshed::default() {
            info!(
                renewed = refreshed.renewed,
                lost = refreshed.lost,
                forgotten = refreshed.forgotten,
                failed = refreshed.failed,
                "looked at tokens that were due"
            );
        }
        Ok(refreshed)
    }
}

#[cfg(test)]
mod tests;
