//! States of people who are at a consent screen, and how it went for who waits for them.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use connector_domain::oauth::{ConnectOutcome, ConnectState, OneTimeSecret, Return, SecretHash};
use connector_domain::ports::{PortError, StateStore};
use connector_domain::{ProviderKind, Secret, Timestamp, UserId, WorkspaceId};
use serde::{Deserialize, Serialize};

use super::item::{Item, corrupt, from_item, get_number, keyed, number, text, to_item};
use super::keys::Row;
use super::table::{Condition, Table, Written};
use super::tokens;
use crate::aws::port_error;
use crate::vault::{SealContext, Sealer};

/// States in DynamoDB. What a state opens is sealed.
#[derive(Clone)]
pub struct DynamoStates {
    table: Table,
    sealer: Sealer,
}

/// A state without its verifier.
#[derive(Serialize, Deserialize)]
struct StateRow {
    provider: ProviderKind,
    workspace: WorkspaceId,
    user: UserId,
    back: Return,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    browser: Option<SecretHash>,
    poll: SecretHash,
    created_at: Timestamp,
    expires_at: Timestamp,
}

const VERIFIER: &str = "verifier";

impl DynamoStates {
    /// States in the table of the connections.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>, sealer: Sealer) -> Self {
        Self { table: Table::new(client, table), sealer }
    }

    async fn read(&self, operation: &'static str, key: &SecretHash, mut item: Item) -> Result<ConnectState, PortError> {
        let sealed = match item.remove(VERIFIER) {
            Some(AttributeValue::M(sealed)) => Some(tokens::unsealed(sealed).ok_or_else(|| corrupt(operation))?),
            Some(_) => return Err(corrupt(operation)),
            None => None,
        };
        let row: StateRow = from_item(operation, item)?;
        let mut state = ConnectState {
            provider: row.provider,
            workspace: row.workspace,
            user: row.user,
            back: row.back,
            browser: row.browser,
            verifier: None,
            poll: row.poll,
            created_at: row.created_at,
            expires_at: row.expires_at,
        };
        if let Some(sealed) = sealed {
            let verifier = self.sealer.open(&SealContext::verifier(key, &state), &sealed).await?;
            let verifier = verifier.expose_str().and_then(OneTimeSecret::parse);
            state.verifier = Some(verifier.ok_or_else(|| corrupt(operation))?);
        }
        Ok(state)
    }
}

#[async_trait]
impl StateStore for DynamoStates {
    async fn put(&self, key: &SecretHash, state: &ConnectState) -> Result<(), PortError> {
        const OPERATION: &str = "store a state";
        let row = StateRow {
            provider: state.provider,
            workspace: state.workspace.clone(),
            user: state.user.clone(),
            back: state.back,
            browser: state.browser.clone(),
            poll: state.poll.clone(),
            created_at: state.created_at,
            expires_at: state.expires_at,
        };
        let mut item = keyed(to_item(OPERATION, row)?, Row::State(key.clone()).key());
        item.insert("expiresAt".to_owned(), number(state.expires_at.as_second()));
        if let Some(verifier) = &state.verifier {
            let secret = Secret::new(verifier.expose()).ok_or_else(|| corrupt(OPERATION))?;
            let sealed = self.sealer.seal(&SealContext::verifier(key, state), &secret).await?;
            item.insert(VERIFIER.to_owned(), AttributeValue::M(tokens::item(sealed)));
        }
        match self.table.put_if(OPERATION, item, Condition::absent()).await? {
            Written::Stored => Ok(()),
            // Ours, after a lost answer: nobody else has made 256 bits of chance.
            Written::Refused(_) => Ok(()),
        }
    }

    async fn bind(
        &self,
        key: &SecretHash,
        provider: ProviderKind,
        browser: &SecretHash,
        now: Timestamp,
    ) -> Result<Option<ConnectState>, PortError> {
        const OPERATION: &str = "bind a state";
        let update = self
            .table
            .update(&Row::State(key.clone()))
            .update_expression("SET browser = :browser")
            .condition_expression(
                "expiresAt > :now AND #provider = :provider AND (attribute_not_exists(browser) OR browser = :browser)",
            )
            .expression_attribute_names("#provider", "provider")
            .expression_attribute_values(":provider", text(provider.as_str()))
            .expression_attribute_values(":browser", text(browser.as_str()))
            .expression_attribute_values(":now", number(now.as_second()))
            .return_values(ReturnValue::AllNew);
        let item = match update.send().await {
            Ok(answer) => answer.attributes.ok_or_else(|| corrupt(OPERATION))?,
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => return Ok(None),
                _ => return Err(port_error(OPERATION, &error)),
            },
        };
        self.read(OPERATION, key, item).await.map(Some)
    }

    async fn take(
        &self,
        key: &SecretHash,
        provider: ProviderKind,
        browser: &SecretHash,
        now: Timestamp,
    ) -> Result<Option<ConnectState>, PortError> {
        const OPERATION: &str = "take a state";
        let delete = self
            .table
            .delete(&Row::State(key.clone()))
            .condition_expression("expiresAt > :now AND #provider = :provider AND browser = :browser")
            .expression_attribute_names("#provider", "provider")
            .expression_attribute_values(":provider", text(provider.as_str()))
            .expression_attribute_values(":browser", text(browser.as_str()))
            .expression_attribute_values(":now", number(now.as_second()));
        match self.table.remove(OPERATION, delete).await? {
            Some(item) => self.read(OPERATION, key, item).await.map(Some),
            None => Ok(None),
        }
    }

    async fn put_outcome(
        &self,
        poll: &SecretHash,
        outcome: &ConnectOutcome,
        expires_at: Timestamp,
    ) -> Result<(), PortError> {
        const OPERATION: &str = "store an outcome";
        let mut item = keyed(to_item(OPERATION, outcome)?, Row::Poll(poll.clone()).key());
        item.insert("expiresAt".to_owned(), number(expires_at.as_second()));
        self.table.put(OPERATION, item).await
    }

    async fn outcome(&self, poll: &SecretHash, now: Timestamp) -> Result<Option<ConnectOutcome>, PortError> {
        const OPERATION: &str = "read an outcome";
        let item = self.table.get(OPERATION, &Row::Poll(poll.clone())).await?;
        let good = |item: &Item| get_number::<i64>(item, "expiresAt").is_some_and(|at| at > now.as_second());
        item.filter(good).map(|item| from_item(OPERATION, item)).transpose()
    }
}
