//! Lists of the GraphQL API: asked for with a query, and answered with status 200 whatever went wrong.

use connector_domain::backfill::{Cursor, Disposition, FailCode, ProviderError};
use connector_domain::http::{Body, HttpRequest, HttpResponse, Method};
use connector_domain::transformed::Quarantined;
use connector_domain::{ProviderKind, Timestamp};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::github::errors;
use crate::github::paging::{Branches, TreePlace};
use crate::github::query::{self, List};
use crate::json::{self, NumericId};
use crate::{PageMeta, Scope, resource};

/// The request for a page; the first one where the cursor cannot be read.
pub(super) fn request(scope: &Scope<'_>, cursor: Option<&Cursor>) -> Option<HttpRequest> {
    let list = query::list(scope.entity)?;
    let (owner, name) = resource::pair(&scope.resource.name)?;
    let place = cursor.and_then(|cursor| TreePlace::read(cursor, list.depth())).unwrap_or_else(|| start(scope, list));
    let first = scope.page_size.clamp(1, list.most);
    let variables = match place.item() {
        Some(id) => json!({ "id": id, "after": place.after() }),
        None => json!({ "owner": owner, "name": name, "first": first, "after": place.after() }),
    };
    let body = json!({ "query": list.query(place.depth())?, "variables": variables });
    let body = Body::Json(body.to_string());
    let request = HttpRequest::with_body(ProviderKind::Github, Method::Post, "/graphql", body);
    Some(request.header("accept", "application/vnd.github+json"))
}

fn start(scope: &Scope<'_>, list: &List) -> TreePlace {
    TreePlace::start(scope.window.since, list.look_back)
}

/// Whether the response is a page, and where the next one starts.
pub(super) fn read(
    scope: &Scope<'_>,
    cursor: Option<&Cursor>,
    response: &HttpResponse,
    now: Timestamp,
) -> Result<PageMeta, ProviderError> {
    let unsupported = || errors::error(response, "there is no such list", Disposition::Fail(FailCode::UNSUPPORTED));
    let list = query::list(scope.entity).ok_or_else(unsupported)?;
    let place = match cursor {
        Some(cursor) => TreePlace::read(cursor, list.depth()).ok_or_else(|| errors::foreign_cursor(response))?,
        None => start(scope, list),
    };
    let page = match errors::graphql(response, cursor.is_some(), now) {
        // An item that is gone has no list any more.
        Err(error) if place.item().is_some() && error.disposition == Disposition::Fail(FailCode::NOT_FOUND) => None,
        Err(error) => return Err(error),
        Ok(()) => Some(page(scope, &place, response)?),
    };
    let (items, page) = page.unwrap_or_default();
    let (read, span) = (place.share(&page, scope.window), page.newest.zip(page.last));
    let next = place.next(page, list.moves);
    let too_long = || {
        let detail = "more items have long lists than can be kept in mind";
        errors::error(response, detail, Disposition::Fail(FailCode::LIST_LIMIT))
    };
    let meta = PageMeta::new(items, next.map(|place| place.write().ok_or_else(too_long)).transpose()?);
    Ok(PageMeta { span, ..meta.reaching(read) })
}

fn page(scope: &Scope<'_>, place: &TreePlace, response: &HttpResponse) -> Result<(u64, Branches), ProviderError> {
    let text = json::text(&response.body);
    let not_a_page = || errors::not_a_page(response);
    let connection = match data(&text).map_err(|_| not_a_page())? {
        Data { node: Some(node), .. } if place.item().is_some() => node.below().ok_or_else(not_a_page)?,
        Data { repository: Some(repository), .. } if place.item().is_none() => {
            if scope.resource.id.as_str().parse() != Ok(repository.id.0) {
                let gone = Disposition::Fail(FailCode::NOT_FOUND);
                return Err(errors::error(response, "another repository has the name", gone));
            }
            repository.list
        }
        // So may a token that sees no part of it be answered.
        _ => return Err(not_a_page()),
    };
    let info = connection.page_info;
    if info.has_next_page && info.end_cursor.is_none() {
        return Err(not_a_page());
    }
    let nodes: Vec<_> = connection.nodes.iter().filter_map(|node| Node::read(node)).collect();
    let matters = |node: &&Node| node.is_open && !node.at.is_some_and(|at| place.is_below_edge(at));
    let page = Branches {
        last: nodes.iter().rev().find_map(|node| node.at),
        newest: nodes.iter().filter_map(|node| node.at).max(),
        next: info.end_cursor.filter(|_| info.has_next_page),
        open: nodes.iter().filter(matters).filter_map(|node| node.id.clone()).collect(),
    };
    Ok((connection.nodes.len() as u64, page))
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    data: Option<Data<'a>>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    repository: Option<Repository<'a>>,
    #[serde(borrow)]
    node: Option<Raw<'a>>,
}

#[derive(Deserialize)]
struct Repository<'a> {
    id: NumericId,
    #[serde(borrow)]
    list: Connection<'a>,
}

/// An item whose list is read by itself.
#[derive(Deserialize)]
#[serde(transparent)]
struct Raw<'a>(#[serde(borrow)] &'a RawValue);

impl<'a> Raw<'a> {
    fn below(&self) -> Option<Connection<'a>> {
        #[derive(Deserialize)]
        struct Item<'a> {
            #[serde(borrow)]
            below: Connection<'a>,
        }
        serde_json::from_str::<Item<'a>>(self.0.get()).ok().map(|item| item.below)
    }
}

/// A page of a list, its items unread so that a bad one harms no other.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Connection<'a> {
    #[serde(borrow)]
    pub(super) nodes: Vec<&'a RawValue>,
    page_info: PageInfo,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

/// What the walk must know of an item.
struct Node {
    id: Option<String>,
    at: Option<Timestamp>,
    /// Whether a list in it goes on.
    is_open: bool,
}

impl Node {
    fn read(raw: &RawValue) -> Option<Self> {
        #[derive(Deserialize)]
        struct Item<'a> {
            node_id: Option<String>,
            at: Option<Timestamp>,
            #[serde(borrow)]
            below: Option<Connection<'a>>,
        }
        let item: Item<'_> = serde_json::from_str(raw.get()).ok()?;
        let open = |below: &Connection<'_>| {
            below.page_info.has_next_page
                || below.nodes.iter().filter_map(|node| Self::read(node)).any(|node| node.is_open)
        };
        Some(Self { id: item.node_id, at: item.at, is_open: item.below.as_ref().is_some_and(open) })
    }
}

/// The items of a page: those of the list, or the one whose own list is read.
pub(super) fn items(text: &str) -> Result<Vec<&RawValue>, Quarantined> {
    let Data { repository, node } = data(text)?;
    Ok(match (repository, node) {
        (Some(repository), _) => repository.list.nodes,
        (None, Some(node)) => vec![node.0],
        (None, None) => Vec::new(),
    })
}

fn data(text: &str) -> Result<Data<'_>, Quarantined> {
    let answer: Answer<'_> = json::parse(text.as_bytes())?;
    answer.data.ok_or_else(|| json::quarantined("", "missing field data"))
}
