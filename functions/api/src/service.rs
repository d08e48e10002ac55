//! The story of one request: which route, who, which workspace, what it needs, and then its handler.

use connector_lambda::api::{Answer, ApiRequest};

use crate::access::{Stores, lacking};
use crate::context::Context;
use crate::ports::ApiPorts;
use crate::principal::Principal;
use crate::problem::{Code, Problem};
use crate::route::{Matched, Operation, Route, find};
use crate::routes;

/// The management API.
pub struct Api {
    stores: Stores,
}

impl Api {
    /// The API over its ports.
    #[must_use]
    pub const fn new(ports: ApiPorts) -> Self {
        Self { stores: Stores::new(ports) }
    }

    /// Answers a request.
    pub async fn handle(&self, request: ApiRequest) -> Answer {
        self.answer(&request).await.unwrap_or_else(Problem::answer)
    }

    async fn answer(&self, request: &ApiRequest) -> Result<Answer, Problem> {
        let (route, variables) = match find(&request.method, &request.path) {
            Matched::Route(route, variables) => (route, variables),
            Matched::OtherMethods(methods) => {
                return Err(Problem::new(Code::MethodNotAllowed).header("allow", methods.join(", ")));
            }
            Matched::Nowhere => return Err(Problem::new(Code::NotFound)),
        };
        if route.operation == Operation::Health {
            return routes::meta::health(request);
        }
        // API Gateway lets nobody else through; this holds where it is set up wrongly.
        let principal = Principal::of(&request.caller)
            .ok_or(Problem::new(Code::Unauthenticated).header("www-authenticate", "Bearer"))?;
        match route.operation {
            Operation::OpenApi => return routes::meta::document(request),
            Operation::Workspaces => return routes::meta::workspaces(request, &principal),
            _ => {}
        }
        let context = self.enter(route, request, &principal, variables)?;
        routes::handle(&context).await
    }

    /// A workspace that the caller may not enter is not told apart from one that is not there.
    fn enter<'a>(
        &'a self,
        route: &'static Route,
        request: &'a ApiRequest,
        principal: &'a Principal,
        variables: Vec<(&'static str, String)>,
    ) -> Result<Context<'a>, Problem> {
        let workspace = variables.iter().find(|(name, _)| *name == "workspace");
        let access = workspace.and_then(|(_, workspace)| self.stores.enter(principal, workspace));
        let access = access.ok_or(Problem::new(Code::NotFound))?;
        match route.scope {
            Some(scope) if !principal.may(scope) => Err(lacking(scope)),
            Some(_) | None => Ok(Context { route, request, variables, access }),
        }
    }
}
