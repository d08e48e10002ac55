//! Vectors as a service answers them.

use connector_domain::enrich::Embedding;

use super::client::Service;
use super::error::{ServiceError, ServiceErrorKind as Kind};

/// The vectors of `count` texts: as many, each with as many finite numbers as it should have.
pub(super) fn read(
    service: &Service,
    model: &str,
    dimensions: usize,
    count: usize,
    vectors: &[Vec<f32>],
) -> Result<Vec<Embedding>, ServiceError> {
    let malformed = |detail: &str| service.error(Kind::Malformed, detail);
    if vectors.len() != count {
        return Err(malformed("there are not as many vectors as texts"));
    }
    let read = vectors.iter().map(|numbers| {
        if numbers.len() != dimensions {
            return Err(malformed("a vector has another number of dimensions"));
        }
        Embedding::quantised(model, numbers).ok_or_else(|| malformed("a vector has no direction"))
    });
    read.collect()
}
