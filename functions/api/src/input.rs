//! Reading what a caller sent: strictly, and naming what is wrong.

use std::collections::BTreeMap;
use std::str::FromStr;

use connector_lambda::api::ApiRequest;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use url::form_urlencoded;

use crate::problem::{Code, Problem};

/// Largest body.
const MAX_BODY: usize = 64 * 1024;
/// Longest value of a parameter.
const MAX_VALUE: usize = 2_048;

/// The parameters of a query, each at most once.
#[derive(Debug)]
pub(crate) struct Query(BTreeMap<String, String>);

impl Query {
    /// Takes the parameters that a route knows.
    pub(crate) fn read(request: &ApiRequest, known: &[&str]) -> Result<Self, Problem> {
        let mut values = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(request.query.as_bytes()) {
            if !known.contains(&&*name) {
                return Err(Problem::with(
                    Code::UnknownParameter,
                    format!("`{name}` is not one of: {}", known.join(", ")),
                ));
            }
            if value.len() > MAX_VALUE {
                return Err(Problem::with(Code::InvalidParameter, format!("`{name}` is too long")));
            }
            if values.insert(name.to_string(), value.into_owned()).is_some() {
                return Err(Problem::with(Code::InvalidParameter, format!("`{name}` comes more than once")));
            }
        }
        Ok(Self(values))
    }

    /// A parameter as it was sent.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A parameter that is not empty and no longer than the route says.
    pub(crate) fn bounded(&self, name: &str, most: usize) -> Result<Option<String>, Problem> {
        let fits = |text: &&str| (1..=most).contains(&text.chars().count());
        match self.text(name) {
            Some(text) if !fits(&text) => Err(wrong(name, &format!("1 to {most} characters"))),
            text => Ok(text.map(str::to_owned)),
        }
    }

    /// A parameter as a value.
    pub(crate) fn value<T: FromStr>(&self, name: &str, expected: &str) -> Result<Option<T>, Problem> {
        let parse = |text: &str| text.parse().map_err(|_| wrong(name, expected));
        self.text(name).map(parse).transpose()
    }

    /// All but the cursor and the size of the page: what a cursor is bound to.
    pub(crate) fn filters(&self) -> impl Iterator<Item = (&str, &str)> {
        let filters = self.0.iter().filter(|(name, _)| !["cursor", "limit"].contains(&name.as_str()));
        filters.map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// A parameter that cannot be read.
pub(crate) fn wrong(name: &str, expected: &str) -> Problem {
    Problem::with(Code::InvalidParameter, format!("`{name}` must be {expected}"))
}

/// The body as a value. A field that the form does not have is refused by its name.
pub(crate) fn body<T: DeserializeOwned>(request: &ApiRequest) -> Result<T, Problem> {
    let kind = request.headers.first("content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return Err(Problem::new(Code::UnsupportedMediaType));
    }
    if request.body.len() > MAX_BODY {
        return Err(Problem::new(Code::BodyTooLarge));
    }
    // Serde would take a list for the fields in their order.
    if request.body.trim_ascii_start().first() == Some(&b'[') {
        return Err(Problem::with(Code::InvalidBody, "the body must be an object"));
    }
    let mut reader = serde_json::Deserializer::from_slice(&request.body);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let (path, inner) = (error.path().to_string(), error.into_inner());
        let code = if inner.is_data() { Code::InvalidBody } else { Code::MalformedJson };
        Problem::with(code, if path == "." { inner.to_string() } else { format!("`{path}`: {inner}") })
    })?;
    reader.end().map_err(|error| Problem::with(Code::MalformedJson, error.to_string()))?;
    Ok(value)
}

/// A whole number, as JSON Schema has it: `60.0` is one, too.
/// <https://json-schema.org/draft/2020-12/json-schema-validation#section-6.1.1>
pub(crate) fn whole<'de, D: Deserializer<'de>, T: FromStr>(deserializer: D) -> Result<T, D::Error> {
    let number = serde_json::Number::deserialize(deserializer)?;
    let fraction = number.as_f64().is_none_or(|number| number.fract() != 0.0);
    let digits = if number.is_f64() { number.as_f64().map(|number| format!("{number:.0}")) } else { None };
    let found = digits.unwrap_or_else(|| number.to_string()).parse();
    found.ok().filter(|_| !fraction).ok_or_else(|| D::Error::custom("it must be a whole number within the bounds"))
}

/// The same where it may be absent, together with `default`.
pub(crate) fn maybe_whole<'de, D: Deserializer<'de>, T: FromStr>(deserializer: D) -> Result<Option<T>, D::Error> {
    #[derive(Deserialize)]
    #[serde(bound = "T: FromStr")]
    struct Whole<T>(#[serde(deserialize_with = "whole")] T);
    Ok(Option::<Whole<T>>::deserialize(deserializer)?.map(|Whole(number)| number))
}

/// That nothing was sent, on a route that takes no body.
pub(crate) fn no_body(request: &ApiRequest) -> Result<(), Problem> {
    match request.body.as_slice() {
        [] => Ok(()),
        _ if request.body.trim_ascii() == b"{}" => Ok(()),
        _ => Err(Problem::with(Code::InvalidBody, "this route takes no body")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Body {
        #[serde(deserialize_with = "whole")]
        days: u16,
        #[serde(default, deserialize_with = "maybe_whole")]
        limit: Option<u8>,
    }

    #[test]
    fn a_whole_number_may_have_a_point() {
        let read = |text: &str| serde_json::from_str::<Body>(text).ok().map(|body| (body.days, body.limit));
        assert_eq!(read(r#"{"days":60}"#), Some((60, None)));
        assert_eq!(read(r#"{"days":60.0,"limit":2e1}"#), Some((60, Some(20))));
        assert_eq!(read(r#"{"days":60,"limit":null}"#), Some((60, None)));
        for bad in [
            r#"{"days":60.5}"#,
            r#"{"days":-1}"#,
            r#"{"days":65536}"#,
            r#"{"days":1e300}"#,
            r#"{"days":"60"}"#,
            r#"{"days":1,"limit":256}"#,
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
