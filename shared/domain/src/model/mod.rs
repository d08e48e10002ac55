//! What a language model is asked about facts, and what is believed of its answers.
//!
//! Content is data: it stands in the question as one JSON value, apart from the instructions. An answer is data as well: it
//! is read against closed types and bounds, and nothing of it is executed or followed. What a model says stands beside what
//! the rules say and never in its place.

mod budget;
mod classify;
mod error;
mod extract;
mod reading;
mod request;
mod summarise;

pub use budget::{DailyLimit, Usage, day};
pub use classify::classification_request;
pub use error::{ModelError, ModelErrorKind};
pub use extract::{MIN_BODY_CHARS, entities_request};
pub use reading::{MAX_TOPICS, ModelClassification, ModelEntity, Reading, Said};
pub use request::{ModelAnswer, ModelRequest, PROMPT_VERSION};
pub use summarise::{ClusterSummary, MIN_FACTS, cluster_content, summary_request};
