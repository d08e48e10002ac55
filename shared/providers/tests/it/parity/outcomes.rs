//! What becomes of webhooks that nobody of this project wrote: whatever they hold, it is an outcome, and hardly ever that
//! they cannot be read.

use std::collections::BTreeSet;
use std::path::Path;

use connector_domain::ProviderKind;
use connector_providers::{Route, provider};
use serde_json::Value;

use crate::support::{files, json, outcomes, outside, webhook};

/// What became of one webhook.
pub(crate) struct Row {
    /// Collection and file.
    pub(crate) file: String,
    /// Of what it is, or of whom.
    pub(crate) of: &'static str,
    pub(crate) outcomes: Vec<String>,
}

/// Transforms every webhook in a provider's folder and prints file by file what it became.
///
/// `event` tells the name of a file's event, or `None` where it is no webhook at all. `unreadable` names the files that
/// are kept aside, each with why: all of them, and no other one.
///
/// Returns what became of each; nothing where the data is not there.
pub(crate) fn every_webhook(
    kind: ProviderKind,
    event: impl Fn(&Path, &Value) -> Option<String>,
    unreadable: &[(&str, &str)],
) -> Vec<Row> {
    let Some(root) = outside() else { return Vec::new() };
    let provider = provider(kind).unwrap();
    let folder = root.join("corpus").join(kind.as_str()).join("webhooks");
    let mut rows = Vec::new();
    for path in files(&folder) {
        let file = json(&path);
        let Some(event) = event(&path, &file) else { continue };
        // Some collections keep the headers beside the body.
        let body = if file["body"].is_object() { &file["body"] } else { &file };
        let delivery = webhook(kind, &event, &serde_json::to_vec(body).unwrap());
        let of = match provider.route(&delivery) {
            Route::Account { resource: Some(_), .. } => "of a resource",
            Route::Account { resource: None, .. } => "of an account",
            Route::Nowhere(_) => "of nobody",
            Route::Unreadable(_) => "unreadable",
        };
        let file = path.strip_prefix(&folder).unwrap().with_extension("").display().to_string();
        rows.push(Row { file, of, outcomes: outcomes(&provider.transform(&delivery)) });
    }
    println!("\n{kind}: {} webhooks", rows.len());
    for Row { file, of, outcomes } in &rows {
        println!("{file:<64} {of:<14} {}", outcomes.join(", "));
    }
    let aside = |row: &&Row| row.of == "unreadable" || row.outcomes.iter().any(|one| one.starts_with("quarantined"));
    let aside: BTreeSet<&str> = rows.iter().filter(aside).map(|row| row.file.as_str()).collect();
    assert_eq!(aside, unreadable.iter().map(|(file, _)| *file).collect(), "kept aside, and expected to be");
    rows
}
