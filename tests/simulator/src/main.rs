//! The simulated providers as a server, for use by hand.

#![expect(clippy::print_stdout, reason = "a command line program speaks on standard output")]

use std::{io, time::Duration};

use clap::Parser;
use connector_simulator::{
    App, Clock, Server, World,
    github::{IssuePaging, Limits, Populate, Repository},
    linear, sentry, vercel,
};
use jiff::Timestamp;
use serde_json::json;

/// Serves the simulated providers on 127.0.0.1 until Ctrl-C.
#[derive(Parser)]
#[command(after_help = "\
Example:
  cargo run -p connector-simulator -- --port 8088 --seed 1 --pull-requests 200 --latency-ms 80
  curl -i 'http://127.0.0.1:8088/github/repos/acme/rocket/pulls?state=all&per_page=2'")]
struct Options {
    /// The port to listen on; 0 for a free one.
    #[arg(long, default_value_t = 8088)]
    port: u16,
    /// The same seed gives the same repositories, ids, titles and people.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A repository to fill, as OWNER/NAME; may be given several times.
    #[arg(long = "repository", value_name = "OWNER/NAME", default_value = "acme/rocket", value_parser = full_name)]
    repositories: Vec<(String, String)>,
    /// Pull requests in each repository.
    #[arg(long, default_value_t = 50)]
    pull_requests: u32,
    /// Issues in each repository.
    #[arg(long, default_value_t = 30)]
    issues: u32,
    /// Releases in each repository.
    #[arg(long, default_value_t = 6)]
    releases: u32,
    /// A Linear team to fill, by its key; may be given several times.
    #[arg(long = "linear-team", value_name = "KEY", default_value = "ENG")]
    linear_teams: Vec<String>,
    /// Issues in each Linear team.
    #[arg(long, default_value_t = 60)]
    linear_issues: u32,
    /// A Vercel project to fill, as TEAM/NAME; may be given several times.
    #[arg(long = "vercel-project", value_name = "TEAM/NAME", default_value = "acme/rocket", value_parser = full_name)]
    vercel_projects: Vec<(String, String)>,
    /// Deployments in each Vercel project.
    #[arg(long, default_value_t = 60)]
    deployments: u32,
    /// A Sentry project to fill, as ORGANIZATION/SLUG; may be given several times.
    #[arg(long = "sentry-project", value_name = "ORG/SLUG", default_value = "acme/rocket", value_parser = full_name)]
    sentry_projects: Vec<(String, String)>,
    /// Issues in each Sentry project.
    #[arg(long, default_value_t = 40)]
    sentry_issues: u32,
    /// How many days the history goes back.
    #[arg(long, default_value_t = 90)]
    days: u32,
    /// Wait so long before every answer.
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,
    /// Requests an hour to GitHub with a token.
    #[arg(long, default_value_t = Limits::default().authenticated)]
    limit: u32,
    /// Requests an hour to GitHub without a token.
    #[arg(long, default_value_t = Limits::default().anonymous)]
    anonymous_limit: u32,
    /// Register an app whose people are sent back to this address, and print what it is known by; may be given once for
    /// each provider.
    #[arg(long = "app", value_name = "PROVIDER=CALLBACK", value_parser = app)]
    apps: Vec<(String, String)>,
    /// Page GitHub's /issues by number, as GitHub did before 2025.
    #[arg(long)]
    numbered_issues: bool,
}

fn full_name(text: &str) -> Result<(String, String), String> {
    match text.split_once('/') {
        Some((owner, name)) if !owner.is_empty() && !name.is_empty() && !name.contains('/') => {
            Ok((owner.to_owned(), name.to_owned()))
        }
        _ => Err("write it as two names, for example acme/rocket".to_owned()),
    }
}

fn app(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((provider @ ("github" | "linear" | "sentry" | "vercel"), callback)) if !callback.is_empty() => {
            Ok((provider.to_owned(), callback.to_owned()))
        }
        _ => Err("write it as github, linear, sentry or vercel, then = and the callback URL".to_owned()),
    }
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let options = Options::parse();
    #[expect(clippy::disallowed_methods, reason = "here, and only here, simulated time is real time")]
    let clock = Clock::asking(Timestamp::now);
    let world = World::with_clock(options.seed, clock);
    let repositories = fill_github(&world, &options);
    let linear_teams = fill_linear(&world, &options);
    let vercel_projects = fill_vercel(&world, &options);
    let sentry_projects = fill_sentry(&world, &options);
    let apps: Vec<_> =
        options.apps.iter().map(|(provider, callback)| (provider, register(&world, provider, callback))).collect();
    let server = Server::start_on(world, options.port).await?;
    let url = server.github_url();
    println!("GitHub      {url}, and GraphQL at {url}/graphql");
    for repository in &repositories {
        let (name, id, installation) = (repository.full_name(), repository.id, repository.installation_id);
        println!("repository  {url}/repos/{name}   id {id}, installation {installation}");
    }
    if let Some(repository) = repositories.first() {
        let name = repository.full_name();
        println!("try         curl -i '{url}/repos/{name}/pulls?state=all&per_page=2'");
    }
    let url = server.linear_url();
    println!("Linear      {url}/graphql");
    for team in &linear_teams {
        println!("team        {}   id {}", team.key, team.id);
    }
    let query = r#"{"query":"{ issues(first: 2) { nodes { identifier title } } }"}"#;
    println!("try         curl -i -H 'authorization: lin_api_any' -d '{query}' {url}/graphql");
    let url = server.vercel_url();
    println!("Vercel      {url}");
    for project in &vercel_projects {
        let (name, id, team) = (project.name(), &project.id, &project.account_id);
        println!("project     {url}/v9/projects/{name}?teamId={team}   id {id}");
    }
    if let Some(project) = vercel_projects.first() {
        let (id, team) = (&project.id, &project.account_id);
        let list = format!("{url}/v6/deployments?projectId={id}&teamId={team}&limit=2");
        println!("try         curl -i -H 'authorization: Bearer any' '{list}'");
    }
    let url = server.sentry_url();
    println!("Sentry      {url}");
    for project in &sentry_projects {
        let (organization, slug, id) = (&project.organization, project.slug(), project.id);
        let installation = &project.installation;
        println!("project     {url}/api/0/projects/{organization}/{slug}/   id {id}, installation {installation}");
    }
    if let Some(project) = sentry_projects.first() {
        let list = format!("{url}/api/0/organizations/{}/issues/?query=&limit=2", project.organization);
        println!("try         curl -i -H 'authorization: Bearer any' '{list}'");
    }
    println!("Sign-in     {}, {}, {}", server.github_web_url(), server.vercel_web_url(), server.linear_web_url());
    for (provider, app) in apps {
        let known_by = json!({
            "client_id": app.client_id,
            "client_secret": app.client_secret,
            "slug": app.slug,
            "private_key": app.private_key,
        });
        println!("app         {provider} {known_by}");
    }
    println!("Ctrl-C stops it.");
    tokio::signal::ctrl_c().await?;
    server.stop().await;
    Ok(())
}

fn register(world: &World, provider: &str, callback: &str) -> App {
    match provider {
        "github" => world.github().register_app(callback),
        "linear" => world.linear().register_app(callback),
        "sentry" => world.sentry().register_app(callback),
        _ => world.vercel().register_app(callback),
    }
}

fn fill_github(world: &World, options: &Options) -> Vec<Repository> {
    let github = world.github();
    github.set_latency(Duration::from_millis(options.latency_ms));
    github.set_limits(Limits { anonymous: options.anonymous_limit, authenticated: options.limit });
    if options.numbered_issues {
        github.set_issue_paging(IssuePaging::PageNumbers);
    }
    let fill = |(owner, name): &(String, String)| {
        let repository = github.add_repository(owner, name);
        repository.populate(Populate {
            pull_requests: options.pull_requests,
            issues: options.issues,
            releases: options.releases,
            ..Populate::lively(world.now(), options.days)
        });
        repository
    };
    options.repositories.iter().map(fill).collect()
}

fn fill_linear(world: &World, options: &Options) -> Vec<linear::Team> {
    let linear = world.linear();
    linear.set_latency(Duration::from_millis(options.latency_ms));
    let fill = |key: &String| {
        let team = linear.add_team(key, key);
        let history = linear::Populate::ending(world.now(), options.days);
        team.populate(linear::Populate { issues: options.linear_issues, ..history });
        team
    };
    options.linear_teams.iter().map(fill).collect()
}

fn fill_vercel(world: &World, options: &Options) -> Vec<vercel::Project> {
    let vercel = world.vercel();
    vercel.set_latency(Duration::from_millis(options.latency_ms));
    let fill = |(team, name): &(String, String)| {
        let project = vercel.add_project(team, name);
        let history = vercel::Populate::ending(world.now(), options.days);
        project.populate(vercel::Populate { deployments: options.deployments, ..history });
        project
    };
    options.vercel_projects.iter().map(fill).collect()
}

fn fill_sentry(world: &World, options: &Options) -> Vec<sentry::Project> {
    let sentry = world.sentry();
    sentry.set_latency(Duration::from_millis(options.latency_ms));
    let fill = |(organization, slug): &(String, String)| {
        let project = sentry.add_project(organization, slug);
        let history = sentry::Populate::ending(world.now(), options.days);
        project.populate(sentry::Populate { issues: options.sentry_issues, ..history });
        project
    };
    options.sentry_projects.iter().map(fill).collect()
}
