//! History: which list holds what, how its pages are asked for, and what they become.

use std::time::Duration;

use connector_domain::backfill::{Cursor, Disposition, EntityType, FailCode, ProviderError, Share, Window};
use connector_domain::connection::ResourceRef;
use connector_domain::http::{HttpRequest, HttpResponse};
use connector_domain::transformed::{IgnoreReason, Item, Quarantined, Transformed};
use connector_domain::{AccountId, ProviderKind, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::errors;
use super::facts::{deployment, project};
use super::paging::{Place, Seen, Stuck};
use super::payload::{Deployment, ListedProject, Millis};
use crate::{PageMeta, Scope, headers, json, page};

/// The list goes by creation, and what happened in the window can have been created before it. A build takes 45 minutes
/// at most, and waits for its turn before. <https://vercel.com/docs/limits#build-time-per-deployment>
const LOOK_BACK: Duration = Duration::from_secs(86_400);

/// Vercel answers a name that it does not know with everything there is.
const OTHER_PROJECT: IgnoreReason = IgnoreReason::fixed("other_project");

/// The request for a page. A cursor that cannot be read asks for the first page; [`read_page`] then restarts the list.
pub(super) fn page_request(scope: &Scope<'_>, cursor: Option<&Cursor>) -> Option<HttpRequest> {
    let project = project_id(scope.resource)?;
    let request = match scope.entity {
        EntityType::Deployment => {
            let place = cursor.and_then(Place::read).unwrap_or_else(|| start(scope));
            HttpRequest::get(ProviderKind::Vercel, "/v6/deployments")
                .query("projectId", project)
                .query("limit", place.limit.to_string())
                .query("since", edge(scope.window).to_string())
                .query("until", place.until.to_string())
        }
        // Of all projects of the account this run may read one.
        EntityType::Project => HttpRequest::get(ProviderKind::Vercel, format!("/v9/projects/{project}")),
        _ => return None,
    };
    // Without it Vercel answers for the user's own account. A user is nobody's team.
    Some(match team(scope.account) {
        Some(team) => request.query("teamId", team),
        None => request,
    })
}

pub(super) fn team(account: &AccountId) -> Option<&str> {
    Some(account.as_str()).filter(|id| id.starts_with("team_"))
}

/// The id of a project; `None` when it is not one of Vercel's.
fn project_id(resource: &ResourceRef) -> Option<&str> {
    let plain = |id: &&str| id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    Some(resource.id.as_str()).filter(plain)
}

fn start(scope: &Scope<'_>) -> Place {
    Place::start(scope.window.until, scope.page_size)
}

/// Where the walk may end, in milliseconds: nothing created before it can have happened in the window.
fn edge(window: Window) -> i64 {
    let since = window.since.checked_sub(LOOK_BACK).unwrap_or(Timestamp::MIN);
    since.max(Timestamp::UNIX_EPOCH).as_millisecond()
}

/// Whether the response is a page, and where the next one starts.
pub(super) fn read_page(
    scope: &Scope<'_>,
    cursor: Option<&Cursor>,
    response: &HttpResponse,
    now: Timestamp,
) -> Result<PageMeta, ProviderError> {
    errors::check(response, cursor.is_some(), now)?;
    let restart = || errors::error(response, "the cursor is not one of ours", Disposition::Restart);
    let meta = match (scope.entity, cursor) {
        (EntityType::Deployment, cursor) => {
            let place = match cursor {
                Some(cursor) => Place::read(cursor).ok_or_else(restart)?,
                None => start(scope),
            };
            next_place(scope, &place, response)?
        }
        (EntityType::Project, Some(_)) => return Err(restart()),
        (EntityType::Project, None) => {
            json::parse::<&RawValue>(&response.body).map_err(|_| errors::not_a_page(response))?;
            PageMeta::new(1, None)
        }
        _ => {
            let unsupported = Disposition::Fail(FailCode::UNSUPPORTED);
            return Err(errors::error(response, "Vercel has no such list", unsupported));
        }
    };
    Ok(PageMeta { rate: headers::rate(&response.headers), ..meta })
}

/// What a page says, and the cursor after it.
fn next_place(scope: &Scope<'_>, place: &Place, response: &HttpResponse) -> Result<PageMeta, ProviderError> {
    let text = json::text(&response.body);
    let page = Page::read(&text).map_err(|_| errors::not_a_page(response))?;
    let seen = Seen {
        items: page.deployments.len(),
        oldest: page.deployments.iter().filter_map(|item| created(item)).min(),
        next: page.pagination.next.map(|at| at.0.as_millisecond()),
    };
    let next = place.after(&seen, edge(scope.window), scope.page_size).map_err(|Stuck| {
        let detail = "more deployments share one moment than fit a page";
        errors::error(response, detail, Disposition::Fail(FailCode::CURSOR_LOOP))
    })?;
    let oldest = seen.oldest.and_then(|at| Timestamp::from_millisecond(at).ok());
    let read = oldest.map(|at| Share::back(scope.window, at));
    Ok(PageMeta::new(seen.items as u64, next.and_then(|place| place.write())).reaching(read))
}

/// A page of deployments, whose items are not read yet.
#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    deployments: Vec<&'a RawValue>,
    pagination: Pagination,
}

#[derive(Deserialize)]
struct Pagination {
    next: Option<Millis>,
}

impl<'a> Page<'a> {
    fn read(text: &'a str) -> Result<Self, Quarantined> {
        serde_json::from_str(text).map_err(|_| json::quarantined("", "the body is not a page of deployments"))
    }
}

/// When a deployment was created, in milliseconds.
fn created(item: &RawValue) -> Option<i64> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Created {
        created: Option<Millis>,
        created_at: Option<Millis>,
    }
    let item: Created = serde_json::from_str(item.get()).ok()?;
    item.created.or(item.created_at).map(|at| at.0.as_millisecond())
}

/// What a page became: one event per transition that its items prove, inside the window.
pub(super) fn transform_page(resource: &ResourceRef, entity: EntityType, window: Window, raw: &[u8]) -> Transformed {
    match entity {
        EntityType::Deployment => {
            let facts = |item: &[u8]| deployments(resource, window, item);
            page::transform(raw, |text| Ok(Page::read(text)?.deployments), facts)
        }
        EntityType::Project => {
            Transformed::Items(vec![created_project(resource, window, raw).unwrap_or_else(Item::Quarantined)])
        }
        _ => Transformed::Items(vec![Item::Quarantined(json::quarantined("", "Vercel has no such list"))]),
    }
}

/// The facts that one deployment proves.
fn deployments(resource: &ResourceRef, window: Window, raw: &[u8]) -> Result<Vec<Item>, Quarantined> {
    let mut listed: Deployment = json::parse(raw)?;
    if listed.project_id.as_ref().is_some_and(|id| id != resource.id.as_str()) {
        return Ok(vec![Item::Ignored(OTHER_PROJECT)]);
    }
    // A list leaves out what is null.
    listed.target.get_or_insert(None);
    let proven = deployment::proven(&listed)?.into_iter();
    proven.map(|(what, when)| Ok(page::inside(window, deployment::event(&listed, what, when)?))).collect()
}

fn created_project(resource: &ResourceRef, window: Window, raw: &[u8]) -> Result<Item, Quarantined> {
    let listed: ListedProject = json::parse(raw)?;
    if listed.id != resource.id.as_str() {
        return Ok(Item::Ignored(OTHER_PROJECT));
    }
    Ok(page::inside(window, project::created(&listed)?))
}

#[cfg(test)]
mod tests {
    use connector_domain::ResourceId;

    use super::*;

    fn resource(id: &str) -> ResourceRef {
        ResourceRef { id: ResourceId::parse(id).unwrap(), name: "shop".into() }
    }

    fn window() -> Window {
        Window { since: "2026-01-02T00:00:00Z".parse().unwrap(), until: "2026-02-01T00:00:00Z".parse().unwrap() }
    }

    fn asked(account: &str, entity: EntityType, resource: &ResourceRef) -> Option<HttpRequest> {
        let account = AccountId::parse(account).unwrap();
        page_request(&Scope { account: &account, resource, entity, window: window(), page_size: 500 }, None)
    }

    fn query(request: &HttpRequest) -> Vec<(&str, &str)> {
        request.query.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }

    #[test]
    fn a_team_is_always_named_and_a_user_never() {
        for entity in [EntityType::Deployment, EntityType::Project] {
            let of = |account| asked(account, entity, &resource("prj_1")).unwrap();
            assert!(query(&of("team_1")).contains(&("teamId", "team_1")));
            assert!(of("cstd1xKmLGVMed0z0f3SHlD2").query.iter().all(|(name, _)| *name != "teamId"));
        }
        assert_eq!(asked("team_1", EntityType::Project, &resource("prj_1")).unwrap().path, "/v9/projects/prj_1");
        for foreign in ["acme/shop", "..", "prj?x"] {
            assert_eq!(asked("team_1", EntityType::Project, &resource(foreign)), None, "{foreign}");
        }
        assert_eq!(asked("team_1", EntityType::Issue, &resource("prj_1")), None);
    }

    #[test]
    fn deployments_are_asked_for_from_before_the_window_to_its_end() {
        let request = asked("u", EntityType::Deployment, &resource("prj_1")).unwrap();
        assert_eq!(request.path, "/v6/deployments");
        assert_eq!(
            query(&request),
            [("projectId", "prj_1"), ("limit", "100"), ("since", "1767225600000"), ("until", "1769904000001")]
        );
    }

    #[test]
    fn a_deployment_of_another_project_is_left_out() {
        let page = br#"{"pagination":{"count":1,"next":null,"prev":null},"deployments":[
            {"uid":"dpl_1","name":"shop","projectId":"prj_2","created":1767700000000}]}"#;
        let transformed = transform_page(&resource("prj_1"), EntityType::Deployment, window(), page);
        assert_eq!(transformed, Transformed::Items(vec![Item::Ignored(OTHER_PROJECT)]));
        let project = br#"{"id":"prj_2","name":"blog","createdAt":1767700000000}"#;
        let transformed = transform_page(&resource("prj_1"), EntityType::Project, window(), project);
        assert_eq!(transformed, Transformed::Items(vec![Item::Ignored(OTHER_PROJECT)]));
    }

    #[test]
    fn a_deployment_begun_before_the_window_counts_with_what_happened_inside() {
        let page = br#"{"pagination":{"next":null},"deployments":[{"uid":"dpl_1","name":"shop","projectId":"prj_1",
            "created":1767311999000,"ready":1767312001000,"state":"ERROR"}]}"#;
        let Transformed::Items(items) = transform_page(&resource("prj_1"), EntityType::Deployment, window(), page)
        else {
            panic!()
        };
        assert_eq!(items[0], Item::Ignored(IgnoreReason::OUTSIDE_WINDOW));
        assert!(matches!(&items[1], Item::Event(event) if event.source_id.as_str() == "vercel:deployment:dpl_1:error"));
    }
}
