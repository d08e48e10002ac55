//! Query parameters that several lists have: pages and the asked-for time.

use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::Offset};

use super::answer::Answer;
use crate::wire::Call;

/// Sentry gives no larger pages.
const LARGEST: usize = 100;

/// The size of a page in lists that call it `per_page`.
pub(crate) fn per_page(call: &Call) -> Result<usize, Answer> {
    match call.param("per_page").map(str::parse::<usize>) {
        None => Ok(LARGEST),
        Some(Ok(size)) if (1..=LARGEST).contains(&size) => Ok(size),
        Some(Ok(_)) => Err(Answer::bad_request("Invalid per_page value. Must be between 1 and 100.")),
        Some(Err(_)) => Err(Answer::bad_request("Invalid per_page parameter.")),
    }
}

/// The size of a page in lists that call it `limit`, where too much is taken for the most.
pub(crate) fn limit(call: &Call) -> Result<usize, Answer> {
    match call.param("limit").map(str::parse::<usize>) {
        None => Ok(LARGEST),
        Some(Ok(size)) => Ok(size.min(LARGEST)),
        Some(Err(_)) => Err(Answer::bad_request("invalid limit")),
    }
}

/// A stretch of time; events at its end are not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
}

/// The asked-for time: a period before now, or a start and an end, of which Sentry takes both or neither.
pub(crate) fn span(call: &Call, now: Timestamp) -> Result<Option<Span>, Answer> {
    let wrong = || Answer::bad_request("Invalid date range parameters provided");
    if let Some(period) = call.param("statsPeriod").filter(|text| !text.is_empty()) {
        let length = period_of(period).ok_or_else(|| Answer::bad_request("Invalid statsPeriod"))?;
        let start = now.checked_sub(length).map_err(|_| wrong())?;
        return Ok(Some(Span { start, end: now }));
    }
    match (call.param("start"), call.param("end")) {
        (None, None) => Ok(None),
        (Some(start), Some(end)) => {
            let (start, end) = (moment(start).ok_or_else(wrong)?, moment(end).ok_or_else(wrong)?);
            if start > end { Err(wrong()) } else { Ok(Some(Span { start, end })) }
        }
        _ => Err(Answer::bad_request("start and end are both required")),
    }
}

/// `14d`, `24h`, ...; a bare number counts seconds.
fn period_of(text: &str) -> Option<SignedDuration> {
    let (number, unit) = match text.char_indices().last()? {
        (_, last) if last.is_ascii_digit() => (text, 1),
        (at, last) => {
            let unit = match last {
                's' => 1,
                'm' => 60,
                'h' => 3_600,
                'd' => 86_400,
                'w' => 604_800,
                _ => return None,
            };
            (&text[..at], unit)
        }
    };
    number.parse::<i64>().ok()?.checked_mul(unit).map(SignedDuration::from_secs)
}

/// A moment; without a zone it is UTC.
fn moment(text: &str) -> Option<Timestamp> {
    let utc = |text: &str| Offset::UTC.to_timestamp(text.parse::<DateTime>().ok()?).ok();
    text.parse().ok().or_else(|| utc(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_without_a_zone_is_utc() {
        let at = |text| moment(text).map(|at| at.to_string());
        for same in ["2026-01-01T10:00:00", "2026-01-01T10:00:00Z", "2026-01-01T12:00:00+02:00"] {
            assert_eq!(at(same).as_deref(), Some("2026-01-01T10:00:00Z"), "{same}");
        }
        assert_eq!(at("yesterday"), None);
    }

    #[test]
    fn periods_have_units() {
        let hours = |text| period_of(text).map(|period| period.as_hours());
        assert_eq!([hours("14d"), hours("24h"), hours("2w"), hours("7200")], [Some(336), Some(24), Some(336), Some(2)]);
        assert_eq!([hours(""), hours("d"), hours("1y"), hours("99999999999999999w")], [None; 4]);
    }
}
