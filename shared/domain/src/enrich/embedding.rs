//! Texts as vectors, without any service: hashed pieces of words, so that what is spelled alike is near.
//!
//! Numbers are whole, from -127 to 127, so that sums and products are exact and the same on every machine.

use serde::{Deserialize, Serialize};

/// Numbers of a vector of [`embed_text`].
pub const EMBEDDING_DIM: usize = 256;
/// What made the vectors of [`embed_text`].
pub const LOCAL_MODEL: &str = "local-1";
/// Most numbers of a vector, so that three of them fit beside a fact.
pub const MAX_DIMENSIONS: usize = 3_072;
/// Pieces of words have so many characters.
const PIECE: usize = 4;
/// Most characters of a text that are looked at.
const MAX_CHARS: usize = 1_500;

/// A text as a vector, with the name of what made it: only vectors of one maker can be compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub struct Embedding {
    /// What made it.
    pub model: String,
    /// The numbers.
    pub values: Vec<i8>,
}

/// The JSON form: a number takes two digits.
#[derive(Serialize, Deserialize)]
struct Wire {
    model: String,
    values: String,
}

impl From<Embedding> for Wire {
    fn from(embedding: Embedding) -> Self {
        let bytes: Vec<u8> = embedding.values.iter().map(|value| value.cast_unsigned()).collect();
        Self { model: embedding.model, values: hex::encode(bytes) }
    }
}

impl TryFrom<Wire> for Embedding {
    type Error = hex::FromHexError;
    fn try_from(wire: Wire) -> Result<Self, Self::Error> {
        let values = hex::decode(&wire.values)?.into_iter().map(u8::cast_signed).collect();
        Ok(Self { model: wire.model, values })
    }
}

impl Embedding {
    /// A service's vector in steps of 1/127 of its largest number, which changes the angle between two by less than what
    /// they say is worth. `None` when a number is none, or all are 0.
    #[must_use]
    pub fn quantised(model: &str, numbers: &[f32]) -> Option<Self> {
        let largest = numbers.iter().map(|number| number.abs()).fold(0.0, f32::max);
        if numbers.len() > MAX_DIMENSIONS || largest <= 0.0 || numbers.iter().any(|number| !number.is_finite()) {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "it is between -127 and 127")]
        let values = numbers.iter().map(|number| (number / largest * 127.0).round() as i8).collect();
        Some(Self { model: model.to_owned(), values })
    }

    /// How alike two texts are, from 0 to 1; 0 where they cannot be compared.
    #[must_use]
    pub fn similarity(&self, other: &Self) -> f64 {
        if self.model != other.model || self.values.len() != other.values.len() {
            return 0.0;
        }
        let sums: Vec<i64> = other.values.iter().map(|value| i64::from(*value)).collect();
        cosine(&self.values, &sums)
    }
}

/// The cosine of the angle between a vector and a sum of vectors, and 0 for all that point away from each other.
pub(super) fn cosine(one: &[i8], sum: &[i64]) -> f64 {
    let dot: i64 = one.iter().zip(sum).map(|(a, b)| i64::from(*a) * b).sum();
    let ones: i64 = one.iter().map(|a| i64::from(*a) * i64::from(*a)).sum();
    let sums: i128 = sum.iter().map(|b| i128::from(*b) * i128::from(*b)).sum();
    if dot <= 0 || ones == 0 || sums == 0 {
        return 0.0;
    }
    #[expect(clippy::cast_precision_loss, reason = "a likeness needs no more than a double has")]
    let likeness = dot as f64 / ((ones as f64).sqrt() * (sums as f64).sqrt());
    likeness.min(1.0)
}

/// The vector of a text.
#[must_use]
pub fn embed_text(text: &str) -> Embedding {
    let mut counts = [0_i32; EMBEDDING_DIM];
    let lower = crate::text::cut(text, MAX_CHARS).to_lowercase();
    for word in lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let marked: Vec<char> = std::iter::once('<').chain(word.chars()).chain(std::iter::once('>')).collect();
        add(&mut counts, marked.iter(), 2);
        for piece in marked.windows(PIECE) {
            add(&mut counts, piece.iter(), 1);
        }
    }
    let largest = counts.iter().map(|count| count.abs()).max().unwrap_or(0).max(1);
    // Scaled to the largest: the length of a vector says nothing about the angle.
    let values = counts.iter().map(|count| i8::try_from(count * 127 / largest).unwrap_or(0)).collect();
    Embedding { model: LOCAL_MODEL.to_owned(), values }
}

fn add<'a>(counts: &mut [i32; EMBEDDING_DIM], piece: impl Iterator<Item = &'a char>, weight: i32) {
    // FNV-1a: fast, and the same everywhere. <http://www.isthe.com/chongo/tech/comp/fnv/>
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for c in piece {
        for byte in u32::from(*c).to_le_bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    // Half of the pieces count against their place, so that chance meetings cancel out.
    let sign = if hash >> 63 == 0 { weight } else { -weight };
    let place = usize::try_from(hash % EMBEDDING_DIM as u64).unwrap_or(0);
    if let Some(count) = counts.get_mut(place) {
        *count += sign;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn alike(one: &str, other: &str) -> f64 {
        embed_text(one).similarity(&embed_text(other))
    }

    #[test]
    fn what_is_spelled_alike_is_near() {
        let text = "Checkout fails with a timeout in the payment service";
        assert!(alike(text, "checkout FAILS with a timeout in the payment-service!") > 0.99);
        let near = alike(text, "Payment service: checkouts failing, timeouts");
        let far = alike(text, "Bump the icons of the landing page");
        assert!(near > 0.5 && far < 0.25, "{near} {far}");
        assert!(alike("", text).abs() < f64::EPSILON);
    }

    #[test]
    fn vectors_of_two_makers_cannot_be_compared() {
        let one = embed_text("x");
        let other = Embedding { model: "other".to_owned(), ..one.clone() };
        assert!(one.similarity(&other).abs() < f64::EPSILON);
        let json = serde_json::to_string(&one).unwrap();
        assert_eq!(serde_json::from_str::<Embedding>(&json).unwrap(), one);
    }

    proptest! {
        #[test]
        fn likeness_goes_both_ways_and_stays_in_bounds(a in "\\PC{0,200}", b in "\\PC{0,200}") {
            let (one, other) = (embed_text(&a), embed_text(&b));
            let likeness = one.similarity(&other);
            prop_assert!((0.0..=1.0).contains(&likeness));
            prop_assert!((likeness - other.similarity(&one)).abs() < 1e-12);
        }
    }
}
