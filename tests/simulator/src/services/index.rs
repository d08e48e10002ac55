//! An index of vectors with namespaces.
//! <https://docs.pinecone.io/reference/api/2026-07/data-plane/upsert>

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Refusal, refuse};

/// The records of each namespace by id.
#[derive(Default)]
pub(super) struct Index(BTreeMap<String, BTreeMap<String, Value>>);

impl Index {
    pub(super) fn sizes(&self) -> Vec<(String, usize)> {
        self.0.iter().map(|(name, records)| (name.clone(), records.len())).collect()
    }

    pub(super) fn answer(&mut self, path: &str, request: &Value) -> Result<Value, Refusal> {
        let namespace = request["namespace"].as_str().unwrap_or("__default__").to_owned();
        match path {
            "/vectors/upsert" => self.upsert(namespace, request),
            "/query" => Ok(self.query(&namespace, request)),
            _ => {
                let ids = request["ids"].as_array().ok_or_else(|| refuse(400, request))?;
                let records = self.0.entry(namespace).or_default();
                records.retain(|id, _| !ids.contains(&json!(id)));
                Ok(json!({}))
            }
        }
    }

    fn upsert(&mut self, namespace: String, request: &Value) -> Result<Value, Refusal> {
        let vectors = request["vectors"].as_array().filter(|vectors| !vectors.is_empty() && vectors.len() <= 1_000);
        let vectors = vectors.ok_or_else(|| refuse(400, request))?;
        let flat = |value: &Value| value.is_string() || value.is_number() || value.is_boolean();
        for vector in vectors {
            let id = vector["id"].as_str().unwrap_or_default();
            let plain = !id.is_empty() && id.is_ascii() && id.len() <= 512;
            let metadata = vector["metadata"].as_object().is_none_or(|all| all.values().all(flat));
            if !plain || !metadata || numbers(&vector["values"]).iter().all(|number| *number == 0.0) {
                return Err(refuse(400, request));
            }
        }
        let records = self.0.entry(namespace).or_default();
        for vector in vectors {
            records.insert(vector["id"].as_str().unwrap_or_default().to_owned(), vector.clone());
        }
        Ok(json!({ "upsertedCount": vectors.len() }))
    }

    fn query(&self, namespace: &str, request: &Value) -> Value {
        let vector = numbers(&request["vector"]);
        let records = self.0.get(namespace).into_iter().flatten();
        let mut found: Vec<(f64, &Value)> = records
            .filter(|(_, record)| holds(&request["filter"], &record["metadata"]))
            .map(|(_, record)| (cosine(&vector, &numbers(&record["values"])), record))
            .collect();
        found.sort_by(|a, b| b.0.total_cmp(&a.0));
        found.truncate(usize::try_from(request["topK"].as_u64().unwrap_or(0)).unwrap_or(0));
        let matches: Vec<_> = found
            .into_iter()
            .map(|(score, record)| json!({ "id": record["id"], "score": score, "metadata": record["metadata"] }))
            .collect();
        json!({ "matches": matches, "namespace": namespace })
    }
}

/// `$and`, `$eq`, `$gte` and `$lte`.
fn holds(filter: &Value, metadata: &Value) -> bool {
    filter.as_object().into_iter().flatten().all(|(name, condition)| match name.as_str() {
        "$and" => condition.as_array().into_iter().flatten().all(|one| holds(one, metadata)),
        field => condition.as_object().into_iter().flatten().all(|(operator, value)| {
            let (known, value_number) = (&metadata[field], value.as_f64());
            match operator.as_str() {
                "$eq" => known == value,
                "$gte" => known.as_f64() >= value_number,
                "$lte" => known.as_f64() <= value_number,
                _ => false,
            }
        }),
    })
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
}

fn cosine(one: &[f64], other: &[f64]) -> f64 {
    let length = |of: &[f64]| of.iter().map(|number| number * number).sum::<f64>().sqrt();
    let dot: f64 = one.iter().zip(other).map(|(a, b)| a * b).sum();
    dot / (length(one) * length(other)).max(f64::MIN_POSITIVE)
}
