//! Values that several commands read from the command line.

use std::io::IsTerminal;
use std::path::Path;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use connector_domain::backfill::EntityType;
use connector_domain::{ProviderKind, Secret, Timestamp};
use connector_providers::Provider;

use super::Failure;
use crate::render::Output;

/// A provider that this build serves.
pub(super) fn provider() -> impl TypedValueParser<Value = &'static dyn Provider> {
    let names: Vec<_> = connector_providers::all().iter().map(|provider| provider.kind().as_str()).collect();
    PossibleValuesParser::new(names).try_map(|name| {
        let kind = name.parse::<ProviderKind>().map_err(|error| error.to_string())?;
        connector_providers::provider(kind).ok_or_else(|| "it is not served".to_owned())
    })
}

/// A list that some provider has.
pub(super) fn entity() -> impl TypedValueParser<Value = EntityType> {
    PossibleValuesParser::new(EntityType::ALL.map(EntityType::as_str))
        .try_map(|name| name.parse::<EntityType>().map_err(|error| error.to_string()))
}

/// The secret in an environment variable.
pub(super) fn secret_in(variable: &str) -> Result<Secret, Failure> {
    #[expect(clippy::disallowed_methods, reason = "the command line names the variable to read")]
    let value = std::env::var(variable).ok().and_then(|value| Secret::new(value.trim()));
    value.ok_or_else(|| {
        Failure::new(format!("environment variable {variable} is not set"))
            .hint(format!("set it with `export {variable}=...`; a secret never stands on a command line"))
    })
}

/// The bytes of a file, or of standard input for `-`.
pub(super) fn read(path: &Path, output: &mut Output) -> Result<Vec<u8>, Failure> {
    if path == Path::new("-") {
        if std::io::stdin().is_terminal() {
            output.note(output.aside.faint("Reading the payload from here; Ctrl-D ends it."))?;
        }
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut bytes)
            .map_err(|error| Failure::new(format!("cannot read standard input: {error}")))?;
        return Ok(bytes);
    }
    std::fs::read(path).map_err(|error| {
        Failure::of_file(path, &error).hint("name a file that holds the payload as JSON, or - for standard input")
    })
}

/// That bytes are JSON, which every payload is.
pub(super) fn must_be_json(bytes: &[u8], path: &Path) -> Result<(), Failure> {
    let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(bytes) else { return Ok(()) };
    let name = if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() };
    Err(Failure::new(format!("{name} is not JSON: {error}"))
        .hint("give the body of a request exactly as the provider sent it"))
}

/// A moment: `2026-02-06`, `2026-02-06T12:00:00Z`, or so long ago: `90m`, `12h`, `7d`.
pub(super) fn moment(text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    let ago = |text: &str| {
        let unit = text.chars().last()?;
        let seconds = match unit {
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            _ => return None,
        };
        let count: i64 = text.strip_suffix(unit)?.parse().ok().filter(|count| *count >= 0)?;
        now.checked_sub(jiff::SignedDuration::from_secs(count.checked_mul(seconds)?)).ok()
    };
    let day = |text: &str| format!("{text}T00:00:00Z").parse().ok();
    ago(text).or_else(|| text.parse().ok()).or_else(|| day(text)).ok_or_else(|| {
        Failure::new(format!("{text:?} is no moment")).hint("write 7d, 12h, 2026-02-06 or 2026-02-06T12:00:00Z")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_day_a_time_or_so_long_ago() {
        let now: Timestamp = "2026-02-06T12:00:00Z".parse().unwrap();
        let all = [
            ("7d", "2026-01-30T12:00:00Z"),
            ("12h", "2026-02-06T00:00:00Z"),
            ("90m", "2026-02-06T10:30:00Z"),
            ("2026-02-01", "2026-02-01T00:00:00Z"),
            ("2026-02-01T10:00:00+01:00", "2026-02-01T09:00:00Z"),
        ];
        for (text, at) in all {
            assert_eq!(moment(text, now).unwrap().to_string(), at, "{text}");
        }
        for text in ["", "d", "-7d", "7 d", "yesterday", "99999999999999999d", "2026-13-01"] {
            assert!(moment(text, now).is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_unset_variable_is_named() {
        let failure = secret_in("CONNECTORS_NO_SUCH_VARIABLE").unwrap_err();
        let lines: Vec<_> = failure.lines().map(|(_, text)| text).collect();
        assert_eq!(lines[0], "environment variable CONNECTORS_NO_SUCH_VARIABLE is not set");
    }
}
