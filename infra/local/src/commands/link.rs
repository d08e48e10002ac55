//! `link`: what is remembered of an account that is connected.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use connector_domain::ProviderKind;
use connector_domain::backfill::Depth;
use connector_domain::connection::{Integration, SyncSettings};
use connector_providers::Provider;
use serde_json::{Value, json};

use super::interrupt::interrupted;
use super::place::{Place, Tenant};
use super::served::{At, Served, as_argument};
use super::values::provider;
use super::{Failure, log};
use crate::render::Output;
use crate::render::style::Paint;
use crate::render::table::{Cell, Column, Table};
use crate::render::text::{clean, count};
use crate::stack::LinkOutcome;

/// Between two looks at a run.
const EVERY: Duration = Duration::from_millis(300);
/// Most resources of one request.
const MOST: usize = 50;

/// Link repositories, projects or teams of a connected account, and fetch their history.
///
/// Without --resource it shows what can be linked. It asks the stack that `cargo local up` serves.
#[derive(Args)]
#[command(after_help = "Examples, with `cargo local up` in another terminal:
  cargo local link --provider github                              # what is there?
  cargo local link --provider github --resource acme/rocket
  cargo local link --provider linear --resource ENG --no-history")]
pub(super) struct Link {
    /// Where it is.
    #[arg(long, value_name = "NAME", value_parser = provider())]
    provider: &'static dyn Provider,
    /// What to link, by name or by id; may be given more than once.
    #[arg(long = "resource", value_name = "NAME")]
    resources: Vec<String>,
    /// Leave the past alone: only what happens from now on.
    #[arg(long)]
    no_history: bool,
    /// Days of history: 1, 7, 30 or 90.
    #[arg(long, value_name = "DAYS", default_value = "30", conflicts_with = "no_history")]
    depth: Depth,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    tenant: Tenant,
    #[command(flatten)]
    place: Place,
}

/// An account, and what it gives access to.
pub(super) struct Connection {
    id: String,
    account: String,
}

/// Something that can be linked.
struct Resource {
    id: String,
    name: String,
    linked: bool,
}

impl Link {
    pub(super) async fn run(self, output: &mut Output) -> Result<ExitCode, Failure> {
        log::start(log::NOTHING, output.aside);
        let kind = self.provider.kind();
        let served = Served::at(&self.at.url, kind, &self.place, &self.tenant)?;
        let connections = connections(&served, kind).await?;
        if connections.is_empty() {
            let workspace = &self.tenant.workspace;
            return Err(Failure::new(format!("no account at {kind} is connected to workspace {workspace}"))
                .hint(format!("cargo local connect --provider {kind}{}", self.arguments())));
        }
        if self.resources.is_empty() {
            show(&served, &connections, output).await?;
            let again = format!("cargo local link --provider {kind}{} --resource NAME", self.arguments());
            output.line(format!("Link one:  {again}"))?;
            return Ok(ExitCode::SUCCESS);
        }
        let mut runs = Vec::new();
        for (connection, wanted) in self.find(&served, &connections).await? {
            for some in wanted.chunks(MOST) {
                runs.extend(self.link(&served, connection, some, output).await?);
            }
        }
        for run in &runs {
            if !follow(&served, run, output).await? {
                output.line("The stack goes on with it; cargo local status shows how far it is.")?;
                return Ok(ExitCode::SUCCESS);
            }
        }
        let (tenant, place) = (self.tenant.as_argument(), self.place.as_argument());
        output.line(format!("See it:  cargo local observations --limit 20{tenant}{place}"))?;
        Ok(ExitCode::SUCCESS)
    }

    fn arguments(&self) -> String {
        format!("{}{}{}", as_argument(self.at.url.as_str()), self.tenant.as_argument(), self.place.as_argument())
    }

    /// Every resource that was named, with the connection through which it is reached.
    async fn find<'a>(
        &self,
        served: &Served,
        connections: &'a [Connection],
    ) -> Result<Vec<(&'a Connection, Vec<Resource>)>, Failure> {
        let mut missing: Vec<&String> = self.resources.iter().collect();
        let mut found = Vec::new();
        for connection in connections {
            let mut here = resources(served, connection).await?;
            here.retain(|resource| {
                let before = missing.len();
                missing.retain(|name| !resource.is(name));
                missing.len() < before
            });
            found.push((connection, here));
        }
        let kind = self.provider.kind();
        match missing.first() {
            Some(name) => Err(Failure::new(format!("no connected account at {kind} gives access to {name}"))
                .hint(format!("cargo local link --provider {kind}{} shows what there is", self.arguments()))),
            None => Ok(found),
        }
    }

    /// Links, tells what became of it, and answers the runs that fetch history.
    async fn link(
        &self,
        served: &Served,
        connection: &Connection,
        wanted: &[Resource],
        output: &mut Output,
    ) -> Result<Vec<String>, Failure> {
        let ids: Vec<_> = wanted.iter().map(|resource| resource.id.as_str()).collect();
        let history = json!({ "enabled": !self.no_history, "depth": self.depth.days() });
        let body = json!({ "resources": ids, "settings": { "backfill": history }, "backfill": !self.no_history });
        let answer = served.post(&format!("/connections/{}/link", connection.id), &body).await?;
        let mut runs = Vec::new();
        for (resource, result) in wanted.iter().zip(answer["results"].as_array().into_iter().flatten()) {
            let name = clean(&resource.name).into_owned();
            let workspace = &self.tenant.workspace;
            match result["outcome"].as_str().unwrap_or_default() {
                "refused" => {
                    let reason = result["reason"].as_str().unwrap_or_default();
                    return Err(Failure::new(format!("{name} is not linked: {reason}"))
                        .hint("unlink it there first, if another connection of the workspace has it"));
                }
                "unchanged" => output.line(format!("{name} is linked already to workspace {workspace}"))?,
                "reactivated" => output.line(format!("{name} is linked again to workspace {workspace}"))?,
                _ => output.line(format!("{name} is linked to workspace {workspace}"))?,
            }
            runs.extend(result["run"].as_str().map(str::to_owned));
        }
        Ok(runs)
    }
}

impl Resource {
    fn is(&self, name: &str) -> bool {
        self.id == name || self.name.eq_ignore_ascii_case(name)
    }
}

/// The accounts that are connected, and work.
pub(super) async fn connections(served: &Served, provider: ProviderKind) -> Result<Vec<Connection>, Failure> {
    let all = served.list("/connections").await?;
    let ours = all.iter().filter(|one| one["provider"] == provider.as_str() && one["status"] == "active");
    let connection = |one: &Value| {
        Some(Connection { id: one["id"].as_str()?.to_owned(), account: one["account"]["name"].as_str()?.to_owned() })
    };
    Ok(ours.filter_map(connection).collect())
}

async fn resources(served: &Served, connection: &Connection) -> Result<Vec<Resource>, Failure> {
    let all = served.list(&format!("/connections/{}/resources", connection.id)).await?;
    let resource = |one: &Value| {
        let (id, name) = (one["id"].as_str()?.to_owned(), one["name"].as_str()?.to_owned());
        Some(Resource { id, name, linked: one["linked"] == Value::Bool(true) })
    };
    Ok(all.iter().filter_map(resource).collect())
}

/// Shows what the accounts give access to, asked of the provider now.
pub(super) async fn show(served: &Served, connections: &[Connection], output: &mut Output) -> Result<(), Failure> {
    let mut table = Table::new(["resource", "linked", "account", "id"].map(Column::text));
    let mut found = 0;
    for connection in connections {
        for resource in resources(served, connection).await? {
            let linked = if resource.linked { Cell::new("yes", Paint::Good) } else { "no".into() };
            let name = Cell::from(clean(&resource.name));
            table.row([name, linked, clean(&connection.account).into(), clean(&resource.id).into()]);
            found += 1;
        }
    }
    output.line(format!("{} to link:", count(found, "resource", "resources")))?;
    output.lines(table.lines(2, output.look))?;
    Ok(())
}

/// Waits for a run to end; false when a person does not want to.
async fn follow(served: &Served, run: &str, output: &mut Output) -> Result<bool, Failure> {
    let mut looks = tokio::time::interval(EVERY);
    let stop = interrupted();
    tokio::pin!(stop);
    output.line("Fetching its history; Ctrl-C stops waiting and not the work.")?;
    loop {
        tokio::select! {
            biased;
            () = &mut stop => return Ok(false),
            _ = looks.tick() => {}
        }
        let standing = served.get(&format!("/runs/{run}")).await?;
        let number = |of: &str, name: &str| standing[of][name].as_u64().unwrap_or_default();
        let (pages, captured) = (number("counters", "pages"), number("captured", "pages"));
        match standing["state"].as_str().unwrap_or_default() {
            "running" => {}
            "completed" if captured < pages => {}
            "completed" => {
                let rows = count(number("captured", "observations"), "observation", "observations");
                output.line(format!("{} fetched, {rows}", count(pages, "page", "pages")))?;
                return Ok(true);
            }
            state => {
                return Err(Failure::new(format!("the history is {state} after {}", count(pages, "page", "pages")))
                    .hint("cargo local status says which list, and why; what is stored stays"));
            }
        }
    }
}

/// What is wanted from a resource: what was wanted before, or every event. The scheduler leaves a new link alone:
/// history comes when somebody asks for it.
pub(super) fn settings(known: Option<&Integration>, provider: ProviderKind) -> SyncSettings {
    let new = || {
        let mut settings = SyncSettings::everything(provider);
        settings.backfill.enabled = false;
        settings
    };
    known.map_or_else(new, |link| link.settings.clone())
}

/// What linking did, in words.
pub(super) const fn in_words(outcome: LinkOutcome) -> &'static str {
    match outcome {
        LinkOutcome::Created => "linked",
        LinkOutcome::Reactivated => "linked again",
        LinkOutcome::Updated => "linked, with other settings than before",
        LinkOutcome::Unchanged => "linked already",
    }
}
