//! What a handler is given, and what it answers with.

use connector_domain::ports::{Page, Paging};
use connector_lambda::api::{Answer, ApiRequest};
use serde::Serialize;

use crate::access::Access;
use crate::cursor::List;
use crate::input::{Query, wrong};
use crate::problem::{Code, Problem};
use crate::route::Route;
use crate::schema::PageOf;

/// A request that may enter its workspace, on its route.
pub(crate) struct Context<'a> {
    pub(crate) route: &'static Route,
    pub(crate) request: &'a ApiRequest,
    /// The variables of the path, decoded.
    pub(crate) variables: Vec<(&'static str, String)>,
    pub(crate) access: Access<'a>,
}

/// Rows of a page when the caller does not say, and most.
const USUAL: usize = 20;
const MOST: usize = 100;

impl Context<'_> {
    /// A variable of the path. One that the route does not have is nowhere.
    pub(crate) fn variable(&self, name: &str) -> Result<&str, Problem> {
        let found = self.variables.iter().find(|(variable, _)| *variable == name);
        found.map(|(_, value)| value.as_str()).ok_or(Problem::new(Code::NotFound))
    }

    /// The parameters that the route knows.
    pub(crate) fn query(&self, known: &[&str]) -> Result<Query, Problem> {
        Query::read(self.request, known)
    }

    /// Which page of the list is asked for.
    pub(crate) fn paging(&self, query: &Query) -> Result<(List, Paging), Problem> {
        let limit: Option<usize> = query.value("limit", "a number from 1 to 100")?;
        let limit = limit.unwrap_or(USUAL);
        if !(1..=MOST).contains(&limit) {
            return Err(wrong("limit", "a number from 1 to 100"));
        }
        let path = self.variables.iter().map(|(name, value)| (*name, value.as_str()));
        let list = List::of(self.route.path, self.access.workspace().as_str(), query.filters().chain(path));
        let after = query.text("cursor").map(|cursor| list.place(cursor)).transpose()?;
        Ok((list, Paging { after, limit }))
    }
}

/// An answer in JSON.
pub(crate) fn json(status: u16, body: &impl Serialize) -> Result<Answer, Problem> {
    let body = serde_json::to_string(body).map_err(|_| Problem::new(Code::Internal))?;
    Ok(Answer { status, headers: vec![("content-type", "application/json".to_owned())], body })
}

/// A page in JSON.
pub(crate) fn page<T, V: Serialize>(list: &List, page: Page<T>, view: impl FnMut(T) -> V) -> Result<Answer, Problem> {
    let next = page.next.map(|place| list.cursor(&place));
    json(200, &PageOf { items: page.items.into_iter().map(view).collect(), next })
}
