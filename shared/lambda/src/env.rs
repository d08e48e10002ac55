//! Configuration out of the environment, read once at start, so that a missing setting stops a deployment
//! and not a delivery.

use std::str::FromStr;
use std::time::Duration;

use connector_domain::ProviderKind;

/// A setting is missing or wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvError {
    /// It is not set, or set to nothing.
    #[error("environment variable {0} is not set")]
    Missing(&'static str),
    /// Its value cannot be read. The value itself is not shown.
    #[error("environment variable {name} is not {expected}")]
    Invalid {
        /// Which.
        name: &'static str,
        /// What it should be.
        expected: &'static str,
    },
}

/// Where settings come from.
pub trait Env {
    /// A setting that is set to something.
    fn get(&self, name: &'static str) -> Option<String>;

    /// A setting that must be there.
    ///
    /// # Errors
    /// When it is not.
    fn require(&self, name: &'static str) -> Result<String, EnvError> {
        self.get(name).ok_or(EnvError::Missing(name))
    }

    /// A setting with a default.
    ///
    /// # Errors
    /// When it is set to something that cannot be read.
    fn parse_or<T: FromStr>(&self, name: &'static str, expected: &'static str, default: T) -> Result<T, EnvError>
    where
        Self: Sized,
    {
        self.get(name).map_or(Ok(default), |text| text.parse().map_err(|_| EnvError::Invalid { name, expected }))
    }

    /// The providers whose secret a function may read, with where each one's is kept.
    fn provider_secrets(&self) -> Vec<(ProviderKind, String)> {
        ProviderKind::ALL.into_iter().filter_map(|kind| Some((kind, self.get(kind.secret_setting())?))).collect()
    }

    /// A setting in whole days, with a default.
    ///
    /// # Errors
    /// When it is set to something that cannot be read.
    fn days_or(&self, name: &'static str, default: u32) -> Result<Duration, EnvError>
    where
        Self: Sized,
    {
        let days = self.parse_or(name, "a number of days", default)?;
        Ok(Duration::from_secs(u64::from(days) * 86_400))
    }
}

/// The environment of this process.
#[derive(Debug, Clone, Copy)]
pub struct ProcessEnv;

impl Env for ProcessEnv {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    fn get(&self, name: &'static str) -> Option<String> {
        std::env::var(name).ok().filter(|value| !value.trim().is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(&'static [(&'static str, &'static str)]);

    impl Env for Fixed {
        fn get(&self, name: &'static str) -> Option<String> {
            self.0.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        }
    }

    #[test]
    fn missing_and_wrong_settings_are_named_and_not_shown() {
        let env = Fixed(&[("DAYS", "hunter2")]);
        assert_eq!(env.require("TABLE"), Err(EnvError::Missing("TABLE")));
        let error = env.parse_or("DAYS", "a number of days", 7_u32).unwrap_err();
        assert_eq!(error.to_string(), "environment variable DAYS is not a number of days");
        assert_eq!(env.parse_or("OTHER", "a number", 7_u32), Ok(7));
    }
}
