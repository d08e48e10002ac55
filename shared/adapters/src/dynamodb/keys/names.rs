//! How partitions are called, and how sort keys begin.

use connector_domain::{AccountId, ConnectionId, DeliveryId, ProviderKind, ResourceId, RunId, WorkspaceId};

/// Sort keys of a workspace's links start so.
pub(crate) const INTEGRATIONS: &str = "INT#";
/// Sort keys of a connection's audit log start so.
pub(crate) const AUDIT: &str = "LOG#";
/// Sort keys of a workspace's connections start so.
pub(crate) const CONNECTIONS: &str = "CONN#";
/// Sort keys of a workspace's machine keys start so.
pub(crate) const KEYS: &str = "KEY#";
/// Sort keys of what was changed in a workspace start so.
pub(crate) const CHANGES: &str = "LOG#";
/// Sort keys of what came for a workspace start so.
pub(crate) const DELIVERIES: &str = "DLV#";
/// Sort keys of what was given up for a workspace start so.
pub(crate) const DEAD: &str = "DEAD#";
/// Sort keys of a workspace's months start so.
pub(crate) const MONTHS: &str = "MONTH#";
/// Sort keys of a workspace's runs start so.
pub(crate) const RUNS: &str = "RUN#";
/// Sort keys of a run's page reports start so.
pub(crate) const PAGES: &str = "PAGE#";
/// Sort keys of what a run holds back start so.
pub(crate) const HELD: &str = "HELD#";
/// Sort keys of what is kept of a run's units start so.
pub(crate) const ENDED: &str = "ENDED#";

/// Partition of a workspace.
pub(crate) fn workspace(id: &WorkspaceId) -> String {
    format!("WS#{id}")
}

/// Partition of a provider account's connections.
pub(crate) fn connections_of(provider: ProviderKind, account: &AccountId) -> String {
    format!("ACCT#{provider}#{account}")
}

/// Partition of a resource's links.
pub(crate) fn integrations_of(provider: ProviderKind, resource: &ResourceId) -> String {
    format!("RES#{provider}#{resource}")
}

/// Partition of a run.
pub(crate) fn run(id: &RunId) -> String {
    format!("RUN#{id}")
}

/// Partition of a connection.
pub(crate) fn connection(id: &ConnectionId) -> String {
    format!("CONN#{id}")
}

/// Partition of a delivery.
pub(super) fn delivery(id: &DeliveryId) -> String {
    format!("DLV#{id}")
}
