//! What a connection gives access to, asked of the provider at this moment.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use connector_domain::backfill::{Cursor, Disposition, ProviderError};
use connector_domain::connection::{Connection, ResourceRef};
use connector_domain::http::{HttpError, HttpResponse};
use connector_domain::ports::{Clock, PortError, ProviderHttp, TokenError, Tokens};
use connector_domain::{ResourceId, Secret};
use connector_providers::{AccountRef, Provider, ResourcePage, provider};

/// What asking needs of the outside.
#[derive(Clone)]
pub struct ResourcePorts {
    /// Authorises the calls.
    pub tokens: Arc<dyn Tokens>,
    /// Sends them.
    pub http: Arc<dyn ProviderHttp>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Why the provider's answer is not there.
#[derive(Debug, thiserror::Error)]
pub enum ResourceError {
    /// A person must connect the account anew.
    #[error("the connection must be made anew")]
    NeedsReconnect,
    /// It does not answer, or answers with a fault or a limit: ask again later.
    #[error("the provider does not answer now")]
    Unavailable,
    /// It refuses, or answers with something else than a list.
    #[error("the provider refuses the list: {0}")]
    Refused(String),
    /// A port failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Pages of an account's list that are read to find some of it. With a hundred on each, an account has rarely more.
const MAX_PAGES: usize = 50;

/// A page of what a connection gives access to.
///
/// # Errors
/// When the provider's answer is not there.
pub async fn resources(
    ports: &ResourcePorts,
    connection: &Connection,
    cursor: Option<&Cursor>,
) -> Result<ResourcePage, ResourceError> {
    let provider = provider(connection.provider).ok_or_else(|| ResourceError::Refused("not served".to_owned()))?;
    let bearer = bearer(ports, connection, None).await?;
    match page(ports, provider, connection, cursor, bearer.as_ref()).await {
        // A refused token is exchanged once; a second refusal is final.
        Err(Failure::Provider(Disposition::RefreshToken)) if bearer.is_some() => {
            let renewed = self::bearer(ports, connection, bearer.as_ref()).await?;
            page(ports, provider, connection, cursor, renewed.as_ref()).await.map_err(Failure::into_error)
        }
        other => other.map_err(Failure::into_error),
    }
}

async fn bearer(
    ports: &ResourcePorts,
    connection: &Connection,
    refused: Option<&Secret>,
) -> Result<Option<Secret>, ResourceError> {
    ports.tokens.bearer(connection, None, refused).await.map_err(|error| match error {
        TokenError::Port(error) => ResourceError::Port(error),
        TokenError::NeedsReconnect => ResourceError::NeedsReconnect,
    })
}

/// Those of `wanted` that the connection gives access to, as they are named now.
///
/// # Errors
/// When the provider's answer is not there.
pub async fn find_resources(
    ports: &ResourcePorts,
    connection: &Connection,
    wanted: &BTreeSet<ResourceId>,
) -> Result<BTreeMap<ResourceId, ResourceRef>, ResourceError> {
    let mut found = BTreeMap::new();
    let mut cursor = None;
    for _ in 0..MAX_PAGES {
        let page = resources(ports, connection, cursor.as_ref()).await?;
        let ours = page.resources.into_iter().filter(|resource| wanted.contains(&resource.id));
        found.extend(ours.map(|resource| (resource.id.clone(), resource)));
        if found.len() == wanted.len() || page.next.is_none() || page.next == cursor {
            break;
        }
        cursor = page.next;
    }
    Ok(found)
}

enum Failure {
    Provider(Disposition),
    Error(ResourceError),
}

impl Failure {
    fn into_error(self) -> ResourceError {
        match self {
            Self::Error(error) => error,
            Self::Provider(Disposition::RefreshToken) => ResourceError::NeedsReconnect,
            Self::Provider(Disposition::Retry { .. }) => ResourceError::Unavailable,
            Self::Provider(Disposition::Fail(code)) => ResourceError::Refused(code.to_string()),
            Self::Provider(_) => ResourceError::Refused("not_a_list".to_owned()),
        }
    }
}

async fn page(
    ports: &ResourcePorts,
    provider: &dyn Provider,
    connection: &Connection,
    cursor: Option<&Cursor>,
    bearer: Option<&Secret>,
) -> Result<ResourcePage, Failure> {
    let account = AccountRef { id: &connection.account, name: &connection.account_name };
    let request = provider.resources_request(&account, cursor);
    let response = ports.http.send(&request, bearer).await.map_err(|error| {
        Failure::Error(match error {
            HttpError::Timeout | HttpError::Unreachable(_) => ResourceError::Unavailable,
            other => ResourceError::Refused(other.to_string()),
        })
    })?;
    read(ports, provider, &account, cursor, &response).map_err(|error| Failure::Provider(error.disposition))
}

fn read(
    ports: &ResourcePorts,
    provider: &dyn Provider,
    account: &AccountRef<'_>,
    cursor: Option<&Cursor>,
    response: &HttpResponse,
) -> Result<ResourcePage, ProviderError> {
    provider.read_resources(account, cursor, response, ports.clock.now())
}
