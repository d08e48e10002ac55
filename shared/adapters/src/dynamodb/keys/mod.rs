//! The key grammar of all tables: every kind of row, and how its key is written and read.
//!
//! Parts are joined by `#`. A part that another follows has its `#` and `%` escaped, so that no two rows share a key;
//! the last part stands as it is, which keeps keys legible and inside DynamoDB's bounds (2,048 and 1,024 bytes).

use connector_domain::backfill::{BudgetKey, EntityType, Place, Pool, UnitKey};
use connector_domain::documents::DocumentsKey;
use connector_domain::enrich::{Account, LinkKey};
use connector_domain::oauth::SecretHash;
use connector_domain::{
    AccountId, ConnectionId, DeliveryId, ProviderKind, ResourceId, RunId, SourceId, Timestamp, WorkspaceId,
};
use sha2::{Digest, Sha256};

mod documents;
mod names;
mod part;
mod place;
mod time;

pub(crate) use documents::{CHUNKS, DOCUMENT_SYNCS, DOCUMENTS, chunks, documents};
use names::delivery;
pub(crate) use names::{
    AUDIT, CHANGES, CONNECTIONS, DEAD, DELIVERIES, ENDED, HELD, INTEGRATIONS, KEYS, MONTHS, PAGES, RUNS, connection,
    connections_of, integrations_of, run, workspace,
};
use part::{escape, parts, unescape};
pub(crate) use place::{ACCOUNTS, CLUSTERS, PLACES, SAID, facts, features, links, readings, summaries};
use place::{account, place, place_key};
pub(crate) use time::{bucket, instant, month, occurred, occurred_at};

/// Partition and sort key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    pub(crate) pk: String,
    pub(crate) sk: String,
}

/// Every kind of row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Row {
    /// Connections: the connection itself.
    Connection(ConnectionId),
    /// Connections: its sealed token.
    Token(ConnectionId),
    /// Connections: what was done to it.
    Audit { connection: ConnectionId, at: Timestamp, id: String },
    /// Connections: a person at a consent screen.
    State(SecretHash),
    /// Connections: how it went, for who waits.
    Poll(SecretHash),
    /// Connections: a copy of the connection, by provider account.
    ConnectionOf { provider: ProviderKind, account: AccountId, connection: ConnectionId },
    /// Connections: a link, by resource.
    IntegrationOf { provider: ProviderKind, resource: ResourceId, workspace: WorkspaceId },
    /// Connections: a copy of the link, by workspace.
    IntegrationIn { workspace: WorkspaceId, provider: ProviderKind, resource: ResourceId },
    /// Connections: a copy of the connection, by workspace.
    ConnectionIn { workspace: WorkspaceId, connection: ConnectionId },
    /// Connections: what a workspace has decided.
    Settings(WorkspaceId),
    /// Connections: a machine key.
    MachineKey(String),
    /// Connections: a copy of the machine key, by workspace.
    MachineKeyIn { workspace: WorkspaceId, id: String },
    /// Connections: a request that must have its effect once.
    Once { workspace: WorkspaceId, name: String },
    /// Connections: what was changed.
    Change { workspace: WorkspaceId, at: Timestamp, id: String },
    /// Deliveries: the row of a delivery.
    Delivery(DeliveryId),
    /// Deliveries: a part of its bytes. The digest keeps parts of two compressions apart.
    Chunk { delivery: DeliveryId, digest: String, n: u32 },
    /// Deliveries: that a delivery came for a workspace.
    DeliveryIn { workspace: WorkspaceId, received_at: Timestamp, delivery: DeliveryId },
    /// Deliveries: that one of its deliveries was given up.
    DeadIn { workspace: WorkspaceId, received_at: Timestamp, delivery: DeliveryId },
    /// Deliveries: which webhooks of a provider were asked for again.
    Redelivered(ProviderKind),
    /// Observations: a captured fact.
    Observation { workspace: WorkspaceId, source_id: SourceId },
    /// Observations: that a thing was deleted.
    Deletion { workspace: WorkspaceId, subject: String },
    /// Observations: a month that has some.
    Month { workspace: WorkspaceId, month: String },
    /// Observations: that a fact has to do with a thing.
    Link { workspace: WorkspaceId, key: LinkKey, place: Place },
    /// Observations: what a fact is like, by its week.
    Feature { workspace: WorkspaceId, week: String, place: Place },
    /// Observations: what is known of an account.
    Account { workspace: WorkspaceId, account: Account },
    /// Observations: that an account acted in a fact.
    Acted { workspace: WorkspaceId, account: Account, place: Place },
    /// Observations: what a language model said of a fact.
    Reading { workspace: WorkspaceId, source_id: SourceId, question: String },
    /// Observations: what a language model said of a cluster, by its week.
    Summary { workspace: WorkspaceId, week: String, cluster: String },
    /// Observations: until when a week's facts are seen by a look that is asked for.
    Look { workspace: WorkspaceId, week: String },
    /// Observations: what of a day's budget of a language model is spent.
    Spent { workspace: WorkspaceId, day: String },
    /// Backfills: a run.
    Run(RunId),
    /// Backfills: a copy of the run, by workspace and time.
    RunIn { workspace: WorkspaceId, started_at: Timestamp, run: RunId },
    /// Backfills: what a page of a run became.
    PageReport { run: RunId, entity: EntityType, resource: ResourceId, page: u32 },
    /// Backfills: a unit.
    Unit(UnitKey),
    /// Backfills: how a unit ended for a run.
    EndedUnit { run: RunId, entity: EntityType, resource: ResourceId },
    /// Backfills: that a run holds its facts back.
    Hold(RunId),
    /// Backfills: a fact that is held back.
    Held { run: RunId, place: Place },
    /// Backfills: how many calls may be made.
    Budget(BudgetKey),
    /// Backfills: how far the documents of a repository are.
    DocumentSync(DocumentsKey),
    /// Observations: a file of a repository.
    Document { of: DocumentsKey, path: String },
    /// Observations: a piece of its text. The revision keeps pieces of two texts apart.
    DocumentChunk { of: DocumentsKey, path: String, revision: String, index: u32 },
}

impl Row {
    /// Its key.
    pub(crate) fn key(&self) -> Key {
        let (pk, sk) = match self {
            Self::Connection(id) => (connection(id), "CONN".to_owned()),
            Self::Token(id) => (connection(id), "TOKEN".to_owned()),
            Self::Audit { connection: id, at, id: entry } => {
                (connection(id), format!("{AUDIT}{}#{entry}", instant(*at)))
            }
            Self::State(hash) => (format!("STATE#{hash}"), "STATE".to_owned()),
            Self::Poll(hash) => (format!("POLL#{hash}"), "POLL".to_owned()),
            Self::ConnectionOf { provider, account, connection: id } => {
                (connections_of(*provider, account), connection(id))
            }
            Self::IntegrationOf { provider, resource, workspace: ws } => {
                (integrations_of(*provider, resource), workspace(ws))
            }
            Self::IntegrationIn { workspace: ws, provider, resource } => {
                (workspace(ws), format!("{INTEGRATIONS}{provider}#{resource}"))
            }
            Self::ConnectionIn { workspace: ws, connection: id } => (workspace(ws), connection(id)),
            Self::Settings(ws) => (workspace(ws), "SETTINGS".to_owned()),
            Self::MachineKey(id) => (format!("KEY#{id}"), "KEY".to_owned()),
            Self::MachineKeyIn { workspace: ws, id } => (workspace(ws), format!("{KEYS}{id}")),
            Self::Once { workspace: ws, name } => (workspace(ws), format!("ONCE#{name}")),
            Self::Change { workspace: ws, at, id } => (workspace(ws), format!("{CHANGES}{}#{id}", instant(*at))),
            Self::Delivery(id) => (delivery(id), "HEAD".to_owned()),
            Self::Chunk { delivery: id, digest, n } => (delivery(id), format!("RAW#{}#{n:04}", escape(digest))),
            Self::DeliveryIn { workspace: ws, received_at, delivery } => {
                (workspace(ws), format!("{DELIVERIES}{}#{delivery}", instant(*received_at)))
            }
            Self::DeadIn { workspace: ws, received_at, delivery } => {
                (workspace(ws), format!("{DEAD}{}#{delivery}", instant(*received_at)))
            }
            Self::Redelivered(provider) => (format!("HOOKS#{provider}"), "AGAIN".to_owned()),
            Self::Observation { workspace: ws, source_id } => (workspace(ws), format!("OBS#{source_id}")),
            Self::Deletion { workspace: ws, subject } => (workspace(ws), format!("GONE#{subject}")),
            Self::Month { workspace: ws, month } => (workspace(ws), format!("{MONTHS}{month}")),
            Self::Link { workspace: ws, key, place } => (links(ws, key), place_key(place)),
            Self::Feature { workspace: ws, week, place } => (features(ws, week), place_key(place)),
            Self::Account { workspace: ws, account } => {
                (workspace(ws), format!("{ACCOUNTS}{}#{}", account.provider, account.id))
            }
            Self::Acted { workspace: ws, account, place } => {
                let ws = escape(ws.as_str());
                (format!("ACTED#{ws}#{}#{}", account.provider, account.id), place_key(place))
            }
            Self::Reading { workspace: ws, source_id, question } => {
                (readings(ws, source_id), format!("{SAID}{question}"))
            }
            Self::Summary { workspace: ws, week, cluster } => (summaries(ws, week), format!("{CLUSTERS}{cluster}")),
            Self::Look { workspace: ws, week } => (summaries(ws, week), "LOOK".to_owned()),
            Self::Spent { workspace: ws, day } => (workspace(ws), format!("SPENT#{day}")),
            Self::Run(id) => (run(id), "RUN".to_owned()),
            Self::RunIn { workspace: ws, started_at, run } => {
                (workspace(ws), format!("{RUNS}{}#{run}", instant(*started_at)))
            }
            Self::PageReport { run: id, entity, resource, page } => {
                (run(id), format!("{PAGES}{entity}#{}#{page:08}", escape(resource.as_str())))
            }
            Self::EndedUnit { run: id, entity, resource } => (run(id), format!("{ENDED}{entity}#{resource}")),
            Self::Hold(id) => (run(id), "HOLD".to_owned()),
            Self::Held { run: id, place } => (run(id), format!("{HELD}{}", occurred(place.at, &place.source_id))),
            Self::Budget(BudgetKey::Connection { connection, pool }) => {
                (format!("RATE#{connection}"), pool.as_str().to_owned())
            }
            Self::Budget(BudgetKey::Run { run: id }) => (run(id), "CALLS".to_owned()),
            Self::Unit(UnitKey { workspace, provider, resource, entity }) => {
                let (workspace, resource) = (escape(workspace.as_str()), escape(resource.as_str()));
                (format!("UNIT#{workspace}#{provider}#{resource}#{entity}"), "UNIT".to_owned())
            }
            Self::DocumentSync(DocumentsKey { workspace: ws, provider, resource }) => {
                (workspace(ws), format!("{DOCUMENT_SYNCS}{provider}#{resource}"))
            }
            Self::Document { of, path } => (documents(of), format!("{DOCUMENTS}{path}")),
            Self::DocumentChunk { of, path, revision, index } => {
                (documents(of), format!("{}{}#{index:06}", chunks(path), escape(revision)))
            }
        };
        Key { pk, sk }
    }

    /// The row that a key is of; `None` when it is not one of ours.
    pub(crate) fn of(key: &Key) -> Option<Self> {
        Self::parse(key).filter(|row| row.key() == *key)
    }

    /// Takes a number in any spelling, which [`Self::of`] does not.
    fn parse(key: &Key) -> Option<Self> {
        let (kind, id) = key.pk.split_once('#')?;
        let (what, of) = key.sk.split_once('#').unwrap_or((&key.sk, ""));
        Some(match (kind, what) {
            ("CONN", "CONN") => Self::Connection(id.parse().ok()?),
            ("CONN", "TOKEN") => Self::Token(id.parse().ok()?),
            ("CONN", "LOG") => {
                let (at, entry) = of.split_once('#')?;
                Self::Audit { connection: id.parse().ok()?, at: at.parse().ok()?, id: entry.to_owned() }
            }
            ("STATE", "STATE") => Self::State(SecretHash::parse(id)?),
            ("POLL", "POLL") => Self::Poll(SecretHash::parse(id)?),
            ("ACCT", "CONN") => {
                let (provider, account) = id.split_once('#')?;
                Self::ConnectionOf {
                    provider: provider.parse().ok()?,
                    account: account.parse().ok()?,
                    connection: of.parse().ok()?,
                }
            }
            ("RES", "WS") => {
                let (provider, resource) = id.split_once('#')?;
                Self::IntegrationOf {
                    provider: provider.parse().ok()?,
                    resource: resource.parse().ok()?,
                    workspace: of.parse().ok()?,
                }
            }
            ("WS", "INT") => {
                let (provider, resource) = of.split_once('#')?;
                Self::IntegrationIn {
                    workspace: id.parse().ok()?,
                    provider: provider.parse().ok()?,
                    resource: resource.parse().ok()?,
                }
            }
            ("WS", "CONN") => Self::ConnectionIn { workspace: id.parse().ok()?, connection: of.parse().ok()? },
            ("WS", "SETTINGS") => Self::Settings(id.parse().ok()?),
            ("KEY", "KEY") => Self::MachineKey(id.to_owned()),
            ("WS", "KEY") => Self::MachineKeyIn { workspace: id.parse().ok()?, id: of.to_owned() },
            ("WS", "ONCE") => Self::Once { workspace: id.parse().ok()?, name: of.to_owned() },
            ("WS", "LOG") => {
                let (at, change) = of.split_once('#')?;
                Self::Change { workspace: id.parse().ok()?, at: at.parse().ok()?, id: change.to_owned() }
            }
            ("WS", "DLV" | "DEAD") => {
                let (received_at, delivery) = of.split_once('#')?;
                let (workspace, received_at) = (id.parse().ok()?, received_at.parse().ok()?);
                let delivery = DeliveryId::parse(delivery).ok()?;
                match what {
                    "DLV" => Self::DeliveryIn { workspace, received_at, delivery },
                    _ => Self::DeadIn { workspace, received_at, delivery },
                }
            }
            ("DLV", "HEAD") => Self::Delivery(DeliveryId::parse(id).ok()?),
            ("DLV", "RAW") => {
                let (digest, n) = of.split_once('#')?;
                Self::Chunk { delivery: DeliveryId::parse(id).ok()?, digest: unescape(digest)?, n: n.parse().ok()? }
            }
            ("HOOKS", "AGAIN") => Self::Redelivered(id.parse().ok()?),
            ("WS", "OBS") => Self::Observation { workspace: id.parse().ok()?, source_id: SourceId::parse(of).ok()? },
            ("WS", "GONE") => Self::Deletion { workspace: id.parse().ok()?, subject: of.to_owned() },
            ("WS", "MONTH") => Self::Month { workspace: id.parse().ok()?, month: of.to_owned() },
            ("LINK", "AT") => {
                let (workspace, key) = id.split_once('#')?;
                Self::Link {
                    workspace: unescape(workspace)?.parse().ok()?,
                    key: LinkKey::parse(key).ok()?,
                    place: place(of)?,
                }
            }
            ("WEEK", "AT") => {
                let (workspace, week) = id.split_once('#')?;
                Self::Feature {
                    workspace: unescape(workspace)?.parse().ok()?,
                    week: week.to_owned(),
                    place: place(of)?,
                }
            }
            ("WS", "ACTOR") => Self::Account { workspace: id.parse().ok()?, account: account(of)? },
            ("ACTED", "AT") => {
                let (workspace, of_account) = id.split_once('#')?;
                Self::Acted {
                    workspace: unescape(workspace)?.parse().ok()?,
                    account: account(of_account)?,
                    place: place(of)?,
                }
            }
            ("READ", "SAID") => {
                let (workspace, source_id) = id.split_once('#')?;
                Self::Reading {
                    workspace: unescape(workspace)?.parse().ok()?,
                    source_id: SourceId::parse(source_id).ok()?,
                    question: of.to_owned(),
                }
            }
            ("TOLD", "CLUSTER" | "LOOK") => {
                let (workspace, week) = id.split_once('#')?;
                let (workspace, week) = (unescape(workspace)?.parse().ok()?, week.to_owned());
                match what {
                    "LOOK" => Self::Look { workspace, week },
                    _ => Self::Summary { workspace, week, cluster: of.to_owned() },
                }
            }
            ("WS", "SPENT") => Self::Spent { workspace: id.parse().ok()?, day: of.to_owned() },
            ("RUN", "RUN") => Self::Run(id.parse().ok()?),
            ("WS", "RUN") => {
                let (started_at, run) = of.split_once('#')?;
                Self::RunIn {
                    workspace: id.parse().ok()?,
                    started_at: started_at.parse().ok()?,
                    run: run.parse().ok()?,
                }
            }
            ("RUN", "PAGE") => {
                let [entity, resource, page] = parts(of)?;
                Self::PageReport {
                    run: id.parse().ok()?,
                    entity: entity.parse().ok()?,
                    resource: unescape(resource)?.parse().ok()?,
                    page: page.parse().ok()?,
                }
            }
            ("RUN", "ENDED") => {
                let (entity, resource) = of.split_once('#')?;
                Self::EndedUnit {
                    run: id.parse().ok()?,
                    entity: entity.parse().ok()?,
                    resource: resource.parse().ok()?,
                }
            }
            ("RUN", "HOLD") => Self::Hold(id.parse().ok()?),
            ("RUN", "HELD") => Self::Held { run: id.parse().ok()?, place: place(of)? },
            ("RUN", "CALLS") => Self::Budget(BudgetKey::Run { run: id.parse().ok()? }),
            ("RATE", pool) => Self::Budget(BudgetKey::Connection {
                connection: id.parse().ok()?,
                pool: Pool::ALL.into_iter().find(|known| known.as_str() == pool)?,
            }),
            ("UNIT", "UNIT") => {
                let [workspace, provider, resource, entity] = parts(id)?;
                Self::Unit(UnitKey {
                    workspace: unescape(workspace)?.parse().ok()?,
                    provider: provider.parse().ok()?,
                    resource: unescape(resource)?.parse().ok()?,
                    entity: entity.parse().ok()?,
                })
            }
            ("WS", "DOCS") => documents::sync(id, of)?,
            ("DOCS", _) => documents::row(id, what, of)?,
            _ => return None,
        })
    }
}

/// Parts of an index over all workspaces, so that no single one carries every write.
pub(crate) const SHARDS: u8 = 8;

/// The part of an index that a row is in.
pub(crate) fn shard(key: &Key) -> String {
    let digest = Sha256::new().chain_update(&key.pk).chain_update(&key.sk).finalize();
    (digest[0] % SHARDS).to_string()
}

#[cfg(test)]
mod tests;
