//! What can go wrong. An injection names the requests it is for by a field they ask of the root, such as `issues`.

use std::time::Duration;

use crate::injection::injectable;

/// A way in which Linear fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A budget is said to be used up, under this status: 400 as Linear documents, or 429 as its SDK expects.
    RateLimited {
        /// The status.
        status: u16,
        /// Which budget.
        budget: Budget,
        /// How long until it is full again.
        reset_in: Duration,
    },
    /// A server error with an HTML page.
    ServerError(u16),
    /// 200 without data: something broke at Linear.
    InternalError,
    /// What was asked for is done, and then this server error is answered in place of the right answer.
    Lost(u16),
    /// The right answer, so much later.
    Slow(Duration),
    /// The right headers, half of the body, then the connection ends.
    Truncated,
    /// 200 with a body that stops in the middle of its JSON.
    Malformed,
    /// 200 with an HTML page where JSON was asked for.
    HtmlPage,
    /// 200 with the first half of the items, and beside them the error that cost the other half.
    Partial,
    /// The right answer, but the item at this place (counted from 0) has the wrong types.
    BadItem(usize),
    /// 401: the token is refused.
    Unauthorized,
    /// The token lacks a scope, under this status: 200, or 403.
    Forbidden(u16),
    /// 200, and what was asked for is not there.
    NotFound,
}

/// What Linear counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// Requests.
    Requests,
    /// Points.
    Complexity,
}

injectable!(Fault);
