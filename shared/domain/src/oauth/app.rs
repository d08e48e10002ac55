//! What a provider knows us by.

use crate::Secret;

/// The credentials of our app at a provider.
#[derive(Debug, Clone)]
pub struct AppCredentials {
    /// Public.
    pub client_id: String,
    /// Proves that we are the client.
    pub client_secret: Secret,
    /// The app's name in the addresses of the provider, where it has one.
    pub slug: Option<String>,
    /// The key with which the app signs for itself, where the provider wants it: GitHub.
    pub private_key: Option<Secret>,
}
