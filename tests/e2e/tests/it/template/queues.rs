//! Queues and what reads them.

use std::collections::BTreeSet;
use std::time::Duration;

use connector_domain::backfill::Limits;
use connector_domain::documents::SyncLimits;
use connector_domain::ports::{MAX_DELAY, MAX_WORK};
use serde_json::json;

use super::document::target;
use super::{binary, events, functions, template};

const DAY: u64 = 86_400;

#[test]
fn every_queue_ends_in_a_dead_letter_queue_that_keeps_longer() {
    let template = template();
    let queues = template.all("AWS::SQS::Queue");
    let dead: BTreeSet<String> =
        queues.values().filter_map(|q| q.get("RedrivePolicy")).map(|p| target(&p["deadLetterTargetArn"])).collect();
    for (name, queue) in &queues {
        assert_eq!(queue["SqsManagedSseEnabled"], true, "{name} is not encrypted");
        let for_others = name.starts_with("Notification");
        assert_eq!(queue.get("FifoQueue").is_some(), for_others, "{name}: we do not rely on order, others may");
        let retention = queue["MessageRetentionPeriod"].as_u64().unwrap();
        if dead.contains(*name) {
            assert_eq!(retention, 14 * DAY, "{name}");
            continue;
        }
        let policy = queue.get("RedrivePolicy").unwrap_or_else(|| panic!("{name} has no dead-letter queue"));
        // Throttles count as tries too: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
        assert!(policy["maxReceiveCount"].as_u64() >= Some(5), "{name} gives up too soon");
        assert!(
            retention < 14 * DAY,
            "{name}: a moved message keeps its age, so its dead-letter queue must keep longer"
        );
    }
}

#[test]
fn a_message_stays_hidden_for_six_timeouts_and_the_window() {
    let template = template();
    let mut consumed = BTreeSet::new();
    for (name, mapping) in events(&template, "SQS") {
        let queue = target(&mapping["Queue"]);
        let window = mapping.get("MaximumBatchingWindowInSeconds").map_or(0, |value| value.as_u64().unwrap());
        let timeout = functions(&template)[name]["Timeout"].as_u64().unwrap();
        let hidden = template.all("AWS::SQS::Queue")[queue.as_str()]["VisibilityTimeout"].as_u64().unwrap();
        assert!(hidden >= 6 * timeout + window, "{queue}: {hidden} s for {name}");
        assert!(consumed.insert(queue), "a queue has one consumer");
    }
    let queues = template.all("AWS::SQS::Queue");
    let ours = queues.keys().filter(|name| !name.starts_with("Notification"));
    assert_eq!(consumed.len() * 2, ours.count(), "a queue without a consumer");
}

#[test]
fn no_function_works_longer_than_others_wait_for_it() {
    for (name, function) in functions(&template()) {
        let timeout = function["Timeout"].as_u64().unwrap_or_else(|| panic!("{name} has no timeout of its own"));
        assert!(timeout <= MAX_WORK.as_secs(), "{name}: {timeout} s");
    }
    assert!(2 * MAX_WORK <= MAX_DELAY);
}

/// What has a step to itself for some time has ended by then.
#[test]
fn no_lease_ends_before_its_function() {
    let template = template();
    for (name, lease) in [("BackfillPage", Limits::default().lease), ("DocumentsSync", SyncLimits::default().lease)] {
        let timeout = functions(&template)[name]["Timeout"].as_u64().unwrap();
        assert!(Duration::from_secs(timeout) < lease, "{name}: {timeout} s");
    }
}

#[test]
fn every_mapping_reports_single_failures_and_is_bounded() {
    let template = template();
    for (name, mapping) in events(&template, "SQS") {
        assert_eq!(mapping["FunctionResponseTypes"], json!(["ReportBatchItemFailures"]), "{name}");
        let bound = mapping["ScalingConfig"]["MaximumConcurrency"].as_u64().unwrap();
        assert!((2..=1000).contains(&bound), "{name}: {bound}");
        assert!(mapping["BatchSize"].as_u64().is_some_and(|size| size <= 10), "{name}");
    }
}

#[test]
fn only_what_goes_on_by_itself_may_call_itself() {
    let template = template();
    let functions = functions(&template);
    let loops = functions.iter().filter(|(_, function)| function.get("RecursiveLoop").is_some());
    let mut found = BTreeSet::new();
    for (name, function) in loops {
        assert_eq!(function["RecursiveLoop"], "Allow", "{name}");
        found.insert(binary(&template, name));
    }
    assert_eq!(found, ["backfill-page", "documents-sync", "observation-capture"].into());
}

#[test]
fn a_redriven_message_still_finds_its_delivery() {
    let template = template();
    assert!(template.at("Parameters/DeliveryRetentionDays/MinValue").as_u64() > Some(14));
}
