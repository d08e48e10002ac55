//! Query parameters, which Vercel checks against its specification.

use super::answer::Answer;
use crate::wire::Call;

/// Vercel gives no larger pages.
const LARGEST: usize = 100;

/// Refuses parameters that the endpoint does not have, and says of those that are not simulated that it cannot heed them.
pub(crate) fn check(call: &Call, known: &[&str], not_simulated: &[&str]) -> Result<(), Answer> {
    for (name, _) in &call.query {
        let bare = name.trim_end_matches("[]");
        if not_simulated.contains(&bare) {
            return Err(Answer::not_simulated(&format!("the parameter `{bare}`")));
        }
        if !known.contains(&bare) && !["teamId", "slug"].contains(&bare) {
            let message = format!("should NOT have additional property `{bare}`.");
            return Err(Answer::bad_request(&message));
        }
    }
    Ok(())
}

/// A number, which may have a fraction.
pub(crate) fn number(call: &Call, name: &str) -> Result<Option<i64>, Answer> {
    let Some(text) = call.param(name) else { return Ok(None) };
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(Some(number as i64)),
        _ => Err(Answer::bad_request(&format!("`{name}` should be number."))),
    }
}

/// How many items a page may have.
pub(crate) fn limit(call: &Call) -> Result<usize, Answer> {
    let limit = number(call, "limit")?.unwrap_or(20);
    match usize::try_from(limit) {
        Ok(limit) if limit > 0 => Ok(limit.min(LARGEST)),
        _ => Err(Answer::bad_request("`limit` should be >= 1.")),
    }
}

/// The values of a list: given several times, with brackets or without, or with commas.
pub(crate) fn listed<'a>(call: &'a Call, name: &str) -> Vec<&'a str> {
    let brackets = format!("{name}[]");
    let given = call.query.iter().filter(|(held, _)| held == name || *held == brackets);
    given.flat_map(|(_, values)| values.split(',')).filter(|value| !value.is_empty()).collect()
}
