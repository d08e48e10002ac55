//! The shape of the workspace: who may depend on whom, and what every crate keeps to.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{Dependency, DependencyKind, Metadata, MetadataCommand, Package};
use connector_domain::{ProviderKind, SourceType};

/// Longest source file. One that needs more has two subjects.
const MOST_LINES: usize = 400;

fn workspace() -> Metadata {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml");
    MetadataCommand::new().manifest_path(manifest).no_deps().exec().unwrap()
}

/// The folder of a package, such as `shared/domain`.
fn folder<'a>(workspace: &Metadata, package: &'a Package) -> &'a str {
    package.manifest_path.parent().unwrap().strip_prefix(&workspace.workspace_root).unwrap().as_str()
}

/// Whether a package may use another of ours in what it ships.
fn may_use(user: &str, used: &str) -> bool {
    let layer = user.split('/').next();
    match user {
        "shared/domain" | "tests/simulator" => false,
        "shared/adapters" | "shared/lambda" | "shared/providers" | "shared/testkit" => used == "shared/domain",
        "shared/flows" => ["shared/domain", "shared/providers"].contains(&used),
        _ if layer == Some("functions") => {
            ["shared/adapters", "shared/domain", "shared/flows", "shared/lambda", "shared/providers"].contains(&used)
        }
        // One process that holds the whole system, and the tests of the whole system.
        "infra/local" => used != "shared/testkit" && used != "tests/e2e",
        "tests/e2e" | "tests/simulation" => true,
        _ => false,
    }
}

/// What tests may use besides.
fn may_use_in_tests(user: &str, used: &str) -> bool {
    may_use(user, used) || (user != "tests/simulator" && ["shared/testkit", "tests/simulator"].contains(&used))
}

#[test]
fn packages_use_only_what_is_beneath_them() {
    let workspace = workspace();
    let folders: BTreeMap<&str, &str> =
        workspace.packages.iter().map(|package| (package.name.as_str(), folder(&workspace, package))).collect();
    for package in &workspace.packages {
        let user = folders[package.name.as_str()];
        for dependency in &package.dependencies {
            let Some(used) = folders.get(dependency.name.as_str()) else { continue };
            let allowed = match dependency.kind {
                DependencyKind::Development => may_use_in_tests(user, used),
                _ => may_use(user, used),
            };
            assert!(allowed, "{user} must not use {used}");
        }
    }
}

#[test]
fn one_package_talks_to_aws_and_to_the_network() {
    let workspace = workspace();
    for package in &workspace.packages {
        // Cryptography talks to nobody, whoever wrote it.
        let aws = |name: &str| name.starts_with("aws-") && name != "aws-lc-rs";
        let client = |d: &&Dependency| aws(&d.name) || d.name == "reqwest";
        let used: Vec<_> = package.dependencies.iter().filter(client).map(|d| d.name.as_str()).collect();
        let user = folder(&workspace, package);
        assert!(used.is_empty() || user == "shared/adapters", "{user} uses {used:?}");
    }
}

#[test]
fn versions_and_lints_stand_in_the_root() {
    for package in workspace().packages {
        let manifest = fs::read_to_string(&package.manifest_path).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true\n"), "{}: no workspace lints", package.name);
        let mut in_dependencies = false;
        for line in manifest.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if line.starts_with('[') {
                in_dependencies = line.ends_with("dependencies]");
                continue;
            }
            let inherited = line.contains("workspace = true");
            assert!(!in_dependencies || inherited, "{}: `{line}` belongs into the root", package.name);
        }
    }
}

#[test]
fn sources_are_short_and_finished() {
    let mut long = Vec::new();
    for path in sources() {
        let text = fs::read_to_string(&path).unwrap();
        let lines = text.lines().count();
        if lines > MOST_LINES {
            long.push(format!("{}: {lines} lines", path.display()));
        }
        // Split, so that this file does not find itself.
        for marker in [["TO", "DO"], ["FIX", "ME"], ["XX", "X"], ["HA", "CK"]].map(|halves| halves.concat()) {
            let found = text.split(|c: char| !c.is_alphanumeric()).any(|word| word == marker);
            assert!(!found, "{}: {marker}", path.display());
        }
        for (at, _) in text.match_indices("[allow(").filter(|(at, _)| text[..*at].ends_with(['#', '!'])) {
            let attribute = text[at..].split(")]").next().unwrap();
            assert!(attribute.contains("reason"), "{}: {attribute}) without a reason", path.display());
        }
    }
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn every_test_that_the_scenarios_name_is_there() {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/scenarios.md")).unwrap();
    let names: BTreeSet<&str> = page.split('`').skip(1).step_by(2).filter(|name| name.contains('_')).collect();
    assert!(names.len() > 80, "{}", names.len());
    let text: String = sources().iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let missing: Vec<_> = names.iter().filter(|name| !text.contains(&format!("fn {name}("))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_package_names_only_what_it_uses() {
    for package in workspace().packages {
        let text: String = sources_in(package.manifest_path.parent().unwrap().into())
            .iter()
            .map(|path| fs::read_to_string(path).unwrap())
            .collect();
        let words: BTreeSet<&str> = text.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        for dependency in &package.dependencies {
            // A library may go without the ending of its package.
            let full = dependency.name.replace('-', "_");
            let used =
                words.contains(full.as_str()) || full.strip_suffix("_rs").is_some_and(|name| words.contains(name));
            assert!(used, "{} does not use {full}", package.name);
        }
    }
}

/// GitHub sends only what the app subscribes to, so who sets one up must be told of every event that we take.
#[test]
fn the_steps_name_every_event_that_is_captured() {
    let steps = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/provider-apps/README.md");
    let steps = fs::read_to_string(steps).unwrap();
    for event in SourceType::subscriptions(ProviderKind::Github) {
        assert!(steps.contains(&format!("`{event}`")), "{event} is not in infra/provider-apps/README.md");
    }
}

/// Every Rust file of the workspace.
fn sources() -> Vec<PathBuf> {
    let folders = workspace().packages.into_iter().map(|package| package.manifest_path.parent().unwrap().into());
    let found: Vec<_> = folders.flat_map(sources_in).collect();
    assert!(found.len() > 50, "the search went astray");
    found
}

fn sources_in(folder: PathBuf) -> Vec<PathBuf> {
    let mut open = vec![folder];
    let mut found = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}
