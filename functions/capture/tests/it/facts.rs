//! Facts as the providers tell them: of simulated products, and of an external corpus where there is one.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use connector_domain::observation::Observation;
use connector_domain::transformed::{Item, Transformed};
use connector_domain::{Delivery, ProviderKind, Timestamp};
use connector_simulator::World;
use connector_simulator::{github, linear, sentry, vercel};
use connector_testkit::builders::{at, observe, workspace};
use serde_json::Value;

/// The facts of webhooks, each once.
#[derive(Default)]
pub(crate) struct Facts(BTreeMap<String, Observation>);

impl Facts {
    fn add(&mut self, kind: ProviderKind, event: &str, body: Vec<u8>) {
        let delivery = Delivery::webhook(kind, event.to_owned(), None, body, at(0));
        let Ok(delivery) = delivery.verify(|_| Ok::<(), ()>(())) else { return };
        let Transformed::Items(items) = connector_providers::provider(kind).unwrap().transform(&delivery) else {
            return;
        };
        for item in items {
            if let Item::Event(event) | Item::History { event, .. } = item {
                let observation = observe(&workspace("acme"), event.bounded());
                self.0.entry(observation.event.source_id.to_string()).or_insert(observation);
            }
        }
    }

    pub(crate) fn all(self) -> Vec<Observation> {
        self.0.into_values().collect()
    }
}

/// A product with a history at all four providers.
pub(crate) fn simulated() -> Facts {
    let end: Timestamp = at(0);
    let world = World::new(11);
    let mut facts = Facts::default();
    let repository = world.github().add_repository("acme", "rocket");
    repository.populate(github::Populate {
        pull_requests: 8,
        issues: 6,
        releases: 2,
        ..github::Populate::ending(end, 20)
    });
    for webhook in repository.history_webhooks() {
        facts.add(ProviderKind::Github, &webhook.event, webhook.body);
    }
    let site = world.vercel().add_project("acme", "rocket");
    site.populate(vercel::Populate { deployments: 8, ..vercel::Populate::ending(end, 20) });
    for webhook in site.history_webhooks() {
        facts.add(ProviderKind::Vercel, &webhook.event, webhook.body);
    }
    let team = world.linear().add_team("ROC", "Rocket");
    team.populate(linear::Populate { issues: 6, projects: 1, ..linear::Populate::ending(end, 20) });
    for webhook in world.linear().history_webhooks() {
        facts.add(ProviderKind::Linear, &webhook.event, webhook.body);
    }
    let project = world.sentry().add_project("acme", "rocket");
    project.populate(sentry::Populate { issues: 4, ..sentry::Populate::ending(end, 20) });
    for webhook in project.history_webhooks() {
        facts.add(ProviderKind::Sentry, &webhook.resource, webhook.body);
    }
    facts
}

/// The payloads of a corpus; `None`, said aloud, where there is none.
#[expect(clippy::disallowed_methods, reason = "where a corpus lies is a matter of the machine")]
pub(crate) fn corpus() -> Option<Facts> {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let root = std::env::var_os("CONNECTORS_CORPUS").map_or_else(default, PathBuf::from).join("vectors");
    if !root.is_dir() {
        println!("skipped: no corpus at {}", root.display());
        return None;
    }
    let mut facts = Facts::default();
    for kind in ProviderKind::ALL {
        for file in files(&root.join(kind.as_str())) {
            // A text that holds half a UTF-16 surrogate pair is no Rust string.
            let Ok(vector) = serde_json::from_slice::<Value>(&fs::read(&file).unwrap()) else { continue };
            let header = match kind {
                ProviderKind::Github => "x-github-event",
                ProviderKind::Linear => "linear-event",
                ProviderKind::Sentry => "sentry-hook-resource",
                ProviderKind::Vercel => "",
            };
            let event = vector["headers"][header].as_str().or(vector["event"].as_str()).unwrap_or_default();
            facts.add(kind, event, serde_json::to_vec(&vector["payload"]).unwrap());
        }
    }
    Some(facts)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}
