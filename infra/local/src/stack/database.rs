//! The embedded DynamoDB with the template's tables, behind the same adapter as in AWS.
//!
//! It serves DynamoDB's protocol on a free port of this machine, since that is what the adapter speaks.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use connector_adapters::dynamodb::{DynamoAccess, Stores as AdapterStores, TableNames, connect_local};
use connector_adapters::system::{OsRandom, SystemClock};
use connector_domain::RunId;
use connector_domain::backfill::{RunProgress, Unit};
use connector_domain::documents::SyncLimits;
use connector_domain::ports::{
    BackfillStore, ConnectionLists, ConnectionStore, DeliveryLog, DeliveryStore, DocumentStore, DocumentSyncs,
    EnrichmentStore, HoldStore, ModelStore, ObservationStore, PortError, Queue, RunLists,
};
use connector_domain::task::DocumentsTask;
use connector_flows::documents::{DocumentPorts, ask};
use connector_flows::runs;
use dynoxide::Database as Engine;
use dynoxide::actions::create_table::CreateTableRequest;
use dynoxide::actions::describe_table::DescribeTableRequest;
use dynoxide::actions::update_table::UpdateTableRequest;
use dynoxide::actions::update_time_to_live::UpdateTimeToLiveRequest;
use dynoxide::server::serve_with_shutdown;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::template::{Table, Template, TemplateError};
use super::{Data, LinkOutcome, LinkRequest, Linked, StackError, link};

/// Name of the file in the data directory.
const FILE: &str = "connectors.db";

/// What is stored.
#[derive(Clone)]
pub struct Stores {
    /// Connections, links and settings.
    pub connections: Arc<dyn ConnectionStore>,
    /// Raw deliveries.
    pub deliveries: Arc<dyn DeliveryStore>,
    /// Observations.
    pub observations: Arc<dyn ObservationStore>,
    /// What is kept beside observations.
    pub enrichment: Arc<dyn EnrichmentStore>,
    /// What language models said, and what of their budget is spent.
    pub models: Arc<dyn ModelStore>,
    /// Runs and units.
    pub backfills: Arc<dyn BackfillStore>,
    /// What runs hold back.
    pub holds: Arc<dyn HoldStore>,
    /// Connections and links by workspace.
    pub connection_lists: Arc<dyn ConnectionLists>,
    /// Deliveries by workspace.
    pub delivery_log: Arc<dyn DeliveryLog>,
    /// Runs by workspace.
    pub run_lists: Arc<dyn RunLists>,
    /// How far documents are.
    pub document_syncs: Arc<dyn DocumentSyncs>,
    /// Documents of repositories.
    pub documents: Arc<dyn DocumentStore>,
    /// Machine keys, answered requests and changes.
    pub access: Arc<DynamoAccess>,
}

/// An open database. It closes when the last clone is dropped.
#[derive(Clone)]
pub struct Database {
    stores: Stores,
    adapter: AdapterStores,
    /// Whoever serves stops when this is dropped.
    _stop: Arc<oneshot::Sender<()>>,
}

impl Database {
    /// Opens the rows without running anything, to read them. A running stack may have them open too.
    ///
    /// # Errors
    /// When the file cannot be opened, or the template's tables cannot be made.
    pub async fn open(template: &Template, data: &Data) -> Result<Self, StackError> {
        let names = TableNames {
            connections: table(template, "CONNECTIONS_TABLE")?,
            deliveries: table(template, "DELIVERIES_TABLE")?,
            observations: table(template, "OBSERVATIONS_TABLE")?,
            backfills: table(template, "BACKFILLS_TABLE")?,
        };
        let retention = retention(template)?;
        let engine = match data {
            Data::Memory => Engine::memory().map_err(|error| refused("to keep rows in memory", &error))?,
            Data::Dir(path) => file(path)?,
        };
        for (name, table) in &template.tables {
            make(&engine, name, table)?;
        }
        let (endpoint, stop) = serve(engine).await?;
        let adapter = connect_local(&endpoint).named(names);
        let connections = Arc::new(adapter.connections());
        let deliveries = Arc::new(adapter.deliveries(retention));
        let backfills = Arc::new(adapter.backfills());
        let observations = Arc::new(adapter.observations());
        let stores = Stores {
            connections: Arc::clone(&connections) as _,
            deliveries: Arc::clone(&deliveries) as _,
            observations: Arc::clone(&observations) as _,
            enrichment: Arc::clone(&observations) as _,
            models: observations,
            backfills: Arc::clone(&backfills) as _,
            holds: Arc::new(adapter.holds()),
            connection_lists: connections,
            delivery_log: deliveries,
            run_lists: Arc::clone(&backfills) as _,
            document_syncs: backfills,
            documents: Arc::new(adapter.documents()),
            access: Arc::new(adapter.access()),
        };
        Ok(Self { stores, adapter, _stop: Arc::new(stop) })
    }

    /// What is stored, with what no other part of the stack reads.
    pub(super) const fn adapter(&self) -> &AdapterStores {
        &self.adapter
    }

    /// Whether there are rows to open.
    #[must_use]
    pub fn exists(data: &Data) -> bool {
        match data {
            Data::Memory => false,
            Data::Dir(path) => path.join(FILE).is_file(),
        }
    }

    /// What is stored.
    #[must_use]
    pub const fn stores(&self) -> &Stores {
        &self.stores
    }

    /// Links a resource without the provider's consent screen. Linking again changes what is different.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn link(&self, request: LinkRequest) -> Result<Linked, StackError> {
        let documents = DocumentPorts {
            syncs: Arc::clone(&self.stores.document_syncs),
            tasks: Arc::new(Nobody),
            clock: Arc::new(SystemClock),
            limits: SyncLimits::default(),
        };
        let linked = link::link(&*self.stores.connections, &SystemClock, &OsRandom, request).await?;
        if linked.outcome != LinkOutcome::Unchanged {
            ask(&documents, &linked.integration, None, "link").await?;
        }
        Ok(linked)
    }

    /// How a run stands, with its units; one that a later run has taken over stands as it ended.
    ///
    /// # Errors
    /// When there is no such run, or the store fails.
    pub async fn progress(&self, run: &RunId) -> Result<(RunProgress, Vec<Unit>), StackError> {
        let backfills = &*self.stores.backfills;
        let run = backfills.run(run).await?.ok_or_else(|| StackError::UnknownRun(run.clone()))?;
        Ok(runs::progress(backfills, &*self.stores.holds, &run).await?)
    }

    /// Stops what is left of a run, and answers how many units that were. What was captured stays.
    ///
    /// # Errors
    /// When there is no such run, or the store fails.
    pub async fn cancel(&self, run: &RunId) -> Result<usize, StackError> {
        let backfills = &*self.stores.backfills;
        let run = backfills.run(run).await?.ok_or_else(|| StackError::UnknownRun(run.clone()))?;
        Ok(runs::cancel(backfills, &SystemClock, &run).await?)
    }

    /// Pauses what is under way of a run, and answers how many units that were.
    ///
    /// # Errors
    /// When there is no such run, or the store fails.
    pub async fn pause(&self, run: &RunId) -> Result<usize, StackError> {
        let backfills = &*self.stores.backfills;
        let run = backfills.run(run).await?.ok_or_else(|| StackError::UnknownRun(run.clone()))?;
        Ok(runs::pause(backfills, &SystemClock, &run).await?)
    }
}

/// Nobody takes messages where nothing runs. What they are about is due in its row, and the next start sends them.
struct Nobody;

#[async_trait]
impl Queue<DocumentsTask> for Nobody {
    async fn send(&self, _: &[DocumentsTask], _: Duration) -> Result<(), PortError> {
        Ok(())
    }
}

/// The table that the functions' setting names.
fn table(template: &Template, setting: &'static str) -> Result<String, TemplateError> {
    let (function, table) = template.setting(setting)?;
    if template.tables.contains_key(table) {
        return Ok(table.to_owned());
    }
    Err(TemplateError::at(function, format!("its setting {setting} names no table")))
}

fn retention(template: &Template) -> Result<Duration, TemplateError> {
    const SETTING: &str = "DELIVERY_RETENTION_DAYS";
    let (function, days) = template.setting(SETTING)?;
    let days: u32 =
        days.parse().map_err(|_| TemplateError::at(function, format!("its setting {SETTING} is not a number")))?;
    Ok(Duration::from_secs(u64::from(days) * 86_400))
}

fn file(directory: &Path) -> Result<Engine, StackError> {
    let failed = |problem: String| StackError::Data { path: directory.to_owned(), problem };
    std::fs::create_dir_all(directory).map_err(|error| failed(error.to_string()))?;
    let path = directory.join(FILE);
    let path = path.to_str().ok_or_else(|| failed("its name is not UTF-8".to_owned()))?;
    Engine::new(path).map_err(|error| failed(error.to_string()))
}

/// Makes a table that is not there, and the indexes that one of an older template lacks.
fn make(engine: &Engine, name: &str, table: &Table) -> Result<(), StackError> {
    let what = format!("table {name}");
    let request: DescribeTableRequest = parse(&what, json!({ "TableName": name }))?;
    if let Ok(known) = engine.describe_table(request) {
        return add_indexes(engine, name, table, &json!(known.table));
    }
    let mut definition = table.definition.clone();
    if let Value::Object(fields) = &mut definition {
        fields.insert("TableName".to_owned(), json!(name));
    }
    let request: CreateTableRequest = parse(&what, definition)?;
    engine.create_table(request).map_err(|error| refused(&what, &error))?;
    if let Some(attribute) = &table.expires {
        let specification = json!({ "Enabled": true, "AttributeName": attribute });
        let request = json!({ "TableName": name, "TimeToLiveSpecification": specification });
        let request: UpdateTimeToLiveRequest = parse(&what, request)?;
        engine.update_time_to_live(request).map_err(|error| refused(&what, &error))?;
    }
    Ok(())
}

fn add_indexes(engine: &Engine, name: &str, table: &Table, known: &Value) -> Result<(), StackError> {
    let what = format!("an index of table {name}");
    let indexes = |of: &Value| of["GlobalSecondaryIndexes"].as_array().cloned().unwrap_or_default();
    let there = indexes(known);
    for index in indexes(&table.definition) {
        if there.iter().any(|known| known["IndexName"] == index["IndexName"]) {
            continue;
        }
        let request = json!({
            "TableName": name,
            "AttributeDefinitions": table.definition["AttributeDefinitions"],
            "GlobalSecondaryIndexUpdates": [{ "Create": index }],
        });
        let request: UpdateTableRequest = parse(&what, request)?;
        engine.update_table(request).map_err(|error| refused(&what, &error))?;
    }
    Ok(())
}

async fn serve(engine: Engine) -> Result<(String, oneshot::Sender<()>), StackError> {
    let listen = |source| StackError::Listen { port: 0, source };
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(listen)?;
    let endpoint = format!("http://{}", listener.local_addr().map_err(listen)?);
    let (stop, stopped) = oneshot::channel::<()>();
    tokio::spawn(serve_with_shutdown(listener, engine, async {
        // Nothing is ever sent: it ends when the sender is dropped.
        let _dropped = stopped.await;
    }));
    Ok((endpoint, stop))
}

fn parse<T: DeserializeOwned>(what: &str, request: Value) -> Result<T, StackError> {
    serde_json::from_value(request).map_err(|error| refused(what, &error))
}

fn refused(what: &str, error: &dyn std::error::Error) -> StackError {
    StackError::Database { what: what.to_owned(), problem: error.to_string() }
}
