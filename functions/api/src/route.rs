//! Every route: the one table that dispatch, the documentation and the tests read. `template.yaml` names the same.

use connector_domain::access::Scope;

/// A route.
#[derive(Debug)]
pub struct Route {
    /// `GET`, `POST`, ...
    pub method: &'static str,
    /// The path with its variables in braces.
    pub path: &'static str,
    /// What the caller must be allowed; `None` where any verified caller is let in, or nobody is asked for.
    pub scope: Option<Scope>,
    /// Which function serves it.
    pub served: Served,
    pub(crate) operation: Operation,
}

/// Which function serves a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Served {
    /// The one that reads and writes rows, and can open no token.
    Rows,
    /// The one that asks providers.
    Live,
}

macro_rules! routes {
    ($($method:ident $path:literal, $scope:expr, $served:ident, $operation:ident;)*) => {
        /// What a route does.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Operation { $($operation,)* }

        /// All routes.
        pub const ROUTES: &[Route] = &[$(Route {
            method: stringify!($method), path: $path, scope: $scope, served: Served::$served,
            operation: Operation::$operation,
        },)*];
    };
}

const READ: Option<Scope> = Some(Scope::Read);
const WRITE: Option<Scope> = Some(Scope::Write);
const ADMIN: Option<Scope> = Some(Scope::Admin);

routes! {
    GET "/health", None, Rows, Health;
    GET "/openapi.json", None, Rows, OpenApi;
    GET "/v1/workspaces", None, Rows, Workspaces;
    GET "/v1/workspaces/{workspace}/connections", READ, Rows, ListConnections;
    GET "/v1/workspaces/{workspace}/connections/{connection}", READ, Rows, GetConnection;
    GET "/v1/workspaces/{workspace}/connections/{connection}/health", READ, Live, ConnectionHealth;
    GET "/v1/workspaces/{workspace}/connections/{connection}/events", READ, Rows, ListConnectionEvents;
    POST "/v1/workspaces/{workspace}/connections/{connection}/disconnect", ADMIN, Live, Disconnect;
    GET "/v1/workspaces/{workspace}/connections/{connection}/resources", READ, Live, ListResources;
    POST "/v1/workspaces/{workspace}/connections/{connection}/link", WRITE, Live, Link;
    POST "/v1/workspaces/{workspace}/connections/{connection}/unlink", WRITE, Rows, Unlink;
    GET "/v1/workspaces/{workspace}/sources", READ, Rows, ListSources;
    GET "/v1/workspaces/{workspace}/sources/{source}", READ, Rows, GetSource;
    PATCH "/v1/workspaces/{workspace}/sources/{source}", WRITE, Rows, ChangeSource;
    GET "/v1/workspaces/{workspace}/sources/{source}/documents", READ, Rows, GetDocumentSync;
    POST "/v1/workspaces/{workspace}/sources/{source}/documents/sync", WRITE, Rows, StartDocumentSync;
    GET "/v1/workspaces/{workspace}/documents", READ, Rows, ListDocuments;
    GET "/v1/workspaces/{workspace}/documents/search", READ, Rows, SearchDocuments;
    GET "/v1/workspaces/{workspace}/documents/{document}", READ, Rows, GetDocument;
    GET "/v1/workspaces/{workspace}/runs", READ, Rows, ListRuns;
    POST "/v1/workspaces/{workspace}/runs", WRITE, Rows, StartRun;
    POST "/v1/workspaces/{workspace}/runs/estimate", WRITE, Live, EstimateRun;
    GET "/v1/workspaces/{workspace}/runs/{run}", READ, Rows, GetRun;
    POST "/v1/workspaces/{workspace}/runs/{run}/cancel", WRITE, Rows, CancelRun;
    POST "/v1/workspaces/{workspace}/runs/{run}/pause", WRITE, Rows, PauseRun;
    POST "/v1/workspaces/{workspace}/runs/{run}/resume", WRITE, Rows, ResumeRun;
    POST "/v1/workspaces/{workspace}/runs/{run}/retry", WRITE, Rows, RetryRun;
    POST "/v1/workspaces/{workspace}/runs/{run}/prove", WRITE, Rows, ProveRun;
    POST "/v1/workspaces/{workspace}/runs/{run}/restart", WRITE, Rows, RestartRun;
    GET "/v1/workspaces/{workspace}/observations", READ, Rows, ListObservations;
    GET "/v1/workspaces/{workspace}/observations/{observation}", READ, Rows, GetObservation;
    GET "/v1/workspaces/{workspace}/observations/{observation}/related", READ, Rows, ListRelated;
    GET "/v1/workspaces/{workspace}/search", READ, Rows, Search;
    GET "/v1/workspaces/{workspace}/actors", READ, Rows, ListActors;
    GET "/v1/workspaces/{workspace}/clusters", READ, Rows, ListClusters;
    GET "/v1/workspaces/{workspace}/deliveries", READ, Rows, ListDeliveries;
    POST "/v1/workspaces/{workspace}/deliveries/replay", WRITE, Rows, ReplayDeliveries;
    GET "/v1/workspaces/{workspace}/deliveries/{delivery}", READ, Rows, GetDelivery;
    POST "/v1/workspaces/{workspace}/deliveries/{delivery}/replay", WRITE, Rows, ReplayDelivery;
    GET "/v1/workspaces/{workspace}/dead-letters", READ, Rows, ListDeadLetters;
    GET "/v1/workspaces/{workspace}/audit", READ, Rows, ListChanges;
    GET "/v1/workspaces/{workspace}/settings", READ, Rows, GetSettings;
    PATCH "/v1/workspaces/{workspace}/settings", WRITE, Rows, ChangeSettings;
    GET "/v1/workspaces/{workspace}/keys", ADMIN, Rows, ListKeys;
    POST "/v1/workspaces/{workspace}/keys", ADMIN, Rows, CreateKey;
    DELETE "/v1/workspaces/{workspace}/keys/{keyId}", ADMIN, Rows, RevokeKey;
}

/// Programs call the same routes under this prefix, behind an authorizer of their own.
pub const MACHINE_PREFIX: &str = "/machine";

/// The route of a request, with the variables of its path.
pub(crate) enum Matched {
    Route(&'static Route, Vec<(&'static str, String)>),
    OtherMethods(Vec<&'static str>),
    Nowhere,
}

/// Finds the route; one that says a part literally goes before one that has a variable there.
pub(crate) fn find(method: &str, path: &str) -> Matched {
    let path = path.strip_prefix(MACHINE_PREFIX).filter(|rest| rest.starts_with("/v1/")).unwrap_or(path);
    let parts: Vec<_> = path.split('/').collect();
    let mut here: Vec<_> = ROUTES.iter().filter_map(|route| Some((route, variables(route, &parts)?))).collect();
    here.sort_by_key(|(_, variables)| variables.len());
    let fewest = here.first().map(|(_, variables)| variables.len());
    here.retain(|(_, variables)| Some(variables.len()) == fewest);
    if here.is_empty() {
        return Matched::Nowhere;
    }
    let methods = here.iter().map(|(route, _)| route.method).collect();
    match here.into_iter().find(|(route, _)| route.method == method) {
        Some((route, variables)) => Matched::Route(route, variables),
        None => Matched::OtherMethods(methods),
    }
}

fn variables(route: &'static Route, parts: &[&str]) -> Option<Vec<(&'static str, String)>> {
    let template: Vec<_> = route.path.split('/').collect();
    if template.len() != parts.len() {
        return None;
    }
    let mut variables = Vec::new();
    for (known, part) in template.into_iter().zip(parts) {
        match known.strip_prefix('{').and_then(|known| known.strip_suffix('}')) {
            Some(name) if !part.is_empty() => variables.push((name, decode(part)?)),
            None if known == *part => {}
            Some(_) | None => return None,
        }
    }
    Some(variables)
}

/// Undoes percent-encoding; `None` where what comes out is not text.
fn decode(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        let value = digit(rest.next())? * 16 + digit(rest.next())?;
        bytes.push(u8::try_from(value).ok()?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(method: &str, path: &str) -> Option<(Operation, Vec<String>)> {
        match find(method, path) {
            Matched::Route(route, variables) => {
                Some((route.operation, variables.into_iter().map(|(_, value)| value).collect()))
            }
            Matched::OtherMethods(_) | Matched::Nowhere => None,
        }
    }

    #[test]
    fn literal_parts_go_first_and_variables_are_decoded() {
        let w = "/v1/workspaces/a%20b";
        assert_eq!(
            found("POST", &format!("{w}/deliveries/replay")),
            Some((Operation::ReplayDeliveries, vec!["a b".into()]))
        );
        let (operation, variables) = found("POST", &format!("{w}/deliveries/replay/replay")).unwrap();
        assert_eq!((operation, variables[1].as_str()), (Operation::ReplayDelivery, "replay"));
        let (_, variables) = found("GET", &format!("{w}/sources/github%3A7%2F%C3%A9")).unwrap();
        assert_eq!(variables[1], "github:7/\u{e9}");
        assert_eq!(found("GET", &format!("/machine{w}/runs")), found("GET", &format!("{w}/runs")));
        assert_eq!(found("GET", "/machine/health"), None, "only what has a version is for programs");
    }

    #[test]
    fn other_paths_and_methods_are_told_apart() {
        for path in [
            "",
            "/",
            "/v1",
            "/v1/workspaces/",
            "/v1/workspaces//runs",
            "/v1/workspaces/a/runs/",
            "/v1/workspaces/%f/runs",
            "/v1/workspaces/%ff/runs",
        ] {
            assert!(matches!(find("GET", path), Matched::Nowhere), "{path}");
        }
        let Matched::OtherMethods(methods) = find("DELETE", "/v1/workspaces/a/runs") else { panic!() };
        assert_eq!(methods, ["GET", "POST"]);
    }
}
