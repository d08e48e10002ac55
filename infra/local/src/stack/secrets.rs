//! The secrets of a local stack, in a file that only its owner can read: random ones for webhooks, and beside them what the
//! providers know an app of yours by, where you write it there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use async_trait::async_trait;
use connector_adapters::services::ServiceKeys;
use connector_domain::oauth::AppCredentials;
use connector_domain::ports::{PortError, Random, Secrets};
use connector_domain::{ProviderKind, Secret};
use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::private;

/// Name of the file in the data directory.
const FILE: &str = "secrets.json";

/// One webhook secret per provider, and the apps.
#[derive(Debug, Clone, Default)]
pub struct LocalSecrets {
    webhooks: BTreeMap<ProviderKind, Secret>,
    apps: BTreeMap<ProviderKind, AppCredentials>,
    services: BTreeMap<String, Secret>,
}

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
         provider name, and the keys of services as {{\"services\": {{\"anthropic\": \"...\"}}}}. Remove it to have new secrets made",
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

/// Secrets Manager's document per provider.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    webhook_secret: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    slug: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    private_key: Option<String>,
}

/// The whole file: the providers by their names, and among them `services`.
#[derive(Default)]
struct File {
    entries: BTreeMap<ProviderKind, Entry>,
    services: BTreeMap<String, String>,
}

const SERVICES: &str = "services";

impl Serialize for File {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (provider, entry) in &self.entries {
            map.serialize_entry(provider, entry)?;
        }
        if !self.services.is_empty() {
            map.serialize_entry(SERVICES, &self.services)?;
        }
        map.end()
    }
}

/// By hand, since a flattened map forgets where in the file a mistake is.
impl<'de> Deserialize<'de> for File {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> Visitor<'de> for Names {
            type Value = File;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<File, A::Error> {
                let mut file = File::default();
                while let Some(name) = map.next_key::<String>()? {
                    if name == SERVICES {
                        file.services = map.next_value()?;
                    } else {
                        let provider = name.parse().map_err(|_| A::Error::custom("no such provider"))?;
                        file.entries.insert(provider, map.next_value()?);
                    }
                }
                Ok(file)
            }
        }
        deserializer.deserialize_map(Names)
    }
}

impl LocalSecrets {
    /// New secrets that are kept nowhere.
    #[must_use]
    pub fn random(random: &dyn Random) -> Self {
        let mut secrets = Self::default();
        secrets.complete(random);
        secrets
    }

    /// Just these.
    #[must_use]
    pub fn of(secrets: impl IntoIterator<Item = (ProviderKind, Secret)>) -> Self {
        Self { webhooks: secrets.into_iter().collect(), ..Self::default() }
    }

    /// With what a provider knows an app by.
    #[must_use]
    pub fn with_app(mut self, provider: ProviderKind, app: AppCredentials) -> Self {
        self.apps.insert(provider, app);
        self
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
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::default(),
            Err(error) => return Err(failed(error)),
        };
        if secrets.complete(random) {
            secrets.write(&path).map_err(failed)?;
        }
        Ok(secrets)
    }

    /// The keys of services that read texts.
    #[must_use]
    pub fn services(&self) -> ServiceKeys {
        ServiceKeys::of(self.services.clone())
    }

    /// The webhook secret of a provider.
    #[must_use]
    pub fn webhook(&self, provider: ProviderKind) -> Option<&Secret> {
        self.webhooks.get(&provider)
    }

    fn parse(text: &[u8], path: &Path) -> Result<Self, SecretsError> {
        let File { services, entries } = serde_json::from_slice(text).map_err(|error| {
            // serde_json's own text can quote the file.
            SecretsError::Malformed { path: path.to_owned(), line: error.line(), column: error.column() }
        })?;
        let services = services.into_iter().filter_map(|(name, key)| Some((name, Secret::new(key)?)));
        let mut secrets = Self { services: services.collect(), ..Self::default() };
        for (provider, entry) in entries {
            let empty = || SecretsError::Empty { path: path.to_owned(), provider };
            secrets.webhooks.insert(provider, Secret::new(entry.webhook_secret).ok_or_else(empty)?);
            if let (Some(client_id), Some(client_secret)) = (entry.client_id, entry.client_secret.and_then(Secret::new))
            {
                let private_key = entry.private_key.and_then(Secret::new);
                let app = AppCredentials { client_id, client_secret, slug: entry.slug, private_key };
                secrets.apps.insert(provider, app);
            }
        }
        Ok(secrets)
    }

    /// Makes what is missing, and answers whether something was.
    fn complete(&mut self, random: &dyn Random) -> bool {
        let before = self.webhooks.len();
        for provider in ProviderKind::ALL {
            if let (false, Some(secret)) =
                (self.webhooks.contains_key(&provider), Secret::new(random.id() + &random.id()))
            {
                self.webhooks.insert(provider, secret);
            }
        }
        self.webhooks.len() > before
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        let entry = |(provider, secret): (&ProviderKind, &Secret)| {
            let text = |secret: &Secret| secret.expose_str().map(str::to_owned);
            let app = self.apps.get(provider);
            let entry = Entry {
                webhook_secret: text(secret)?,
                client_id: app.map(|app| app.client_id.clone()),
                client_secret: app.and_then(|app| text(&app.client_secret)),
                slug: app.and_then(|app| app.slug.clone()),
                private_key: app.and_then(|app| text(app.private_key.as_ref()?)),
            };
            Some((*provider, entry))
        };
        let entries = self.webhooks.iter().filter_map(entry).collect();
        let key = |(name, key): (&String, &Secret)| Some((name.clone(), key.expose_str()?.to_owned()));
        let file = File { entries, services: self.services.iter().filter_map(key).collect() };
        let mut text = serde_json::to_vec_pretty(&file)?;
        text.push(b'\n');
        private::write(path, &text)
    }
}

#[async_trait]
impl Secrets for LocalSecrets {
    async fn webhook_secrets(&self, provider: ProviderKind, _fresh: bool) -> Result<Vec<Secret>, PortError> {
        Ok(self.webhook(provider).cloned().into_iter().collect())
    }

    async fn app(&self, provider: ProviderKind, _fresh: bool) -> Result<Option<AppCredentials>, PortError> {
        Ok(self.apps.get(&provider).cloned())
    }
}

#[cfg(test)]
mod tests;
