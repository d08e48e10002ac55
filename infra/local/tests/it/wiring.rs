//! A template that names what is not there does not start.

use std::time::Duration;

use connector_domain::ProviderKind;
use connectors::stack::template::{Guard, Route, Schedule};
use connectors::stack::{Data, Stack, Template};

use crate::support::{github, options};

const SHIPPED: &str = include_str!("../../../../template.yaml");

async fn refused(template: &str) -> String {
    let github = github().await;
    let template = Template::parse(template).unwrap();
    Stack::start(&template, options(Data::Memory, &github)).await.err().unwrap().to_string()
}

#[tokio::test]
async fn what_the_template_names_must_be_there() {
    for (good, bad, says) in [
        ("Binary: webhook-github", "Binary: webhook-gitlab", "resource WebhookGithub: its binary webhook-gitlab"),
        (
            "CAPTURE_QUEUE_URL: !Ref CaptureQueue",
            "X: x",
            "resource WebhookGithub: its setting CAPTURE_QUEUE_URL is missing",
        ),
        (
            "CAPTURE_QUEUE_URL: !Ref CaptureQueue",
            "CAPTURE_QUEUE_URL: !Ref TokenKey",
            "resource WebhookGithub: its setting CAPTURE_QUEUE_URL names no queue",
        ),
        ("Binary: backfill-page", "Binary: webhook-github", "resource BackfillPage: it is fed by a queue and takes no"),
        (
            "Binary: backfill-page",
            "Binary: backfill-scheduler",
            "resource BackfillPage: it is fed by a queue and takes no",
        ),
        ("Binary: webhook-github", "Binary: recovery-sweep", "resource WebhookGithub: its setting BACKFILLS_TABLE"),
        ("AttributeName: PK, KeyType: HASH", "AttributeName: NO, KeyType: HASH", "refused table"),
    ] {
        assert!(SHIPPED.contains(good), "{good}");
        let error = refused(&SHIPPED.replacen(good, bad, 1)).await;
        assert!(error.contains(says), "{bad}: {error}");
    }
}

#[tokio::test]
async fn a_function_is_reached_in_its_own_way() {
    let github = github().await;
    let start = async |template: &Template| {
        Stack::start(template, options(Data::Memory, &github)).await.err().unwrap().to_string()
    };
    let mut template = Template::embedded().unwrap();
    template.schedules.push(Schedule { function: "WebhookGithub".to_owned(), every: Duration::from_secs(60) });
    assert!(start(&template).await.contains("resource WebhookGithub: it has a schedule"));

    let mut template = Template::embedded().unwrap();
    let path = "/run".to_owned();
    let (method, function) = ("POST".to_owned(), "RecoverySweep".to_owned());
    template.routes.push(Route { method, path, function, guard: Guard::Open });
    assert!(start(&template).await.contains("resource RecoverySweep: it has a route"));

    let mut template = Template::embedded().unwrap();
    template.functions.remove("RecoverySweep");
    template.schedules.retain(|schedule| schedule.function != "RecoverySweep");
    assert!(start(&template).await.contains("no function runs recovery-sweep"));
}

#[tokio::test]
async fn an_api_address_that_is_not_a_url_is_named() {
    let github = github().await;
    let mut options = options(Data::Memory, &github);
    options.api_urls.insert(ProviderKind::Github, "nonsense".to_owned());
    let error = Stack::start(&Template::embedded().unwrap(), options).await.err().unwrap().to_string();
    assert!(error.contains("github's API address"), "{error}");
}
