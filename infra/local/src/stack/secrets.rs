//! The webhook secrets of a local stack: random ones, in a file that only its owner can read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use async_trait::async_trait;
use connector_domain::ports::{PortError, Random, Secrets};
use connector_domain::{ProviderKind, Secret};
use serde::{Deserialize, Serialize};

use super::private;

/// Name of the file in the data directory.
const FILE: &str = "secrets.json";

/// One webhook secret per provider.
#[derive(Debug, Clone)]
pub struct LocalSecrets(BTreeMap<ProviderKind, Secret>);

/// The secrets cannot be read or made.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// The file cannot be read or written.
    #[error("cannot use {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system answered.
        #[source]
        source: io::Error,
    },
    /// The file is not what it should be. Its content is not shown.
    #[error(
        "{} is not as expected at line {line}, column {column}: it should hold one {{\"webhook_secret\": \"...\"}} per \
         provider name. Remove it to have new secrets made",
        path.display()
    )]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where reading stopped.
        line: usize,
        /// Where reading stopped.
        column: usize,
    },
    /// A secret is empty, and anyone could sign with it.
    #[error("{}: the webhook secret of {provider} is empty. Remove its entry to have a new one made", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
        /// Whose.
        provider: ProviderKind,
    },
}

/// The part of Secrets Manager's document per provider that is used locally.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    webhook_secret: String,
}

impl LocalSecrets {
    /// New secrets that are kept nowhere.
    #[must_use]
    pub fn random(random: &dyn Random) -> Self {
        let mut secrets = Self(BTreeMap::new());
        secrets.complete(random);
        secrets
    }

    /// Just these.
    #[must_use]
    pub fn of(secrets: impl IntoIterator<Item = (ProviderKind, Secret)>) -> Self {
        Self(secrets.into_iter().collect())
    }

    /// The secrets in a directory. What is not there is made and kept.
    ///
    /// # Errors
    /// When the file cannot be read or written, or is malformed.
    pub fn open(directory: &Path, random: &dyn Random) -> Result<Self, SecretsError> {
        let path = directory.join(FILE);
        let failed = |source| SecretsError::Io { path: path.clone(), source };
        let mut secrets = match fs::read(&path) {
            Ok(text) => Self::parse(&text, &path)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self(BTreeMap::new()),
            Err(error) => return Err(failed(error)),
        };
        if secrets.complete(random) {
            secrets.write(&path).map_err(failed)?;
        }
        Ok(secrets)
    }

    /// The webhook secret of a provider.
    #[must_use]
    pub fn webhook(&self, provider: ProviderKind) -> Option<&Secret> {
        self.0.get(&provider)
    }

    fn parse(text: &[u8], path: &Path) -> Result<Self, SecretsError> {
        let entries: BTreeMap<ProviderKind, Entry> = serde_json::from_slice(text).map_err(|error| {
            // serde_json's own text can quote the file.
            SecretsError::Malformed { path: path.to_owned(), line: error.line(), column: error.column() }
        })?;
        let secret = |(provider, entry): (ProviderKind, Entry)| match Secret::new(entry.webhook_secret) {
            Some(secret) => Ok((provider, secret)),
            None => Err(SecretsError::Empty { path: path.to_owned(), provider }),
        };
        entries.into_iter().map(secret).collect::<Result<_, _>>().map(Self)
    }

    /// Makes what is missing, and answers whether something was.
    fn complete(&mut self, random: &dyn Random) -> bool {
        let before = self.0.len();
        for provider in ProviderKind::ALL {
            if let (false, Some(secret)) = (self.0.contains_key(&provider), Secret::new(random.id() + &random.id())) {
                self.0.insert(provider, secret);
            }
        }
        self.0.len() > before
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        let entry = |(provider, secret): (&ProviderKind, &Secret)| {
            Some((*provider, Entry { webhook_secret: secret.expose_str()?.to_owned() }))
        };
        let entries: BTreeMap<_, _> = self.0.iter().filter_map(entry).collect();
        let mut text = serde_json::to_vec_pretty(&entries)?;
        text.push(b'\n');
        private::write(path, &text)
    }
}

#[async_trait]
impl Secrets for LocalSecrets {
    async fn webhook_secrets(&self, provider: ProviderKind, _fresh: bool) -> Result<Vec<Secret>, PortError> {
        Ok(self.webhook(provider).cloned().into_iter().collect())
    }
}

#[cfg(test)]
mod tests;
