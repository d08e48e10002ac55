//! Why an account was not connected, as stable codes.

use serde::{Deserialize, Serialize};

/// Why an account was not connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum ConnectFailure {
    /// The state is missing, unknown, spent, expired, or of another provider or browser. Which of these, nobody is told.
    #[error("the link is not valid any more, or was opened in another browser")]
    StateInvalid,
    /// The person said no.
    #[error("the request was declined")]
    Denied,
    /// An owner of the account must approve first.
    #[error("an owner of the account has to approve the request first")]
    ApprovalPending,
    /// The provider did not take the code.
    #[error("the provider refused the authorization")]
    CodeRefused,
    /// The person has no right to the account that the redirect names.
    #[error("the account could not be confirmed as yours")]
    NotOwner,
    /// The provider does not know our app as we describe it.
    #[error("the connection is not set up correctly on our side")]
    Misconfigured,
    /// The provider did not answer, or not as documented.
    #[error("the provider could not be reached")]
    ProviderUnavailable,
    /// Something of ours did not answer.
    #[error("the connection could not be stored")]
    Unavailable,
}

impl ConnectFailure {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::StateInvalid,
        Self::Denied,
        Self::ApprovalPending,
        Self::CodeRefused,
        Self::NotOwner,
        Self::Misconfigured,
        Self::ProviderUnavailable,
        Self::Unavailable,
    ];

    /// The code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::StateInvalid => "state_invalid",
            Self::Denied => "denied",
            Self::ApprovalPending => "approval_pending",
            Self::CodeRefused => "code_refused",
            Self::NotOwner => "not_owner",
            Self::Misconfigured => "misconfigured",
            Self::ProviderUnavailable => "provider_unavailable",
            Self::Unavailable => "unavailable",
        }
    }

    /// The HTTP status of the page that says so.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::StateInvalid | Self::Denied | Self::ApprovalPending | Self::CodeRefused => 400,
            Self::NotOwner => 403,
            Self::Misconfigured => 500,
            Self::ProviderUnavailable => 502,
            Self::Unavailable => 503,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_what_is_stored() {
        for failure in ConnectFailure::ALL {
            assert_eq!(serde_json::to_string(&failure).unwrap(), format!("\"{}\"", failure.code()));
        }
    }
}
