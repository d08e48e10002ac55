//! `observations`: what is stored, newest first.

use std::collections::BTreeSet;
use std::process::ExitCode;

use clap::Args;
use connector_adapters::system::SystemClock;
use connector_domain::observation::Observation;
use connector_domain::ports::{Clock, ObservationFilter, ObservationStore};
use connector_domain::{SourceId, SourceType, Timestamp, WorkspaceId};
use connector_flows::memory::{Reach, story};
use connector_providers::Provider;

use super::Failure;
use super::place::{Place, Tenant};
use super::values::{moment, provider};
use crate::render::Output;
use crate::render::detail::detail;
use crate::render::graph::graph;
use crate::render::text::{self, count};
use crate::render::timeline::timeline;
use crate::stack::{Stores, Template};

/// Most rows that are asked for at once.
const PAGE: usize = 200;

/// Show what is stored, newest first.
#[derive(Args)]
#[command(after_help = "Examples:
  cargo local observations --type pull-request.merged --since 7d
  cargo local observations --related github:pr:1296269#7:merged
  cargo local observations --show github:pr:1296269#7:merged
  cargo local observations --json --limit 1000 | jq .event.title")]
pub(super) struct Observations {
    /// One line of JSON for each.
    #[arg(long)]
    json: bool,
    /// Only of this provider.
    #[arg(long, value_name = "NAME", value_parser = provider())]
    source: Option<&'static dyn Provider>,
    /// Only of this type, such as pull-request.merged.
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
    /// Only what happened since: 7d, 12h, 2026-02-06 or 2026-02-06T12:00:00Z.
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// The story that this observation is a part of, by its source id, as a tree.
    #[arg(long, value_name = "ID", conflicts_with_all = ["source", "kind", "since", "json"])]
    related: Option<String>,
    /// One observation with all that is known of it, by its source id.
    #[arg(long, value_name = "ID", conflicts_with_all = ["source", "kind", "since", "related", "json"])]
    show: Option<String>,
    /// Most rows to show.
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    #[command(flatten)]
    tenant: Tenant,
    #[command(flatten)]
    place: Place,
}

impl Observations {
    pub(super) async fn run(self, output: &mut Output) -> Result<ExitCode, Failure> {
        let filter = self.filter(SystemClock.now())?;
        let rows = self.place.rows(&Template::embedded()?).await?;
        if let (Some(id), Some(rows)) = (&self.related, &rows) {
            return self.story(rows.stores(), id, output).await;
        }
        if let (Some(id), Some(rows)) = (&self.show, &rows) {
            return self.one(rows.stores(), id, output).await;
        }
        let (observations, more) = match &rows {
            Some(rows) => list(&*rows.stores().observations, &self.tenant.workspace, filter).await?,
            None => (Vec::new(), false),
        };
        if self.json {
            for observation in &observations {
                let line = serde_json::to_string(observation)
                    .map_err(|error| Failure::new(format!("an observation has no JSON form: {error}")))?;
                output.line(line)?;
            }
            return Ok(ExitCode::SUCCESS);
        }
        if observations.is_empty() {
            output.lines(self.nothing())?;
            return Ok(ExitCode::SUCCESS);
        }
        output.lines(timeline(&observations, 0, output.look))?;
        if more {
            let shown = count(observations.len() as u64, "row", "rows");
            output.note(output.aside.faint(format!("The newest {shown}; --limit shows more.")))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn story(&self, stores: &Stores, id: &str, output: &mut Output) -> Result<ExitCode, Failure> {
        let source_id = SourceId::parse(id)?;
        let workspace = &self.tenant.workspace;
        let start = stores.observations.get(workspace, &source_id).await?.ok_or_else(|| unknown(id))?;
        let reach = Reach { steps: 6, facts: usize::try_from(self.limit).unwrap_or(usize::MAX) };
        let story = story(&*stores.enrichment, workspace, &start, reach).await?;
        output.lines(graph(&story, 0, output.look))?;
        if story.more {
            output.note(output.aside.faint("There is more; --limit shows it."))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn one(&self, stores: &Stores, id: &str, output: &mut Output) -> Result<ExitCode, Failure> {
        let source_id = SourceId::parse(id)?;
        let workspace = &self.tenant.workspace;
        let loaded = stores.enrichment.load(workspace, &source_id).await?;
        let (observation, progress) = loaded.ok_or_else(|| unknown(id))?;
        let readings = stores.models.readings(workspace, &source_id).await?;
        output.lines(detail(&observation, &progress, &readings, output.look))?;
        Ok(ExitCode::SUCCESS)
    }

    fn filter(&self, now: Timestamp) -> Result<ObservationFilter, Failure> {
        if let Some(name) = &self.kind
            && !SourceType::ALL.iter().any(|kind| kind.name() == name)
        {
            return Err(Failure::new(format!("there is no type {name:?}")).hint(similar(name)));
        }
        Ok(ObservationFilter {
            provider: self.source.map(|provider| provider.kind()),
            source_type: self.kind.clone(),
            actor: None,
            entity: None,
            since: self.since.as_deref().map_or(Ok(Timestamp::UNIX_EPOCH), |text| moment(text, now))?,
            until: Timestamp::MAX,
            limit: usize::try_from(self.limit).unwrap_or(usize::MAX),
            cursor: None,
        })
    }

    fn nothing(&self) -> [String; 2] {
        let filtered = self.source.is_some() || self.kind.is_some() || self.since.is_some();
        let which = if filtered { "matching observation" } else { "observation" };
        [
            format!("No {which} in workspace {} yet.", self.tenant.workspace),
            format!(
                "Fetch some:  cargo local backfill --provider github --resource rust-lang/log --depth 30{}{}",
                self.tenant.as_argument(),
                self.place.as_argument()
            ),
        ]
    }
}

fn unknown(id: &str) -> Failure {
    Failure::new(format!("there is no observation {id:?}"))
        .hint("cargo local observations --json shows them with their event.sourceId")
}

/// Types that a person may have meant.
fn similar(name: &str) -> String {
    let words: Vec<_> = name.split(['.', '-', '_', ' ']).filter(|word| word.len() > 2).collect();
    let like = |kind: &&str| words.iter().any(|word| kind.contains(word));
    let meant: BTreeSet<_> = SourceType::ALL.iter().map(|kind| kind.name()).filter(like).collect();
    let meant: Vec<_> = meant.into_iter().take(8).collect();
    if meant.is_empty() {
        return "types are named like pull-request.merged, issue.opened or deployment.error".to_owned();
    }
    format!("there is {}", text::list(&meant))
}

/// The newest `limit` rows, and whether there are more.
pub(super) async fn list(
    store: &dyn ObservationStore,
    workspace: &WorkspaceId,
    filter: ObservationFilter,
) -> Result<(Vec<Observation>, bool), Failure> {
    let mut all = Vec::new();
    let mut cursor = None;
    loop {
        let limit = filter.limit.saturating_sub(all.len()).min(PAGE);
        if limit == 0 {
            return Ok((all, cursor.is_some()));
        }
        let page = store.list(workspace, &ObservationFilter { limit, cursor, ..filter.clone() }).await?;
        all.extend(page.observations);
        cursor = page.next;
        if cursor.is_none() {
            return Ok((all, false));
        }
    }
}

/// Everything of a workspace up to `limit` rows.
pub(super) const fn everything(limit: usize) -> ObservationFilter {
    ObservationFilter {
        provider: None,
        source_type: None,
        actor: None,
        entity: None,
        since: Timestamp::UNIX_EPOCH,
        until: Timestamp::MAX,
        limit,
        cursor: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_type_names_those_that_may_be_meant() {
        assert!(similar("pr.merged").contains("pull-request.merged"));
        assert!(similar("pull_request").contains("pull-request.opened"));
        assert!(similar("x").starts_with("types are named like"));
    }
}
