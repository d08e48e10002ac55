//! The documentation of the API, made from the code. What is served is the committed file; a test holds that they are equal.

use connector_lambda::api::Answer;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

use crate::routes::{
    changes, connections, deliveries, documents, estimate, events, keys, link, memory, meta, observations, runs,
    settings, sources, start,
};

/// The committed document.
const DOCUMENT: &str = include_str!("../../../docs/openapi.json");

/// The document as it is served.
pub(crate) fn answer() -> Answer {
    let headers = vec![("content-type", "application/json".to_owned())];
    Answer { status: 200, headers, body: DOCUMENT.to_owned() }
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Memory Connectors", version = "1",
        description = "What a workspace sees of its connections, sources, runs, observations and deliveries, and what it \
                       may change of them.\n\nA person's token is a JWT with the claims `workspaces` and `scope`. A program \
                       sends a machine key, `mem_...`, to the same paths under `/machine`. Unknown things and those of other \
                       workspaces are the same 404. Lists are read in pages by `cursor`. A POST that starts work takes an \
                       `Idempotency-Key`. Errors are problem details (RFC 9457) with stable codes. The whole API takes 500 \
                       requests a second with bursts of 1,000; more are answered 429.",
    ),
    paths(
        meta::health, meta::document, meta::workspaces,
        connections::list, connections::get, connections::health, events::list, connections::disconnect,
        connections::resources,
        link::link, link::unlink,
        sources::list, sources::get, sources::change,
        runs::list, start::start, estimate::estimate, runs::get, runs::cancel, runs::pause, runs::resume, runs::retry, start::restart, start::prove,
        observations::list, observations::get, memory::related, memory::search, memory::actors, memory::clusters,
        documents::list, documents::get, documents::search, documents::sync, documents::start,
        deliveries::list, deliveries::replay_some, deliveries::get, deliveries::replay, deliveries::dead,
        changes::list, settings::get, settings::change,
        keys::list, keys::create, keys::revoke,
    ),
    components(schemas(crate::problem::Sent<'static>, crate::schema::Refused)),
    modifiers(&Bearer),
    security(("bearer" = [])),
    tags(
        (name = "meta", description = "About the API itself."),
        (name = "connections", description = "Authorised provider accounts, and what can be linked of them."),
        (name = "sources", description = "Linked resources, and what is wanted from each."),
        (name = "runs", description = "Requests for history."),
        (name = "observations", description = "Captured facts."),
        (name = "documents", description = "Files of linked repositories, and how far they are."),
        (name = "deliveries", description = "Raw deliveries, what became of them, and replay."),
        (name = "workspace", description = "Settings and the audit log."),
        (name = "keys", description = "Machine keys."),
    )
)]
struct Document;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        openapi.components.get_or_insert_default().add_security_scheme("bearer", scheme);
    }
}

/// The document, made anew.
///
/// # Errors
/// When it has no JSON form.
pub fn generate() -> Result<String, serde_json::Error> {
    Ok(Document::openapi().to_pretty_json()? + "\n")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::route::ROUTES;

    #[test]
    fn the_committed_document_is_the_code() {
        assert!(generate().unwrap() == DOCUMENT, "run `just openapi` and commit docs/openapi.json");
    }

    #[test]
    fn every_route_is_documented_and_nothing_else() {
        let document: serde_json::Value = serde_json::from_str(DOCUMENT).unwrap();
        assert_eq!(document["openapi"], "3.1.0");
        let documented: BTreeSet<_> = document["paths"]
            .as_object()
            .unwrap()
            .iter()
            .flat_map(|(path, methods)| {
                methods.as_object().unwrap().keys().map(move |method| (method.to_uppercase(), path.clone()))
            })
            .collect();
        let routed: BTreeSet<_> = ROUTES.iter().map(|route| (route.method.to_owned(), route.path.to_owned())).collect();
        assert_eq!(documented, routed);
    }
}
