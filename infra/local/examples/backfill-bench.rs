//! How fast history is fetched, and what it takes: from a simulated GitHub in another process into the embedded store,
//! beside a plain client that asks for one page after the other and stores nothing.
//!
//! ```text
//! cargo run --profile simulation -p connectors --example backfill-bench -- --items 10000 --latency-ms 0,80
//! ```

#![expect(clippy::print_stdout, reason = "a command line program speaks on standard output")]

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use clap::Parser;
use connector_adapters::http::ReqwestHttp;
use connector_adapters::system::SystemClock;
use connector_backfill::PageSettings;
use connector_domain::backfill::{EntityType, RunState, Trigger, Window};
use connector_domain::connection::{ResourceRef, SyncSettings};
use connector_domain::ports::{Clock, ProviderHttp};
use connector_domain::{AccountId, ProviderKind, ResourceId, Secret, Timestamp, WorkspaceId};
use connector_flows::StartRequest;
use connector_providers::{Scope, provider};
use connector_simulator::github::{Limits, Populate};
use connector_simulator::{Server, World};
use connectors::stack::{Data, LinkRequest, LocalSecrets, Options, Stack, Template};
use tokio::time::Instant;

const LISTS: [EntityType; 2] = [EntityType::PullRequest, EntityType::Issue];
const PAGE_SIZE: u32 = 100;
const DAYS: u32 = 80;

#[derive(Parser)]
struct Arguments {
    /// Pull requests, and as many issues.
    #[arg(long, default_value_t = 10_000)]
    items: u32,
    /// Times that GitHub takes for an answer.
    #[arg(long, value_delimiter = ',', default_value = "0,80")]
    latency_ms: Vec<u64>,
    /// Serve the simulated GitHub instead.
    #[arg(long, hide = true)]
    serve: bool,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    if arguments.serve {
        return serve(arguments.items, arguments.latency_ms.first().copied().unwrap_or_default()).await;
    }
    let items = u64::from(arguments.items);
    // GitHub lists pull requests among the issues, too.
    let floor = items.div_ceil(PAGE_SIZE.into()) + (2 * items).div_ceil(PAGE_SIZE.into());
    println!("{items} pull requests and {items} issues, {floor} pages at least");
    for latency in arguments.latency_ms {
        let github = GitHub::start(arguments.items, latency)?;
        let plain = plain_client(&github).await?;
        println!("{latency:>4} ms  plain client   {:>7.1} s  {} requests", plain.time.as_secs_f64(), plain.requests);
        let ours = engine(&github).await?;
        let seconds = ours.time.as_secs_f64();
        let thousandths = |n: u64| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
        println!(
            "{latency:>4} ms  into the store {seconds:>7.1} s  {} requests, {} records, {:.0} records/s, \
             {:.1} CPU s for 10,000 records, {} MB at most",
            ours.requests,
            ours.records,
            thousandths(ours.records) / seconds,
            ours.cpu.as_secs_f64() * 10_000.0 / thousandths(ours.records.max(1)),
            peak_megabytes()
        );
    }
    Ok(())
}

/// What a way of fetching took.
struct Took {
    time: Duration,
    cpu: Duration,
    requests: u64,
    records: u64,
}

/// One page after the other, one list after the other.
async fn plain_client(github: &GitHub) -> Result<Took, Box<dyn Error>> {
    let http = ReqwestHttp::builder().base_url(ProviderKind::Github, &github.url)?.build()?;
    let known = provider(ProviderKind::Github).ok_or("GitHub is not served")?;
    let account = AccountId::parse(&*github.installation)?;
    let (resource, token) = (github.resource()?, Secret::new("a-token"));
    let began = Instant::now();
    let mut requests = 0;
    for entity in LISTS {
        let scope =
            Scope { account: &account, resource: &resource, entity, window: github.window, page_size: PAGE_SIZE };
        let mut cursor = None;
        loop {
            let request = known.page_request(&scope, cursor.as_ref()).ok_or("no such list")?;
            let response = http.send(&request, token.as_ref()).await?;
            requests += 1;
            cursor = known.read_page(&scope, cursor.as_ref(), &response, SystemClock.now())?.next;
            if cursor.is_none() {
                break;
            }
        }
    }
    Ok(Took { time: began.elapsed(), cpu: Duration::ZERO, requests, records: 0 })
}

/// The whole system: pages stored, captured and each fact put once.
async fn engine(github: &GitHub) -> Result<Took, Box<dyn Error>> {
    let secret = Secret::new("a-webhook-secret").ok_or("no secret")?;
    let options = Options {
        api_urls: BTreeMap::from([(ProviderKind::Github, github.url.clone())]),
        tokens: Secret::new("a-token").map(|token| (ProviderKind::Github, token)).into_iter().collect(),
        page: PageSettings { reserve_percent: 0, page_size: PAGE_SIZE, ..PageSettings::default() },
        ..Options::new(Data::Memory, LocalSecrets::of([(ProviderKind::Github, secret)]))
    };
    let stack = Stack::start(&Template::embedded()?, options).await?;
    let request = LinkRequest {
        workspace: WorkspaceId::parse("bench")?,
        provider: ProviderKind::Github,
        account: AccountId::parse(&*github.installation)?,
        account_name: "acme".to_owned(),
        resource: github.resource()?,
        settings: SyncSettings::everything(ProviderKind::Github),
    };
    let integration = stack.link(request).await?.integration;
    let (began, cpu) = (Instant::now(), cpu_time());
    let request = StartRequest {
        integration,
        entities: BTreeSet::from(LISTS),
        window: github.window,
        trigger: Trigger::Manual,
        again: false,
        call_budget: None,
        proves: None,
        hold: false,
        prove: false,
    };
    let run = stack.start_backfill(request).await?.run.ok_or("nothing was started")?;
    stack.settled().await;
    let (time, cpu) = (began.elapsed(), cpu_time().saturating_sub(cpu));
    let (progress, _) = stack.progress(&run).await?;
    if progress.state != RunState::Completed || !progress.is_settled() {
        return Err(format!("the run ended as {:?}", progress.state).into());
    }
    let report = &progress.report;
    Ok(Took { time, cpu, requests: progress.counters.calls, records: report.captured + report.duplicate })
}

/// The simulated GitHub in a process of its own, so that what it takes is not ours.
struct GitHub {
    child: Child,
    url: String,
    id: String,
    name: String,
    installation: String,
    window: Window,
}

impl GitHub {
    fn start(items: u32, latency: u64) -> Result<Self, Box<dyn Error>> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--serve", "--items", &items.to_string(), "--latency-ms", &latency.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        let [url, id, name, installation, until] = line.split_whitespace().collect::<Vec<_>>()[..] else {
            return Err("the simulated GitHub did not start".into());
        };
        let until: Timestamp = until.parse()?;
        let since = until.checked_sub(Duration::from_secs(u64::from(DAYS + 9) * 86_400))?;
        let text = str::to_owned;
        let window = Window { since, until };
        Ok(Self { url: text(url), id: text(id), name: text(name), installation: text(installation), window, child })
    }

    fn resource(&self) -> Result<ResourceRef, Box<dyn Error>> {
        Ok(ResourceRef { id: ResourceId::parse(&*self.id)?, name: self.name.clone() })
    }
}

impl Drop for GitHub {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _killed = self.child.kill();
        let _waited = self.child.wait();
    }
}

/// Until its standard input ends.
async fn serve(items: u32, latency: u64) -> Result<(), Box<dyn Error>> {
    let world = World::new(1);
    let until = world.now();
    let github = world.github();
    github.set_limits(Limits { anonymous: 1_000_000, authenticated: 1_000_000 });
    github.set_latency(Duration::from_millis(latency));
    let repository = github.add_repository("acme", "rocket");
    repository.populate(Populate { pull_requests: items, issues: items, releases: 0, ..Populate::ending(until, DAYS) });
    let server = Server::start(world).await?;
    println!(
        "{} {} {} {} {until}",
        server.github_url(),
        repository.id,
        repository.full_name(),
        repository.installation_id
    );
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    Ok(())
}

/// User and system time of this process; none where there is no /proc.
/// <https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html>
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let ticks = after_name.split(' ').skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum::<u64>();
    // A tick is a hundredth of a second wherever Linux runs today.
    Duration::from_millis(ticks * 10)
}

/// The most memory that this process has had; 0 where there is no /proc.
fn peak_megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes: Option<u64> = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    kilobytes.unwrap_or_default() / 1_000
}
