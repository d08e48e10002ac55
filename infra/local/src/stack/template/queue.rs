//! Queues.

use std::time::Duration;

use super::document::Node;
use super::{DeadLetters, QueueSpec, TemplateError};

/// SQS's own default.
const VISIBILITY: u32 = 30;

pub(super) fn read(resource: &Node<'_>) -> Result<QueueSpec, TemplateError> {
    let seconds = |path: &str, default| {
        let seconds = resource.get(path).map_or(Ok(default), |node| node.number())?;
        Ok::<_, TemplateError>(Duration::from_secs(seconds.into()))
    };
    let dead_letters = resource.get("Properties.RedrivePolicy").map(|policy| {
        let max_receives = policy.require("maxReceiveCount")?;
        if max_receives.number()? == 0 {
            return Err(max_receives.problem("must be 1 or more"));
        }
        Ok(DeadLetters { queue: policy.require("deadLetterTargetArn")?.text()?, max_receives: max_receives.number()? })
    });
    Ok(QueueSpec {
        visibility: seconds("Properties.VisibilityTimeout", VISIBILITY)?,
        delay: seconds("Properties.DelaySeconds", 0)?,
        dead_letters: dead_letters.transpose()?,
    })
}
