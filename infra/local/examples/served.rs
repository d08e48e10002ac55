//! The management API over simulated providers, with something of everything in it, for whoever holds it against its
//! description (`infra/scripts/check-api`). Prints where it is and a token, as one line of JSON, and serves until it is ended.

#![expect(clippy::print_stdout, reason = "a command line program speaks on standard output")]

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::time::Duration;

use connector_adapters::http::ReqwestHttp;
use connector_adapters::system::SystemClock;
use connector_domain::access::Scope;
use connector_domain::backfill::{Depth, EntityType, Trigger, Window};
use connector_domain::connection::{ResourceRef, SyncSettings};
use connector_domain::ports::{Clock as _, ProviderHttp as _};
use connector_domain::{AccountId, ProviderKind, ResourceId, Secret, WorkspaceId};
use connector_flows::StartRequest;
use connector_simulator::{Clock, Server, World, github, linear};
use connectors::stack::template::Guard;
use connectors::stack::{Data, Grant, LinkRequest, LocalSecrets, Options, Stack, Template};

const WORKSPACE: &str = "acme";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let now = SystemClock.now();
    let world = World::with_clock(1, Clock::asking(|| SystemClock.now()));
    let repository = world.github().add_repository("acme", "rocket");
    repository.populate(github::Populate {
        pull_requests: 5,
        issues: 5,
        releases: 1,
        ..github::Populate::ending(now, 20)
    });
    let linear = world.linear();
    let team = linear.add_team("ROC", "Rocket");
    team.populate(linear::Populate { issues: 5, projects: 1, ..linear::Populate::ending(now, 20) });
    let token = linear.mint_token();
    let simulated = Server::start(world).await?;

    let secret = || Secret::new("for tests only").ok_or("no secret");
    let secrets = LocalSecrets::of([(ProviderKind::Github, secret()?), (ProviderKind::Linear, secret()?)]);
    let mut options = Options::new(Data::Memory, secrets);
    options.api_urls.insert(ProviderKind::Github, simulated.github_url());
    options.api_urls.insert(ProviderKind::Linear, simulated.linear_url());
    let installation = AccountId::parse(repository.installation_id.to_string())?;
    options.tokens.insert(ProviderKind::Github, minted(&simulated.github_url(), &installation).await?);
    options.tokens.insert(ProviderKind::Linear, Secret::new(token).ok_or("no token")?);
    let template = Template::embedded()?;
    let stack = Stack::start(&template, options).await?;
    let workspace = WorkspaceId::parse(WORKSPACE)?;
    let mut connections = BTreeMap::new();
    for (provider, account, id, name, entity) in [
        (
            ProviderKind::Github,
            repository.installation_id.to_string(),
            repository.id.to_string(),
            repository.full_name(),
            EntityType::Issue,
        ),
        (ProviderKind::Linear, linear.organization_id(), team.id.clone(), team.key.clone(), EntityType::Issue),
    ] {
        let request = LinkRequest {
            workspace: workspace.clone(),
            provider,
            account: AccountId::parse(account)?,
            account_name: "acme".to_owned(),
            resource: ResourceRef { id: ResourceId::parse(id)?, name },
            settings: SyncSettings::everything(provider),
        };
        let integration = stack.link(request).await?.integration;
        connections.insert(provider.as_str(), integration.connection.to_string());
        let window = Window::last(Depth::Days30, now);
        let entities = BTreeSet::from([entity]);
        let request = StartRequest {
            integration,
            entities,
            window,
            trigger: Trigger::Manual,
            again: false,
            call_budget: None,
            proves: None,
            hold: false,
            prove: false,
        };
        stack.start_backfill(request).await?;
    }
    stack.settled().await;

    let audience = template.routes.iter().find_map(|route| match &route.guard {
        Guard::Token { audience } => Some(audience.as_str()),
        Guard::Open | Guard::Function(_) => None,
    });
    let grant = Grant {
        workspaces: &[workspace],
        scopes: &Scope::ALL,
        subject: "check",
        audience: audience.ok_or("no route takes a token")?,
        lives: Duration::from_secs(3_600),
    };
    let served = stack.serve(0).await?;
    let token = stack.issuer().mint(&grant, now);
    let about = serde_json::json!({
        "url": served.url, "token": token, "workspace": WORKSPACE, "connections": connections,
    });
    println!("{about}");
    tokio::signal::ctrl_c().await?;
    Ok(())
}

/// A token for an installation, as the simulated GitHub gives one to any app.
async fn minted(url: &str, installation: &AccountId) -> Result<Secret, Box<dyn Error>> {
    let github = connector_providers::provider(ProviderKind::Github).ok_or("no GitHub")?;
    let minting = github.minting().ok_or("GitHub mints")?;
    let http = ReqwestHttp::builder().base_url(ProviderKind::Github, url)?.build()?;
    let app = Secret::new("eyJh.eyJp.c2ln").ok_or("no app")?;
    let answer = http.send(&minting.request(installation, None), Some(&app)).await?;
    Ok(minting.read(&answer)?.access)
}
