//! What invokes a function: routes, queues and schedules.

use std::time::Duration;

use super::document::{Document, Node};
use super::{Guard, Mapping, Route, Schedule, Template, TemplateError};

/// Lambda's own defaults for a mapping.
const BATCH_SIZE: usize = 10;
/// Lambda starts with five invocations at once when the template sets no bound.
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html>
const CONCURRENCY: usize = 5;

/// Adds the events of a function.
pub(super) fn read(document: &Document, function: &Node<'_>, template: &mut Template) -> Result<(), TemplateError> {
    let events = function.get("Properties.Events");
    for (_, event) in events.iter().flat_map(Node::entries) {
        match event.kind()?.as_str() {
            "HttpApi" => template.routes.push(route(document, &event)?),
            "SQS" => template.mappings.push(mapping(&event)?),
            "ScheduleV2" => template.schedules.push(schedule(&event, "Properties.ScheduleExpression")?),
            "Schedule" => template.schedules.push(schedule(&event, "Properties.Schedule")?),
            _ => {
                return Err(event.require("Type")?.problem("must be HttpApi, SQS, Schedule or ScheduleV2 to run here"));
            }
        }
    }
    Ok(())
}

fn route(document: &Document, event: &Node<'_>) -> Result<Route, TemplateError> {
    let path = event.require("Properties.Path")?;
    let text = path.text()?;
    if !text.starts_with('/') {
        return Err(path.problem("must start with / to run here"));
    }
    Ok(Route {
        method: event.require("Properties.Method")?.text()?.to_ascii_uppercase(),
        path: text,
        function: event.name.to_owned(),
        guard: guard(document, event)?,
    })
}

/// The route's own authorizer, or the default of its API.
/// <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-controlling-access-to-apis.html>
fn guard(document: &Document, event: &Node<'_>) -> Result<Guard, TemplateError> {
    let Some(api) = event.get("Properties.ApiId") else { return Ok(Guard::Open) };
    let name = api.text()?;
    let api = document.resources().find(|resource| resource.name == name);
    let auth = api.and_then(|api| api.get("Properties.Auth"));
    let own = event.get("Properties.Auth.Authorizer");
    let Some(chosen) = own.or_else(|| auth.as_ref()?.get("DefaultAuthorizer")) else { return Ok(Guard::Open) };
    let name = chosen.text()?;
    if name == "NONE" {
        return Ok(Guard::Open);
    }
    let authorizer = auth.and_then(|auth| auth.get(&format!("Authorizers.{name}")));
    let authorizer = authorizer.ok_or_else(|| chosen.problem("must be an authorizer of the API, or NONE"))?;
    if let Some(function) = authorizer.get("FunctionArn") {
        return Ok(Guard::Function(function.text()?));
    }
    let audience = authorizer.require("JwtConfiguration.audience")?.items().first().map(Node::text);
    let audience = audience.unwrap_or_else(|| Err(authorizer.problem("must have an audience to run here")));
    Ok(Guard::Token { audience: audience? })
}

fn mapping(event: &Node<'_>) -> Result<Mapping, TemplateError> {
    let queue = event.require("Properties.Queue")?;
    let number = |path: &str, default| event.get(path).map_or(Ok(default), |node| at_least_one(&node));
    // Without it Lambda deletes every message of a batch, failed ones included.
    // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    let types = event.require("Properties.FunctionResponseTypes")?;
    let reports = types.items().iter().any(|item| item.text().is_ok_and(|text| text == "ReportBatchItemFailures"));
    if !reports {
        return Err(types.problem("must hold ReportBatchItemFailures, or failed messages would be lost"));
    }
    Ok(Mapping {
        queue: queue.text()?,
        function: event.name.to_owned(),
        batch_size: number("Properties.BatchSize", BATCH_SIZE)?,
        concurrency: number("Properties.ScalingConfig.MaximumConcurrency", CONCURRENCY)?,
    })
}

fn at_least_one(node: &Node<'_>) -> Result<usize, TemplateError> {
    match usize::try_from(node.number()?) {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(node.problem("must be 1 or more")),
    }
}

fn schedule(event: &Node<'_>, path: &str) -> Result<Schedule, TemplateError> {
    let expression = event.require(path)?;
    let text = expression.text()?;
    let every = rate(&text).ok_or_else(|| expression.problem("must be rate(...) to run here"))?;
    Ok(Schedule { function: event.name.to_owned(), every })
}

/// `rate(5 minutes)`. <https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#rate-based>
fn rate(text: &str) -> Option<Duration> {
    let (count, unit) = text.strip_prefix("rate(")?.strip_suffix(')')?.split_once(' ')?;
    let seconds = match unit {
        "minute" | "minutes" => 60,
        "hour" | "hours" => 3_600,
        "day" | "days" => 86_400,
        _ => return None,
    };
    let count: u32 = count.parse().ok().filter(|count| *count > 0)?;
    Some(Duration::from_secs(u64::from(count) * seconds))
}
