//! What can go wrong.

use std::time::Duration;

/// A way in which Sentry fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 429: the endpoint's budget is said to be used up, until so long from now. Sentry sends no `Retry-After`.
    RateLimited {
        /// How long until `X-Sentry-Rate-Limit-Reset`.
        reset_in: Duration,
    },
    /// 429: too many requests are said to be under way, with budget left.
    TooManyAtOnce,
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
    /// The right answer with this `Link` header in place of the true one; none for an empty text.
    Link(String),
    /// 400: the cursor is refused.
    BadCursor,
    /// 401 `Invalid token`.
    Unauthorized,
    /// 403: the token may not do this.
    Forbidden,
    /// 404, which Sentry also says for what one may not see.
    NotFound,
    /// A redirect to an address of the test's choice.
    Redirect {
        /// 301, 302, 307 or 308.
        status: u16,
        /// The `location` header.
        location: String,
    },
}

crate::injection::injectable!(Fault);
