//! What installs and removals change on our side.

use connector_domain::AccountId;
use connector_domain::lifecycle::{LifecycleAction, LifecycleChange};
use connector_domain::transformed::Quarantined;
use serde::Deserialize;

use super::routing::Installation;
use crate::json;

/// A kind of change, as the action tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Installed,
    Uninstalled,
}

#[derive(Deserialize)]
struct Body {
    installation: Installation,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    installation: Installation,
}

impl Change {
    /// Reads the change out of a body that is known to be about an installation.
    pub(super) fn read(self, raw: &[u8]) -> Result<LifecycleChange, Quarantined> {
        let Body { installation, data } = json::parse(raw)?;
        if installation.uuid != data.installation.uuid {
            return Err(json::quarantined("data.installation.uuid", "another installation than the sender's"));
        }
        let account = AccountId::parse(installation.uuid).map_err(|error| json::quarantined("", error.to_string()))?;
        let action = match self {
            Self::Installed => LifecycleAction::Installed,
            Self::Uninstalled => LifecycleAction::Uninstalled,
        };
        // No time is told. None is needed: who installs again gets another installation.
        Ok(LifecycleChange { account, action, at: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_installation_speaks_for_itself_only() {
        let body = br#"{"installation":{"uuid":"7a48"},"data":{"installation":{"uuid":"7a48","status":"installed"}}}"#;
        let change = Change::Uninstalled.read(body).unwrap();
        assert_eq!(change.account.as_str(), "7a48");
        assert_eq!(change.action, LifecycleAction::Uninstalled);
        assert_eq!(Change::Installed.read(body).unwrap().action, LifecycleAction::Installed);

        let other = br#"{"installation":{"uuid":"7a48"},"data":{"installation":{"uuid":"24b3"}}}"#;
        assert_eq!(Change::Uninstalled.read(other).unwrap_err().path, "data.installation.uuid");
        let none = br#"{"installation":{"uuid":"7a48"},"data":{"issue":{}}}"#;
        assert_eq!(Change::Uninstalled.read(none).unwrap_err().reason, "missing field installation");
    }
}
