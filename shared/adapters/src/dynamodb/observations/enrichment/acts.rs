//! Counts what accounts did. The count and the rows that prove it are one write: no fact counts twice, and none is lost.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use connector_domain::WorkspaceId;
use connector_domain::backfill::Place;
use connector_domain::enrich::{Account, Activity};
use connector_domain::ports::PortError;

use crate::dynamodb::item::{Item, keyed, number, text};
use crate::dynamodb::keys::{self, Key, Row};
use crate::dynamodb::table::{Condition, Table};

const OPERATION: &str = "count what an actor did";

pub(super) async fn note(
    table: &Table,
    workspace: &WorkspaceId,
    account: &Account,
    acts: &[Activity],
) -> Result<(), PortError> {
    // A transaction takes each row once.
    let acts: BTreeMap<_, _> = acts.iter().map(|act| (keys::occurred(act.at, &act.source_id), act)).collect();
    let all: Vec<&Activity> = acts.values().copied().collect();
    // Refused, some were counted before: then each is tried by itself.
    if !count(table, workspace, account, &all).await? && all.len() > 1 {
        for act in &all {
            count(table, workspace, account, &[act]).await?;
        }
    }
    match acts.last_key_value() {
        Some((place, latest)) => name(table, workspace, account, place, latest).await,
        None => Ok(()),
    }
}

/// Whether none of the facts was counted before, and all are now.
async fn count(
    table: &Table,
    workspace: &WorkspaceId,
    account: &Account,
    acts: &[&Activity],
) -> Result<bool, PortError> {
    let Some(last) = acts.last() else { return Ok(true) };
    let Key { pk, sk } = identity(workspace, account).key();
    let count = Update::builder()
        .table_name(&table.name)
        .key("PK", text(pk))
        .key("SK", text(sk))
        .expression_attribute_names("#name", "name")
        .expression_attribute_values(":provider", text(account.provider.as_str()))
        .expression_attribute_values(":id", text(&account.id))
        .expression_attribute_values(":name", text(&last.name))
        .expression_attribute_values(":at", text(last.at.to_string()))
        .expression_attribute_values(":more", number(acts.len()));
    let change = "SET provider = :provider, id = :id, #name = if_not_exists(#name, :name), \
        lastActiveAt = if_not_exists(lastActiveAt, :at) ADD observations :more";
    let mut emails: Vec<_> = acts.iter().filter_map(|act| act.email.clone()).collect();
    emails.sort_unstable();
    emails.dedup();
    let count = if emails.is_empty() {
        count.update_expression(change)
    } else {
        count
            .update_expression(format!("{change}, emails :emails"))
            .expression_attribute_values(":emails", AttributeValue::Ss(emails))
    };
    let count = count.build().map_err(|error| PortError::permanent(OPERATION, error))?;
    let mut parts = vec![TransactWriteItem::builder().update(count).build()];
    for act in acts {
        let place = Place { at: act.at, source_id: act.source_id.clone() };
        let acted = Row::Acted { workspace: workspace.clone(), account: account.clone(), place };
        parts.push(table.transact_put(OPERATION, keyed(Item::new(), acted.key()), Some(Condition::absent()))?);
    }
    table.transact(OPERATION, parts).await
}

/// Lets a fact say who the account is, unless a later one has.
async fn name(
    table: &Table,
    workspace: &WorkspaceId,
    account: &Account,
    place: &str,
    latest: &Activity,
) -> Result<(), PortError> {
    let mut change = "SET #name = :name, lastActiveAt = :at, latest = :latest".to_owned();
    let mut gone = Vec::new();
    let mut update = table
        .update(&identity(workspace, account))
        .condition_expression("attribute_not_exists(latest) OR latest <= :latest")
        .expression_attribute_names("#name", "name")
        .expression_attribute_values(":name", text(&latest.name))
        .expression_attribute_values(":at", text(latest.at.to_string()))
        .expression_attribute_values(":latest", text(place));
    for (attribute, value) in [("avatarUrl", &latest.avatar_url), ("login", &latest.login)] {
        match value {
            Some(value) => {
                change.push_str(&format!(", {attribute} = :{attribute}"));
                update = update.expression_attribute_values(format!(":{attribute}"), text(value));
            }
            None => gone.push(attribute),
        }
    }
    if !gone.is_empty() {
        change.push_str(&format!(" REMOVE {}", gone.join(", ")));
    }
    table.change(OPERATION, update.update_expression(change)).await?;
    Ok(())
}

fn identity(workspace: &WorkspaceId, account: &Account) -> Row {
    Row::Account { workspace: workspace.clone(), account: account.clone() }
}
