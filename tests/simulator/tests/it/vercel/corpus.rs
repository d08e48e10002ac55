//! Our shapes against Vercel's specification, and against webhooks that nobody of this project wrote.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Stage;
use crate::{
    corpus::{items, lacking, outside},
    schema::Specification,
};

#[tokio::test]
async fn answers_are_as_specified() {
    let Some(specification) = Specification::read("vercel.slice.json") else { return };
    let stage = Stage::filled(200).await;
    let ready = stage.walk("&limit=100&state=READY", 2).await;
    stage.project.expire(ready[0]["uid"].as_str().unwrap(), stage.world.now());
    let mut wrong = BTreeSet::new();
    for query in ["&limit=100", "&limit=100&state=DELETED", "&limit=100&state=ERROR", "&since=9999999999999"] {
        wrong.extend(specification.check("/v6/deployments", &stage.page(query).await.json()));
    }
    let project = stage.http.get(&stage.of_team("/v9/projects/shop")).await.json();
    wrong.extend(specification.check("/v9/projects/{idOrName}", &project));
    let projects = stage.http.get(&stage.of_team("/v10/projects")).await.json();
    wrong.extend(specification.check("/v10/projects", &projects));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn webhooks_have_every_field_of_real_ones() {
    let Some(corpus) = outside("corpus/vercel/webhooks") else { return };
    let stage = Stage::filled(60).await;
    let ours: Vec<(String, Value)> = stage
        .project
        .history_webhooks()
        .iter()
        .map(|webhook| (webhook.event.clone(), serde_json::from_slice(&webhook.body).unwrap()))
        .collect();
    let mut found = BTreeSet::new();
    for (file, event) in [
        ("trigger.dev/deployment.created.json", "deployment.created"),
        ("trigger.dev/deployment.succeeded.json", "deployment.succeeded"),
        ("trigger.dev/deployment.error.json", "deployment.error"),
        ("trigger.dev/deployment.canceled.json", "deployment.canceled"),
        ("sentry-tests/deployment.created.raw.json", "deployment.created"),
    ] {
        found.extend(lacking(items(corpus.join(file)), &ours, event));
    }
    // Of 2020, and gone from Vercel's documents since.
    found.retain(|path| !["payload.url", "payload.type"].iter().any(|old| path.ends_with(old)));
    assert!(found.is_empty(), "{found:#?}");
}
