//! Functions.

use std::collections::BTreeMap;
use std::time::Duration;

use super::document::{Document, Node};
use super::{Function, TemplateError};

/// What Lambda gives a function that asks for nothing.
const TIMEOUT: u32 = 3;

pub(super) fn read(document: &Document, resource: &Node<'_>) -> Result<Function, TemplateError> {
    let globals = document.globals(resource.name);
    let own = resource.get("Properties");
    let mut settings = BTreeMap::new();
    // The function's own settings come last and win.
    for properties in globals.iter().chain(&own) {
        let variables = properties.get("Environment.Variables");
        for (name, value) in variables.iter().flat_map(Node::entries) {
            settings.insert(name.to_owned(), value.text()?);
        }
    }
    let timeout = [own, globals].into_iter().flatten().find_map(|properties| properties.get("Timeout"));
    Ok(Function {
        binary: resource.require("Metadata.BuildProperties.Binary")?.text()?,
        timeout: Duration::from_secs(timeout.map_or(Ok(TIMEOUT), |timeout| timeout.number())?.into()),
        settings,
    })
}
