//! The one way in which a connection ends, whoever ends it. Every step may run twice, and a repetition goes on where the
//! first one stopped.

use std::sync::Arc;

use connector_domain::Timestamp;
use connector_domain::audit::{Actor, AuditAction, AuditEntry};
use connector_domain::backfill::UnitKey;
use connector_domain::connection::{Connection, ConnectionStatus, Integration};
use connector_domain::ports::{
    AuditLog, BackfillStore, Clock, ConnectionStore, PortError, ProviderHttp, Put, Secrets, TokenRows, TokenVault,
};
use connector_providers::provider;
use tracing::{info, warn};

use crate::documents::{self, DocumentPorts};

/// What ending a connection needs of the outside.
#[derive(Clone)]
pub struct TeardownPorts {
    /// The connection and its links.
    pub connections: Arc<dyn ConnectionStore>,
    /// Its history under way.
    pub backfills: Arc<dyn BackfillStore>,
    /// Its tokens, which need not be opened.
    pub tokens: Arc<dyn TokenRows>,
    /// Where it is noted.
    pub audit: Arc<dyn AuditLog>,
    /// The documents of its links.
    pub documents: DocumentPorts,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// What taking a grant back at the provider needs in addition.
#[derive(Clone)]
pub struct RevokePorts {
    /// The tokens, opened.
    pub vault: Arc<dyn TokenVault>,
    /// What the provider knows us by.
    pub secrets: Arc<dyn Secrets>,
    /// The provider.
    pub http: Arc<dyn ProviderHttp>,
}

/// Who ends it and why.
#[derive(Debug, Clone)]
pub struct Ending {
    /// Who.
    pub by: Actor,
    /// Why, as its links will say: `uninstalled`, `disconnected`.
    pub reason: &'static str,
}

/// Ends a connection: nothing is accepted for it any more, its runs are cancelled, its grant is taken back where `revoke`
/// can, its tokens are forgotten, and its links end.
///
/// # Errors
/// When a store fails; doing it again finishes it.
pub async fn tear_down(
    ports: &TeardownPorts,
    connection: &Connection,
    ending: &Ending,
    revoke: Option<&RevokePorts>,
) -> Result<(), PortError> {
    let mut connection = connection.clone();
    // What is there now. Tokens that come later belong to who connects again meanwhile.
    let tokens = ports.tokens.row(&connection).await?;
    if connection.status != ConnectionStatus::Revoked {
        connection.status = ConnectionStatus::Revoked;
        connection.updated_at = ports.clock.now();
        if ports.connections.put_connection(&connection).await? == Put::Conflict {
            info!(connection.id = %connection.id, "it was connected again before it could be taken down");
            return Ok(());
        }
    }
    note(ports, &connection, ending, AuditAction::TeardownStarted).await?;
    let mut links = ports.connections.integrations_in(&connection.workspace).await?;
    // Of those that ended before, something may still be fetched.
    links.retain(|link| link.connection == connection.id);
    for link in &links {
        cancel(&*ports.backfills, link, ports.clock.now()).await?;
    }
    if let Some(revoke) = revoke {
        revoke_grant(revoke, &connection).await;
    }
    if let Some(row) = tokens
        && ports.tokens.delete(&connection, row.version).await? == Put::Conflict
    {
        warn!(connection.id = %connection.id, "its tokens changed while it was taken down");
    }
    for link in links {
        if link.active {
            deactivate(ports, link, ending.reason).await?;
        } else {
            // A repetition of what stopped half-way.
            documents::ask(&ports.documents, &link, None, ending.reason).await?;
        }
    }
    note(ports, &connection, ending, AuditAction::TornDown).await?;
    info!(connection.id = %connection.id, reason = ending.reason, "took down a connection to {}", connection.provider);
    Ok(())
}

/// Ends a link, and has its documents removed.
///
/// # Errors
/// When a store fails.
pub async fn deactivate(ports: &TeardownPorts, mut link: Integration, reason: &str) -> Result<(), PortError> {
    link.active = false;
    link.inactive_reason = Some(reason.to_owned());
    link.updated_at = ports.clock.now();
    ports.connections.put_integration(&link).await?;
    documents::ask(&ports.documents, &link, None, reason).await.map(drop)
}

/// Stops what is being fetched of a link. A worker that is at it loses its next write.
async fn cancel(backfills: &dyn BackfillStore, link: &Integration, now: Timestamp) -> Result<(), PortError> {
    let entities = provider(link.provider).map(|provider| provider.entity_types()).unwrap_or_default();
    for entity in entities {
        let key = UnitKey::of(link, *entity);
        while let Some(unit) = backfills.unit(&key).await? {
            let Some(cancelled) = unit.cancel(now) else { break };
            if backfills.put_unit(&cancelled, Some(unit.version)).await? == Put::Stored {
                break;
            }
        }
    }
    Ok(())
}

/// As well as it can be: the provider may be down, or the grant gone already.
async fn revoke_grant(ports: &RevokePorts, connection: &Connection) {
    let Some(provider) = provider(connection.provider) else { return };
    let (tokens, app) = match (ports.vault.load(connection).await, ports.secrets.app(connection.provider, false).await)
    {
        (Ok(Some((_, tokens))), Ok(Some(app))) => (tokens, app),
        (Ok(None), _) | (_, Ok(None)) => return,
        (Err(error), _) | (_, Err(error)) => {
            warn!(connection.id = %connection.id, "could not take the grant back: {error}");
            return;
        }
    };
    let Some(call) = provider.revoke(&app, &tokens) else { return };
    match ports.http.send(&call.request, call.bearer.as_ref()).await {
        Ok(response) if response.status < 300 => {}
        Ok(response) => warn!(connection.id = %connection.id, status = response.status, "the grant was not taken back"),
        Err(error) => warn!(connection.id = %connection.id, "could not take the grant back: {error}"),
    }
}

/// One entry per ending: the moment of its start names it.
async fn note(
    ports: &TeardownPorts,
    connection: &Connection,
    ending: &Ending,
    action: AuditAction,
) -> Result<(), PortError> {
    let entry = AuditEntry {
        id: action.name().to_owned(),
        at: connection.updated_at,
        workspace: connection.workspace.clone(),
        connection: connection.id.clone(),
        provider: connection.provider,
        by: ending.by.clone(),
        action,
        detail: Some(ending.reason.to_owned()),
    };
    ports.audit.append(&entry).await
}

#[cfg(test)]
mod tests;
