//! From a fact to an observation: score, classification, topics and entities, as pure functions.

mod classification;
mod entities;
#[cfg(test)]
mod examples;
mod report;
mod significance;
mod topics;

pub use classification::{Category, Classification, classify};
pub use entities::{Entity, EntityCategory, extract_entities};
pub use report::{CaptureOutcome, CaptureReport, FilterReason};
pub use significance::{Significance, Weights, is_weight, score, score_with};
pub use topics::topics;
