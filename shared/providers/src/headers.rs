//! Response headers that several providers share. What cannot be read counts as absent.

use std::time::Duration;

use connector_domain::Timestamp;
use connector_domain::http::{Headers, MAX_RETRY_AFTER, MIN_RETRY_AFTER, RateLimit};
use jiff::fmt::rfc2822::DateTimeParser;

use crate::encode;

/// A header that holds a whole number.
pub(crate) fn number(headers: &Headers, name: &str) -> Option<u64> {
    headers.first(name)?.trim().parse().ok()
}

/// The budget in the `X-RateLimit-*` headers, whose reset is in seconds since 1970.
pub(crate) fn rate(headers: &Headers) -> RateLimit {
    let moment = |seconds| Timestamp::from_second(i64::try_from(seconds).ok()?).ok();
    RateLimit {
        remaining: number(headers, "x-ratelimit-remaining"),
        limit: number(headers, "x-ratelimit-limit"),
        resets_at: number(headers, "x-ratelimit-reset").and_then(moment),
    }
}

/// The wait that `Retry-After` asks for, in seconds or as a date, within what is believed.
/// <https://www.rfc-editor.org/rfc/rfc9110#field.retry-after>
pub(crate) fn retry_after(headers: &Headers, now: Timestamp) -> Option<Duration> {
    let value = headers.first("retry-after")?.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(believed(Duration::from_secs(seconds)));
    }
    let date = DateTimeParser::new().parse_timestamp(value).ok()?;
    Some(until(date, now))
}

/// The wait from `now` to a moment, within what is believed.
pub(crate) fn until(moment: Timestamp, now: Timestamp) -> Duration {
    let wait = Duration::try_from(moment.duration_since(now)).unwrap_or_default();
    believed(wait)
}

fn believed(wait: Duration) -> Duration {
    wait.clamp(MIN_RETRY_AFTER, MAX_RETRY_AFTER)
}

/// A provider's id of a request, if it is fit to be shown.
pub(crate) fn request_id(headers: &Headers, name: &str) -> Option<String> {
    let id = headers.first(name)?;
    let fit = (1..=100).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic());
    fit.then(|| id.to_owned())
}

/// A link out of a `Link` header. <https://www.rfc-editor.org/rfc/rfc8288#section-3>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Link<'a> {
    /// Where it leads.
    pub(crate) target: &'a str,
    parameters: &'a str,
}

impl<'a> Link<'a> {
    /// The value of one of its parameters.
    pub(crate) fn parameter(&self, name: &str) -> Option<&'a str> {
        let mut all = self.parameters.split(';').filter_map(|parameter| parameter.split_once('='));
        let (_, value) = all.find(|(known, _)| known.trim().eq_ignore_ascii_case(name))?;
        Some(value.trim().trim_matches('"'))
    }

    fn is(&self, rel: &str) -> bool {
        let words = self.parameter("rel").unwrap_or_default();
        words.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case(rel))
    }
}

/// The target of the link with a relation.
pub(crate) fn link<'a>(headers: &'a Headers, rel: &str) -> Option<&'a str> {
    link_with(headers, rel).map(|link| link.target)
}

/// The link with a relation.
pub(crate) fn link_with<'a>(headers: &'a Headers, rel: &str) -> Option<Link<'a>> {
    let mut rest = headers.first("link")?;
    while let Some((_, after)) = rest.split_once('<') {
        let (target, after) = after.split_once('>')?;
        let (parameters, after) = after.split_at(end_of_link(after));
        let link = Link { target, parameters };
        if link.is(rel) {
            return Some(link);
        }
        rest = after;
    }
    None
}

/// A parameter of an address.
pub(crate) fn parameter(address: &str, name: &str) -> Option<String> {
    let (_, query) = address.split_once('?')?;
    let mut pairs = query.split('#').next()?.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(known, _)| *known == name).and_then(|(_, value)| encode::decode(value))
}

/// Where the parameters of a link end: at a comma outside of quotes.
fn end_of_link(parameters: &str) -> usize {
    let mut quoted = false;
    let mut escaped = false;
    let end = parameters.find(|c| match c {
        _ if escaped => {
            escaped = false;
            false
        }
        '\\' if quoted => {
            escaped = true;
            false
        }
        '"' => {
            quoted = !quoted;
            false
        }
        ',' => !quoted,
        _ => false,
    });
    end.unwrap_or(parameters.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &str, value: &str) -> Headers {
        [(name, value)].into_iter().collect()
    }

    #[test]
    fn links_are_found_in_any_order_and_form() {
        let next = |value: &str| link(&headers("Link", value), "next").map(str::to_owned);
        assert_eq!(next("<u?page=1>; rel=\"prev\", <u?page=3>; rel=\"next\"").as_deref(), Some("u?page=3"));
        assert_eq!(next("<u?a=1,2>; title=\"x, \\\" ; rel=next\"; REL=next").as_deref(), Some("u?a=1,2"));
        assert_eq!(next("<u>; results=\"true\"; rel=\"last next\"").as_deref(), Some("u"));
        for none in ["", "<u>; rel=\"last\"", "<u", "u; rel=next", "<u>; title=\"rel=next\"", "<u>;rel=nextish"] {
            assert_eq!(next(none), None, "{none}");
        }
    }

    #[test]
    fn an_address_has_parameters() {
        let after = |address: &str| parameter(address, "after");
        assert_eq!(after("https://x/a?page=1&after=Y3Vy%3D%3D#top").as_deref(), Some("Y3Vy=="));
        assert_eq!(after("https://x/?after=").as_deref(), Some(""));
        for none in ["https://x/after=1", "https://x/?before=1", "https://x/?after", "https://x/?after=%"] {
            assert_eq!(after(none), None, "{none}");
        }
    }

    #[test]
    fn a_link_has_parameters() {
        let headers =
            headers("Link", "<u>; rel=\"previous\"; n=\"1\", <v>; Results=\"true\"; rel=\"next\"; n=\"0:2:0\"");
        let next = link_with(&headers, "next").unwrap();
        assert_eq!(next.target, "v");
        assert_eq!(
            (next.parameter("results"), next.parameter("n"), next.parameter("m")),
            (Some("true"), Some("0:2:0"), None)
        );
    }

    #[test]
    fn waits_are_believed_within_bounds_only() {
        let now: Timestamp = "2026-02-06T12:00:00Z".parse().unwrap();
        let wait = |value: &str| retry_after(&headers("Retry-After", value), now).map(|wait| wait.as_secs());
        assert_eq!(wait("90"), Some(90));
        assert_eq!(wait("0"), Some(1));
        assert_eq!(wait("999999999999"), Some(3_600));
        assert_eq!(wait("Fri, 06 Feb 2026 12:02:00 GMT"), Some(120));
        assert_eq!(wait("Fri, 06 Feb 2026 11:00:00 GMT"), Some(1));
        for junk in ["", "soon", "-5", "1e9", "NaN"] {
            assert_eq!(wait(junk), None, "{junk}");
        }
        assert_eq!(until(Timestamp::MAX, Timestamp::MIN), MAX_RETRY_AFTER);
    }

    #[test]
    fn a_request_id_is_fit_to_be_shown() {
        assert_eq!(request_id(&headers("x-id", "0685:5DDC"), "x-id").as_deref(), Some("0685:5DDC"));
        assert_eq!(request_id(&headers("x-id", "a\u{1b}[31m b"), "x-id"), None);
        assert_eq!(request_id(&headers("x-id", &"a".repeat(101)), "x-id"), None);
    }
}
