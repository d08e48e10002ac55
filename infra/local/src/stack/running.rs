//! A running stack.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use connector_backfill::{PageSettings, Tick};
use connector_domain::RunId;
use connector_domain::backfill::{RunProgress, Unit};
use connector_domain::connection::Integration;
use connector_domain::documents::Sync;
use connector_domain::http::WebhookRequest;
use connector_flows::documents::ask;
use connector_flows::estimate::{Estimate, estimate};
use connector_flows::fetch::FetchPorts;
use connector_flows::{StartRequest, Started, runs, start_run};
use connector_lambda::api::{Answer, ApiRequest};
use connector_lambda::http::Reply;
use connector_recovery::Swept;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::deployment::Deployment;
use super::gateway::Gateway;
use super::link::{LinkOutcome, link};
use super::ports::Ports;
use super::refill::refill;
use super::triggers;
use super::{
    Database, DeadLetter, Issuer, LinkRequest, Linked, LocalSecrets, Options, QueueStatus, Served, StackError, Stores,
    Template, serve,
};

/// The system, running in this process. Clones share it; it stops when the last one is dropped.
#[derive(Clone)]
pub struct Stack(Arc<Inner>);

struct Inner {
    database: Database,
    secrets: LocalSecrets,
    ports: Ports,
    deployment: Deployment,
    gateway: Gateway,
    stop: watch::Sender<bool>,
    /// Dropped, they are aborted.
    tasks: Mutex<JoinSet<()>>,
}

impl Stack {
    /// Opens the rows, connects the functions as the template says, and goes on with what was unfinished.
    ///
    /// # Errors
    /// When the template cannot be run here, or the rows cannot be opened.
    pub async fn start(template: &Template, options: Options) -> Result<Self, StackError> {
        let database = Database::open(template, &options.data).await?;
        let ports = Ports::new(template, &options, &database)?;
        let deployment = Deployment::new(template, &ports, &options)?;
        let issuer = Issuer::open(&options.data, &*ports.random)?;
        let gateway = Gateway::new(template, &deployment, issuer, Arc::clone(&ports.clock))?;
        refill(deployment.recovery()?.1).await?;
        let (stop, stopped) = watch::channel(false);
        let tasks = triggers::start(template, &deployment, &ports, &stopped)?;
        let secrets = options.secrets;
        let inner = Inner { database, secrets, ports, deployment, gateway, stop, tasks: Mutex::new(tasks) };
        Ok(Self(Arc::new(inner)))
    }

    /// What is stored.
    #[must_use]
    pub fn stores(&self) -> &Stores {
        self.0.database.stores()
    }

    /// The rows themselves.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.0.database
    }

    /// What signs webhooks.
    #[must_use]
    pub fn secrets(&self) -> &LocalSecrets {
        &self.0.secrets
    }

    /// Answers a request as API Gateway and the function behind the route do.
    pub async fn answer(&self, request: ApiRequest) -> Answer {
        self.0.gateway.answer(request).await
    }

    /// Signs tokens for the management API.
    #[must_use]
    pub fn issuer(&self) -> &Issuer {
        self.0.gateway.issuer()
    }

    /// The same for a webhook.
    pub async fn webhook(&self, path: &str, method: &str, request: WebhookRequest) -> Reply {
        match self.0.gateway.webhook(path, method) {
            Ok(webhook) => webhook.handle(request).await,
            Err(reply) => reply,
        }
    }

    /// Listens on 127.0.0.1; port 0 takes any free one.
    ///
    /// # Errors
    /// When the port cannot be used.
    pub async fn serve(&self, port: u16) -> Result<Served, StackError> {
        serve::serve(self.clone(), port).await
    }

    /// Links a resource without the provider's consent screen. Linking again changes what is different.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn link(&self, request: LinkRequest) -> Result<Linked, StackError> {
        let Ports { stores, clock, random, .. } = &self.0.ports;
        let linked = link(&*stores.connections, &**clock, &**random, request).await?;
        if linked.outcome != LinkOutcome::Unchanged {
            self.ask_for_documents(&linked.integration).await?;
        }
        Ok(linked)
    }

    /// Has the repository of a link looked at; `None` when there is nothing to look at.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn ask_for_documents(&self, link: &Integration) -> Result<Option<Sync>, StackError> {
        Ok(ask(&self.0.deployment.recovery()?.1.documents, link, None, "local").await?)
    }

    /// Starts a run.
    ///
    /// # Errors
    /// When the request cannot be met, or a store fails.
    pub async fn start_backfill(&self, request: StartRequest) -> Result<Started, StackError> {
        Ok(start_run(&self.0.deployment.scheduler()?.start, &request).await?)
    }

    /// What a run would take if it were started now. Nothing of what is asked for is stored.
    ///
    /// # Errors
    /// When the request cannot be met, or a port fails.
    pub async fn estimate(&self, request: &StartRequest, page: PageSettings) -> Result<Estimate, StackError> {
        let Ports { stores, tokens, http, clock, .. } = &self.0.ports;
        let ports = FetchPorts {
            backfills: Arc::clone(&stores.backfills),
            connections: Arc::clone(&stores.connections),
            tokens: Arc::clone(tokens),
            http: Arc::clone(http),
            clock: Arc::clone(clock),
        };
        Ok(estimate(&ports, request, page.page_size, page.reserve_percent).await?)
    }

    /// How a run stands, with its units.
    ///
    /// # Errors
    /// When there is no such run, or the store fails.
    pub async fn progress(&self, run: &RunId) -> Result<(RunProgress, Vec<Unit>), StackError> {
        self.0.database.progress(run).await
    }

    /// Lets go on what is paused of a run or stopped early and, where `failed` says so, what failed; answers how many units
    /// that were.
    ///
    /// # Errors
    /// When there is no such run, or a port fails.
    pub async fn resume(&self, run: &RunId, failed: bool) -> Result<usize, StackError> {
        let start = &self.0.deployment.scheduler()?.start;
        let run = start.backfills.run(run).await?.ok_or_else(|| StackError::UnknownRun(run.clone()))?;
        let mut units = runs::resume(start, &run).await?;
        if failed {
            units += runs::retry(start, &run).await?;
        }
        Ok(units)
    }

    /// Stops what is left of a run, and answers how many units that were. What was captured stays.
    ///
    /// # Errors
    /// When there is no such run, or the store fails.
    pub async fn cancel(&self, run: &RunId) -> Result<usize, StackError> {
        let cancelled = self.0.database.cancel(run).await?;
        // What it has held back so far may be captured.
        if let Some(hold) = self.stores().holds.hold(run).await? {
            self.0.deployment.recovery()?.1.replays.send(&[hold.task()], Duration::ZERO).await?;
        }
        Ok(cancelled)
    }

    /// Runs recovery now.
    ///
    /// # Errors
    /// When what is due cannot be listed.
    pub async fn sweep(&self) -> Result<Swept, StackError> {
        Ok(self.0.deployment.recovery()?.0.sweep().await?)
    }

    /// Runs the backfill scheduler now.
    ///
    /// # Errors
    /// When the links cannot be listed.
    pub async fn tick(&self) -> Result<Tick, StackError> {
        Ok(self.0.deployment.scheduler()?.tick().await?)
    }

    /// Resolves when nothing is left to do now: no message is visible, worked on, or to be tried again.
    /// A message that was sent with a delay counts from when the delay is over.
    pub async fn settled(&self) {
        let queues: Vec<_> = self.0.ports.queues.values().collect();
        self.0.ports.activity.quiet(&queues).await;
    }

    /// How the queues stand that something is sent to; a dead-letter queue is part of its queue.
    #[must_use]
    pub fn queues(&self) -> Vec<QueueStatus> {
        self.0.ports.queues.values().map(|queue| queue.status()).collect()
    }

    /// The messages that failed too often.
    #[must_use]
    pub fn dead_letters(&self) -> Vec<DeadLetter> {
        self.0.ports.queues.values().flat_map(|queue| queue.dead_letters()).collect()
    }

    /// Sends all dead letters again, and answers how many.
    #[must_use = "it says whether there were any"]
    pub fn redrive(&self) -> usize {
        self.0.ports.queues.values().map(|queue| queue.redrive()).sum()
    }

    /// Takes no more messages, waits for the work at hand as long as `patience` allows, and stops.
    /// What is still queued goes on when the stack is started again.
    pub async fn drain_and_stop(self, patience: Duration) {
        self.0.stop.send_replace(true);
        let mut tasks = std::mem::take(&mut *self.0.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        let done = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(patience, done).await.is_err() {
            tracing::warn!("stopped in the middle of work, which goes on at the next start");
        }
    }
}
