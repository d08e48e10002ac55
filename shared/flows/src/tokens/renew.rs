//! Tokens that are stored, and renewed by whoever finds that they must be: one at a time, over all Lambdas.

use std::time::Duration;

use connector_domain::connection::Connection;
use connector_domain::oauth::{AppCredentials, Grant, GrantError, Step, TokenRow, TokenSet, TokenStatus};
use connector_domain::ports::{PortError, Put, TokenError};
use connector_domain::{Secret, time};
use connector_providers::Provider;
use connector_providers::oauth::{Asked, Call};

use super::ConnectionTokens;

const OPERATION: &str = "renew a token";
/// How long a caller waits for the one that renews.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two looks, and as much again by chance.
const LOOK: Duration = Duration::from_millis(200);
/// How often new tokens are tried to be stored: nobody else has them.
const STORE_TRIES: u32 = 4;

impl ConnectionTokens {
    /// `None` when the connection has no tokens.
    pub(super) async fn stored(
        &self,
        provider: &dyn Provider,
        connection: &Connection,
        refused: Option<&Secret>,
    ) -> Result<Option<Secret>, TokenError> {
        let owner = self.ports.random.id();
        let until = time::later(self.ports.clock.now(), PATIENCE);
        loop {
            let Some((row, tokens)) = self.ports.vault.load(connection).await? else { return Ok(None) };
            let now = self.ports.clock.now();
            // Others may have renewed it since.
            let refused = refused.is_some_and(|refused| *refused == tokens.access);
            match row.step(refused, provider.renews(&tokens), &owner, now) {
                Step::Use => return Ok(Some(tokens.access)),
                Step::NeedsReconnect(reason) => return Err(self.lost(connection, reason).await?),
                Step::Wait if now < until => self.ports.pause.pause(self.look()).await,
                Step::Wait => return Err(PortError::temporary(OPERATION, "another caller is at it").into()),
                Step::Refresh(leased) => {
                    let app = self.app(connection, false).await?;
                    if self.ports.vault.mark(connection, &leased, row.version).await? == Put::Stored
                        && let Some(token) = self.renew(provider, app, connection, &leased, tokens, refused).await?
                    {
                        return Ok(Some(token));
                    }
                }
            }
        }
    }

    /// Under the lease. `None` when the row has changed all the same: look again.
    async fn renew(
        &self,
        provider: &dyn Provider,
        app: AppCredentials,
        connection: &Connection,
        leased: &TokenRow,
        tokens: TokenSet,
        refused: bool,
    ) -> Result<Option<Secret>, TokenError> {
        let mut answer = self.refresh(provider, &app, connection, &tokens).await;
        if matches!(answer, Err(GrantError::App))
            && let Ok(app) = self.app(connection, true).await
        {
            // Our own secret may have been rotated a moment ago.
            answer = self.refresh(provider, &app, connection, &tokens).await;
        }
        let now = self.ports.clock.now();
        match answer {
            Ok(grant) => self.keep(connection, leased, tokens.renewed(grant.tokens)).await,
            Err(GrantError::Refused) => {
                let row = leased.refused();
                if self.ports.vault.mark(connection, &row, leased.version).await? == Put::Conflict {
                    return Ok(None);
                }
                let TokenStatus::NeedsReconnect { reason } = row.status else { return Ok(None) };
                Err(self.lost(connection, reason).await?)
            }
            Err(error) => {
                // That the lease is not given back costs its rest and nothing else.
                self.ports.vault.mark(connection, &leased.postponed(now), leased.version).await?;
                let lives = !refused && leased.expires_at.is_none_or(|at| at > now);
                match error {
                    _ if lives => Ok(Some(tokens.access)),
                    GrantError::App => Err(PortError::permanent(OPERATION, error).into()),
                    _ => Err(PortError::temporary(OPERATION, error).into()),
                }
            }
        }
    }

    async fn refresh(
        &self,
        provider: &dyn Provider,
        app: &AppCredentials,
        connection: &Connection,
        tokens: &TokenSet,
    ) -> Result<Grant, GrantError> {
        let now = self.ports.clock.now();
        let call = provider.refresh(app, &connection.account, tokens, &self.ports.random.id(), now);
        let Call { request, bearer } = call.ok_or(GrantError::App)?;
        match self.ports.http.send(&request, bearer.as_ref()).await {
            Ok(response) => provider.read_grant(Asked::Refresh, &response, self.ports.clock.now()),
            Err(_) => Err(GrantError::Unavailable),
        }
    }

    /// Stores new tokens. Whoever took the lease over in the meantime holds older ones, so these go on top of its row.
    pub(super) async fn keep(
        &self,
        connection: &Connection,
        leased: &TokenRow,
        tokens: TokenSet,
    ) -> Result<Option<Secret>, TokenError> {
        let mut under = leased.clone();
        let mut tries = 0;
        loop {
            tries += 1;
            let row = under.renewed(&tokens, self.ports.random.fraction(), self.ports.clock.now());
            match self.ports.vault.store(connection, &row, &tokens, Some(under.version)).await {
                Ok(Put::Stored) => {
                    return match row.status {
                        TokenStatus::Good => {
                            if under.status != TokenStatus::Good {
                                self.found(connection).await?;
                            }
                            Ok(Some(tokens.access))
                        }
                        TokenStatus::NeedsReconnect { reason } => Err(self.lost(connection, reason).await?),
                    };
                }
                Ok(Put::Conflict) => match self.ports.vault.row(connection).await? {
                    Some(known) if known.generation == leased.generation && tries < STORE_TRIES => under = known,
                    // Newer ones are there, perhaps these, or the connection is being taken down.
                    _ => return Ok(None),
                },
                Err(_) if tries < STORE_TRIES => self.ports.pause.pause(self.look()).await,
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn look(&self) -> Duration {
        LOOK.mul_f64(1.0 + self.ports.random.fraction())
    }
}
