//! What it takes to remember: pages of a hundred pull requests through capture and enrichment into the embedded store,
//! how long each takes, and what is written for an observation.
//!
//! ```text
//! cargo run --release -p connectors --example capture-bench -- --pages 50
//! ```

#![expect(clippy::print_stdout, reason = "a command line program speaks on standard output")]

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use connector_adapters::http::ReqwestHttp;
use connector_adapters::system::SystemClock;
use connector_capture::{Capture, CapturePorts, Captured, Enrich, EnrichPorts};
use connector_domain::backfill::{EntityType, Window};
use connector_domain::connection::{Integration, ResourceRef, SyncSettings, WorkspaceSettings};
use connector_domain::delivery::{DeliveryRecord, DeliveryState, Origin};
use connector_domain::documents::SyncLimits;
use connector_domain::ports::{Clock, ProviderHttp};
use connector_domain::task::{CaptureTask, EnrichTask, TASK_VERSION};
use connector_domain::{AccountId, Delivery, ProviderKind, ResourceId, RunId, Secret, Timestamp, WorkspaceId};
use connector_flows::documents::DocumentPorts;
use connector_providers::{Scope, provider};
use connector_simulator::github::{Limits, Populate};
use connector_simulator::{Server, World};
use connector_testkit::memory::{MemoryAudit, MemoryQueue, MemoryVault};
use connectors::stack::{Data, Database, LinkRequest, Template};
use dynoxide::actions::scan::ScanRequest;
use serde_json::{Value, json};
use tokio::time::Instant;

#[derive(Parser)]
struct Arguments {
    /// Pages of a hundred pull requests.
    #[arg(long, default_value_t = 50)]
    pages: u32,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let directory = tempfile::tempdir()?;
    let bench = Bench::begin(directory.path()).await?;
    let (link, bodies) = bench.pages(arguments.pages).await?;
    let (mut captures, mut enrichments, mut facts) = (Vec::new(), Vec::new(), 0);
    for (page, body) in bodies.into_iter().enumerate() {
        let task = bench.store(&link, u32::try_from(page)?, body).await?;
        let began = Instant::now();
        if let Captured::Done(report) = bench.capture.handle(task).await? {
            facts += report.captured;
        }
        captures.push(began.elapsed());
    }
    let captured = written(directory.path())?;
    for task in bench.enrichments.drain() {
        let began = Instant::now();
        bench.enrich.handle(task).await?;
        enrichments.push(began.elapsed());
    }
    println!("{facts} facts in {} pages of 100 pull requests", captures.len());
    println!("capture of a page          {}", times(&mut captures));
    println!("enrichment of 20 facts     {}", times(&mut enrichments));
    let enriched = written(directory.path())?;
    println!("rows for a fact, and the write units that they take with their indexes:");
    for (kind, (rows, units)) in &enriched {
        let before = captured.get(kind).copied().unwrap_or_default();
        let by = if before == (*rows, *units) { "capture" } else { "enrichment" };
        println!("  {kind:<10} {:>6.2} rows {:>6.2} units  by {by}", share(*rows, facts), share(*units, facts));
    }
    let units: u64 = enriched.values().map(|(_, units)| units).sum();
    // A fact leaves the index of what waits, which is a write of its row and one of the index.
    println!(
        "  {:<10} {:>6} {:>11.2} units in all, and 2 and more when a fact leaves the index of what waits",
        "",
        "",
        share(units, facts)
    );
    Ok(())
}

struct Bench {
    database: Database,
    capture: Capture,
    enrich: Enrich,
    enrichments: Arc<MemoryQueue<EnrichTask>>,
}

impl Bench {
    async fn begin(directory: &Path) -> Result<Self, Box<dyn Error>> {
        let database = Database::open(&Template::embedded()?, &Data::Dir(directory.to_owned())).await?;
        let stores = database.stores();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let enrichments = Arc::new(MemoryQueue::new(Arc::clone(&clock)));
        let capture = Capture::new(CapturePorts {
            deliveries: Arc::clone(&stores.deliveries),
            connections: Arc::clone(&stores.connections),
            observations: Arc::clone(&stores.observations),
            backfills: Arc::clone(&stores.backfills),
            holds: Arc::clone(&stores.holds),
            replays: Arc::new(MemoryQueue::new(Arc::clone(&clock))),
            tokens: Arc::new(MemoryVault::default()),
            audit: Arc::new(MemoryAudit::default()),
            enrichments: Arc::clone(&enrichments) as _,
            notify: None,
            documents: DocumentPorts {
                syncs: Arc::clone(&stores.document_syncs),
                tasks: Arc::new(MemoryQueue::new(Arc::clone(&clock))),
                clock: Arc::clone(&clock),
                limits: SyncLimits::default(),
            },
            clock,
        });
        let enrich = Enrich::new(EnrichPorts::local(Arc::clone(&stores.enrichment)));
        Ok(Self { database, capture, enrich, enrichments })
    }

    /// The pages of a simulated repository that is linked.
    async fn pages(&self, pages: u32) -> Result<(Integration, Vec<Vec<u8>>), Box<dyn Error>> {
        let world = World::new(1);
        let until = world.now();
        world.github().set_limits(Limits { anonymous: 1_000_000, authenticated: 1_000_000 });
        let repository = world.github().add_repository("acme", "rocket");
        let content = Populate { pull_requests: pages * 100, issues: 0, releases: 0, ..Populate::ending(until, 80) };
        repository.populate(content);
        let server = Server::start(world).await?;
        let account = AccountId::parse(repository.installation_id.to_string())?;
        let resource = ResourceRef { id: ResourceId::parse(repository.id.to_string())?, name: repository.full_name() };
        let workspace = WorkspaceId::parse("bench")?;
        let request = LinkRequest {
            workspace: workspace.clone(),
            provider: ProviderKind::Github,
            account: account.clone(),
            account_name: "acme".to_owned(),
            resource: resource.clone(),
            settings: SyncSettings::everything(ProviderKind::Github),
        };
        let link = self.database.link(request).await?.integration;
        let everything = WorkspaceSettings { significance_threshold: 0, ..WorkspaceSettings::default() };
        self.database.stores().connections.put_settings(&workspace, &everything).await?;

        let http = ReqwestHttp::builder().base_url(ProviderKind::Github, &server.github_url())?.build()?;
        let known = provider(ProviderKind::Github).ok_or("GitHub is not served")?;
        let window = Window { since: Timestamp::UNIX_EPOCH, until };
        let entity = EntityType::PullRequest;
        let scope = Scope { account: &account, resource: &resource, entity, window, page_size: 100 };
        let (mut cursor, mut bodies) = (None, Vec::new());
        while bodies.len() < pages as usize {
            let request = known.page_request(&scope, cursor.as_ref()).ok_or("no such list")?;
            let response = http.send(&request, Secret::new("a-token").as_ref()).await?;
            cursor = known.read_page(&scope, cursor.as_ref(), &response, until)?.next;
            bodies.push(response.body);
            if cursor.is_none() {
                break;
            }
        }
        Ok((link, bodies))
    }

    async fn store(&self, link: &Integration, page: u32, body: Vec<u8>) -> Result<CaptureTask, Box<dyn Error>> {
        let now = SystemClock.now();
        let origin = Origin::Page {
            run: RunId::parse("bench")?,
            resource: link.resource.clone(),
            entity: EntityType::PullRequest,
            page,
            window: Window { since: Timestamp::UNIX_EPOCH, until: now },
            hold: false,
        };
        let delivery = Delivery::page(ProviderKind::Github, origin, body, now);
        let record = DeliveryRecord {
            id: delivery.id(),
            provider: delivery.provider,
            origin: delivery.origin.clone(),
            account: None,
            resource: Some(link.resource.id.clone()),
            received_at: now,
            bytes: delivery.raw.len() as u64,
            state: DeliveryState::Received,
            pending: vec![link.workspace.clone()],
            outcomes: BTreeMap::new(),
            attempts: 0,
            due_at: now,
            correlation: "bench".to_owned(),
        };
        self.database.stores().deliveries.put_if_absent(&record, &delivery.raw).await?;
        let (workspace, delivery) = (link.workspace.clone(), record.id);
        Ok(CaptureTask { v: TASK_VERSION, workspace, delivery, correlation: "bench".to_owned() })
    }
}

/// The middle and the slowest hundredth.
fn times(all: &mut [Duration]) -> String {
    all.sort_unstable();
    let at = |percent: usize| all.get((all.len() * percent / 100).min(all.len().saturating_sub(1)));
    let ms = |percent| at(percent).map_or(0.0, |time| time.as_secs_f64() * 1_000.0);
    format!("p50 {:.1} ms, p99 {:.1} ms, of {}", ms(50), ms(99), all.len())
}

fn share(n: u64, of: u64) -> f64 {
    let small = |n: u64| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    small(n) / small(of.max(1))
}

/// The rows of the table of observations by kind, and the write units that writing each took: one for each begun
/// kilobyte, in the table and in every index that it is in.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html>
fn written(directory: &Path) -> Result<BTreeMap<String, (u64, u64)>, Box<dyn Error>> {
    let path = directory.join("connectors.db");
    let engine = dynoxide::Database::new(path.to_str().ok_or("its name is not UTF-8")?)?;
    let mut kinds: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let mut from = Value::Null;
    loop {
        let mut request = json!({ "TableName": "ObservationsTable" });
        if !from.is_null() {
            request["ExclusiveStartKey"] = from;
        }
        let request: ScanRequest = serde_json::from_value(request)?;
        let answer = serde_json::to_value(engine.scan(request)?)?;
        for item in answer["Items"].as_array().into_iter().flatten() {
            let item: HashMap<String, Value> = serde_json::from_value(item.clone())?;
            let kind = |name: &str| {
                item[name]["S"].as_str().unwrap_or_default().split('#').next().unwrap_or_default().to_owned()
            };
            let kind = if kind("PK") == "WS" { kind("SK") } else { kind("PK") };
            let whole = kilobytes(&item);
            // The time index has whole rows; that of what waits has keys.
            let indexes = if item.contains_key("occurredKey") { whole + 1 } else { 0 };
            let (rows, units) = kinds.entry(kind).or_default();
            *rows += 1;
            *units += whole + indexes;
        }
        from = answer["LastEvaluatedKey"].clone();
        if from.is_null() {
            return Ok(kinds);
        }
    }
}

/// Begun kilobytes of an item, as DynamoDB counts them but for the lengths of its numbers.
fn kilobytes(item: &HashMap<String, Value>) -> u64 {
    fn size(value: &Value) -> u64 {
        match value.as_object().and_then(|value| value.iter().next()) {
            Some((kind, value)) => match (kind.as_str(), value) {
                ("S", Value::String(text)) => text.len() as u64,
                ("B", Value::String(text)) => text.len() as u64 * 3 / 4,
                ("N", Value::String(text)) => text.len() as u64 / 2 + 1,
                ("L", Value::Array(all)) => 3 + all.iter().map(|one| 1 + size(one)).sum::<u64>(),
                ("M", Value::Object(all)) => {
                    3 + all.iter().map(|(name, one)| 1 + name.len() as u64 + size(one)).sum::<u64>()
                }
                ("SS", Value::Array(all)) => all.iter().filter_map(Value::as_str).map(|text| text.len() as u64).sum(),
                _ => 1,
            },
            None => 0,
        }
    }
    let bytes: u64 = item.iter().map(|(name, value)| name.len() as u64 + size(value)).sum();
    bytes.div_ceil(1_024)
}
