//! The query of a redirect: foreign text, bounded before anything else looks at it.

use std::collections::BTreeMap;

use connector_domain::oauth::OneTimeSecret;

/// Longest query taken, in bytes, encoded.
pub const MAX_QUERY: usize = 8 * 1024;
/// Most parameters taken.
const MAX_PARAMS: usize = 20;

/// The parameters of a redirect, each of them once. They hold a code and a state, so nothing of them is shown.
#[derive(Clone)]
pub struct Params(BTreeMap<String, String>);

impl Params {
    /// Decoded pairs; `None` when there are too many, they are too long, or one comes twice.
    pub fn of(pairs: impl IntoIterator<Item = (String, String)>) -> Option<Self> {
        let mut params = BTreeMap::new();
        let mut length = 0;
        for (name, value) in pairs {
            length += name.len() + value.len();
            let twice = params.insert(name, value).is_some();
            if twice || length > MAX_QUERY || params.len() > MAX_PARAMS {
                return None;
            }
        }
        Some(Self(params))
    }

    /// A parameter that is not empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The state, when it has the form of one.
    #[must_use]
    pub fn state(&self) -> Option<OneTimeSecret> {
        self.get("state").and_then(OneTimeSecret::parse)
    }
}

impl std::fmt::Debug for Params {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys().filter(|name| name.len() <= 30)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(pairs: &[(&str, &str)]) -> Option<Params> {
        Params::of(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn what_comes_twice_or_is_too_much_is_not_taken() {
        assert!(params(&[("state", "a"), ("state", "a")]).is_none());
        assert!(params(&[("code", &"x".repeat(MAX_QUERY))]).is_none());
        let names: Vec<_> = (0..21).map(|n| n.to_string()).collect();
        assert!(params(&names.iter().map(|name| (name.as_str(), "")).collect::<Vec<_>>()).is_none());
        let good = params(&[("code", "hunter2"), ("error", "")]).unwrap();
        assert_eq!((good.get("code"), good.get("error")), (Some("hunter2"), None));
        assert!(!format!("{good:?}").contains("hunter2"));
    }
}
