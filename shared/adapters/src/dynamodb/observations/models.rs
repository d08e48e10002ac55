//! What language models said of facts and clusters, and what of a day's budget is spent, beside the observations.

use async_trait::async_trait;
use connector_domain::model::{ClusterSummary, DailyLimit, Reading, Usage, day};
use connector_domain::ports::{ModelStore, PortError};
use connector_domain::{SourceId, Timestamp, WorkspaceId};

use super::DynamoObservations;
use crate::dynamodb::item::{Item, from_item, get_number, keyed, milliseconds, number, to_item};
use crate::dynamodb::keys::{self, Row};
use crate::dynamodb::table::Written;

#[async_trait]
impl ModelStore for DynamoObservations {
    async fn take_call(&self, workspace: &WorkspaceId, at: Timestamp, limit: DailyLimit) -> Result<bool, PortError> {
        if !Usage::default().allows(limit) {
            return Ok(false);
        }
        let update = self
            .table
            .update(&spent(workspace, at))
            .update_expression("ADD calls :one, tokens :none")
            .condition_expression("attribute_not_exists(PK) OR (calls < :calls AND tokens < :tokens)")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":none", number(0))
            .expression_attribute_values(":calls", number(limit.calls))
            .expression_attribute_values(":tokens", number(limit.tokens));
        Ok(matches!(self.table.change("take a call of a language model", update).await?, Written::Stored))
    }

    async fn count_tokens(&self, workspace: &WorkspaceId, at: Timestamp, tokens: u64) -> Result<(), PortError> {
        let update = self
            .table
            .update(&spent(workspace, at))
            .update_expression("ADD calls :none, tokens :tokens")
            .expression_attribute_values(":none", number(0))
            .expression_attribute_values(":tokens", number(tokens));
        self.table.change("count tokens of a language model", update).await.map(drop)
    }

    async fn usage(&self, workspace: &WorkspaceId, at: Timestamp) -> Result<Usage, PortError> {
        let item = self.table.get("read what of a budget is spent", &spent(workspace, at)).await?.unwrap_or_default();
        let count = |name| get_number(&item, name).unwrap_or(0);
        Ok(Usage { calls: count("calls"), tokens: count("tokens") })
    }

    async fn put_reading(&self, workspace: &WorkspaceId, reading: &Reading) -> Result<(), PortError> {
        const OPERATION: &str = "keep what a language model said";
        let (workspace, source_id) = (workspace.clone(), reading.source_id.clone());
        let row = Row::Reading { workspace, source_id, question: reading.said.question().to_owned() };
        self.table.put(OPERATION, keyed(to_item(OPERATION, reading)?, row.key())).await
    }

    async fn readings(&self, workspace: &WorkspaceId, source_id: &SourceId) -> Result<Vec<Reading>, PortError> {
        const OPERATION: &str = "read what language models said";
        let query = self.table.partition(keys::readings(workspace, source_id), keys::SAID);
        let items = self.table.collect(OPERATION, query, usize::MAX).await?;
        items.into_iter().map(|item| from_item(OPERATION, item)).collect()
    }

    async fn put_summary(&self, workspace: &WorkspaceId, summary: &ClusterSummary) -> Result<(), PortError> {
        const OPERATION: &str = "keep a cluster's summary";
        let (workspace, week) = (workspace.clone(), summary.week.clone());
        let row = Row::Summary { workspace, week, cluster: summary.cluster.clone() };
        self.table.put(OPERATION, keyed(to_item(OPERATION, summary)?, row.key())).await
    }

    async fn summaries(&self, workspace: &WorkspaceId, week: &str) -> Result<Vec<ClusterSummary>, PortError> {
        const OPERATION: &str = "list the summaries of clusters";
        let query = self.table.partition(keys::summaries(workspace, week), keys::CLUSTERS);
        let items = self.table.collect(OPERATION, query, usize::MAX).await?;
        items.into_iter().map(|item| from_item(OPERATION, item)).collect()
    }

    async fn look(&self, workspace: &WorkspaceId, week: &str) -> Result<Option<Timestamp>, PortError> {
        let item = self.table.get("read when clusters are looked at", &look(workspace, week)).await?;
        let until = item.and_then(|item| get_number(&item, UNTIL));
        Ok(until.and_then(|until| Timestamp::from_millisecond(until).ok()))
    }

    async fn put_look(&self, workspace: &WorkspaceId, week: &str, until: Timestamp) -> Result<(), PortError> {
        let item = Item::from([(UNTIL.to_owned(), milliseconds(until))]);
        self.table.put("note when clusters are looked at", keyed(item, look(workspace, week).key())).await
    }
}

const UNTIL: &str = "until";

fn spent(workspace: &WorkspaceId, at: Timestamp) -> Row {
    Row::Spent { workspace: workspace.clone(), day: day(at) }
}

fn look(workspace: &WorkspaceId, week: &str) -> Row {
    Row::Look { workspace: workspace.clone(), week: week.to_owned() }
}
