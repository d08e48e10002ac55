//! The command line as a newcomer meets it: the built program, its output and its exit codes.

mod runs;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use connector_simulator::github::{Fault, Populate};
use connector_simulator::{Server, World};
use serde_json::Value;

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_connectors"));
    command.args(arguments).env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

pub(crate) fn local(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

fn fed(arguments: &[&str], input: &[u8]) -> Output {
    let mut child =
        command(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

pub(crate) fn out(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

pub(crate) fn err(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

/// One line that says what is wrong, and one that says what to do.
pub(crate) fn assert_fails(output: &Output, error: &str, hint: &str) {
    assert_eq!(output.status.code(), Some(1), "{}", err(output));
    let lines: Vec<_> = err(output).lines().collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with("error: ") && lines[0].contains(error), "{lines:?}");
    assert!(lines[1].starts_with("hint: ") && lines[1].contains(hint), "{lines:?}");
}

fn fixture(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/providers/fixtures/github").join(name);
    path.to_str().unwrap().to_owned()
}

pub(crate) struct Data(tempfile::TempDir);

impl Data {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A directory that is not there.
    fn path(&self) -> PathBuf {
        self.0.path().join("rows")
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        let path = self.path();
        let mut all = arguments.to_vec();
        all.extend(["--data", path.to_str().unwrap()]);
        local(&all)
    }
}

#[test]
fn every_command_explains_itself() {
    let names = "demo up connect link transform send backfill observations timeline replay status token events";
    for name in names.split(' ') {
        let output = local(&[name, "--help"]);
        assert_eq!(output.status.code(), Some(0), "{name}");
        assert!(out(&output).contains(&format!("Usage: cargo local {name}")), "{}", out(&output));
        assert!(out(&output).contains("Example"), "{name} has no example");
    }
    let output = local(&["--help"]);
    assert!(out(&output).contains("demo") && !out(&output).contains("events"), "{}", out(&output));
    assert_eq!(local(&["dmeo"]).status.code(), Some(2));
    assert_eq!(local(&[]).status.code(), Some(2));
}

#[test]
fn a_webhook_becomes_lines_of_json() {
    let output =
        local(&["transform", "--provider", "github", "--event", "issues", &fixture("webhooks/issues.opened.json")]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert_eq!(err(&output), "");
    let facts: Vec<Value> = out(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(facts.len(), 1);
    assert_eq!(facts[0]["sourceType"], "issue.opened");
    assert_eq!(facts[0]["source"], "github");
}

#[test]
fn a_page_becomes_a_line_for_each_fact() {
    let page = std::fs::read(fixture("pages/pull_request.json")).unwrap();
    let output =
        fed(&["transform", "--provider", "github", "--page", "pull_request", "--resource-id", "5", "-"], &page);
    let ids: Vec<String> = out(&output)
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["sourceId"].as_str().unwrap().to_owned())
        .collect();
    assert!(ids.len() > 1, "{ids:?}");
    assert!(ids.iter().all(|id| id.starts_with("github:pr:5#")), "{ids:?}");
    let derived = fed(&["transform", "--provider", "github", "--page", "release"], b"[]");
    assert_eq!((derived.status.code(), out(&derived), err(&derived)), (Some(0), "", ""));
}

#[test]
fn what_is_left_out_is_told_and_is_no_failure() {
    let unknown = fed(&["transform", "--provider", "github", "--event", "sculpture"], b"{}");
    assert_eq!((unknown.status.code(), out(&unknown)), (Some(0), ""));
    assert_eq!(err(&unknown), "ignored: unknown_event:sculpture\n");
    let gone = local(&[
        "transform",
        "--provider",
        "github",
        "--event",
        "installation",
        &fixture("webhooks/installation.deleted.json"),
    ]);
    assert_eq!((gone.status.code(), out(&gone)), (Some(0), ""));
    assert!(err(&gone).starts_with("lifecycle: uninstalled"), "{}", err(&gone));
}

#[test]
fn what_cannot_be_read_is_quarantined_alone() {
    let page = br#"[{"id":1,"number":"not a number"},{"id":2,"tag_name":"v1","draft":false,"published_at":"2026-02-06T12:00:00Z"}]"#;
    let output = fed(&["transform", "--provider", "github", "--page", "release", "--resource-id", "5"], page);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(out(&output).lines().count(), 1, "the good item goes on: {}", out(&output));
    assert!(err(&output).starts_with("quarantined: [0]"), "{}", err(&output));
}

#[test]
fn bad_input_is_named() {
    let transform = ["transform", "--provider", "github", "--event", "issues"];
    assert_fails(&fed(&transform, b"{\"a\": "), "standard input is not JSON", "exactly as the provider sent it");
    assert_fails(&fed(&transform, b""), "standard input is not JSON", "exactly");
    let missing = [&transform[..], &["no/such/file.json"]].concat();
    assert_fails(&local(&missing), "cannot read no/such/file.json", "name a file");
    let no_list = fed(&["transform", "--provider", "github", "--page", "issue"], b"{}");
    assert_eq!(no_list.status.code(), Some(1));
    assert!(err(&no_list).contains("quarantined: the payload: the body is not a list"), "{}", err(&no_list));
    let no_such = fed(&["transform", "--provider", "github", "--page", "cycle"], b"[]");
    assert_fails(&no_such, "github has no list of cycle", "discussion and deployment");
    let unknown = local(&["transform", "--provider", "gitlab", "--event", "issues"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(err(&unknown).contains("possible values: github"), "{}", err(&unknown));
    assert_eq!(local(&["transform", "--provider", "github"]).status.code(), Some(2));
}

#[test]
fn the_demo_proves_its_point_without_a_terminal() {
    let output = local(&["demo"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", out(&output), err(&output));
    let text = out(&output);
    assert!(!text.contains('\u{1b}'), "escape sequences without a terminal");
    let proof = text.lines().find(|line| line.contains("each is one row")).unwrap();
    assert!(proof.trim_start().starts_with('✓'), "{proof}");
    for expected in [
        "github         ",
        "vercel         2 of 2 lists",
        "captured",
        "duplicate",
        "filtered",
        "quarantined",
        "backfill  ",
        "deployed by vercel deployment.created",
        "8 of 8 facts of 4 tools",
        "Try next",
    ] {
        assert!(text.contains(expected), "{expected} is missing:\n{text}");
    }
}

#[test]
fn looking_at_nothing_makes_nothing() {
    let data = Data::new();
    let observations = data.run(&["observations"]);
    assert_eq!(observations.status.code(), Some(0), "{}", err(&observations));
    assert!(out(&observations).starts_with("No observation in workspace local yet."), "{}", out(&observations));
    let status = data.run(&["status"]);
    assert_eq!(status.status.code(), Some(0), "{}", err(&status));
    assert!(out(&status).starts_with("Nothing is stored"), "{}", out(&status));
    assert_eq!(out(&data.run(&["observations", "--json"])), "");
    assert!(!data.path().exists());
}

#[test]
fn filters_are_checked() {
    let data = Data::new();
    assert_fails(
        &data.run(&["observations", "--type", "merged"]),
        "there is no type \"merged\"",
        "pull-request.merged",
    );
    assert_fails(&data.run(&["observations", "--since", "yesterday"]), "no moment", "7d");
    assert_eq!(data.run(&["observations", "--source", "gitlab"]).status.code(), Some(2));
    assert_eq!(data.run(&["observations", "--limit", "many"]).status.code(), Some(2));
}

/// A simulated GitHub with history, and the arguments that backfill it.
async fn github() -> (World, Server) {
    let world = World::with_clock(5, connector_simulator::Clock::asking(now));
    let repository = world.github().add_repository("acme", "rocket");
    repository.populate(Populate { pull_requests: 6, issues: 4, releases: 1, ..Populate::ending(now(), 20) });
    (world.clone(), Server::start(world).await.unwrap())
}

fn now() -> connector_domain::Timestamp {
    use connector_domain::ports::Clock;
    connector_adapters::system::SystemClock.now()
}

fn backfill(data: &Data, server: &Server, more: &[&str]) -> Output {
    let url = server.github_url();
    let known = ["backfill", "--provider", "github", "--resource", "acme/rocket", "--api-url", &url];
    let lists = ["--entities", "pull_request,issue,release"];
    let lists = if more.contains(&lists[0]) { &[][..] } else { &lists };
    data.run(&[&known[..], lists, more].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn history_is_fetched_once_and_can_be_looked_at() {
    let (world, server) = github().await;
    let data = Data::new();
    let first = backfill(&data, &server, &[]);
    assert_eq!(first.status.code(), Some(0), "{}{}", out(&first), err(&first));
    assert!(out(&first).contains("issue          completed"), "{}", out(&first));
    let calls = world.github().requests().len();

    let again = backfill(&data, &server, &["--depth", "7"]);
    assert!(out(&again).contains("Fetched before up to"), "{}", out(&again));
    let captured = out(&again).lines().find(|line| line.trim_start().starts_with("captured") && line.contains("rows"));
    assert!(captured.unwrap().contains(" 0  new rows"), "{}", out(&again));
    assert_eq!(world.github().requests().len(), calls + 4, "the repository, and a page of each list");

    let rows = data.run(&["observations", "--json", "--limit", "1000"]);
    let rows: Vec<Value> = out(&rows).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(rows.len() > 10, "{}", rows.len());
    assert!(rows.iter().all(|row| row["ingestionSource"] == "backfill" && row["workspace"] == "local"));
    let released = data.run(&["observations", "--type", "release.published"]);
    assert_eq!(out(&released).lines().count(), 2, "a heading and a row: {}", out(&released));
    let two = data.run(&["observations", "--limit", "2"]);
    assert_eq!(out(&two).lines().count(), 3);
    assert!(err(&two).contains("--limit shows more"), "{}", err(&two));
    let status = data.run(&["status"]);
    for expected in ["acme/rocket", "active", "pull_request", "completed", "observations"] {
        assert!(out(&status).contains(expected), "{expected}: {}", out(&status));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_that_cannot_be_done_says_why() {
    let (world, server) = github().await;
    let data = Data::new();
    let url = server.github_url();
    let of = |name: &str| data.run(&["backfill", "--provider", "github", "--api-url", &url, "--resource", name]);
    assert_fails(&of("acme/rokcet"), "github answered 404 about acme/rokcet", "--token-env");
    assert_fails(&of("rocket"), "\"rocket\" is no resource of github", "OWNER/REPO");
    assert_fails(
        &backfill(&data, &server, &["--token-env", "CONNECTORS_NO_SUCH"]),
        "CONNECTORS_NO_SUCH is not set",
        "export",
    );
    let elsewhere =
        data.run(&["backfill", "--provider", "github", "--resource", "a/b", "--api-url", "http://example.org"]);
    assert_fails(&elsewhere, "cannot be at that address", "https");
    assert_eq!(backfill(&data, &server, &["--depth", "15"]).status.code(), Some(2));
    assert_eq!(backfill(&data, &server, &["--entities", "commit"]).status.code(), Some(2));
    let all = data.run(&["backfill", "--provider", "github", "--resource", "acme/rocket", "--api-url", &url]);
    assert!(err(&all).contains("review, discussion and deployment left out"), "{}", err(&all));
    let public = backfill(&data, &server, &["--entities", "issue,review"]);
    assert_fails(&public, "github shows no list of review to anybody without a token", "--token-env");

    world.github().inject(Fault::PermissionDenied.on("/repos/acme/rocket/pulls"));
    let partly = backfill(&data, &server, &[]);
    assert_eq!(partly.status.code(), Some(1), "{}", out(&partly));
    assert!(
        out(&partly).contains("failed: forbidden") && out(&partly).contains("issue          completed"),
        "{}",
        out(&partly)
    );
    assert!(err(&partly).contains("error: the backfill failed: forbidden"), "{}", err(&partly));
}

#[test]
fn sending_needs_a_secret_and_somebody_who_listens() {
    let data = Data::new();
    let payload = fixture("webhooks/issues.opened.json");
    let send = ["send", "--provider", "github", "--event", "issues", &payload];
    assert_fails(&data.run(&send), "there is no secret to sign with", "cargo local up");
    assert_fails(&data.run(&["send", "--provider", "github", &payload]), "does not say which event", "--event");
    let mut nobody = command(&send);
    // A port of this machine that is never listened on.
    nobody.args(["--url", "http://127.0.0.1:1", "--secret-env", "SECRET"]).env("SECRET", "s");
    assert_fails(&nobody.output().unwrap(), "nothing answers at http://127.0.0.1:1", "cargo local up");
}

pub(crate) struct Up {
    child: Child,
    pub(crate) url: String,
    log: BufReader<ChildStderr>,
}

impl Up {
    pub(crate) fn start(data: &Data) -> Self {
        Self::start_with(data, &[])
    }

    pub(crate) fn start_with(data: &Data, more: &[&str]) -> Self {
        let path = data.path();
        let mut up = command(&[&["up", "--port", "0", "--data", path.to_str().unwrap()], more].concat());
        let mut child = up.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut first).unwrap();
        let url = first.trim().rsplit(' ').next().unwrap().to_owned();
        // Read on, so that it can write on.
        std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
        let log = BufReader::new(child.stderr.take().unwrap());
        Self { child, url, log }
    }

    /// Reads the log up to a line that holds `text`.
    fn wait_for(&mut self, text: &str) {
        let mut line = String::new();
        while !line.contains(text) {
            line.clear();
            assert_ne!(self.log.read_line(&mut line).unwrap(), 0, "it ended before it said {text:?}");
        }
    }

    pub(crate) fn stop(mut self) {
        let kill = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(kill.success());
        assert_eq!(self.child.wait().unwrap().code(), Some(0), "it drains and says so");
    }
}

#[cfg(unix)]
#[test]
fn what_is_sent_is_captured_and_survives_a_restart() {
    let data = Data::new();
    let mut up = Up::start(&data);
    let payload = fixture("webhooks/issues.opened.json");
    let url = up.url.clone();
    let send = |more: &[&str]| {
        data.run(&[&["send", "--provider", "github", "--event", "issues", "--url", &url, &payload], more].concat())
    };

    let unlinked = send(&[]);
    assert_eq!(unlinked.status.code(), Some(0), "{}", err(&unlinked));
    assert!(
        out(&unlinked).starts_with("200 ") && err(&unlinked).contains("with --link it is captured"),
        "{}",
        err(&unlinked)
    );
    let linked = send(&["--link"]);
    assert!(out(&linked).contains("accepted"), "{}", out(&linked));
    up.wait_for("captured github#");
    let wrong =
        command(&["send", "--provider", "github", "--event", "issues", "--url", &url, "--secret-env", "S", &payload])
            .env("S", "wrong")
            .output()
            .unwrap();
    assert_eq!(wrong.status.code(), Some(1));
    assert!(
        out(&wrong).starts_with("401 ") && err(&wrong).contains("another secret"),
        "{}{}",
        out(&wrong),
        err(&wrong)
    );
    let old = fixture("../linear/webhooks/Issue.created.json");
    let stale = data.run(&["send", "--provider", "linear", "--url", &url, &old]);
    assert_fails(&stale, "the stack answered 401", "webhookTimestamp");
    up.stop();

    let rows = data.run(&["observations", "--json"]);
    assert_eq!(out(&rows).lines().count(), 1, "{}", out(&rows));
    let up = Up::start(&data);
    let url = up.url.clone();
    let again = data.run(&["send", "--provider", "github", "--event", "issues", "--url", &url, &payload]);
    assert!(out(&again).contains("duplicate"), "{}", out(&again));
    up.stop();
}
