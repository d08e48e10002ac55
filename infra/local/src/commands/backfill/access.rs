//! How a provider is reached: with which token, and where.

use clap::Args;
use connector_backfill::PageSettings;
use connector_domain::{ProviderKind, Secret};

use super::super::place::Place;
use super::super::services::ServiceOptions;
use super::super::values::secret_in;
use super::Failure;
use crate::stack::Options;

/// How a provider is reached.
#[derive(Args)]
pub(in crate::commands) struct Access {
    /// The environment variable with a token. Without one, GitHub shows what is public, in 60 calls an hour; the others
    /// show nothing.
    #[arg(long, value_name = "VARIABLE")]
    pub(in crate::commands) token_env: Option<String>,
    /// Where the provider's API is, when it is not at its usual address.
    #[arg(long, value_name = "URL")]
    pub(in crate::commands) api_url: Option<String>,
    #[command(flatten)]
    services: ServiceOptions,
}

impl Access {
    pub(in crate::commands) fn token(&self) -> Result<Option<Secret>, Failure> {
        self.token_env.as_deref().map(secret_in).transpose()
    }

    /// A stack that reaches it so.
    pub(in crate::commands) fn options(
        &self,
        provider: ProviderKind,
        token: Option<Secret>,
        place: &Place,
    ) -> Result<Options, Failure> {
        let secrets = place.secrets()?;
        Ok(Options {
            api_urls: self.api_url.iter().map(|url| (provider, url.clone())).collect(),
            tokens: token.into_iter().map(|token| (provider, token)).collect(),
            // There is no live work here to leave calls to.
            page: PageSettings { reserve_percent: 0, ..PageSettings::default() },
            services: self.services.services(&secrets)?,
            ..Options::new(place.data(), secrets)
        })
    }
}
