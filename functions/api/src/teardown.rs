//! The end of a connection that somebody asked for.

use async_trait::async_trait;
use connector_domain::UserId;
use connector_domain::audit::Actor;
use connector_domain::connection::Connection;
use connector_domain::ports::PortError;
use connector_flows::{Ending, RevokePorts, TeardownPorts, tear_down};

use crate::ports::Teardown;

/// Ends a connection in our rows and at its provider.
#[derive(Clone)]
pub struct ProviderTeardown {
    /// Our rows.
    pub rows: TeardownPorts,
    /// The provider.
    pub revoke: RevokePorts,
}

#[async_trait]
impl Teardown for ProviderTeardown {
    async fn disconnect(&self, connection: &Connection, by: UserId) -> Result<(), PortError> {
        let ending = Ending { by: Actor::User(by), reason: "disconnected" };
        tear_down(&self.rows, connection, &ending, Some(&self.revoke)).await
    }
}
