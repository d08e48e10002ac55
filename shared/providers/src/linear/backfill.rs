//! History: how the pages of Linear's lists are asked for, and what they become.
//! <https://linear.app/developers/pagination>

use std::collections::BTreeMap;

use connector_domain::backfill::{Cursor, Disposition, EntityType, FailCode, ProviderError, Window};
use connector_domain::http::{Body, HttpRequest, HttpResponse, Method};
use connector_domain::transformed::{Item, Quarantined, Transformed};
use connector_domain::{ProviderKind, Timestamp};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::facts::post::ProjectUpdate;
use super::facts::{self, Thing, Transition, issue};
use super::paging::{Place, Seen};
use super::payload::{Base, Comment, Cycle, Issue, PageInfo, Project};
use super::{errors, query};
use crate::json::parse;
use crate::{PageMeta, Scope, json, page};

/// The request for a page. A cursor that cannot be read asks for the first page; [`read_page`] then restarts the list.
pub(super) fn page_request(scope: &Scope<'_>, cursor: Option<&Cursor>) -> Option<HttpRequest> {
    let list = query::list(scope.entity)?;
    let place = cursor.and_then(Place::read).unwrap_or_else(|| Place::start(scope.window.since));
    let body = json!({
        "query": list.query,
        "variables": {
            "first": scope.page_size.clamp(1, list.max_page_size),
            "after": place.after,
            "filter": (list.filter)(scope.resource.id.as_str(), place.edge),
        },
    });
    Some(post(&body))
}

/// A query. <https://linear.app/developers/graphql>
pub(super) fn post(body: &serde_json::Value) -> HttpRequest {
    HttpRequest::with_body(ProviderKind::Linear, Method::Post, "/graphql", Body::Json(body.to_string()))
}

/// Whether the response is a page, and where the next one starts.
pub(super) fn read_page(
    scope: &Scope<'_>,
    cursor: Option<&Cursor>,
    response: &HttpResponse,
    now: Timestamp,
) -> Result<PageMeta, ProviderError> {
    let unsupported = || errors::error(response, "no such list", Disposition::Fail(FailCode::UNSUPPORTED));
    let list = query::list(scope.entity).ok_or_else(unsupported)?;
    errors::check(response, cursor.is_some(), now)?;
    let foreign = || errors::error(response, "the cursor is not one of ours", Disposition::Restart);
    let place = match cursor {
        Some(cursor) => Place::read(cursor).ok_or_else(foreign)?,
        None => Place::start(scope.window.since),
    };
    let text = json::text(&response.body);
    let connection = connection(&text, list.name).map_err(|_| errors::not_a_page(response))?;
    let info = connection.page_info;
    if info.has_next_page && info.end_cursor.is_none() {
        return Err(errors::not_a_page(response));
    }
    let seen = Seen {
        newest: connection.nodes.iter().filter_map(|node| updated_at(node)).max(),
        oldest: connection.nodes.iter().filter_map(|node| updated_at(node)).min(),
        next: info.end_cursor.filter(|_| info.has_next_page),
    };
    let too_long = || errors::error(response, "the cursor is too long", Disposition::Fail(FailCode::MALFORMED));
    let next = place.after(&seen).map(|place| place.write().ok_or_else(too_long)).transpose()?;
    let meta = PageMeta::new(connection.nodes.len() as u64, next).reaching(place.share(&seen, scope.window));
    Ok(PageMeta { span: seen.newest.zip(seen.oldest), rate: errors::rate(response), ..meta })
}

/// A page of a list, its items unread so that a bad one harms no other.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Connection<'a> {
    #[serde(borrow)]
    nodes: Vec<&'a RawValue>,
    page_info: PageInfo,
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    data: BTreeMap<String, &'a RawValue>,
    #[serde(borrow)]
    errors: Option<&'a RawValue>,
}

fn connection<'a>(text: &'a str, name: &str) -> Result<Connection<'a>, Quarantined> {
    let answer: Answer<'a> = parse(text.as_bytes())?;
    // Errors that can be read were answered before; one that cannot must not pass for none.
    if answer.errors.is_some_and(|errors| !matches!(errors.get(), "null" | "[]")) {
        return Err(json::quarantined("errors", "the answer is not whole"));
    }
    let list = answer.data.get(name).ok_or_else(|| json::quarantined("data", format!("missing field {name}")))?;
    parse(list.get().as_bytes()).map_err(|error| json::within("data", json::within(name, error)))
}

fn updated_at(node: &RawValue) -> Option<Timestamp> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Updated {
        updated_at: Timestamp,
    }
    serde_json::from_str::<Updated>(node.get()).ok().map(|node| node.updated_at)
}

/// What a page became: one event per transition that its items prove, inside the window.
pub(super) fn transform_page(entity: EntityType, window: Window, raw: &[u8]) -> Transformed {
    let name = query::list(entity).map_or("", |list| list.name);
    let facts = |raw: &[u8]| match entity {
        EntityType::Issue => issue(window, raw),
        EntityType::Comment => thing::<Comment>(window, raw),
        EntityType::Project => thing::<Project>(window, raw),
        EntityType::ProjectUpdate => thing::<ProjectUpdate>(window, raw),
        EntityType::Cycle => thing::<Cycle>(window, raw),
        _ => Err(json::quarantined("", "no such list")),
    };
    page::transform(raw, |text| Ok(connection(text, name)?.nodes), facts)
}

/// The facts that an item proves. A list knows who made a thing, and not who did the rest.
fn thing<T: Thing>(window: Window, raw: &[u8]) -> Result<Vec<Item>, Quarantined> {
    let base: Base = parse(raw)?;
    let thing: T = parse(raw)?;
    let events = facts::proven(&base)?.into_iter().filter_map(|(what, at)| {
        let actor = thing.author().filter(|_| what == Transition::Created).and_then(facts::actor);
        facts::event(&thing, &base, what, at, actor)
    });
    Ok(events.map(|event| page::inside(window, event)).collect())
}

/// The facts that an issue and its history prove.
fn issue(window: Window, raw: &[u8]) -> Result<Vec<Item>, Quarantined> {
    let base: Base = parse(raw)?;
    let mut issue: Issue = parse(raw)?;
    let history = issue.state_history.take();
    let (spans, more) = history.map_or((Vec::new(), false), |history| {
        (history.nodes, history.page_info.is_some_and(|info| info.has_next_page))
    });
    let now = issue.state.clone();
    let mut items = Vec::new();
    for (what, at, state) in issue::moves(facts::proven(&base)?, &spans) {
        issue.state = state.or_else(|| now.clone());
        let actor = issue.author().filter(|_| what == Transition::Created).and_then(facts::actor);
        items.extend(facts::event(&issue, &base, what, at, actor).map(|event| page::inside(window, event)));
    }
    if more {
        // Nobody moves an issue so often. If an automation does, it is told, and the issue's other facts are kept.
        items.push(Item::Quarantined(json::quarantined("stateHistory", "longer than one page")));
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use connector_domain::ResourceId;
    use connector_domain::connection::ResourceRef;
    use serde_json::Value;

    use super::*;

    fn body(entity: EntityType, page_size: u32) -> Value {
        let resource = ResourceRef { id: ResourceId::parse("7001").unwrap(), name: "ENG".into() };
        let since = "2026-01-01T00:00:00Z".parse().unwrap();
        let window = Window { since, until: "2026-02-01T00:00:00Z".parse().unwrap() };
        let request = page_request(
            &Scope {
                account: &connector_domain::AccountId::parse("5001").unwrap(),
                resource: &resource,
                entity,
                window,
                page_size,
            },
            None,
        )
        .unwrap();
        assert_eq!((request.method, request.path.as_str()), (Method::Post, "/graphql"));
        serde_json::from_slice(request.body.unwrap().expose()).unwrap()
    }

    #[test]
    fn every_list_is_that_of_the_team_and_goes_to_the_edge_of_the_window() {
        for entity in query::LISTS {
            let body = body(*entity, 0);
            let filter = body["variables"]["filter"].to_string();
            assert!(filter.contains(r#""id":{"eq":"7001"}"#), "{filter}");
            assert!(filter.contains(r#""updatedAt":{"gte":"2025-12-31T23:59:00Z"}"#), "{filter}");
            assert_eq!(body["variables"]["after"], Value::Null);
            assert_eq!(body["variables"]["first"], 1);
            assert!(body["query"].as_str().unwrap().contains("includeArchived: true, orderBy: updatedAt"));
        }
        assert_eq!(body(EntityType::Issue, 1_000)["variables"]["first"], 40);
        assert_eq!(body(EntityType::Cycle, 1_000)["variables"]["first"], 100);
    }

    #[test]
    fn a_page_with_errors_is_none() {
        let page =
            |errors: &str| format!(r#"{{"data":{{"cycles":{{"nodes":[],"pageInfo":{{}}}}}},"errors":{errors}}}"#);
        for none in ["null", "[]"] {
            assert!(connection(&page(none), "cycles").is_ok(), "{none}");
        }
        for some in [r#"[{"message":"\ud83d"}]"#, "{}", "7"] {
            assert!(connection(&page(some), "cycles").is_err(), "{some}");
        }
        assert!(connection(&page("null"), "issues").is_err());
    }

    #[test]
    fn a_cursor_that_cannot_be_kept_is_no_end_of_the_list() {
        let resource = ResourceRef { id: ResourceId::parse("7001").unwrap(), name: "ENG".into() };
        let account = connector_domain::AccountId::parse("5001").unwrap();
        let window = Window { since: Timestamp::UNIX_EPOCH, until: Timestamp::MAX };
        let scope = Scope { account: &account, resource: &resource, entity: EntityType::Cycle, window, page_size: 1 };
        let read = |end: &str| {
            let info = json!({ "hasNextPage": true, "endCursor": end });
            let body = json!({ "data": { "cycles": { "nodes": [], "pageInfo": info } } }).to_string();
            let response =
                HttpResponse { status: 200, headers: std::iter::empty::<(&str, &str)>().collect(), body: body.into() };
            read_page(&scope, None, &response, Timestamp::UNIX_EPOCH)
        };
        assert!(read("c").unwrap().next.is_some());
        let long = read(&"c".repeat(3_000)).unwrap_err();
        assert_eq!(long.disposition, Disposition::Fail(FailCode::MALFORMED));
    }

    #[test]
    fn a_history_that_is_longer_than_asked_for_is_told() {
        let window = Window { since: Timestamp::UNIX_EPOCH, until: Timestamp::MAX };
        let raw = br#"{"id":"i","createdAt":"2026-01-01T00:00:00Z","stateHistory":{"nodes":[],"pageInfo":{"hasNextPage":true}}}"#;
        let items = issue(window, raw).unwrap();
        assert!(matches!(&items[..], [Item::Event(_), Item::Quarantined(error)] if error.path == "stateHistory"));
    }
}
