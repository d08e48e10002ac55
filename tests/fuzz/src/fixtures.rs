//! The providers' own fixtures, which inputs are made from: what is nearly right gets further than noise.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use connector_domain::backfill::Window;
use connector_domain::connection::ResourceRef;
use connector_domain::{ProviderKind, ResourceId, Timestamp};
use serde_json::Value;

/// A body, by the name of its event or its list.
pub(crate) struct Fixture {
    pub(crate) name: String,
    pub(crate) body: Value,
}

type All = BTreeMap<ProviderKind, Vec<Fixture>>;

/// The webhooks of a provider.
pub(crate) fn webhooks(kind: ProviderKind) -> &'static [Fixture] {
    static ALL: LazyLock<All> = LazyLock::new(|| read("webhooks"));
    &ALL[&kind]
}

/// The pages of a provider.
pub(crate) fn pages(kind: ProviderKind) -> &'static [Fixture] {
    static ALL: LazyLock<All> = LazyLock::new(|| read("pages"));
    &ALL[&kind]
}

fn read(folder: &str) -> All {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/providers/fixtures");
    let of = |kind: &ProviderKind| {
        let entries = fs::read_dir(root.join(kind.as_str()).join(folder)).unwrap();
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        // An input means the same on every machine.
        paths.sort();
        let fixture = |path: &std::path::PathBuf| Fixture {
            name: path.file_name().unwrap().to_str().unwrap().split('.').next().unwrap().to_owned(),
            body: serde_json::from_slice(&fs::read(path).unwrap()).unwrap(),
        };
        (*kind, paths.iter().map(fixture).collect())
    };
    ProviderKind::ALL.iter().map(of).collect()
}

pub(crate) fn now() -> Timestamp {
    "2026-02-01T00:00:00Z".parse().unwrap()
}

/// All that the fixtures are about, and some that they are not.
pub(crate) fn window() -> Window {
    Window { since: "2026-01-01T00:00:00Z".parse().unwrap(), until: now() }
}

pub(crate) fn resource() -> ResourceRef {
    ResourceRef { id: ResourceId::parse("7001").unwrap(), name: "acme/shop".into() }
}
