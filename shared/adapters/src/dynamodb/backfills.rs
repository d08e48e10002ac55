//! Runs, units and the reports of pages.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use connector_domain::backfill::{Run, Unit, UnitKey, Version};
use connector_domain::capture::CaptureReport;
use connector_domain::ports::{BackfillStore, PortError, Put};
use connector_domain::{RunId, Timestamp, WorkspaceId};

use super::due;
use super::item::{Item, corrupt, from_item, is_of, keyed, number, text, to_item};
use super::keys::{self, Row};
use super::table::{Condition, Table, Written};

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
}

#[async_trait]
impl BackfillStore for DynamoBackfills {
    async fn put_run(&self, run: &Run) -> Result<Put, PortError> {
        const OPERATION: &str = "store a run";
        let item = to_item(OPERATION, run)?;
        let own = Row::Run(run.id.clone());
        let within = Row::RunIn { workspace: run.workspace.clone(), started_at: run.started_at, run: run.id.clone() };
        let parts = vec![
            self.table.transact_put(OPERATION, keyed(item.clone(), own.key()), Some(Condition::absent()))?,
            self.table.transact_put(OPERATION, keyed(item, within.key()), None)?,
        ];
        Ok(if self.table.transact(OPERATION, parts).await? { Put::Stored } else { Put::Conflict })
    }

    async fn run(&self, id: &RunId) -> Result<Option<Run>, PortError> {
        const OPERATION: &str = "read a run";
        let item = self.table.get(OPERATION, &Row::Run(id.clone())).await?;
        item.map(|item| from_item(OPERATION, item)).transpose()
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
        let row = Row::Unit(unit.key.clone());
        let write_id = Table::write_id();
        let mut item = keyed(to_item(OPERATION, unit)?, row.key());
        item.insert("writeId".to_owned(), text(&write_id));
        if !unit.state.is_terminal() {
            due::insert(&mut item, &row, unit.due_at);
        }
        let condition = match expected {
            None => Condition::absent(),
            Some(version) => Condition {
                expression: "version = :version",
                names: &[],
                values: Item::from([(":version".to_owned(), number(version))]),
            },
        };
        Ok(match self.table.put_if(OPERATION, item, condition).await? {
            Written::Stored => Put::Stored,
            Written::Refused(Some(known)) if is_of(&known, &write_id) => Put::Stored,
            Written::Refused(_) => Put::Conflict,
        })
    }

    async fn due_units(&self, now: Timestamp, limit: usize) -> Result<Vec<UnitKey>, PortError> {
        const OPERATION: &str = "list due units";
        let due = due::keys(OPERATION, &self.table, now, limit).await?;
        due.iter()
            .map(|key| match Row::of(key) {
                Some(Row::Unit(key)) => Ok(key),
                _ => Err(corrupt(OPERATION)),
            })
            .collect()
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
