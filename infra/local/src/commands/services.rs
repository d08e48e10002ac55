//! Which services read texts: the settings that the deployed system has, as options or out of the environment.

use clap::Args;
use connector_adapters::services::{ServiceLimits, Services};

use super::Failure;
use crate::stack::LocalSecrets;

/// Services that read texts. All are off; their keys stand in secrets.json beside the rows.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct ServiceOptions {
    /// Who makes vectors of texts: local, openai or cohere.
    #[arg(long, value_name = "NAME", env = "EMBEDDER")]
    embedder: Option<String>,
    #[arg(long, value_name = "URL", env = "EMBEDDER_URL", hide = true)]
    embedder_url: Option<String>,
    #[arg(long, value_name = "NAME", env = "EMBEDDER_MODEL", hide = true)]
    embedder_model: Option<String>,
    #[arg(long, value_name = "COUNT", env = "EMBEDDER_DIMENSIONS", hide = true)]
    embedder_dimensions: Option<String>,
    /// An index outside that is given the vectors too: local or pinecone.
    #[arg(long, value_name = "NAME", env = "VECTOR_INDEX")]
    vector_index: Option<String>,
    /// The address of the index's own host.
    #[arg(long, value_name = "URL", env = "VECTOR_INDEX_URL")]
    vector_index_url: Option<String>,
    /// Who is asked about observations besides the rules: none or anthropic.
    #[arg(long, value_name = "NAME", env = "LANGUAGE_MODEL")]
    language_model: Option<String>,
    #[arg(long, value_name = "URL", env = "LANGUAGE_MODEL_URL", hide = true)]
    language_model_url: Option<String>,
    #[arg(long, value_name = "NAME", env = "LANGUAGE_MODEL_NAME", hide = true)]
    language_model_name: Option<String>,
    #[arg(long, value_name = "STEPS", env = "LANGUAGE_MODEL_STEPS", hide = true)]
    language_model_steps: Option<String>,
    #[arg(long, value_name = "COUNT", env = "LANGUAGE_MODEL_CALLS_PER_DAY", hide = true)]
    language_model_calls_per_day: Option<String>,
    #[arg(long, value_name = "COUNT", env = "LANGUAGE_MODEL_TOKENS_PER_DAY", hide = true)]
    language_model_tokens_per_day: Option<String>,
}

impl ServiceOptions {
    /// The services, with the keys that there are.
    pub(super) fn services(&self, secrets: &LocalSecrets) -> Result<Services, Failure> {
        let services = Services::from_settings(|name| self.get(name), &secrets.services(), ServiceLimits::default());
        services.map_err(|error| {
            Failure::new(error.to_string()).hint(
                "keys stand in secrets.json beside the rows, as {\"services\": {\"openai\": \"...\", \"cohere\": \"...\", \
                 \"pinecone\": \"...\", \"anthropic\": \"...\"}}",
            )
        })
    }

    fn get(&self, name: &str) -> Option<String> {
        let value = match name {
            "EMBEDDER" => &self.embedder,
            "EMBEDDER_URL" => &self.embedder_url,
            "EMBEDDER_MODEL" => &self.embedder_model,
            "EMBEDDER_DIMENSIONS" => &self.embedder_dimensions,
            "VECTOR_INDEX" => &self.vector_index,
            "VECTOR_INDEX_URL" => &self.vector_index_url,
            "LANGUAGE_MODEL" => &self.language_model,
            "LANGUAGE_MODEL_URL" => &self.language_model_url,
            "LANGUAGE_MODEL_NAME" => &self.language_model_name,
            "LANGUAGE_MODEL_STEPS" => &self.language_model_steps,
            "LANGUAGE_MODEL_CALLS_PER_DAY" => &self.language_model_calls_per_day,
            "LANGUAGE_MODEL_TOKENS_PER_DAY" => &self.language_model_tokens_per_day,
            _ => &None,
        };
        value.clone()
    }
}
