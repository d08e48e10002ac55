//! A language model by Anthropic's Messages API, whose answers are held to a JSON schema.
//! <https://platform.claude.com/docs/en/build-with-claude/structured-outputs>

use async_trait::async_trait;
use connector_domain::model::{ModelAnswer, ModelError, ModelErrorKind, ModelRequest};
use connector_domain::ports::LanguageModel;
use serde::Deserialize;
use serde_json::json;

use super::client::Service;

/// The version of the API that is spoken.
pub(super) const VERSION: &str = "2023-06-01";
/// Near to always the same answer to the same question.
const TEMPERATURE: f64 = 0.2;

/// A model of that API.
#[derive(Debug, Clone)]
pub struct Anthropic {
    service: Service,
    model: String,
}

#[derive(Deserialize)]
struct Answer {
    content: Vec<Block>,
    #[serde(default)]
    stop_reason: Option<String>,
    usage: Usage,
}

#[derive(Deserialize)]
struct Block {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    text: String,
}

#[derive(Deserialize)]
struct Usage {
    input_tokens: u64,
    output_tokens: u64,
}

impl Anthropic {
    pub(super) const fn new(service: Service, model: String) -> Self {
        Self { service, model }
    }
}

#[async_trait]
impl LanguageModel for Anthropic {
    fn model(&self) -> &str {
        &self.model
    }

    async fn complete(&self, request: &ModelRequest) -> Result<ModelAnswer, ModelError> {
        let body = json!({
            "model": self.model,
            "max_tokens": request.max_tokens,
            "temperature": TEMPERATURE,
            "system": request.instructions,
            "messages": [{ "role": "user", "content": request.message() }],
            "output_config": { "format": { "type": "json_schema", "schema": request.schema } },
        });
        let answer: Answer = self.service.post("/v1/messages", &body).await?;
        let tokens = answer.usage.input_tokens.saturating_add(answer.usage.output_tokens);
        // https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons
        match answer.stop_reason.as_deref() {
            Some("refusal") => return Err(ModelError::new(ModelErrorKind::Declined)),
            Some("end_turn" | "stop_sequence") => {}
            _ => return Err(ModelError::because(ModelErrorKind::Malformed, "the answer does not come to its end")),
        }
        let text: String =
            answer.content.iter().filter(|block| block.kind == "text").map(|block| block.text.as_str()).collect();
        // What serde_json says could quote it.
        let value = serde_json::from_str(&text)
            .map_err(|_| ModelError::because(ModelErrorKind::Malformed, "the answer is not JSON"))?;
        Ok(ModelAnswer { value, tokens })
    }
}
