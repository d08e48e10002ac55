//! From an AWS SDK's error to ours: can asking again help?

use std::error::Error;

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::RequestId;
use connector_domain::ports::PortError;

/// Codes that mean "later" although they come with a 4xx status.
const TEMPORARY: [&str; 9] = [
    "ExpiredTokenException",
    "ProvisionedThroughputExceededException",
    "ReplicatedWriteConflictException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "ThrottledException",
    "ThrottlingException",
    "TransactionConflictException",
    "TransactionInProgressException",
];

/// What AWS said: its code, its text and its id of the request, to quote to its support.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub(crate) struct AwsError {
    text: String,
}

/// Sorts an error into the kinds of the ports.
pub(crate) fn port_error<E>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> PortError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let source = AwsError { text: text(error) };
    if is_temporary(error) { PortError::temporary(operation, source) } else { PortError::permanent(operation, source) }
}

fn is_temporary<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    match error {
        SdkError::ConstructionFailure(_) => false,
        SdkError::ServiceError(service) => {
            let status = service.raw().status();
            status.is_server_error()
                || status.as_u16() == 429
                || service.err().code().is_some_and(|code| TEMPORARY.contains(&code))
        }
        // Timeouts, broken connections, answers cut short, and what a later SDK may add.
        _ => true,
    }
}

/// Never a request or a response, which the SDK's own `Debug` would show.
fn text<E: ProvideErrorMetadata + Error + 'static>(error: &SdkError<E, HttpResponse>) -> String {
    let SdkError::ServiceError(service) = error else { return chain(error) };
    let meta = service.err().meta();
    let status = service.raw().status().as_u16();
    let code = meta.code().unwrap_or("no code");
    let message = connector_domain::text::cut(meta.message().unwrap_or("no message"), 500);
    let request = meta.request_id().unwrap_or("without id");
    format!("{code}: {message} (status {status}, request {request})")
}

fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
