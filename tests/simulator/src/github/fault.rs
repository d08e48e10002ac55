//! What can go wrong, and which request it happens to.

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

/// A fault, and which requests it happens to: by default the next one of any path, once.
#[derive(Clone, Debug)]
pub struct Injection {
    pub(crate) fault: Fault,
    prefix: String,
    pass: u32,
    times: u32,
}

impl Fault {
    /// Only requests whose path below the base address begins so, such as `/repos/acme/rocket/pulls`. Later
    /// pages, whose path is by id, count as the path by name too.
    #[must_use]
    pub fn on(self, prefix: impl Into<String>) -> Injection {
        Injection { prefix: prefix.into(), ..Injection::from(self) }
    }

    /// The `n`th matching request from now, counted from 1.
    #[must_use]
    pub fn nth(self, n: u32) -> Injection {
        Injection::from(self).nth(n)
    }

    /// So many matching requests in a row.
    #[must_use]
    pub fn times(self, times: u32) -> Injection {
        Injection::from(self).times(times)
    }
}

impl Injection {
    /// The `n`th matching request from now, counted from 1.
    #[must_use]
    pub fn nth(mut self, n: u32) -> Self {
        self.pass = n.saturating_sub(1);
        self
    }

    /// So many matching requests in a row.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    fn matches(&self, paths: &[&str]) -> bool {
        paths.iter().any(|path| path.starts_with(&self.prefix))
    }
}

impl From<Fault> for Injection {
    fn from(fault: Fault) -> Self {
        Self { fault, prefix: String::new(), pass: 0, times: 1 }
    }
}

/// Takes the fault due for a request known by any of these paths.
pub(crate) fn due(injections: &mut Vec<Injection>, paths: &[&str]) -> Option<Fault> {
    let mut fault = None;
    for injection in injections.iter_mut().filter(|injection| injection.matches(paths)) {
        if injection.pass > 0 {
            injection.pass -= 1;
        } else if injection.times > 0 {
            injection.times -= 1;
            fault = Some(injection.fault.clone());
            break;
        }
    }
    injections.retain(|injection| injection.times > 0);
    fault
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_injection_waits_for_its_request_and_ends() {
        let mut held = vec![Fault::NotFound.on("/repos/a/b/pulls").nth(2).times(2)];
        let mut ask = |path: &str| due(&mut held, &[path]);
        assert_eq!(ask("/repos/a/b/issues"), None, "another path");
        assert_eq!(ask("/repos/a/b/pulls"), None, "the first one passes");
        assert_eq!(ask("/repos/a/b/pulls?page=2"), Some(Fault::NotFound));
        assert_eq!(ask("/repos/a/b/pulls"), Some(Fault::NotFound));
        assert_eq!(ask("/repos/a/b/pulls"), None, "used up");
    }

    #[test]
    fn injections_take_turns() {
        let mut held = vec![Fault::NotFound.into(), Fault::Unauthorized.into()];
        assert_eq!(due(&mut held, &["/x"]), Some(Fault::NotFound));
        assert_eq!(due(&mut held, &["/x"]), Some(Fault::Unauthorized));
        assert!(held.is_empty());
    }
}
