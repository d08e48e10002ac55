//! Runs, units and the reports of pages.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use connector_domain::backfill::{Budget, BudgetKey, Run, Unit, UnitKey, Version};
use connector_domain::capture::CaptureReport;
use connector_domain::documents::{DocumentsKey, Sync};
use connector_domain::ports::{BackfillStore, DocumentSyncs, Page, Paging, PortError, Put, RunLists};
use connector_domain::{ProviderKind, ResourceId, RunId, Timestamp, WorkspaceId};

use super::due;
use super::item::{Item, from_item, keyed, to_item};
use super::keys::{self, Row};
use super::table::{Condition, Table};
use super::walk::{Range, Walk};

/// Runs and units in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoBackfills {
    table: Table,
}

impl DynamoBackfills {
    /// Backfills in a table.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { table: Table::new(client, table) }
    }

    /// The item of a unit, in the index of what is due while it is open.
    fn unit_item(operation: &'static str, unit: &Unit) -> Result<Item, PortError> {
        let row = Row::Unit(unit.key.clone());
        let mut item = keyed(to_item(operation, unit)?, row.key());
        if !unit.state.is_at_rest() {
            due::insert(&mut item, &row, unit.due_at);
        }
        Ok(item)
    }
}

#[async_trait]
impl BackfillStore for DynamoBackfills {
    async fn put_run(&self, run: &Run) -> Result<Put, PortError> {
        const OPERATION: &str = "store a run";
        let item = to_item(OPERATION, run)?;
        let own = Row::Run(run.id.clone());
        let within = Row::RunIn { workspace: run.workspace.clone(), started_at: run.started_at, run: run.id.clone() };
        let mut first = keyed(item.clone(), own.key());
        if run.prove {
            due::insert(&mut first, &own, run.started_at);
        }
        let parts = vec![
            self.table.transact_put(OPERATION, first, Some(Condition::absent()))?,
            self.table.transact_put(OPERATION, keyed(item, within.key()), None)?,
        ];
        Ok(if self.table.transact(OPERATION, parts).await? { Put::Stored } else { Put::Conflict })
    }

    async fn due_runs(&self, now: Timestamp, limit: usize) -> Result<Vec<RunId>, PortError> {
        due::rows("list due runs", &self.table, now, limit, |row| match row {
            Row::Run(run) => Some(run),
            _ => None,
        })
        .await
    }

    async fn look_again(&self, run: &RunId, due_at: Option<Timestamp>) -> Result<(), PortError> {
        const OPERATION: &str = "look at a run again";
        let row = Row::Run(run.clone());
        let update = self.table.update(&row).condition_expression("attribute_exists(PK)");
        let update = match due_at {
            Some(due_at) => {
                due::values(update.update_expression("SET dueShard = :shard, dueAt = :dueAt"), &row, due_at)
            }
            None => update.update_expression("REMOVE dueShard, dueAt"),
        };
        self.table.change(OPERATION, update).await.map(drop)
    }

    async fn run(&self, id: &RunId) -> Result<Option<Run>, PortError> {
        const OPERATION: &str = "read a run";
        let item = self.table.get(OPERATION, &Row::Run(id.clone())).await?;
        item.map(|item| from_item(OPERATION, item)).transpose()
    }

    async fn cancel_run(&self, run: &Run, at: Timestamp) -> Result<(), PortError> {
        const OPERATION: &str = "cancel a run";
        let run = Run { cancelled_at: Some(at), ..run.clone() };
        let item = to_item(OPERATION, &run)?;
        let own = Row::Run(run.id.clone());
        let within = Row::RunIn { workspace: run.workspace, started_at: run.started_at, run: run.id };
        let parts = vec![
            self.table.transact_put(OPERATION, keyed(item.clone(), own.key()), None)?,
            self.table.transact_put(OPERATION, keyed(item, within.key()), None)?,
        ];
        self.table.transact(OPERATION, parts).await.map(drop)
    }

    async fn runs_of(&self, workspace: &WorkspaceId, limit: usize) -> Result<Vec<Run>, PortError> {
        const OPERATION: &str = "list runs";
        let query = self.table.partition(keys::workspace(workspace), keys::RUNS).scan_index_forward(false);
        let items = self.table.collect(OPERATION, query, limit).await?;
        items.into_iter().map(|item| from_item(OPERATION, item)).collect()
    }

    async fn unit(&self, key: &UnitKey) -> Result<Option<Unit>, PortError> {
        const OPERATION: &str = "read a unit";
        let item = self.table.get(OPERATION, &Row::Unit(key.clone())).await?;
        item.map(|item| from_item(OPERATION, item)).transpose()
    }

    async fn put_unit(&self, unit: &Unit, expected: Option<Version>) -> Result<Put, PortError> {
        const OPERATION: &str = "store a unit";
        self.table.put_version(OPERATION, Self::unit_item(OPERATION, unit)?, expected).await
    }

    async fn open_unit(&self, unit: &Unit, expected: Option<Version>) -> Result<Put, PortError> {
        const OPERATION: &str = "open a unit";
        let goes_on = Condition {
            expression: "attribute_exists(PK) AND attribute_not_exists(cancelled_at)",
            names: &[],
            values: Item::new(),
        };
        let parts = vec![
            self.table.transact_check(OPERATION, &Row::Run(unit.run.clone()), goes_on)?,
            self.table.transact_put(
                OPERATION,
                Self::unit_item(OPERATION, unit)?,
                Some(Condition::on_top_of(expected)),
            )?,
        ];
        Ok(if self.table.transact(OPERATION, parts).await? { Put::Stored } else { Put::Conflict })
    }

    async fn put_ended(&self, unit: &Unit) -> Result<(), PortError> {
        const OPERATION: &str = "keep how a unit ended";
        let Unit { run, key: UnitKey { entity, resource, .. }, .. } = unit;
        let row = Row::EndedUnit { run: run.clone(), entity: *entity, resource: resource.clone() };
        self.table.put(OPERATION, keyed(to_item(OPERATION, unit)?, row.key())).await
    }

    async fn ended_units(&self, run: &RunId) -> Result<Vec<Unit>, PortError> {
        const OPERATION: &str = "list how units ended";
        let query = self.table.partition(keys::run(run), keys::ENDED);
        let items = self.table.collect(OPERATION, query, usize::MAX).await?;
        items.into_iter().map(|item| from_item(OPERATION, item)).collect()
    }

    async fn budget(&self, key: &BudgetKey) -> Result<Option<Budget>, PortError> {
        const OPERATION: &str = "read a budget";
        let item = self.table.get(OPERATION, &Row::Budget(key.clone())).await?;
        item.map(|item| from_item(OPERATION, item)).transpose()
    }

    async fn put_budget(&self, budget: &Budget, expected: Option<Version>) -> Result<Put, PortError> {
        const OPERATION: &str = "store a budget";
        let item = keyed(to_item(OPERATION, budget)?, Row::Budget(budget.key.clone()).key());
        self.table.put_version(OPERATION, item, expected).await
    }

    async fn due_units(&self, now: Timestamp, limit: usize) -> Result<Vec<UnitKey>, PortError> {
        const OPERATION: &str = "list due units";
        due::rows(OPERATION, &self.table, now, limit, |row| match row {
            Row::Unit(key) => Some(key),
            _ => None,
        })
        .await
    }

    async fn put_page_report(
        &self,
        run: &RunId,
        unit: &UnitKey,
        page: u32,
        report: &CaptureReport,
    ) -> Result<(), PortError> {
        const OPERATION: &str = "store a page report";
        let row = Row::PageReport { run: run.clone(), entity: unit.entity, resource: unit.resource.clone(), page };
        let item = keyed(to_item(OPERATION, report)?, row.key());
        // Refused means that the first report is there.
        self.table.put_if(OPERATION, item, Condition::absent()).await.map(drop)
    }

    async fn page_reports(&self, run: &RunId) -> Result<Vec<CaptureReport>, PortError> {
        const OPERATION: &str = "list page reports";
        let query = self.table.partition(keys::run(run), keys::PAGES);
        let items = self.table.collect(OPERATION, query, usize::MAX).await?;
        items.into_iter().map(|item| from_item(OPERATION, item)).collect()
    }
}

#[async_trait]
impl DocumentSyncs for DynamoBackfills {
    async fn sync(&self, key: &DocumentsKey) -> Result<Option<Sync>, PortError> {
        const OPERATION: &str = "read a sync of documents";
        let item = self.table.get(OPERATION, &Row::DocumentSync(key.clone())).await?;
        item.map(|item| from_item(OPERATION, item)).transpose()
    }

    async fn put_sync(&self, sync: &Sync, expected: Option<Version>) -> Result<Put, PortError> {
        const OPERATION: &str = "store a sync of documents";
        let row = Row::DocumentSync(sync.key.clone());
        let mut item = keyed(to_item(OPERATION, sync)?, row.key());
        if let Some(due_at) = sync.due_at {
            due::insert(&mut item, &row, due_at);
        }
        self.table.put_version(OPERATION, item, expected).await
    }

    async fn due_syncs(&self, now: Timestamp, limit: usize) -> Result<Vec<DocumentsKey>, PortError> {
        due::rows("list due syncs of documents", &self.table, now, limit, |row| match row {
            Row::DocumentSync(key) => Some(key),
            _ => None,
        })
        .await
    }

    async fn syncs_in(&self, workspace: &WorkspaceId) -> Result<Vec<Sync>, PortError> {
        const OPERATION: &str = "list syncs of documents";
        let query = self.table.partition(keys::workspace(workspace), keys::DOCUMENT_SYNCS);
        let items = self.table.collect(OPERATION, query, usize::MAX).await?;
        items.into_iter().map(|item| from_item(OPERATION, item)).collect()
    }
}

#[async_trait]
impl RunLists for DynamoBackfills {
    async fn runs_in(
        &self,
        workspace: &WorkspaceId,
        of: Option<(ProviderKind, &ResourceId)>,
        paging: &Paging,
    ) -> Result<Page<Run>, PortError> {
        const OPERATION: &str = "list runs in pages";
        let range = Range {
            pk: keys::workspace(workspace),
            prefix: keys::RUNS,
            between: None,
            newest_first: true,
            filtered: of.is_some(),
        };
        let wanted = |run: &Run| of.is_none_or(|of| (run.provider, &run.resource.id) == of);
        let walk = Walk::new(OPERATION, &self.table, range, paging)?;
        let read = |item| from_item::<Run>(OPERATION, item).map(|run| Some(run).filter(wanted));
        walk.page(keys::RUNS, paging.limit, read).await
    }

    async fn units(&self, keys: &[UnitKey]) -> Result<Vec<Unit>, PortError> {
        const OPERATION: &str = "read units";
        let mut keys = keys.to_vec();
        keys.sort_unstable();
        keys.dedup();
        let rows: Vec<_> = keys.into_iter().map(Row::Unit).collect();
        let items = self.table.get_many(OPERATION, &rows, None).await?;
        items.into_iter().map(|item| from_item(OPERATION, item)).collect()
    }
}
