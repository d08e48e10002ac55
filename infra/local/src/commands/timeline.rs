//! `timeline`: what one person did, what names one thing, or what belongs together.

use std::process::ExitCode;

use clap::Args;
use connector_adapters::system::SystemClock;
use connector_domain::enrich::{Cluster, Profile, weeks};
use connector_domain::model::cluster_content;
use connector_domain::observation::Observation;
use connector_domain::ports::{Clock, ObservationFilter};
use connector_domain::{ProviderKind, Timestamp};
use connector_flows::memory::{MAX_WEEKS, clusters_of, people};

use super::Failure;
use super::observations::{everything, list};
use super::place::{Place, Tenant};
use crate::render::Output;
use crate::render::style::Paint;
use crate::render::table::{Cell, Column, Table};
use crate::render::text::{clean, count, minute};
use crate::render::timeline::timeline;
use crate::stack::{Stores, Template};

/// Show what one person did over all tools, what names one thing, or what belongs together.
///
/// Without a choice: who has acted, and the clusters of the last weeks.
#[derive(Args)]
#[command(after_help = "Examples:
  cargo local timeline
  cargo local timeline --actor github:583231
  cargo local timeline --entity ENG-7")]
pub(super) struct Timeline {
    /// Only what this person did: an account such as github:583231, a name or an address.
    #[arg(long, value_name = "WHO", conflicts_with_all = ["entity", "cluster"])]
    actor: Option<String>,
    /// Only what names this thing, such as ENG-7 or branch:main.
    #[arg(long, value_name = "KEY", conflicts_with = "cluster")]
    entity: Option<String>,
    /// Only this cluster, by its id or the start of it.
    #[arg(long, value_name = "ID")]
    cluster: Option<String>,
    /// Most rows to show.
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    #[command(flatten)]
    tenant: Tenant,
    #[command(flatten)]
    place: Place,
}

impl Timeline {
    pub(super) async fn run(self, output: &mut Output) -> Result<ExitCode, Failure> {
        let Some(rows) = self.place.rows(&Template::embedded()?).await? else {
            output.line(format!("Nothing is stored in {} yet.", self.place.directory.display()))?;
            return Ok(ExitCode::SUCCESS);
        };
        let stores = rows.stores();
        let observations = if let Some(who) = &self.actor {
            self.of_person(stores, who).await?
        } else if let Some(key) = &self.entity {
            let filter = ObservationFilter { entity: Some(spelled(key)), ..everything(self.most()) };
            list(&*stores.observations, &self.tenant.workspace, filter).await?.0
        } else if let Some(id) = &self.cluster {
            self.of_cluster(stores, id, output).await?
        } else {
            return self.overview(stores, output).await;
        };
        if observations.is_empty() {
            output.line("Nothing is found.")?;
        } else {
            output.lines(timeline(&observations, 0, output.look))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn most(&self) -> usize {
        usize::try_from(self.limit).unwrap_or(usize::MAX)
    }

    /// Of all accounts of the person, newest first.
    async fn of_person(&self, stores: &Stores, who: &str) -> Result<Vec<Observation>, Failure> {
        let people = people(&*stores.enrichment, &self.tenant.workspace).await?;
        let is = |one: &&Profile| {
            one.accounts.contains(who) || one.emails.contains(&who.to_lowercase()) || one.name.eq_ignore_ascii_case(who)
        };
        let person = people.iter().find(is).ok_or_else(|| {
            Failure::new(format!("nobody is known as {who:?}")).hint("cargo local timeline shows who has acted")
        })?;
        let mut all = Vec::new();
        for account in &person.accounts {
            let Some((provider, id)) = account.split_once(':') else { continue };
            let provider: Option<ProviderKind> = provider.parse().ok();
            let filter = ObservationFilter { provider, actor: Some(id.to_owned()), ..everything(self.most()) };
            all.extend(list(&*stores.observations, &self.tenant.workspace, filter).await?.0);
        }
        Ok(newest(all, self.most()))
    }

    async fn of_cluster(&self, stores: &Stores, id: &str, output: &mut Output) -> Result<Vec<Observation>, Failure> {
        let clusters = self.clusters(stores).await?;
        let cluster = clusters.into_iter().find(|one| one.id.starts_with(id)).ok_or_else(|| {
            Failure::new(format!("there is no cluster {id:?}"))
                .hint("cargo local timeline shows those of the last weeks")
        })?;
        let told = stores.models.summaries(&self.tenant.workspace, &cluster.week).await?;
        let told = told.into_iter().find(|one| one.content == cluster_content(&cluster));
        match told {
            Some(told) => output.say(0, &format!("{}: {} ({})", cluster.id, clean(&told.text), clean(&told.model)))?,
            None => output.say(0, &format!("{}: {}", cluster.id, clean(&cluster.summary)))?,
        }
        let mut all = Vec::new();
        for member in &cluster.members {
            all.extend(stores.observations.get(&self.tenant.workspace, member).await?);
        }
        Ok(newest(all, self.most()))
    }

    async fn clusters(&self, stores: &Stores) -> Result<Vec<Cluster>, Failure> {
        let mut all = Vec::new();
        for week in weeks(Timestamp::UNIX_EPOCH, SystemClock.now(), MAX_WEEKS) {
            all.extend(clusters_of(&*stores.enrichment, &self.tenant.workspace, &week).await?);
        }
        Ok(all)
    }

    async fn overview(&self, stores: &Stores, output: &mut Output) -> Result<ExitCode, Failure> {
        let people = people(&*stores.enrichment, &self.tenant.workspace).await?;
        let now = SystemClock.now();
        let mut table = Table::new([
            Column::text("who").most(24),
            Column::number("facts"),
            Column::text("last (UTC)"),
            Column::text("accounts").yields(),
        ]);
        for one in people.iter().take(self.most()) {
            let accounts: Vec<_> = one.accounts.iter().map(String::as_str).collect();
            table.row([
                Cell::new(clean(&one.name), Paint::Name),
                one.observations.to_string().into(),
                Cell::new(minute(one.last_active_at), Paint::Faint),
                clean(&accounts.join(" ")).into(),
            ]);
        }
        output.lines(table.lines(0, output.look))?;
        let clusters = self.clusters(stores).await?;
        let mut table = Table::new([
            Column::text("cluster"),
            Column::number("facts"),
            Column::text("last (UTC)"),
            Column::text("state"),
            Column::text("what").yields(),
        ]);
        for one in clusters.iter().filter(|one| one.members.len() > 1).take(self.most()) {
            let (state, paint) = if one.is_open(now) { ("open", Paint::Good) } else { ("closed", Paint::Faint) };
            table.row([
                Cell::new(one.id.as_str(), Paint::Name),
                one.members.len().to_string().into(),
                Cell::new(minute(one.last_at), Paint::Faint),
                Cell::new(state, paint),
                clean(&one.label).into(),
            ]);
        }
        if clusters.is_empty() {
            output.note(output.aside.faint(format!("No clusters in the last {MAX_WEEKS} weeks.")))?;
            return Ok(ExitCode::SUCCESS);
        }
        output.line("")?;
        output.lines(table.lines(0, output.look))?;
        let alone = clusters.iter().filter(|one| one.members.len() == 1).count();
        output.note(output.aside.faint(format!("And {} alone.", count(alone as u64, "fact", "facts"))))?;
        Ok(ExitCode::SUCCESS)
    }
}

fn newest(mut all: Vec<Observation>, most: usize) -> Vec<Observation> {
    all.sort_by_key(|one| std::cmp::Reverse((one.event.occurred_at, one.event.source_id.clone())));
    all.truncate(most);
    all
}

/// A key of a tracker as it is stored; others are taken as they are.
fn spelled(key: &str) -> String {
    let tracker = key.split_once('-').is_some_and(|(team, number)| {
        team.chars().all(|c| c.is_ascii_alphanumeric()) && number.bytes().all(|b| b.is_ascii_digit())
    });
    if tracker { key.to_uppercase() } else { key.to_owned() }
}
