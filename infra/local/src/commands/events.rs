//! `events`: writes the inputs for `sam local invoke`, one per function.

mod shapes;

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use connector_domain::backfill::{EntityType, UnitKey};
use connector_domain::documents::DocumentsKey;
use connector_domain::http::Headers;
use connector_domain::task::{CaptureTask, DocumentsTask, EnrichTask, PageTask, TASK_VERSION, Task, encode};
use connector_domain::{Delivery, ProviderKind, ResourceId, RunId, Secret, SourceId, Timestamp, WorkspaceId};
use serde::Serialize;

use super::Failure;
use crate::render::Output;
use shapes::{AuthorizerEvent, HttpEvent, QueueEvent, ScheduleEvent};

/// Signs the webhooks in `events/`, and nothing else: it is public.
const SECRET: &str = "local-development-secret";
/// What GitHub's webhook in `events/` says.
const WEBHOOK: &str = include_str!("../../../../shared/providers/fixtures/github/webhooks/issues.opened.json");
const EVENT: &str = "issues";
/// The time in all of them but Linear's, whose body is signed together with the time of sending.
const SECOND: i64 = 1_770_379_200;
const LINEAR_SECOND: i64 = 1_769_882_404;

/// One webhook of each provider: file, provider, path, event, body and time.
type Webhook = (&'static str, ProviderKind, &'static str, &'static str, &'static str, i64);
#[rustfmt::skip]
const WEBHOOKS: [Webhook; 4] = [
    ("webhook-github.json", ProviderKind::Github, "/webhooks/github", EVENT, WEBHOOK, SECOND),
    ("webhook-vercel.json", ProviderKind::Vercel, "/webhooks/vercel", "deployment.succeeded",
     include_str!("../../../../shared/providers/fixtures/vercel/webhooks/deployment.succeeded.json"), SECOND),
    ("webhook-linear.json", ProviderKind::Linear, "/webhooks/linear", "Issue",
     include_str!("../../../../shared/providers/fixtures/linear/webhooks/Issue.created.json"), LINEAR_SECOND),
    ("webhook-sentry.json", ProviderKind::Sentry, "/webhooks/sentry", "issue",
     include_str!("../../../../shared/providers/fixtures/sentry/webhooks/issue.created.json"), SECOND),
];

/// People who come back without a state, and are told so on a page.
const CALLBACKS: [(&str, &str); 4] = [
    ("oauth-github.json", "/oauth/github/callback"),
    ("oauth-vercel.json", "/oauth/vercel/callback"),
    ("oauth-linear.json", "/oauth/linear/callback"),
    ("oauth-sentry.json", "/oauth/sentry/callback"),
];
const CONNECTIONS: &str = "GET /v1/workspaces/{workspace}/connections";
const CONNECTIONS_PATH: &str = "/v1/workspaces/acme/connections";
const RESOURCES: &str = "GET /v1/workspaces/{workspace}/connections/{connection}/resources";
const RESOURCES_PATH: &str = "/v1/workspaces/acme/connections/connection-1/resources";
/// Of the form of a machine key; none that was ever made.
const MACHINE_KEY: &str =
    "Bearer mem_0011223344556677_00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// Write the inputs for `sam local invoke` into events/.
#[derive(Args)]
#[command(after_help = "Example:
  cargo local events --check")]
pub(super) struct Events {
    /// Write nothing, and fail when a file is not what would be written.
    #[arg(long)]
    check: bool,
}

impl Events {
    pub(super) fn run(self, output: &mut Output) -> Result<ExitCode, Failure> {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events");
        let mut stale = Vec::new();
        for (name, content) in all()? {
            let path = directory.join(name);
            if std::fs::read_to_string(&path).is_ok_and(|found| found == content) {
                continue;
            }
            if self.check {
                stale.push(name);
            } else {
                write(&path, &content)?;
                output.line(format!("wrote events/{name}"))?;
            }
        }
        if stale.is_empty() {
            return Ok(ExitCode::SUCCESS);
        }
        Err(Failure::new(format!("not current in events/: {}", stale.join(", ")))
            .hint("run `cargo local events` and commit what it writes"))
    }
}

fn write(path: &PathBuf, content: &str) -> Result<(), Failure> {
    let failed = |error| Failure::new(format!("cannot write {}: {error}", path.display()));
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory).map_err(failed)?;
    }
    std::fs::write(path, content).map_err(failed)
}

/// Every file with its content, the same on every machine.
fn all() -> Result<Vec<(&'static str, String)>, Failure> {
    let now = time(SECOND)?;
    let mut files = vec![
        ("backfill-page.json", pretty(&QueueEvent::of("PageQueue", &message(&page_task()?)?, now))?),
        ("observation-capture.json", pretty(&QueueEvent::of("CaptureQueue", &message(&capture_task(now)?)?, now))?),
        ("observation-enrich.json", pretty(&QueueEvent::of("EnrichQueue", &message(&enrich_task()?)?, now))?),
        ("documents-sync.json", pretty(&QueueEvent::of("DocumentsQueue", &message(&documents_task()?)?, now))?),
        ("backfill-scheduler.json", pretty(&ScheduleEvent::of("backfill-scheduler", now))?),
        ("token-refresh.json", pretty(&ScheduleEvent::of("token-refresh", now))?),
        ("recovery-sweep.json", pretty(&ScheduleEvent::of("recovery-sweep", now))?),
        ("management-api.json", pretty(&HttpEvent::get(CONNECTIONS, CONNECTIONS_PATH, now))?),
        ("management-live.json", pretty(&HttpEvent::get(RESOURCES, RESOURCES_PATH, now))?),
        ("management-authorizer.json", pretty(&AuthorizerEvent::of(CONNECTIONS_PATH, MACHINE_KEY, now))?),
    ];
    for (file, path) in CALLBACKS {
        files.push((file, pretty(&HttpEvent::browser(path, now))?));
    }
    for (file, provider, path, event, body, second) in WEBHOOKS {
        let now = time(second)?;
        let headers = signed(provider, event, body, now)?;
        files.push((file, pretty(&HttpEvent::post(path, &headers, body, now))?));
    }
    Ok(files)
}

fn time(second: i64) -> Result<Timestamp, Failure> {
    Timestamp::from_second(second).map_err(|error| Failure::new(error.to_string()))
}

fn signed(kind: ProviderKind, event: &str, body: &str, now: Timestamp) -> Result<Headers, Failure> {
    let provider = connector_providers::provider(kind).ok_or_else(|| Failure::new(format!("{kind} is not served")))?;
    let secret = Secret::new(SECRET).ok_or_else(|| Failure::new("the secret is empty"))?;
    Ok(provider.sign(event, "72d3162e-cc78-11e3-81ab-4c9367dc0958", body.as_bytes(), &secret, now))
}

/// Capture what the webhook in `events/` stored.
fn capture_task(now: Timestamp) -> Result<CaptureTask, Failure> {
    let webhook = Delivery::webhook(ProviderKind::Github, EVENT.to_owned(), None, WEBHOOK.into(), now);
    // We wrote it ourselves.
    let Ok(webhook) = webhook.verify(|_| Ok::<(), Infallible>(()));
    let id = webhook.id();
    Ok(CaptureTask { v: TASK_VERSION, workspace: workspace()?, correlation: id.correlation(), delivery: id })
}

/// Enrich an observation.
fn enrich_task() -> Result<EnrichTask, Failure> {
    let observations = vec![SourceId::parse("github:issue:7001#7:opened")?];
    Ok(EnrichTask {
        v: TASK_VERSION,
        workspace: workspace()?,
        observations,
        deleted: Vec::new(),
        summarise: None,
        correlation: "c0ffee".to_owned(),
    })
}

/// Look at a repository for the first time.
fn documents_task() -> Result<DocumentsTask, Failure> {
    let documents =
        DocumentsKey { workspace: workspace()?, provider: ProviderKind::Github, resource: ResourceId::parse("7001")? };
    Ok(DocumentsTask { v: TASK_VERSION, documents, step: 1, correlation: "c0ffee".to_owned() })
}

/// Fetch the first page of a repository's issues.
fn page_task() -> Result<PageTask, Failure> {
    let unit = UnitKey {
        workspace: workspace()?,
        provider: ProviderKind::Github,
        resource: ResourceId::parse("7001")?,
        entity: EntityType::Issue,
    };
    Ok(PageTask { v: TASK_VERSION, unit, run: RunId::parse("run-1")?, page: 0, correlation: "run-1".to_owned() })
}

fn workspace() -> Result<WorkspaceId, Failure> {
    Ok(WorkspaceId::parse("acme")?)
}

fn message<T: Task>(task: &T) -> Result<String, Failure> {
    encode(task).map_err(|error| Failure::new(error.to_string()))
}

fn pretty(event: &impl Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(event).map_err(|error| Failure::new(error.to_string()))?;
    Ok(text + "\n")
}
