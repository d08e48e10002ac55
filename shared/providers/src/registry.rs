//! The one list of providers.

use connector_domain::ProviderKind;

use crate::Provider;
use crate::github::GitHub;
use crate::linear::Linear;
use crate::sentry::Sentry;
use crate::vercel::Vercel;

/// All providers that this build serves.
#[must_use]
pub fn all() -> &'static [&'static dyn Provider] {
    &[&GitHub, &Vercel, &Linear, &Sentry]
}

/// The provider of a kind; `None` when this build does not serve it.
#[must_use]
pub fn provider(kind: ProviderKind) -> Option<&'static dyn Provider> {
    all().iter().copied().find(|provider| provider.kind() == kind)
}
