//! The rules of `template.yaml` that no linter knows. Each is one that cost somebody an outage or an open door.

mod document;
mod queues;
mod rights;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cargo_metadata::{Metadata, MetadataCommand, Package};
use document::{Document, Resources, target};
use serde_json::{Value, json};

/// Paths that anybody may call; the caller is verified by what the request carries.
const OPEN_PATHS: [&str; 2] = ["/webhooks/", "/oauth/"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn template() -> Document {
    Document::read(&root().join("template.yaml"))
}

fn functions(template: &Document) -> Resources<'_> {
    template.all("AWS::Serverless::Function")
}

/// The events of a type, with the function that they start.
fn events<'a>(template: &'a Document, kind: &str) -> Vec<(&'a str, &'a Value)> {
    let all = functions(template)
        .into_iter()
        .flat_map(|(name, function)| function["Events"].as_object().unwrap().values().map(move |event| (name, event)));
    all.filter(|(_, event)| event["Type"] == kind).map(|(name, event)| (name, &event["Properties"])).collect()
}

/// The binary that a function runs.
fn binary<'a>(template: &'a Document, function: &str) -> &'a str {
    template.at(&format!("Resources/{function}/Metadata/BuildProperties/Binary")).as_str().unwrap()
}

/// The packages that hold functions.
fn packages() -> Vec<Package> {
    let workspace = workspace();
    let folder = workspace.workspace_root.join("functions");
    workspace.packages.into_iter().filter(|package| package.manifest_path.starts_with(&folder)).collect()
}

fn workspace() -> Metadata {
    MetadataCommand::new().manifest_path(root().join("Cargo.toml")).no_deps().exec().unwrap()
}

/// The names of a package's binaries.
fn binaries(package: &Package) -> impl Iterator<Item = &str> {
    package.targets.iter().filter(|target| target.is_bin()).map(|target| target.name.as_str())
}

#[test]
fn tables_survive_mistakes() {
    let template = template();
    assert_eq!(template.at("Parameters/DeletionProtection/Default"), "true");
    for (name, table) in template.all("AWS::DynamoDB::Table") {
        assert_eq!(table["BillingMode"], "PAY_PER_REQUEST", "{name}");
        assert_eq!(table["DeletionProtectionEnabled"], json!({"Ref": "DeletionProtection"}), "{name}");
        assert_eq!(table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true, "{name}");
        let keys = [("PK", "HASH"), ("SK", "RANGE")].map(|(n, t)| json!({"AttributeName": n, "KeyType": t}));
        assert_eq!(table["KeySchema"], json!(keys), "{name}");
    }
    for (name, resource) in template.at("Resources").as_object().unwrap() {
        let kind = resource["Type"].as_str().unwrap();
        if ["AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::SecretsManager::Secret"].contains(&kind) {
            assert_eq!(resource["DeletionPolicy"], "Retain", "{name}");
            assert_eq!(resource["UpdateReplacePolicy"], "Retain", "{name}");
        }
    }
}

#[test]
fn every_function_is_a_binary_and_every_binary_a_function() {
    let template = template();
    let packages = packages();
    let built: BTreeSet<&str> = packages.iter().flat_map(binaries).collect();
    let deployed: BTreeSet<&str> = functions(&template).keys().map(|name| binary(&template, name)).collect();
    assert_eq!(deployed, built);
    // `sam build` names a binary and no package, and cargo looks for it among the default members only.
    let found: BTreeSet<_> = workspace().workspace_default_members.iter().cloned().collect();
    assert_eq!(found, packages.iter().map(|package| package.id.clone()).collect());
    let global = template.at("Globals/Function");
    assert_eq!(global["Runtime"], "provided.al2023");
    assert_eq!(global["CodeUri"], ".", "one directory, one compilation of the dependencies");
    assert_eq!(global["Architectures"], json!([{"Ref": "Arch"}]));
    assert_eq!(template.at("Parameters/Arch/Default"), "arm64");
    for (name, function) in functions(&template) {
        let binary = binary(&template, name);
        assert_eq!(template.at(&format!("Resources/{name}/Metadata/BuildMethod")), "rust-cargolambda", "{name}");
        // With the stack's name in it, two stacks fit into one account.
        assert_eq!(function["FunctionName"]["Fn::Sub"], format!("${{AWS::StackName}}-{binary}"), "{name}");
    }
    for (name, schedule) in events(&template, "ScheduleV2") {
        assert_eq!(schedule["Name"]["Fn::Sub"], format!("${{AWS::StackName}}-{}", binary(&template, name)), "{name}");
    }
}

#[test]
fn every_log_is_kept_for_a_time_that_was_chosen() {
    let template = template();
    let groups = template.all("AWS::Logs::LogGroup");
    for (name, group) in &groups {
        assert_eq!(group["RetentionInDays"], json!({"Ref": "LogRetentionDays"}), "{name}");
    }
    let mut used = BTreeSet::new();
    for (name, function) in functions(&template) {
        assert_eq!(function["LoggingConfig"]["LogFormat"], "JSON", "{name}");
        assert!(used.insert(target(&function["LoggingConfig"]["LogGroup"])), "{name} shares its log");
    }
    for (name, api) in template.all("AWS::Serverless::HttpApi") {
        let access = &api["AccessLogSettings"];
        assert!(used.insert(target(&access["DestinationArn"])), "{name}");
        let format = access["Format"].as_str().unwrap();
        let line: Value = serde_json::from_str(format).unwrap();
        // Codes of an authorisation and signatures travel in these.
        for field in line.as_object().unwrap().values().map(|field| field.as_str().unwrap()) {
            let revealing = ["path", "query", "header", "body", "authorizer"].iter().any(|word| field.contains(word));
            assert!(!revealing, "{name} logs {field}");
        }
    }
    assert_eq!(used.len(), groups.len(), "a log group that nothing writes to");
}

#[test]
fn routes_are_throttled_and_only_webhooks_are_open() {
    let template = template();
    for (name, api) in template.all("AWS::Serverless::HttpApi") {
        let limits = &api["DefaultRouteSettings"];
        let rate = limits["ThrottlingRateLimit"].as_u64().unwrap();
        assert!(limits["ThrottlingBurstLimit"].as_u64().unwrap() >= rate && rate > 0, "{name}");
    }
    let mut routes = BTreeMap::new();
    for (name, route) in events(&template, "HttpApi") {
        assert_eq!(template.kind(&target(&route["ApiId"])), "AWS::Serverless::HttpApi");
        let (method, path) = (route["Method"].as_str().unwrap(), route["Path"].as_str().unwrap());
        let guarded = route.get("Auth").is_some();
        assert!(guarded || OPEN_PATHS.iter().any(|open| path.starts_with(open)), "{path} is open");
        assert!(routes.insert(format!("{method} {path}"), binary(&template, name)).is_none(), "{path} twice");
    }
    let webhooks = functions(&template);
    for binary in webhooks.keys().map(|name| binary(&template, name)) {
        if let Some(provider) = binary.strip_prefix("webhook-") {
            assert_eq!(routes.get(&format!("POST /webhooks/{provider}")), Some(&binary));
        }
    }
}

#[test]
fn every_queue_and_function_has_its_alarms() {
    let template = template();
    let alarms = Document::read(&root().join("infra/alarms.yaml"));
    let passed = &template.all("AWS::CloudFormation::Stack")["Alarms"]["Parameters"];
    // Parameter of alarms.yaml -> the metrics watched.
    let mut watched = BTreeMap::<&str, BTreeSet<&str>>::new();
    for (name, alarm) in alarms.all("AWS::CloudWatch::Alarm") {
        let subject = alarm["Dimensions"][0]["Value"]["Ref"].as_str().unwrap();
        assert_eq!(target(&passed[subject]), subject, "{name}");
        assert!(alarm["AlarmActions"].is_object(), "{name} tells nobody");
        watched.entry(subject).or_default().insert(alarm["MetricName"].as_str().unwrap());
    }
    for name in functions(&template).into_keys() {
        assert!(watched[name].is_superset(&["Errors", "Throttles"].into()), "{name}");
    }
    for (name, queue) in template.all("AWS::SQS::Queue") {
        let live = queue.get("RedrivePolicy").is_some();
        let metric = if live { "ApproximateAgeOfOldestMessage" } else { "ApproximateNumberOfMessagesVisible" };
        assert!(watched[name].contains(metric), "{name}");
    }
    assert!(watched["HttpApi"].contains("5xx"));
}
