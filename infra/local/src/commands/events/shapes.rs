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
    #[serde(skip_serializing_if = "str::is_empty")]
    body: &'static str,
    is_base64_encoded: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext {
    account_id: &'static str,
    api_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorizer: Option<Authorizer>,
    domain_name: &'static str,
    domain_prefix: &'static str,
    http: Http,
    request_id: &'static str,
    route_key: String,
    stage: &'static str,
    time: String,
    time_epoch: i64,
}

/// What a JWT authorizer says of a caller.
#[derive(Serialize)]
struct Authorizer {
    jwt: Jwt,
}

#[derive(Serialize)]
struct Jwt {
    claims: BTreeMap<&'static str, &'static str>,
    scopes: Option<()>,
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
        let mut all: BTreeMap<_, _> = headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        all.insert("content-length".to_owned(), body.len().to_string());
        all.insert("user-agent".to_owned(), SENDER.to_owned());
        let request_context = RequestContext::of("POST", path, format!("POST {path}"), SENDER, now);
        Self { headers: all, body, ..Self::of(path, request_context) }
    }

    /// A GET of a browser.
    pub(super) fn browser(path: &'static str, now: Timestamp) -> Self {
        let context = RequestContext::of("GET", path, format!("GET {path}"), BROWSER, now);
        let headers = [("host", DOMAIN), ("user-agent", BROWSER)];
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { headers, ..Self::of(path, context) }
    }

    /// A GET by a person of workspace `acme`.
    pub(super) fn get(route_key: &str, path: &'static str, now: Timestamp) -> Self {
        let claims = [("scope", "connectors:read"), ("sub", "ann"), ("workspaces", "[acme]")];
        let authorizer = Some(Authorizer { jwt: Jwt { claims: claims.into(), scopes: None } });
        let context = RequestContext::of("GET", path, route_key.to_owned(), CALLER, now);
        Self::of(path, RequestContext { authorizer, ..context })
    }

    fn of(path: &'static str, request_context: RequestContext) -> Self {
        Self {
            version: "2.0",
            route_key: request_context.route_key.clone(),
            raw_path: path,
            raw_query_string: "",
            headers: BTreeMap::from([("user-agent".to_owned(), CALLER.to_owned())]),
            request_context,
            body: "",
            is_base64_encoded: false,
        }
    }
}

const SENDER: &str = "a-provider/1.0";
const CALLER: &str = "a-client/1.0";
const BROWSER: &str = "a-browser/1.0";

impl RequestContext {
    fn of(method: &'static str, path: &'static str, route_key: String, agent: &'static str, now: Timestamp) -> Self {
        Self {
            account_id: ACCOUNT,
            api_id: "localapi",
            authorizer: None,
            domain_name: DOMAIN,
            domain_prefix: "localapi",
            http: Http { method, path, protocol: "HTTP/1.1", source_ip: "192.0.2.1", user_agent: agent },
            request_id: "local-request-1",
            route_key,
            stage: "$default",
            time: now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            time_epoch: now.as_millisecond(),
        }
    }
}

/// What API Gateway asks an authorizer of its own.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AuthorizerEvent {
    version: &'static str,
    r#type: &'static str,
    route_arn: String,
    identity_source: [&'static str; 1],
    route_key: &'static str,
    raw_path: String,
    headers: BTreeMap<&'static str, &'static str>,
    request_context: RequestContext,
}

impl AuthorizerEvent {
    /// A program asks for a path under `/machine`.
    pub(super) fn of(path: &'static str, authorization: &'static str, now: Timestamp) -> Self {
        let route_key = "ANY /machine/v1/{proxy+}";
        Self {
            version: "2.0",
            r#type: "REQUEST",
            route_arn: format!("arn:aws:execute-api:{REGION}:{ACCOUNT}:localapi/$default/GET/machine{path}"),
            identity_source: [authorization],
            route_key,
            raw_path: format!("/machine{path}"),
            headers: BTreeMap::from([("authorization", authorization)]),
            request_context: RequestContext::of("GET", path, route_key.to_owned(), CALLER, now),
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
