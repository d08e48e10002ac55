//! What to do about an answer that is not a page. The type that knows why also says what to do.

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::WaitReason;

/// What the caller must do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disposition {
    /// Ask again, not before `after` when the provider named a time.
    Retry {
        /// The provider's wish.
        after: Option<Duration>,
        /// What is being waited for.
        reason: WaitReason,
    },
    /// The token was refused: refresh it once, ask once more, then give up.
    RefreshToken,
    /// The cursor is not valid any more: start the list again. What is stored stays and is found as duplicates.
    Restart,
    /// The list is empty for a reason that is no fault, such as an empty repository.
    Empty,
    /// It will not get better by asking again.
    Fail(FailCode),
}

impl Disposition {
    /// The provider has a fault: ask again, not before `after` when it named a time.
    #[must_use]
    pub const fn unavailable(after: Option<Duration>) -> Self {
        Self::Retry { after, reason: WaitReason::Unavailable }
    }
}

/// Why a unit failed, as a stable code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FailCode(Cow<'static, str>);

impl FailCode {
    /// The token lacks a permission.
    pub const FORBIDDEN: Self = Self(Cow::Borrowed("forbidden"));
    /// The resource is gone, or hidden from this token.
    pub const NOT_FOUND: Self = Self(Cow::Borrowed("not_found"));
    /// The token is refused even after a refresh.
    pub const NEEDS_RECONNECT: Self = Self(Cow::Borrowed("needs_reconnect"));
    /// The provider has suspended the app; it may come back by itself.
    pub const SUSPENDED: Self = Self(Cow::Borrowed("connection_suspended"));
    /// The connection is gone.
    pub const CONNECTION_REMOVED: Self = Self(Cow::Borrowed("connection_removed"));
    /// The provider keeps answering with the same cursor.
    pub const CURSOR_LOOP: Self = Self(Cow::Borrowed("cursor_loop"));
    /// The cursor was refused again after a restart.
    pub const CURSOR_INVALID: Self = Self(Cow::Borrowed("cursor_invalid"));
    /// Too many attempts at one page.
    pub const UNAVAILABLE: Self = Self(Cow::Borrowed("provider_unavailable"));
    /// The answer is not one we can read.
    pub const MALFORMED: Self = Self(Cow::Borrowed("malformed_response"));
    /// The provider refused the request itself.
    pub const REJECTED: Self = Self(Cow::Borrowed("request_rejected"));
    /// The answer is larger than we read.
    pub const TOO_LARGE: Self = Self(Cow::Borrowed("response_too_large"));
    /// The provider gives no more pages, and the list has more.
    pub const LIST_LIMIT: Self = Self(Cow::Borrowed("list_limit"));
    /// The list is shown to nobody without a token.
    pub const NEEDS_TOKEN: Self = Self(Cow::Borrowed("needs_token"));
    /// The configuration of a repository's documents cannot be read.
    pub const CONFIG_INVALID: Self = Self(Cow::Borrowed("config_invalid"));
    /// A folder of a repository has more files than its provider tells.
    pub const FOLDER_TOO_LARGE: Self = Self(Cow::Borrowed("folder_too_large"));
    /// This provider has no such list.
    pub const UNSUPPORTED: Self = Self(Cow::Borrowed("unsupported_entity"));

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for FailCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// An answer that is not a page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{provider} answered {status} ({detail})")]
pub struct ProviderError {
    /// Who answered.
    pub provider: crate::ProviderKind,
    /// With which status.
    pub status: u16,
    /// A fixed phrase of ours; never text of the response.
    pub detail: &'static str,
    /// The provider's id of the request, to quote to its support.
    pub request_id: Option<String>,
    /// What to do.
    pub disposition: Disposition,
}
