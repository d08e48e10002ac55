//! Vectors of texts: each word has a direction of its own, so that texts with common words are near.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Refusal, refuse};

/// <https://developers.openai.com/api/reference/resources/embeddings>
pub(super) fn openai(request: &Value) -> Result<Value, Refusal> {
    let texts = texts(request, "input", 2_048)?;
    let dimensions = dimensions(request, "dimensions").unwrap_or(1_536);
    // In any order: they are numbered.
    let data: Vec<_> = texts
        .iter()
        .enumerate()
        .rev()
        .map(|(index, text)| json!({ "object": "embedding", "index": index, "embedding": vector(text, dimensions) }))
        .collect();
    Ok(
        json!({ "object": "list", "data": data, "model": request["model"], "usage": { "prompt_tokens": 1, "total_tokens": 1 } }),
    )
}

/// <https://docs.cohere.com/reference/embed>
pub(super) fn cohere(request: &Value) -> Result<Value, Refusal> {
    let texts = texts(request, "texts", 96)?;
    let known = ["search_document", "search_query"].map(|kind| request["input_type"] == kind).contains(&true);
    if !known || request["embedding_types"] != json!(["float"]) {
        return Err(refuse(400, request));
    }
    let dimensions = dimensions(request, "output_dimension").unwrap_or(1_024);
    let vectors: Vec<_> = texts.iter().map(|text| vector(text, dimensions)).collect();
    Ok(json!({ "id": "e", "embeddings": { "float": vectors }, "texts": texts, "meta": {} }))
}

/// Neither takes an empty text.
fn texts(request: &Value, name: &str, most: usize) -> Result<Vec<String>, Refusal> {
    let texts: Option<Vec<String>> = serde_json::from_value(request[name].clone()).ok();
    let taken = texts
        .filter(|texts| !texts.is_empty() && texts.len() <= most && texts.iter().all(|text| !text.trim().is_empty()));
    taken.filter(|_| request["model"].is_string()).ok_or_else(|| refuse(400, request))
}

fn dimensions(request: &Value, name: &str) -> Option<usize> {
    request[name].as_u64().and_then(|count| usize::try_from(count).ok())
}

fn vector(text: &str, dimensions: usize) -> Vec<f32> {
    let mut numbers = vec![0.0_f32; dimensions];
    for word in text.to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let mut digest = Sha256::digest(word.as_bytes());
        for chunk in numbers.chunks_mut(digest.len()) {
            for (number, byte) in chunk.iter_mut().zip(digest.iter()) {
                *number += (f32::from(*byte) - 127.5) / 127.5;
            }
            digest = Sha256::digest(digest);
        }
    }
    let length = numbers.iter().map(|number| number * number).sum::<f32>().sqrt();
    numbers.iter().map(|number| if length > 0.0 { number / length } else { 1.0 }).collect()
}
