//! What can go wrong. A path that an injection names counts for later pages too, whose path is by id.

use std::time::Duration;

/// A way in which GitHub fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The hourly budget is said to be used up: `x-ratelimit-remaining: 0`, reset so long from now.
    PrimaryLimit {
        /// 403 or 429: GitHub uses both.
        status: u16,
        /// How long until `x-ratelimit-reset`.
        reset_in: Duration,
    },
    /// A secondary limit: the message says so, budget is left, and `retry-after` may be missing.
    SecondaryLimit {
        /// 403 or 429: GitHub uses both.
        status: u16,
        /// The `retry-after` header.
        retry_after: Option<Duration>,
    },
    /// A server error. 502 and 504 come with an HTML page, others with JSON.
    ServerError(u16),
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
    /// The right list, but the item at this place (counted from 0) has the wrong types.
    BadItem(usize),
    /// GraphQL only: 200 with half of the items, nulls for the others, and the error that cost them.
    Partial,
    /// The right answer with this `Link` header in place of the true one.
    Link(String),
    /// 401 `Bad credentials`.
    Unauthorized,
    /// 403 without any mark of a limit: the App may not do this.
    PermissionDenied,
    /// 404, which GitHub also says for what one may not see.
    NotFound,
    /// 409 `Git Repository is empty.`
    EmptyRepository,
    /// 410, for issues that are switched off or deleted.
    Gone,
    /// 451, for a repository taken down by law.
    Unavailable,
    /// A redirect to an address of the test's choice.
    Redirect {
        /// 301, 302, 307 or 308.
        status: u16,
        /// The `location` header.
        location: String,
    },
}

crate::injection::injectable!(Fault);
