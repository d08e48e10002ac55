//! A language model that answers in the form that is asked for, by the words that it is shown.
//! <https://platform.claude.com/docs/en/api/messages>

use serde_json::{Value, json};

use super::{Refusal, refuse};

pub(super) fn answer(request: &Value, told: &mut Vec<Value>) -> Result<Value, Refusal> {
    let schema = &request["output_config"]["format"]["schema"];
    let whole = request["model"].is_string()
        && request["max_tokens"].is_u64()
        && request["output_config"]["format"]["type"] == "json_schema"
        && schema["additionalProperties"] == false;
    let shown = request["messages"][0]["content"].as_str().filter(|_| whole);
    let shown = shown.ok_or_else(|| refuse(400, request))?;
    let asks = |told: &Value| {
        told.as_object().is_some_and(|all| all.keys().any(|name| schema["properties"].get(name).is_some()))
    };
    let said = told.iter().position(asks).map(|at| told.remove(at)).unwrap_or_else(|| say(schema, shown));
    let text = said.as_str().map_or_else(|| said.to_string(), str::to_owned);
    Ok(json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": request["model"],
        "content": [{ "type": "text", "text": text }],
        "stop_reason": "end_turn",
        "usage": { "input_tokens": shown.len() / 4, "output_tokens": text.len() / 4 },
    }))
}

fn say(schema: &Value, shown: &str) -> Value {
    let properties = &schema["properties"];
    if properties.get("primary").is_some() {
        let primary = if shown.to_lowercase().contains("outage") { "incident" } else { "feature" };
        return json!({ "primary": primary, "secondary": [], "topics": ["checkout"], "confidence": 0.9 });
    }
    if properties.get("entities").is_some() {
        let entity = json!({
            "category": "service", "key": "stripe", "value": "Stripe", "reason": "it is named", "confidence": 0.9,
        });
        return json!({ "entities": [entity] });
    }
    json!({ "summary": "What these events have to do with each other." })
}
