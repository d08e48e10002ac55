//! What API Gateway does: finds the route of a request, checks who is calling, and hands the request to the function.

use std::sync::Arc;

use connector_api::{Api, Authorizer};
use connector_domain::Timestamp;
use connector_domain::http::{Headers, WebhookRequest};
use connector_domain::ports::Clock;
use connector_lambda::api::{Answer, ApiRequest, Caller};
use connector_lambda::http::Reply;
use connector_lambda::telemetry::chain;
use connector_oauth::OAuth;
use connector_webhook::Webhook;
use serde_json::json;
use tracing::error;

use super::deployment::{Deployment, Function};
use super::template::{self, Guard};
use super::{Issuer, Template, TemplateError};

/// The routes of a stack.
pub(super) struct Gateway {
    routes: Vec<Route>,
    issuer: Issuer,
    clock: Arc<dyn Clock>,
}

struct Route {
    method: String,
    path: Vec<String>,
    target: Target,
    guard: Door,
}

enum Target {
    Webhook(Webhook),
    OAuth(Arc<OAuth>),
    Api(Arc<Api>),
}

enum Door {
    Open,
    Token { audience: String },
    Authorizer(Authorizer),
}

impl Gateway {
    pub(super) fn new(
        template: &Template,
        deployment: &Deployment,
        issuer: Issuer,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, TemplateError> {
        let route = |route: &template::Route| {
            let problem = |text: &str| TemplateError::at(&route.function, text);
            Ok(Route {
                method: route.method.clone(),
                path: route.path.split('/').map(str::to_owned).collect(),
                target: match deployment.get(&route.function) {
                    Some(Function::Webhook(webhook)) => Target::Webhook(webhook.clone()),
                    Some(Function::OAuth(oauth)) => Target::OAuth(Arc::clone(oauth)),
                    Some(Function::Api(api)) => Target::Api(Arc::clone(api)),
                    _ => return Err(problem("it has a route and does not answer requests")),
                },
                guard: match &route.guard {
                    Guard::Open => Door::Open,
                    Guard::Token { audience } => Door::Token { audience: audience.clone() },
                    Guard::Function(name) => match deployment.get(name) {
                        Some(Function::Authorizer(authorizer)) => Door::Authorizer(authorizer.clone()),
                        _ => return Err(problem("its authorizer does not judge callers")),
                    },
                },
            })
        };
        Ok(Self { routes: template.routes.iter().map(route).collect::<Result<_, _>>()?, issuer, clock })
    }

    pub(super) const fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// The webhook behind a path and a method, or the answer when there is none.
    pub(super) fn webhook(&self, path: &str, method: &str) -> Result<&Webhook, Reply> {
        match &self.find(path, method).map_err(|missing| missing.reply())?.target {
            Target::Webhook(webhook) => Ok(webhook),
            Target::OAuth(_) | Target::Api(_) => {
                Err(Reply::problem(405, "method_not_allowed", "the path takes no webhooks"))
            }
        }
    }

    /// Answers a request. Who is calling is found out here, whatever the request says.
    pub(super) async fn answer(&self, request: ApiRequest) -> Answer {
        let route = match self.find(&request.path, &request.method) {
            Ok(route) => route,
            Err(missing) => {
                let mut answer = of_reply(&missing.reply());
                if let Missing::Method(others) = missing {
                    answer.headers.push(("allow", others.join(", ")));
                }
                return answer;
            }
        };
        let caller = match self.caller(&route.guard, &request.headers, self.clock.now()).await {
            Ok(caller) => caller,
            Err((status, message)) => return refusal(status, message),
        };
        let request = ApiRequest { caller, ..request };
        match &route.target {
            Target::Webhook(webhook) => {
                of_reply(&webhook.handle(WebhookRequest { headers: request.headers, body: request.body }).await)
            }
            Target::OAuth(oauth) => oauth.handle(request).await,
            Target::Api(api) => api.handle(request).await,
        }
    }

    async fn caller(&self, door: &Door, headers: &Headers, now: Timestamp) -> Result<Caller, (u16, &'static str)> {
        let header = headers.first("authorization").filter(|header| !header.is_empty());
        let unauthorized = (401, "Unauthorized");
        match door {
            Door::Open => Ok(Caller::Nobody),
            Door::Token { audience } => {
                let claims = header.and_then(|header| self.issuer.check(header, audience, now));
                claims.map(Caller::Token).ok_or(unauthorized)
            }
            // Without the header the authorizer is not even asked.
            Door::Authorizer(authorizer) => match authorizer.judge(Some(header.ok_or(unauthorized)?)).await {
                Ok(judged) if judged.is_authorized => {
                    let fields = judged.context.into_iter().map(|(name, value)| (name.to_owned(), value));
                    Ok(Caller::Machine(fields.collect()))
                }
                Ok(_) => Err((403, "Forbidden")),
                Err(error) => {
                    error!("the authorizer failed: {}", chain(&error));
                    Err((500, "Internal Server Error"))
                }
            },
        }
    }

    /// The most exact route: a literal part goes before a variable, a variable before the rest of a path, a method before
    /// any. <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html>
    fn find(&self, path: &str, method: &str) -> Result<&Route, Missing> {
        let parts: Vec<_> = path.split('/').collect();
        let mut here: Vec<_> =
            self.routes.iter().filter_map(|route| Some((fit(&route.path, &parts)?, route))).collect();
        if here.is_empty() {
            return Err(Missing::Path);
        }
        here.sort_by_key(|(fit, route)| (fit.clone(), route.method == "ANY"));
        if let Some((_, route)) = here.iter().find(|(_, route)| route.method == "ANY" || route.method == method) {
            return Ok(route);
        }
        let exact = here.iter().take_while(|(fit, _)| *fit == here[0].0);
        Err(Missing::Method(exact.map(|(_, route)| route.method.clone()).collect()))
    }
}

/// Why there is no route.
enum Missing {
    Path,
    /// The path takes these.
    Method(Vec<String>),
}

impl Missing {
    fn reply(&self) -> Reply {
        match self {
            Self::Path => Reply::problem(404, "not_found", "there is no such path"),
            Self::Method(_) => Reply::problem(405, "method_not_allowed", "the path takes other methods"),
        }
    }
}

/// How a path fits a route, the more exact the smaller; `None` when it does not.
fn fit(route: &[String], parts: &[&str]) -> Option<Vec<u8>> {
    let mut fit = Vec::with_capacity(route.len());
    for (n, known) in route.iter().enumerate() {
        let part = *parts.get(n)?;
        if known.starts_with('{') && known.ends_with("+}") {
            fit.push(2);
            return (!part.is_empty()).then_some(fit);
        }
        let variable = known.starts_with('{');
        if part.is_empty() && variable || !variable && known != part {
            return None;
        }
        fit.push(u8::from(variable));
    }
    (route.len() == parts.len()).then_some(fit)
}

fn of_reply(reply: &Reply) -> Answer {
    let headers = vec![("content-type", reply.content_type().to_owned())];
    Answer { status: reply.status, headers, body: reply.body.to_string() }
}

/// As API Gateway words it.
fn refusal(status: u16, message: &str) -> Answer {
    let mut headers = vec![("content-type", "application/json".to_owned())];
    if status == 401 {
        headers.push(("www-authenticate", "Bearer".to_owned()));
    }
    Answer { status, headers, body: json!({ "message": message }).to_string() }
}
