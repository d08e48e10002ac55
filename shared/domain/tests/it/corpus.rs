//! An external folder of facts and of what another system made of them. Not part of the project; see [`root`].

use std::fs;
use std::path::{Path, PathBuf};

use connector_domain::{ProviderKind, Reference, SourceEvent, SourceId, SourceType, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The folder that `CONNECTORS_CORPUS` names, or the default one; `None`, said aloud, where there is none.
#[expect(clippy::disallowed_methods, reason = "where a corpus lies is a matter of the machine")]
pub(crate) fn root() -> Option<PathBuf> {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let root = std::env::var_os("CONNECTORS_CORPUS").map_or_else(default, PathBuf::from);
    let vectors = root.join("vectors");
    if vectors.is_dir() {
        return Some(vectors);
    }
    println!("skipped: no corpus at {}", root.display());
    None
}

/// The cases of one function.
pub(crate) fn cases<I: DeserializeOwned, O: DeserializeOwned>(root: &Path, name: &str) -> Vec<Case<I, O>> {
    let path = root.join("functions").join(name).with_extension("json");
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Input and output of a function.
#[derive(Deserialize)]
pub(crate) struct Case<I, O> {
    pub(crate) input: I,
    pub(crate) output: O,
}

/// All files below a folder, sorted, so that a failure names the same file every time.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A file as JSON; `None` for a text that holds half a UTF-16 surrogate pair, which no Rust string can.
pub(crate) fn json(path: &Path) -> Option<Value> {
    match serde_json::from_slice(&fs::read(path).unwrap()) {
        Ok(value) => Some(value),
        Err(error) if error.to_string().contains("hex escape") => None,
        Err(error) => panic!("{}: {error}", path.display()),
    }
}

/// A fact as the corpus writes it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Fact {
    source: ProviderKind,
    source_type: String,
    title: String,
    body: String,
    references: Vec<Reference>,
}

impl Fact {
    /// The fact as ours, unless its type is not one of ours. The texts stay as they are, longer than ours may be.
    pub(crate) fn event(self) -> Option<SourceEvent> {
        let source_type = SourceType::find(self.source, &self.source_type)?;
        let mut event = event(source_type, &self.title, &self.body);
        event.references = self.references;
        Some(event)
    }
}

/// A fact of texts alone.
pub(crate) fn event(source_type: SourceType, title: &str, body: &str) -> SourceEvent {
    let id = SourceId::once(source_type.provider(), "corpus", 1, "seen");
    let mut event = SourceEvent::new(source_type, id, "", "", Timestamp::UNIX_EPOCH);
    event.title = title.to_owned();
    event.body = body.to_owned();
    event
}
