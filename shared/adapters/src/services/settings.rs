//! Which services there are, by settings. Whatever is wrong with them stops the start, with a code, and not the first call.

use std::cell::LazyCell;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use connector_domain::Secret;
use connector_domain::enrich::{LOCAL_MODEL, MAX_DIMENSIONS};
use connector_domain::model::DailyLimit;
use connector_domain::ports::{Embedder, LanguageModel, LocalEmbedder, PortError, VectorIndex};
use reqwest::Client;

use super::client::{KeyHeader, Service, ServiceLimits, client};
use super::{Anthropic, Cohere, OpenAi, Pinecone, anthropic, pinecone};
use crate::http::address::BaseUrl;

/// The names of the settings. All may be missing, and then there is no service.
pub const SETTINGS: [&str; 12] = [
    "EMBEDDER",
    "EMBEDDER_URL",
    "EMBEDDER_MODEL",
    "EMBEDDER_DIMENSIONS",
    "VECTOR_INDEX",
    "VECTOR_INDEX_URL",
    "LANGUAGE_MODEL",
    "LANGUAGE_MODEL_URL",
    "LANGUAGE_MODEL_NAME",
    "LANGUAGE_MODEL_STEPS",
    "LANGUAGE_MODEL_CALLS_PER_DAY",
    "LANGUAGE_MODEL_TOKENS_PER_DAY",
];

/// Keys by the names of their services.
#[derive(Debug, Clone, Default)]
pub struct ServiceKeys(BTreeMap<String, Secret>);

impl ServiceKeys {
    /// Reads `{"openai": "...", "anthropic": "..."}`; what is empty is not there. `None` when it is something else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let keys: BTreeMap<String, String> = serde_json::from_str(text).ok()?;
        Some(Self(keys.into_iter().filter_map(|(name, key)| Some((name, Secret::new(key.trim())?))).collect()))
    }

    /// Just these.
    #[must_use]
    pub const fn of(keys: BTreeMap<String, Secret>) -> Self {
        Self(keys)
    }
}

/// What kind of mistake a setting is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfigCode {
    /// There is no such service.
    UnknownService,
    /// A setting that this service needs is not set.
    MissingSetting,
    /// A setting cannot be read.
    InvalidSetting,
    /// There is no key for the service, or it cannot be one.
    MissingKey,
}

impl ConfigCode {
    /// The code in messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownService => "unknown_service",
            Self::MissingSetting => "missing_setting",
            Self::InvalidSetting => "invalid_setting",
            Self::MissingKey => "missing_key",
        }
    }
}

/// A setting is wrong. Its value is not shown.
#[derive(Debug, thiserror::Error)]
#[error("{}: {setting}: {problem}", code.as_str())]
pub struct ConfigError {
    /// What kind of mistake.
    pub code: ConfigCode,
    /// Which setting.
    pub setting: &'static str,
    /// What it should be.
    pub problem: String,
}

/// What a language model is asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ModelUse {
    /// What kind of work each fact is about.
    pub classify: bool,
    /// What each longer fact names.
    pub extract: bool,
    /// What larger clusters are about.
    pub summarise: bool,
}

/// The services that there are.
#[derive(Clone)]
pub struct Services {
    /// What makes vectors; without any setting, nothing outside.
    pub embedder: Arc<dyn Embedder>,
    /// An index outside.
    pub index: Option<Arc<dyn VectorIndex>>,
    /// A language model.
    pub language: Option<Arc<dyn LanguageModel>>,
    /// What it is asked.
    pub asks: ModelUse,
    /// What a workspace may spend on it in a day.
    pub limit: DailyLimit,
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names().join(", "))
    }
}

impl Services {
    /// Those that are outside, each with what it is for. None without any setting.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let embedder = Some(self.embedder.model()).filter(|model| *model != LOCAL_MODEL);
        let index = self.index.as_ref().map(|index| index.name());
        let language = self.language.as_ref().map(|language| language.model());
        let asked =
            [(self.asks.classify, "classify"), (self.asks.extract, "extract"), (self.asks.summarise, "summarise")];
        let asked: Vec<_> = asked.into_iter().filter_map(|(on, name)| on.then_some(name)).collect();
        let limit = format!("{}; {} calls and {} tokens a day", asked.join(", "), self.limit.calls, self.limit.tokens);
        let mut names: Vec<_> = embedder.map(|model| format!("embedder {model}")).into_iter().collect();
        names.extend(index.map(|name| format!("vector index {name}")));
        names.extend(language.map(|model| format!("language model {model} ({limit})")));
        names
    }

    /// None at all.
    #[must_use]
    pub fn none() -> Self {
        Self {
            embedder: Arc::new(LocalEmbedder),
            index: None,
            language: None,
            asks: ModelUse::default(),
            limit: DailyLimit::default(),
        }
    }

    /// Those that settings name.
    ///
    /// # Errors
    /// When a setting is wrong or a key is missing.
    pub fn from_settings(
        setting: impl Fn(&'static str) -> Option<String>,
        keys: &ServiceKeys,
        limits: ServiceLimits,
    ) -> Result<Self, ConfigError> {
        let client = LazyCell::new(move || client(limits));
        let settings = Settings { get: &setting, keys, limits, client };
        let mut services = Self { embedder: settings.embedder()?, index: settings.index()?, ..Self::none() };
        if let Some(language) = settings.language()? {
            services.language = Some(language);
            services.asks = settings.asks()?;
            services.limit = DailyLimit {
                calls: settings.number("LANGUAGE_MODEL_CALLS_PER_DAY", services.limit.calls)?,
                tokens: settings.number("LANGUAGE_MODEL_TOKENS_PER_DAY", services.limit.tokens)?,
            };
        }
        Ok(services)
    }
}

struct Settings<'a, F> {
    get: &'a dyn Fn(&'static str) -> Option<String>,
    keys: &'a ServiceKeys,
    limits: ServiceLimits,
    /// Made for the first service that there is.
    client: LazyCell<Result<Client, PortError>, F>,
}

impl<F: FnOnce() -> Result<Client, PortError>> Settings<'_, F> {
    fn get(&self, name: &'static str) -> Option<String> {
        (self.get)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    fn embedder(&self) -> Result<Arc<dyn Embedder>, ConfigError> {
        const NAME: &str = "EMBEDDER";
        Ok(match self.get(NAME).as_deref() {
            None | Some("local") => Arc::new(LocalEmbedder),
            Some("openai") => {
                let service = self.service("openai", "EMBEDDER_URL", "https://api.openai.com/v1")?;
                let service = self.keyed(service, NAME, "openai", KeyHeader::Bearer)?;
                let model = self.get("EMBEDDER_MODEL").unwrap_or_else(|| "text-embedding-3-small".to_owned());
                Arc::new(OpenAi::new(service, model, self.dimensions(512)?))
            }
            Some("cohere") => {
                let service = self.service("cohere", "EMBEDDER_URL", "https://api.cohere.com")?;
                let service = self.keyed(service, NAME, "cohere", KeyHeader::Bearer)?;
                let model = self.get("EMBEDDER_MODEL").unwrap_or_else(|| "embed-v4.0".to_owned());
                Arc::new(Cohere::new(service, model, self.dimensions(1_024)?))
            }
            Some(_) => return Err(wrong(ConfigCode::UnknownService, NAME, "it is local, openai or cohere")),
        })
    }

    fn index(&self) -> Result<Option<Arc<dyn VectorIndex>>, ConfigError> {
        const NAME: &str = "VECTOR_INDEX";
        match self.get(NAME).as_deref() {
            None | Some("local") => Ok(None),
            Some("pinecone") => {
                const URL: &str = "VECTOR_INDEX_URL";
                let Some(url) = self.get(URL) else {
                    return Err(wrong(ConfigCode::MissingSetting, URL, "it is the address of the index's own host"));
                };
                let service =
                    self.keyed(self.service("pinecone", URL, &url)?, NAME, "pinecone", KeyHeader::Named("api-key"))?;
                Ok(Some(Arc::new(Pinecone::new(service.with_header("x-pinecone-api-version", pinecone::VERSION)))))
            }
            Some(_) => Err(wrong(ConfigCode::UnknownService, NAME, "it is local or pinecone")),
        }
    }

    fn language(&self) -> Result<Option<Arc<dyn LanguageModel>>, ConfigError> {
        const NAME: &str = "LANGUAGE_MODEL";
        match self.get(NAME).as_deref() {
            None | Some("none") => Ok(None),
            Some("anthropic") => {
                let service = self.service("anthropic", "LANGUAGE_MODEL_URL", "https://api.anthropic.com")?;
                let service = self.keyed(service, NAME, "anthropic", KeyHeader::Named("x-api-key"))?;
                let model = self.get("LANGUAGE_MODEL_NAME").unwrap_or_else(|| "claude-haiku-4-5".to_owned());
                Ok(Some(Arc::new(Anthropic::new(service.with_header("anthropic-version", anthropic::VERSION), model))))
            }
            Some(_) => Err(wrong(ConfigCode::UnknownService, NAME, "it is none or anthropic")),
        }
    }

    fn asks(&self) -> Result<ModelUse, ConfigError> {
        const NAME: &str = "LANGUAGE_MODEL_STEPS";
        let mut asks = ModelUse::default();
        for step in self.get(NAME).unwrap_or_else(|| "classify,extract,summarise".to_owned()).split(',') {
            match step.trim() {
                "classify" => asks.classify = true,
                "extract" => asks.extract = true,
                "summarise" => asks.summarise = true,
                _ => return Err(wrong(ConfigCode::InvalidSetting, NAME, "it lists classify, extract and summarise")),
            }
        }
        Ok(asks)
    }

    fn dimensions(&self, usual: usize) -> Result<usize, ConfigError> {
        const NAME: &str = "EMBEDDER_DIMENSIONS";
        let dimensions = self.number(NAME, usual as u64)?;
        let fits = usize::try_from(dimensions).ok().filter(|count| (1..=MAX_DIMENSIONS).contains(count));
        fits.ok_or_else(|| wrong(ConfigCode::InvalidSetting, NAME, format!("it is 1 to {MAX_DIMENSIONS}")))
    }

    fn number(&self, name: &'static str, usual: u64) -> Result<u64, ConfigError> {
        let invalid = |_| wrong(ConfigCode::InvalidSetting, name, "it is a whole number");
        self.get(name).map_or(Ok(usual), |text| text.parse().map_err(invalid))
    }

    fn service(&self, name: &'static str, setting: &'static str, usual: &str) -> Result<Service, ConfigError> {
        let url = self.get(setting);
        let invalid = |problem: String| wrong(ConfigCode::InvalidSetting, setting, problem);
        let base = BaseUrl::parse(url.as_deref().unwrap_or(usual)).map_err(|error| invalid(error.to_string()))?;
        let client = self.client.as_ref().map_err(|error| invalid(error.to_string()))?;
        Ok(Service::new(name, client.clone(), base, self.limits))
    }

    fn keyed(
        &self,
        service: Service,
        setting: &'static str,
        name: &str,
        header: KeyHeader,
    ) -> Result<Service, ConfigError> {
        let missing = || wrong(ConfigCode::MissingKey, setting, format!("there is no key for {name} that can be sent"));
        let key = self.keys.0.get(name).ok_or_else(missing)?;
        service.with_key(header, key).ok_or_else(missing)
    }
}

fn wrong(code: ConfigCode, setting: &'static str, problem: impl Into<String>) -> ConfigError {
    ConfigError { code, setting, problem: problem.into() }
}
