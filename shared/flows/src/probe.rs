//! How a connection is, asked of the provider at this moment. Nothing is written: an outage ends nothing, and a token that is
//! lost is noted where it is asked for.

use std::sync::Arc;

use connector_domain::connection::Connection;
use connector_domain::oauth::GrantError;
use connector_domain::ports::{AppSigner, PortError, Secrets};
use connector_providers::oauth::Installed;
use connector_providers::provider;
use tracing::warn;

use crate::tokens::mint::own_bearer;
use crate::{ResourceError, ResourcePorts, resources};

/// What looking at a connection needs of the outside.
#[derive(Clone)]
pub struct ProbePorts {
    /// Asks as the connection.
    pub resources: ResourcePorts,
    /// What the provider knows our app by.
    pub secrets: Arc<dyn Secrets>,
    /// Asks as our app.
    pub signer: Arc<dyn AppSigner>,
}

/// Whether the provider answers through a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// It does.
    Works,
    /// It does not answer now, or something of ours does not. That says nothing about the connection.
    Unavailable,
    /// It refuses, by a code of ours.
    Refused(String),
    /// It does not know us any more.
    NeedsReconnect,
}

/// How a connection is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// Whether the provider answers through it.
    pub access: Access,
    /// What the provider has granted the app, where it tells.
    pub installed: Option<Installed>,
}

/// Looks at a connection.
pub async fn probe(ports: &ProbePorts, connection: &Connection) -> Probe {
    let access = match resources(&ports.resources, connection, None).await {
        Ok(_) => Access::Works,
        Err(ResourceError::NeedsReconnect) => Access::NeedsReconnect,
        Err(ResourceError::Unavailable) => Access::Unavailable,
        Err(ResourceError::Refused(code)) => Access::Refused(code),
        Err(ResourceError::Port(error)) => {
            warn!(connection.id = %connection.id, "could not look at it: {error}");
            Access::Unavailable
        }
    };
    match installed(ports, connection).await {
        Ok(Ok(installed)) => Probe { access, installed },
        Ok(Err(GrantError::Refused)) => Probe { access: Access::NeedsReconnect, installed: None },
        Ok(Err(error)) => {
            warn!(connection.id = %connection.id, "could not look at what it grants: {error}");
            Probe { access, installed: None }
        }
        Err(error) => {
            warn!(connection.id = %connection.id, "could not look at what it grants: {error}");
            Probe { access, installed: None }
        }
    }
}

/// `None` where the provider has no such question, or our app no key to ask it with.
async fn installed(
    ports: &ProbePorts,
    connection: &Connection,
) -> Result<Result<Option<Installed>, GrantError>, PortError> {
    let Some(provider) = provider(connection.provider) else { return Ok(Ok(None)) };
    let now = ports.resources.clock.now();
    let bearer = own_bearer(&*ports.secrets, &*ports.signer, provider, now).await?;
    let (Some(minting), Some(bearer)) = (provider.minting(), bearer) else { return Ok(Ok(None)) };
    let request = minting.installed_request(&connection.account);
    Ok(match ports.resources.http.send(&request, Some(&bearer)).await {
        Ok(response) => minting.read_installed(&response).map(Some),
        Err(_) => Err(GrantError::Unavailable),
    })
}

#[cfg(test)]
mod tests;
