//! What a provider's refusal is to a caller.

use connector_flows::ResourceError;

use crate::problem::{Code, Problem};

impl From<ResourceError> for Problem {
    fn from(error: ResourceError) -> Self {
        match error {
            ResourceError::NeedsReconnect => Self::new(Code::ConnectionNotActive),
            ResourceError::Unavailable => Self::new(Code::ProviderUnavailable),
            ResourceError::Refused(reason) => Self::with(Code::ProviderRefused, reason),
            ResourceError::Port(error) => error.into(),
        }
    }
}
