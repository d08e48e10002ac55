//! Services that read texts: embedders, an index of vectors and a language model. All are off until a setting names one.
//!
//! Each is reached at one origin, which its key never leaves: a redirect is an error. No key, text or answer is in an error.

mod anthropic;
mod client;
mod cohere;
mod error;
mod openai;
mod pinecone;
mod settings;
mod vectors;

pub use anthropic::Anthropic;
pub use client::{Service, ServiceLimits};
pub use cohere::Cohere;
pub use error::{ServiceError, ServiceErrorKind};
pub use openai::OpenAi;
pub use pinecone::Pinecone;
pub use settings::{ConfigCode, ConfigError, ModelUse, SETTINGS, ServiceKeys, Services};
