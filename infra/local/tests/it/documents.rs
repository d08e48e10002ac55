//! Documents on the command line.

use std::process::{Command, Output};
use std::time::Duration;

use connector_simulator::github::NewCommit;

use crate::support::{GitHub, dir, github, link_request, start, workspace};

fn local(arguments: &[&str], data: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_connectors"));
    command.arg("documents").args(["--data", data, "--workspace", workspace().as_str()]).args(arguments);
    command.env_remove("RUST_LOG").output().unwrap()
}

fn out(output: &Output) -> &str {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::str::from_utf8(&output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_are_synced_listed_shown_and_found() {
    let github: GitHub = github().await;
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().to_str().unwrap();
    assert!(out(&local(&["list"], data)).starts_with("Nothing is stored"));
    let stack = start(dir(directory.path()), &github).await;
    let linked = stack.link(link_request(&github.repository)).await.unwrap();
    let name = linked.integration.resource.name;
    stack.settled().await;
    stack.drain_and_stop(Duration::from_secs(5)).await;

    let config = "version: 1\nstore: docs\ninclude: ['**/*.md']\n";
    let commit = NewCommit::saying("Write").write("connectors.yml", config);
    let commit = commit.write("docs/refunds.md", "Refunds are paid\nwithin a week.").write("logo.md", b"\0".to_vec());
    github.repository.push("main", &[commit], github.world.now());
    let (url, repository) = (github.server.github_url(), ["--repository", name.as_str()]);
    let synced = local(&[&["sync", "--api-url", &url][..], &repository].concat(), data);
    assert!(out(&synced).contains("synced  2 written, 0 unchanged, 0 removed"), "{}", out(&synced));

    let listed = local(&["list"], data);
    let rows: Vec<_> = out(&listed).lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).collect();
    assert!(rows.iter().any(|row| row[0] == "docs/refunds.md" && row[1..3] == ["31", "1"]), "{rows:?}");
    assert!(rows.iter().any(|row| row[0] == "logo.md" && row.last() == Some(&"binary")), "{rows:?}");
    let shown = local(&["show", "docs/refunds.md"], data);
    assert!(out(&shown).contains("\nRefunds are paid\nwithin a week.\n"), "{}", out(&shown));
    let found = local(&["search", "refunds", "week"], data);
    assert!(out(&found).starts_with("docs/refunds.md#0 ") && out(&found).contains("named"), "{}", out(&found));
    assert_eq!(out(&local(&["search", "zebra"], data)), "Nothing is found.\n");

    let unknown = local(&["show", "nowhere.md"], data);
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("there is no document \"nowhere.md\""));
    let unlinked = local(&["sync", "--repository", "acme/other"], data);
    assert!(
        String::from_utf8_lossy(&unlinked.stderr).contains("cargo local link --provider github --resource acme/other")
    );

    github.repository.push(
        "main",
        &[NewCommit::saying("Break").write("connectors.yml", "store: x")],
        github.world.now(),
    );
    let broken = local(&["sync", "--api-url", &url], data);
    assert_eq!(broken.status.code(), Some(1));
    let told = String::from_utf8_lossy(&broken.stdout);
    assert!(
        told.contains("failed (config_invalid: connectors.yml: Configuration validation failed: version"),
        "{told}"
    );
}
