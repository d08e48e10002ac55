//! Services that read texts, imitated on the wire, with all that can go wrong.

use std::error::Error;
use std::time::Duration;

use connector_adapters::services::{ConfigCode, ServiceKeys, ServiceLimits, Services};
use connector_domain::enrich::{Embedding, LOCAL_MODEL};
use connector_domain::model::{ModelError, ModelErrorKind, ModelRequest};
use connector_domain::ports::{PortError, PortErrorKind, Purpose};
use connector_simulator::services::{Fault, KEY, Services as Simulated};
use connector_testkit::contract;
use serde_json::{Value, json};

const LIMIT: usize = 1_000_000;

fn keys() -> ServiceKeys {
    let keys = json!({ "openai": KEY, "cohere": KEY, "pinecone": KEY, "anthropic": KEY, "other": "" });
    ServiceKeys::parse(&keys.to_string()).unwrap()
}

fn limits(total: Duration) -> ServiceLimits {
    ServiceLimits { connect: Duration::from_secs(5), total, body: LIMIT }
}

fn with(settings: &[(&'static str, &str)], total: Duration) -> Services {
    let get = |name| settings.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    Services::from_settings(get, &keys(), limits(total)).unwrap()
}

fn embedder(simulated: &Simulated, name: &str, total: Duration) -> Services {
    let url = format!("{}{}", simulated.url(), if name == "openai" { "/v1" } else { "" });
    with(&[("EMBEDDER", name), ("EMBEDDER_URL", &url), ("EMBEDDER_DIMENSIONS", "64")], total)
}

const PATIENT: Duration = Duration::from_secs(30);
const HASTY: Duration = Duration::from_millis(100);
const EMBEDDERS: [&str; 2] = ["openai", "cohere"];

/// All that an error says, which must not be the key or what was sent.
fn told(error: &dyn Error) -> String {
    let mut text = format!("{error:?} {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(" {cause:?} {cause}"));
        source = cause.source();
    }
    assert!(!text.contains("canary") && !text.contains("checkout fails"), "{text}");
    text
}

async fn embed(services: &Services, texts: &[&str]) -> Result<Vec<Embedding>, PortError> {
    let texts: Vec<_> = texts.iter().map(|text| (*text).to_owned()).collect();
    let answer = services.embedder.embed(Purpose::Document, &texts).await;
    if let Err(error) = &answer {
        told(error);
    }
    answer
}

#[tokio::test]
async fn texts_become_vectors_of_a_named_model() {
    for (name, model) in [("openai", "openai:text-embedding-3-small:64"), ("cohere", "cohere:embed-v4.0:64")] {
        let simulated = Simulated::start().await.unwrap();
        let services = embedder(&simulated, name, PATIENT);
        let texts = ["checkout fails in the payment", "the payment of a checkout fails", "new icons everywhere"];
        let vectors = embed(&services, &texts).await.unwrap();
        assert!(vectors.iter().all(|one| one.model == model && one.values.len() == 64), "{vectors:?}");
        assert_eq!(services.embedder.model(), model);
        let (near, far) = (vectors[0].similarity(&vectors[1]), vectors[0].similarity(&vectors[2]));
        assert!(near > 0.6 && far < 0.4, "{near} {far}: they are in the order of their texts");
        services.embedder.embed(Purpose::Query, &["checkout".to_owned()]).await.unwrap();
        let asked = simulated.asked();
        if name == "cohere" {
            assert_eq!(
                (&asked[0].body["input_type"], &asked[1].body["input_type"]),
                (&json!("search_document"), &json!("search_query"))
            );
        }
        assert!(asked.iter().all(|one| one.headers["authorization"] == format!("Bearer {KEY}")));
        assert_eq!(embed(&services, &[]).await.unwrap(), [], "nothing to do is no call");
        assert_eq!(simulated.asked().len(), 2);
    }
}

#[tokio::test]
async fn many_texts_go_in_batches_and_come_in_order() {
    for name in EMBEDDERS {
        let simulated = Simulated::start().await.unwrap();
        let services = embedder(&simulated, name, PATIENT);
        let texts: Vec<String> = (0..200).map(|n| format!("fact{n}")).collect();
        let all = services.embedder.embed(Purpose::Document, &texts).await.unwrap();
        assert_eq!(all.len(), 200);
        assert!(simulated.asked().len() > 2);
        let last = services.embedder.embed(Purpose::Document, &texts[199..]).await.unwrap();
        assert_eq!(all[199], last[0]);
    }
}

#[tokio::test]
async fn what_goes_wrong_with_an_embedder_has_a_code_and_a_kind() {
    let temporary = PortErrorKind::Temporary;
    let faults = [
        (Fault::Status(429, Some(3_600)), temporary, "rate_limited (status 429, asks to wait 3600 seconds)"),
        (Fault::Status(429, None), temporary, "rate_limited (status 429)"),
        (Fault::Status(500, None), temporary, "unavailable (status 500)"),
        (Fault::Status(529, None), temporary, "unavailable (status 529)"),
        (Fault::Status(401, None), PortErrorKind::Permanent, "unauthorized (status 401)"),
        (Fault::Status(403, None), PortErrorKind::Permanent, "unauthorized (status 403)"),
        (Fault::Status(400, None), PortErrorKind::Input, "rejected (status 400)"),
        (Fault::Truncated, temporary, "malformed"),
        (Fault::Text("NaN".to_owned()), temporary, "malformed"),
        (Fault::Text("<html>checkout fails</html>".to_owned()), temporary, "malformed"),
        (Fault::WrongCount, temporary, "malformed"),
        (Fault::WrongDimension, temporary, "malformed (a vector has another number of dimensions)"),
        (Fault::Zeros, temporary, "malformed (a vector has no direction)"),
        (Fault::Infinite, temporary, "malformed (a vector has no direction)"),
        (Fault::Big(LIMIT + 1), temporary, "too_large"),
        (Fault::Redirect("/elsewhere".to_owned()), PortErrorKind::Permanent, "redirected (status 307)"),
    ];
    for name in EMBEDDERS {
        let simulated = Simulated::start().await.unwrap();
        let services = embedder(&simulated, name, PATIENT);
        for (fault, kind, code) in faults.clone() {
            simulated.next(fault.clone());
            let error = embed(&services, &["checkout fails", "again"]).await.unwrap_err();
            assert_eq!(error.kind, kind, "{name} {fault:?}");
            assert!(told(&error).contains(&format!("{name}: {code}")), "{}", told(&error));
        }
        assert_eq!(embed(&services, &["checkout fails"]).await.unwrap().len(), 1, "and then it works");
    }
}

#[tokio::test]
async fn who_does_not_answer_is_not_waited_for() {
    let simulated = Simulated::start().await.unwrap();
    simulated.always(Some(Fault::Hang));
    for name in EMBEDDERS {
        let error = embed(&embedder(&simulated, name, HASTY), &["checkout fails"]).await.unwrap_err();
        assert_eq!(error.kind, PortErrorKind::Temporary);
        assert!(told(&error).contains("timed_out"));
    }
    let gone = Simulated::start().await.unwrap();
    let services = embedder(&gone, "openai", PATIENT);
    drop(gone);
    let error = embed(&services, &["checkout fails"]).await.unwrap_err();
    assert!(error.kind == PortErrorKind::Temporary && told(&error).contains("unavailable"));
}

#[tokio::test]
async fn a_key_does_not_follow_a_redirect() {
    let (simulated, other) = (Simulated::start().await.unwrap(), Simulated::start().await.unwrap());
    let settings = [
        ("EMBEDDER", "cohere"),
        ("EMBEDDER_URL", simulated.url()),
        ("LANGUAGE_MODEL", "anthropic"),
        ("LANGUAGE_MODEL_URL", simulated.url()),
    ];
    let services = with(&settings, PATIENT);
    simulated.always(Some(Fault::Redirect(format!("{}/v2/embed", other.url()))));
    assert!(embed(&services, &["checkout fails"]).await.is_err());
    assert_eq!(ask(&services).await.unwrap_err().kind, ModelErrorKind::Rejected);
    assert_eq!((simulated.asked().len(), other.asked().len()), (2, 0));
}

#[tokio::test]
async fn pinecone_keeps_the_contract_of_an_index() {
    let simulated = Simulated::start().await.unwrap();
    let services = with(&[("VECTOR_INDEX", "pinecone"), ("VECTOR_INDEX_URL", simulated.url())], PATIENT);
    let index = services.index.unwrap();
    contract::vectors(&*index).await;
    assert_eq!(index.name(), "pinecone");
    let asked = simulated.asked();
    assert!(
        asked.iter().all(|one| one.headers["api-key"] == KEY && one.headers["x-pinecone-api-version"] == "2026-07")
    );
    let record = &asked[0].body["vectors"][0]["metadata"];
    for (name, value) in
        [("layer", "observations"), ("view", "title"), ("source", "github"), ("sourceType", "pull-request.merged")]
    {
        assert_eq!(record[name], value, "{record}");
    }
    let snippet = record["snippet"].as_str().unwrap();
    assert!(record["title"].is_string() && !snippet.is_empty() && record["occurredAt"].is_string(), "{record}");
    assert!(simulated.namespaces().len() >= 3, "each workspace has its own");
}

#[tokio::test]
async fn an_index_that_fails_says_how() {
    let simulated = Simulated::start().await.unwrap();
    let services = with(&[("VECTOR_INDEX", "pinecone"), ("VECTOR_INDEX_URL", simulated.url())], PATIENT);
    let index = services.index.unwrap();
    let foreign =
        json!({ "matches": [{ "id": "x", "score": 1.0, "metadata": { "sourceId": "x", "view": "no view" } }] });
    let query = connector_domain::enrich::VectorQuery {
        vector: Embedding { model: "m".to_owned(), values: vec![1] },
        since: connector_domain::Timestamp::UNIX_EPOCH,
        until: connector_domain::Timestamp::MAX,
        limit: 1,
    };
    let workspace = connector_testkit::builders::workspace("acme");
    for (fault, code) in [
        (Fault::Status(503, None), "unavailable"),
        (Fault::Text(foreign.to_string()), "malformed"),
        (Fault::Text("{".to_owned()), "malformed"),
    ] {
        simulated.next(fault);
        let error = index.nearest(&workspace, &query).await.unwrap_err();
        assert!(error.kind == PortErrorKind::Temporary && told(&error).contains(&format!("pinecone: {code}")));
    }
}

fn model(simulated: &Simulated, total: Duration) -> Services {
    with(&[("LANGUAGE_MODEL", "anthropic"), ("LANGUAGE_MODEL_URL", simulated.url())], total)
}

async fn ask(services: &Services) -> Result<Value, ModelError> {
    let request = ModelRequest {
        instructions: "Sum it up.".to_owned(),
        content: json!({ "title": "checkout fails" }),
        schema: json!({ "type": "object", "properties": { "summary": { "type": "string" } }, "additionalProperties": false }),
        max_tokens: 100,
    };
    let answer = services.language.as_ref().unwrap().complete(&request).await;
    if let Err(error) = &answer {
        told(error);
    }
    answer.map(|answer| {
        assert!(answer.tokens > 0);
        answer.value
    })
}

#[tokio::test]
async fn a_language_model_answers_in_the_form_asked_for() {
    let simulated = Simulated::start().await.unwrap();
    let services = model(&simulated, PATIENT);
    assert!(ask(&services).await.unwrap()["summary"].is_string());
    let asked = &simulated.asked()[0];
    assert!(asked.headers["x-api-key"] == KEY && asked.headers["anthropic-version"] == "2023-06-01");
    assert_eq!(asked.body["model"], "claude-haiku-4-5");
    assert_eq!(asked.body["messages"], json!([{ "role": "user", "content": "{\"title\":\"checkout fails\"}" }]));
    assert_eq!(asked.body["system"], "Sum it up.", "content is never among the instructions");
    assert!(asked.body.get("tools").is_none(), "it can do nothing but answer");
}

#[tokio::test]
async fn what_goes_wrong_with_a_language_model_has_a_code() {
    use ModelErrorKind as Kind;
    let simulated = Simulated::start().await.unwrap();
    let services = model(&simulated, PATIENT);
    let stopped = |reason: &str| {
        let usage = json!({ "input_tokens": 1, "output_tokens": 1 });
        Fault::Text(
            json!({ "content": [{ "type": "text", "text": "{\"summ" }], "stop_reason": reason, "usage": usage })
                .to_string(),
        )
    };
    for (fault, kind) in [
        (Fault::Status(429, Some(60)), Kind::RateLimited),
        (Fault::Status(500, None), Kind::Unavailable),
        (Fault::Status(529, None), Kind::Unavailable),
        (Fault::Status(401, None), Kind::Unauthorized),
        (Fault::Status(402, None), Kind::Unauthorized),
        (Fault::Status(400, None), Kind::Rejected),
        (Fault::Truncated, Kind::Malformed),
        (Fault::Text("junk".to_owned()), Kind::Malformed),
        (Fault::Big(LIMIT + 1), Kind::Malformed),
        (stopped("refusal"), Kind::Declined),
        (stopped("max_tokens"), Kind::Malformed),
        (stopped("tool_use"), Kind::Malformed),
        (stopped("end_turn"), Kind::Malformed),
    ] {
        simulated.next(fault.clone());
        assert_eq!(ask(&services).await.unwrap_err().kind, kind, "{fault:?}");
    }
    simulated.next(Fault::Hang);
    assert_eq!(ask(&model(&simulated, HASTY)).await.unwrap_err().kind, Kind::TimedOut);
    assert!(ask(&services).await.is_ok());
}

#[test]
fn nothing_is_on_without_a_setting_and_a_wrong_one_stops_the_start() {
    let none = Services::from_settings(|_| None, &ServiceKeys::default(), ServiceLimits::default()).unwrap();
    assert!(none.embedder.model() == LOCAL_MODEL && none.index.is_none() && none.language.is_none());
    let tell = |settings: &[(&'static str, &str)], keys: &ServiceKeys| {
        let get = |name| settings.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Services::from_settings(get, keys, ServiceLimits::default()).err().map(|error| (error.code, error.setting))
    };
    let known = keys();
    for (settings, code, setting) in [
        (&[("EMBEDDER", "canary")][..], ConfigCode::UnknownService, "EMBEDDER"),
        (&[("VECTOR_INDEX", "canary")], ConfigCode::UnknownService, "VECTOR_INDEX"),
        (&[("LANGUAGE_MODEL", "canary")], ConfigCode::UnknownService, "LANGUAGE_MODEL"),
        (&[("VECTOR_INDEX", "pinecone")], ConfigCode::MissingSetting, "VECTOR_INDEX_URL"),
        (&[("EMBEDDER", "openai"), ("EMBEDDER_URL", "http://example.com")], ConfigCode::InvalidSetting, "EMBEDDER_URL"),
        (&[("EMBEDDER", "cohere"), ("EMBEDDER_DIMENSIONS", "0")], ConfigCode::InvalidSetting, "EMBEDDER_DIMENSIONS"),
        (&[("EMBEDDER", "cohere"), ("EMBEDDER_DIMENSIONS", "many")], ConfigCode::InvalidSetting, "EMBEDDER_DIMENSIONS"),
        (
            &[("LANGUAGE_MODEL", "anthropic"), ("LANGUAGE_MODEL_STEPS", "dance")],
            ConfigCode::InvalidSetting,
            "LANGUAGE_MODEL_STEPS",
        ),
        (
            &[("LANGUAGE_MODEL", "anthropic"), ("LANGUAGE_MODEL_CALLS_PER_DAY", "-1")],
            ConfigCode::InvalidSetting,
            "LANGUAGE_MODEL_CALLS_PER_DAY",
        ),
    ] {
        assert_eq!(tell(settings, &known), Some((code, setting)));
    }
    let bad = ServiceKeys::parse("{\"openai\": \"a\\nb\"}").unwrap();
    for keys in [&ServiceKeys::default(), &bad] {
        assert_eq!(tell(&[("EMBEDDER", "openai")], keys), Some((ConfigCode::MissingKey, "EMBEDDER")));
    }
    assert!(ServiceKeys::parse("canary").is_none() && ServiceKeys::parse("{\"openai\": 1}").is_none());
    assert!(!format!("{known:?}").contains("canary"));
}
