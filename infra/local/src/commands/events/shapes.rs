//! What AWS hands to a function, as far as functions and `sam local invoke` look at it. Fields stand in a fixed order.

use std::collections::BTreeMap;

use connector_domain::Timestamp;
use connector_domain::http::Headers;
use serde::Serialize;

const REGION: &str = "us-east-1";
const ACCOUNT: &str = "123456789012";
const STACK: &str = "memory-connectors";
const DOMAIN: &str = "localapi.execute-api.us-east-1.amazonaws.com";

/// A request to an HTTP API, payload format 2.0.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HttpEvent {
    version: &'static str,
    route_key: String,
    raw_path: &'static str,
    raw_query_string: &'static str,
    headers: BTreeMap<String, String>,
    request_context: RequestContext,
    body: &'static str,
    is_base64_encoded: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext {
    account_id: &'static str,
    api_id: &'static str,
    domain_name: &'static str,
    domain_prefix: &'static str,
    http: Http,
    request_id: &'static str,
    route_key: String,
    stage: &'static str,
    time: String,
    time_epoch: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Http {
    method: &'static str,
    path: &'static str,
    protocol: &'static str,
    source_ip: &'static str,
    user_agent: &'static str,
}

impl HttpEvent {
    /// A POST of a provider with these headers.
    pub(super) fn post(path: &'static str, headers: &Headers, body: &'static str, now: Timestamp) -> Self {
        Self::of("POST", path, headers, body, "a-provider/1.0", now)
    }

    /// A GET of a browser.
    pub(super) fn get(path: &'static str, now: Timestamp) -> Self {
        let headers = [("host", DOMAIN)].into_iter().collect();
        Self::of("GET", path, &headers, "", "a-browser/1.0", now)
    }

    fn of(
        method: &'static str,
        path: &'static str,
        headers: &Headers,
        body: &'static str,
        user_agent: &'static str,
        now: Timestamp,
    ) -> Self {
        let mut all: BTreeMap<_, _> = headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        all.insert("content-length".to_owned(), body.len().to_string());
        all.insert("user-agent".to_owned(), user_agent.to_owned());
        Self {
            version: "2.0",
            route_key: format!("{method} {path}"),
            raw_path: path,
            raw_query_string: "",
            headers: all,
            request_context: RequestContext {
                account_id: ACCOUNT,
                api_id: "localapi",
                domain_name: DOMAIN,
                domain_prefix: "localapi",
                http: Http { method, path, protocol: "HTTP/1.1", source_ip: "192.0.2.1", user_agent },
                request_id: "local-request-1",
                route_key: format!("{method} {path}"),
                stage: "$default",
                time: now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
                time_epoch: now.as_millisecond(),
            },
            body,
            is_base64_encoded: false,
        }
    }
}

/// A batch of one message. <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>
#[derive(Serialize)]
pub(super) struct QueueEvent {
    #[serde(rename = "Records")]
    records: [Record; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    message_id: &'static str,
    receipt_handle: &'static str,
    body: String,
    attributes: Attributes,
    message_attributes: BTreeMap<String, String>,
    event_source: &'static str,
    #[serde(rename = "eventSourceARN")]
    event_source_arn: String,
    aws_region: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Attributes {
    approximate_first_receive_timestamp: String,
    approximate_receive_count: &'static str,
    sender_id: &'static str,
    sent_timestamp: String,
}

impl QueueEvent {
    /// A message of a queue of the template.
    pub(super) fn of(queue: &str, body: &str, now: Timestamp) -> Self {
        let time = now.as_millisecond().to_string();
        Self {
            records: [Record {
                message_id: "059f36b4-87a3-44ab-83d2-661975830a7d",
                receipt_handle: "local-receipt-1",
                body: body.to_owned(),
                attributes: Attributes {
                    approximate_first_receive_timestamp: time.clone(),
                    approximate_receive_count: "1",
                    sender_id: ACCOUNT,
                    sent_timestamp: time,
                },
                message_attributes: BTreeMap::new(),
                event_source: "aws:sqs",
                event_source_arn: format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{STACK}-{queue}"),
                aws_region: REGION,
            }],
        }
    }
}

/// What EventBridge Scheduler sends to a target without an input of its own.
/// <https://docs.aws.amazon.com/lambda/latest/dg/with-eventbridge-scheduler.html>
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct ScheduleEvent {
    version: &'static str,
    id: &'static str,
    detail_type: &'static str,
    source: &'static str,
    account: &'static str,
    time: Timestamp,
    region: &'static str,
    resources: [String; 1],
    detail: &'static str,
}

impl ScheduleEvent {
    /// A tick of a schedule of the template.
    pub(super) fn of(schedule: &str, now: Timestamp) -> Self {
        Self {
            version: "0",
            id: "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
            detail_type: "Scheduled Event",
            source: "aws.scheduler",
            account: ACCOUNT,
            time: now,
            region: REGION,
            resources: [format!("arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/{STACK}-{schedule}")],
            detail: "{}",
        }
    }
}
