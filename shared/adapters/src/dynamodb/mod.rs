//! The stores on DynamoDB.

mod access;
mod audit;
mod backfills;
mod connections;
mod deliveries;
mod documents;
mod due;
mod holds;
mod item;
mod keys;
mod observations;
mod states;
mod table;
mod tables;
mod tokens;
mod transact;
mod walk;

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use connector_domain::ports::PortError;

use crate::vault::Sealer;

pub use access::DynamoAccess;
pub use audit::DynamoAudit;
pub use backfills::DynamoBackfills;
pub use connections::DynamoConnections;
pub use deliveries::DynamoDeliveries;
pub use documents::DynamoDocuments;
pub use holds::DynamoHolds;
pub use observations::{DynamoObservations, Search};
pub use states::DynamoStates;
pub use tables::TableNames;
pub use tokens::SealedTokens;

/// The stores over one client, with the tables' names.
#[derive(Debug, Clone)]
pub struct Stores {
    client: Client,
    names: TableNames,
}

/// A DynamoDB that asks for no real credentials, such as an embedded one.
#[must_use]
pub fn connect_local(endpoint_url: &str) -> Stores {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint_url)
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "local"))
        .build();
    Stores::new(Client::from_conf(config), TableNames::default())
}

impl Stores {
    /// Stores over a client.
    #[must_use]
    pub const fn new(client: Client, names: TableNames) -> Self {
        Self { client, names }
    }

    /// The same DynamoDB with other tables.
    #[must_use]
    pub fn named(self, names: TableNames) -> Self {
        Self { names, ..self }
    }

    /// Makes the tables that are not there.
    ///
    /// # Errors
    /// When DynamoDB refuses.
    pub async fn create_tables(&self) -> Result<(), PortError> {
        tables::create(&self.client, &self.names).await
    }

    /// Connections, links and settings.
    #[must_use]
    pub fn connections(&self) -> DynamoConnections {
        DynamoConnections::new(self.client.clone(), &self.names.connections)
    }

    /// Raw deliveries, kept for `retention`.
    #[must_use]
    pub fn deliveries(&self, retention: Duration) -> DynamoDeliveries {
        DynamoDeliveries::new(self.client.clone(), &self.names.deliveries, retention)
    }

    /// Observations.
    #[must_use]
    pub fn observations(&self) -> DynamoObservations {
        DynamoObservations::new(self.client.clone(), &self.names.observations)
    }

    /// Documents of repositories.
    #[must_use]
    pub fn documents(&self) -> DynamoDocuments {
        DynamoDocuments::new(self.client.clone(), &self.names.observations)
    }

    /// Runs and units, and how far documents are.
    #[must_use]
    pub fn backfills(&self) -> DynamoBackfills {
        DynamoBackfills::new(self.client.clone(), &self.names.backfills)
    }

    /// What runs hold back.
    #[must_use]
    pub fn holds(&self) -> DynamoHolds {
        DynamoHolds::new(self.client.clone(), &self.names.backfills)
    }

    /// People at consent screens.
    #[must_use]
    pub fn states(&self, sealer: Sealer) -> DynamoStates {
        DynamoStates::new(self.client.clone(), &self.names.connections, sealer)
    }

    /// What was done to connections.
    #[must_use]
    pub fn audit(&self) -> DynamoAudit {
        DynamoAudit::new(self.client.clone(), &self.names.connections)
    }

    /// Machine keys, answered requests and changes.
    #[must_use]
    pub fn access(&self) -> DynamoAccess {
        DynamoAccess::new(self.client.clone(), &self.names.connections)
    }

    /// Sealed tokens, for a [`Vault`](crate::vault::Vault).
    #[must_use]
    pub fn sealed_tokens(&self) -> SealedTokens {
        SealedTokens::new(self.client.clone(), &self.names.connections)
    }
}
