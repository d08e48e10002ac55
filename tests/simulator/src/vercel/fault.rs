//! What can go wrong.

use std::time::Duration;

/// A way in which Vercel fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 429: the endpoint's budget is said to be used up, until so long from now.
    RateLimited {
        /// `rate_limited` or `too_many_requests`: Vercel's documents have both.
        code: &'static str,
        /// How long until `X-RateLimit-Reset`.
        reset_in: Duration,
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
    /// The right list with this `pagination.next` in place of the true one.
    Next(Option<i64>),
    /// The right list as though no project had been named.
    Unfiltered,
    /// 403 `forbidden` with `invalidToken`: how Vercel refuses a token.
    InvalidToken,
    /// 401, which Vercel's reference also has.
    Unauthorized,
    /// 403 `forbidden` without `invalidToken`: the token may not do this.
    Forbidden,
    /// 403 `integration_configuration_disabled`.
    IntegrationDisabled,
    /// 402: the account is not paid for.
    PaymentRequired,
    /// 404.
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
