//! How far an observation's enrichment is, in attributes of its row.

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use connector_domain::Timestamp;
use connector_domain::enrich::{Advance, Enrichment, Step};

use crate::dynamodb::item::{FAILED, Item, get_number, number};

pub(super) fn read(item: &Item) -> Enrichment {
    let set = |name: &str| item.get(name).and_then(|names| names.as_ss().ok()).into_iter().flatten();
    let failed = |step: Step| Some((step, get_number(item, &attribute(step)).filter(|times| *times > 0)?));
    Enrichment {
        done: set("enriched").filter_map(|name| Step::find(name)).collect(),
        attempts: get_number(item, "enrichAttempts").unwrap_or(0),
        due_at: get_number(item, "dueAt").and_then(|at| Timestamp::from_millisecond(at).ok()),
        fell_back: set("fellBack").filter_map(|one| fell_back(one)).collect(),
        failed: Step::ALL.into_iter().filter_map(failed).collect(),
        conflicts: super::conflicts(item),
    }
}

/// Everything is added, so that two workers at once lose nothing.
pub(super) fn update(mut update: UpdateItemFluentBuilder, advance: &Advance) -> UpdateItemFluentBuilder {
    let mut adds = Vec::new();
    if !advance.done.is_empty() {
        adds.push("enriched :done".to_owned());
        let names = advance.done.iter().map(|step| step.as_str().to_owned()).collect();
        update = update.expression_attribute_values(":done", AttributeValue::Ss(names));
    }
    if !advance.fell_back.is_empty() {
        adds.push("fellBack :fellBack".to_owned());
        let all = advance.fell_back.iter().map(|(step, code)| format!("{}:{code}", step.as_str())).collect();
        update = update.expression_attribute_values(":fellBack", AttributeValue::Ss(all));
    }
    for step in &advance.failed {
        adds.push(format!("{} :one", attribute(*step)));
        update = update.expression_attribute_values(":one", number(1));
    }
    let add = if adds.is_empty() { String::new() } else { format!("ADD {} ", adds.join(", ")) };
    let remove = if advance.complete { "REMOVE dueShard, dueAt" } else { "" };
    update.update_expression(format!("{add}{remove}")).condition_expression("attribute_exists(PK)")
}

fn attribute(failed: Step) -> String {
    format!("{FAILED}{}", failed.as_str())
}

fn fell_back(text: &str) -> Option<(Step, String)> {
    let (step, code) = text.split_once(':')?;
    Some((Step::find(step)?, code.to_owned()))
}
