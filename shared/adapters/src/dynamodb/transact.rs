//! Writes of several rows that all happen or none.

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{ConditionCheck, Put, TransactWriteItem};
use connector_domain::ports::PortError;

use super::item::{Item, text};
use super::keys::{Key, Row};
use super::table::{Condition, MAX_TRIES, Table};
use crate::aws::port_error;

impl Table {
    /// A part of a transaction.
    pub(crate) fn transact_put(
        &self,
        operation: &'static str,
        item: Item,
        condition: Option<Condition<'_>>,
    ) -> Result<TransactWriteItem, PortError> {
        let mut put = Put::builder().table_name(&self.name).set_item(Some(item));
        if let Some(condition) = condition {
            put = put.condition_expression(condition.expression);
            let (names, values) = condition.parts();
            put = put.set_expression_attribute_names(names).set_expression_attribute_values(values);
        }
        let put = put.build().map_err(|error| PortError::permanent(operation, error))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// A part of a transaction that writes nothing: a condition on another row.
    pub(crate) fn transact_check(
        &self,
        operation: &'static str,
        row: &Row,
        condition: Condition<'_>,
    ) -> Result<TransactWriteItem, PortError> {
        let Key { pk, sk } = row.key();
        let check = ConditionCheck::builder().table_name(&self.name).key("PK", text(pk)).key("SK", text(sk));
        let check = check.condition_expression(condition.expression);
        let (names, values) = condition.parts();
        let check = check.set_expression_attribute_names(names).set_expression_attribute_values(values);
        let check = check.build().map_err(|error| PortError::permanent(operation, error))?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }

    /// Writes all or nothing; `false` when a condition did not hold. The SDK gives each call a token, by which DynamoDB
    /// knows a repeated one.
    pub(crate) async fn transact(
        &self,
        operation: &'static str,
        parts: Vec<TransactWriteItem>,
    ) -> Result<bool, PortError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let write = self.client.transact_write_items().set_transact_items(Some(parts.clone()));
            let Err(error) = write.send().await else { return Ok(true) };
            let Some(TransactWriteItemsError::TransactionCanceledException(canceled)) = error.as_service_error() else {
                return Err(port_error(operation, &error));
            };
            let codes: Vec<_> = canceled.cancellation_reasons().iter().filter_map(|reason| reason.code()).collect();
            match Cancel::of(&codes) {
                Cancel::Condition => return Ok(false),
                Cancel::Conflict if tries < MAX_TRIES => {}
                Cancel::Conflict | Cancel::Temporary => {
                    return Err(PortError::temporary(operation, "the transaction met another one, or a limit"));
                }
                Cancel::Permanent => return Err(port_error(operation, &error)),
            }
        }
    }
}

/// Why a transaction was cancelled, from the reasons of its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cancel {
    /// Conditions alone: an outcome.
    Condition,
    /// Another transaction was at it.
    Conflict,
    /// A limit.
    Temporary,
    /// The request itself is wrong.
    Permanent,
}

impl Cancel {
    /// What cannot get better outweighs what can, and what can get better leaves a condition undecided.
    fn of(codes: &[&str]) -> Self {
        let any = |wanted: &[&str]| codes.iter().any(|code| wanted.contains(code));
        if any(&["ValidationError", "ItemCollectionSizeLimitExceeded", "AccessDenied"]) {
            Self::Permanent
        } else if any(&["ThrottlingError", "ProvisionedThroughputExceeded"]) {
            Self::Temporary
        } else if any(&["TransactionConflict"]) {
            Self::Conflict
        } else if any(&["ConditionalCheckFailed"]) {
            Self::Condition
        } else {
            Self::Permanent
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_read_one_by_one() {
        for (codes, cancel) in [
            (&["ConditionalCheckFailed", "None"][..], Cancel::Condition),
            (&["None", "ConditionalCheckFailed"], Cancel::Condition),
            (&["ConditionalCheckFailed", "TransactionConflict"], Cancel::Conflict),
            (&["ThrottlingError", "ConditionalCheckFailed"], Cancel::Temporary),
            (&["TransactionConflict", "ProvisionedThroughputExceeded"], Cancel::Temporary),
            (&["ThrottlingError", "ValidationError"], Cancel::Permanent),
            (&["None", "None"], Cancel::Permanent),
            (&[], Cancel::Permanent),
        ] {
            assert_eq!(Cancel::of(codes), cancel, "{codes:?}");
        }
    }
}
