//! The rules of `template.yaml` that no linter knows. Each is one that cost somebody an outage or an open door.

mod document;
mod queues;
mod rights;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cargo_metadata::{Metadata, MetadataCommand, Package};
use connector_api::{MACHINE_PREFIX, ROUTES, Served};
use document::{Document, Resources, target};
use serde_json::{Value, json};

/// Routes that anybody may call: a webhook is verified by what it carries, who comes from a consent screen by a state and a
/// cookie, and health tells nothing.
fn is_open(route: &str) -> bool {
    route == "GET /health" || route.starts_with("POST /webhooks/") || route.starts_with("GET /oauth/")
}

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
    let all = functions(template).into_iter().flat_map(|(name, function)| {
        function["Events"].as_object().into_iter().flatten().map(move |(_, event)| (name, event))
    });
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

/// Every route with its binary and its authorizer.
fn routes(template: &Document) -> BTreeMap<String, (&str, &str)> {
    let mut routes = BTreeMap::new();
    for (name, route) in events(template, "HttpApi") {
        let api = target(&route["ApiId"]);
        let default = &template.all("AWS::Serverless::HttpApi")[api.as_str()]["Auth"]["DefaultAuthorizer"];
        let authorizer = route.get("Auth").map_or(default, |auth| &auth["Authorizer"]).as_str().unwrap();
        let key = format!("{} {}", route["Method"].as_str().unwrap(), route["Path"].as_str().unwrap());
        assert!(routes.insert(key.clone(), (binary(template, name), authorizer)).is_none(), "{key} twice");
    }
    routes
}

#[test]
fn routes_are_throttled_and_closed_unless_they_must_be_open() {
    let template = template();
    for (name, api) in template.all("AWS::Serverless::HttpApi") {
        let limits = &api["DefaultRouteSettings"];
        let rate = limits["ThrottlingRateLimit"].as_u64().unwrap();
        assert!(limits["ThrottlingBurstLimit"].as_u64().unwrap() >= rate && rate > 0, "{name}");
        let authorizers = api["Auth"]["Authorizers"].as_object().unwrap();
        let default = api["Auth"]["DefaultAuthorizer"].as_str().unwrap();
        assert!(
            authorizers[default]["JwtConfiguration"]["issuer"].is_object(),
            "a route is closed unless it says otherwise"
        );
        for (route, (_, authorizer)) in routes(&template) {
            let expected = match route.split(' ').nth(1).unwrap() {
                _ if is_open(&route) => "NONE",
                path if path.starts_with("/machine/") => "MachineKey",
                _ => default,
            };
            assert_eq!(authorizer, expected, "{route}");
            assert!(authorizer == "NONE" || authorizers.contains_key(authorizer), "{route}");
        }
        let machines = &authorizers["MachineKey"];
        assert_eq!(binary(&template, &target(&machines["FunctionArn"])), "management-authorizer");
        assert!(machines["Identity"]["ReauthorizeEvery"].as_u64().is_some_and(|seconds| seconds <= 60));
    }
    let routes = routes(&template);
    for binary in functions(&template).keys().map(|name| binary(&template, name)) {
        if let Some(provider) = binary.strip_prefix("webhook-") {
            assert_eq!(routes.get(&format!("POST /webhooks/{provider}")), Some(&(binary, "NONE")));
        }
    }
}

#[test]
fn the_routes_of_the_management_api_are_the_ones_in_its_code() {
    let template = template();
    let mut expected: BTreeMap<String, &str> =
        BTreeMap::from([("ANY /machine/v1/{proxy+}".to_owned(), "management-api")]);
    for route in ROUTES {
        let binary = match route.served {
            Served::Rows => "management-api",
            Served::Live => "management-live",
        };
        expected.insert(format!("{} {}", route.method, route.path), binary);
        if route.served == Served::Live {
            // More exact than the one for all the others, so it goes first.
            expected.insert(format!("{} {MACHINE_PREFIX}{}", route.method, route.path), binary);
        }
    }
    let routes = routes(&template).into_iter().filter(|(_, (binary, _))| binary.starts_with("management-"));
    let deployed: BTreeMap<String, &str> = routes.map(|(route, (binary, _))| (route, binary)).collect();
    assert_eq!(deployed, expected);
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

#[test]
fn the_dashboard_shows_numbers_that_are_logged() {
    let dashboard = Document::read(&root().join("infra/dashboard.yaml"));
    let body = dashboard.all("AWS::CloudWatch::Dashboard")["Dashboard"]["DashboardBody"]["Fn::Sub"]
        .as_str()
        .unwrap()
        .to_owned();
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    let sources = [
        "backfill/src/page.rs",
        "capture/src/capture.rs",
        "capture/src/enrich.rs",
        "documents/src/worker.rs",
        "recovery/src/sweep.rs",
    ];
    let sources: String =
        sources.map(|path| std::fs::read_to_string(root().join("functions").join(path)).unwrap()).concat();
    let mut shown = 0;
    for widget in body["widgets"].as_array().unwrap() {
        for metric in widget["properties"]["metrics"].as_array().unwrap() {
            if metric[0] == "MemoryConnectors" {
                let name = metric[1].as_str().unwrap();
                assert!(sources.contains(&format!("metric.{name} = ")), "nobody logs {name}");
                shown += 1;
            }
        }
    }
    assert!(shown > 10);
}
