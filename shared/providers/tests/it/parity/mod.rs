//! Compares a provider's transform with what an earlier system of this kind made of the same webhooks.
//!
//! A provider feeds it with rules: each difference has a name, and is checked for what must stand there instead.
//! Any other one fails the test. `docs/parity.md` lists them all.

mod outcomes;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use connector_domain::delivery::Origin;
use connector_domain::transformed::Transformed;
use connector_domain::{ProviderKind, SourceEvent, Timestamp};
use connector_providers::provider;
use serde_json::Value;

use crate::support::{events, files, outside, webhook};

pub(crate) use outcomes::every_webhook;

/// Same as before.
pub(crate) const EQUAL: &str = "equal";

/// The names of the differences in a field; `None` when one of them has no name.
pub(crate) type Names = Option<BTreeSet<&'static str>>;

/// One name, where what it demands is so.
pub(crate) fn named(right: bool, name: &'static str) -> Names {
    right.then(|| BTreeSet::from([name]))
}

/// What a vector became as a whole.
pub(crate) enum Whole {
    /// The same fact, to be compared.
    Same,
    /// Several facts; the one of the same type is compared.
    Several(&'static str),
    /// Nothing to compare, for this reason.
    Differs(&'static str),
    /// It should have become something else.
    Unexpected,
}

/// How a provider's facts may differ.
pub(crate) trait Rules {
    /// Whose.
    const PROVIDER: ProviderKind;
    /// There must be so many, or more.
    const VECTORS: usize;
    /// A vector, as its payload tells it.
    type Told<'a>;

    /// The name of the event in the header.
    fn event(vector: &Value) -> &str {
        vector["event"].as_str().unwrap()
    }

    /// Judges the number of facts.
    fn whole(vector: &Value, facts: &[&SourceEvent], transformed: &Transformed) -> Whole;

    /// What happened, told by the payload itself.
    fn told<'a>(vector: &'a Value, fact: &SourceEvent) -> Self::Told<'a>;

    /// The names of the differences in a field that is not equal.
    fn differences(field: &str, was: &Value, is: &Value, told: &Self::Told<'_>) -> Names;
}

/// Compares every vector of a provider, prints how often each field is equal or differs by which name, and fails when a
/// difference has none.
pub(crate) fn compare<R: Rules>() {
    let Some(root) = outside() else { return };
    let folders =
        ["vectors".to_owned(), "vectors/synthetic".to_owned()].map(|at| root.join(at).join(R::PROVIDER.as_str()));
    let paths: Vec<_> = folders.iter().filter(|folder| folder.is_dir()).flat_map(|folder| files(folder)).collect();
    let mut report = Report::default();
    for path in &paths {
        report.compare::<R>(path);
    }
    println!("\n{}: {} vectors", R::PROVIDER, paths.len());
    for ((field, name), count) in &report.table {
        println!("{count:>5}  {field:<30} {name}");
    }
    println!("{:>5}  unexpected", report.unexpected.len());
    assert!(paths.len() >= R::VECTORS);
    assert!(report.unexpected.is_empty(), "{}", report.unexpected.join("\n"));
}

#[derive(Default)]
struct Report {
    table: BTreeMap<(String, &'static str), usize>,
    unexpected: Vec<String>,
}

impl Report {
    fn compare<R: Rules>(&mut self, path: &Path) {
        let Ok(vector) = serde_json::from_slice::<Value>(&fs::read(path).unwrap()) else {
            return self.count("(whole)", "it cut a character in half, which is no text here");
        };
        let name = format!("{}/{}", vector["event"].as_str().unwrap(), path.file_stem().unwrap().display());
        let mut delivery = webhook(R::PROVIDER, R::event(&vector), &serde_json::to_vec(&vector["payload"]).unwrap());
        if let Origin::Webhook { transport_id, .. } = &mut delivery.origin {
            *transport_id = vector["context"]["deliveryId"].as_str().map(str::to_owned);
        }
        let transformed = provider(R::PROVIDER).unwrap().transform(&delivery);
        let facts = events(&transformed);
        match R::whole(&vector, &facts, &transformed) {
            Whole::Same => {}
            Whole::Several(why) => self.count("(whole)", why),
            Whole::Differs(why) => return self.count("(whole)", why),
            Whole::Unexpected => {
                let became = crate::support::outcomes(&transformed);
                return self.unexpected.push(format!("{name}: {became:?}"));
            }
        }
        let expected = &vector["expected"];
        let same = facts.iter().find(|fact| fact.source_type.name() == expected["sourceType"]).or(facts.first());
        let Some(fact) = same else { return self.unexpected.push(format!("{name}: no fact to compare")) };
        let told = R::told(&vector, fact);
        let (was, is) = (fields(expected), fields(&serde_json::to_value(fact).unwrap()));
        for field in was.keys().chain(is.keys()).collect::<BTreeSet<_>>() {
            let (was, is) = (was.get(field).unwrap_or(&Value::Null), is.get(field).unwrap_or(&Value::Null));
            match if was == is { named(true, EQUAL) } else { R::differences(field, was, is, &told) } {
                Some(names) => names.into_iter().for_each(|name| self.count(field, name)),
                None => self.unexpected.push(format!("{name}: {field}\n  was {was}\n  is  {is}")),
            }
        }
    }

    fn count(&mut self, field: &str, name: &'static str) {
        *self.table.entry((field.to_owned(), name)).or_default() += 1;
    }
}

/// The fields of an event, with metadata apart.
fn fields(event: &Value) -> BTreeMap<String, Value> {
    let mut fields: BTreeMap<String, Value> = event.as_object().unwrap().clone().into_iter().collect();
    if let Some(Value::Object(metadata)) = fields.remove("metadata") {
        fields.extend(metadata.into_iter().map(|(name, value)| (format!("metadata.{name}"), value)));
    }
    fields
}

/// A moment that is written as text.
pub(crate) fn moment(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}
