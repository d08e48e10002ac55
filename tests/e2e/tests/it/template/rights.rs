//! What each function may do and is told, and what the key may be used for.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::document::{Document, list, strings, target};
use super::{binaries, binary, functions, packages, root, template};

#[test]
fn permissions_are_the_ones_written_down() {
    let template = template();
    let text = fs::read_to_string(root().join("infra/permissions.yaml")).unwrap();
    let expected: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = serde_yaml_ng::from_str(&text).unwrap();
    let actual: BTreeMap<_, _> = functions(&template)
        .into_iter()
        .map(|(name, function)| (binary(&template, name).to_owned(), granted(&template, function)))
        .collect();
    for (function, granted) in &actual {
        assert_eq!(Some(granted), expected.get(function), "{function} (right: infra/permissions.yaml)");
    }
    assert_eq!(actual.len(), expected.len());
    // A role that no function uses would escape the table.
    assert_eq!(template.all("AWS::IAM::Role").len(), actual.len());
}

/// What a function's role allows, without the writing of its own log.
fn granted(template: &Document, function: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let role = template.all("AWS::IAM::Role")[target(&function["Role"]).as_str()];
    assert!(role.get("ManagedPolicyArns").is_none(), "a managed policy is wider than any function needs");
    let log = target(&function["LoggingConfig"]["LogGroup"]);
    let mut granted = BTreeMap::<_, BTreeSet<_>>::new();
    for statement in list(&role["Policies"]).into_iter().flat_map(|policy| list(&policy["PolicyDocument"]["Statement"]))
    {
        assert_eq!(statement["Effect"], "Allow");
        let condition: String = statement.get("Condition").map_or_else(String::new, |condition| {
            let (key, value) = condition["StringEquals"].as_object().unwrap().iter().next().unwrap();
            format!(" [{key} = {}]", value.as_str().unwrap())
        });
        let condition = statement.get("If").map_or(condition, |name| format!(" [if {}]", name.as_str().unwrap()));
        for resource in list(&statement["Resource"]) {
            let actions = strings(&statement["Action"]).into_iter().map(str::to_owned);
            granted.entry(format!("{}{condition}", target(resource))).or_default().extend(actions);
        }
    }
    let logging = granted.remove(&log).unwrap_or_default();
    assert_eq!(logging, ["logs:CreateLogStream", "logs:PutLogEvents"].map(str::to_owned).into());
    granted
}

#[test]
fn nothing_is_allowed_by_wildcard() {
    let template = template();
    let roles = template.all("AWS::IAM::Role").into_values().flat_map(|role| list(&role["Policies"]));
    let keys = template.all("AWS::KMS::Key").into_values().map(|key| &key["KeyPolicy"]);
    let documents = roles.map(|policy| &policy["PolicyDocument"]).chain(keys);
    for statement in documents.flat_map(|document| list(&document["Statement"])) {
        assert!(statement.get("NotAction").is_none() && statement.get("NotResource").is_none(), "{statement}");
        for action in strings(&statement["Action"]) {
            assert!(!action.contains('*'), "{action}");
        }
        // A key policy speaks of its own key, and of nothing else, as `*`.
        let own_key = statement.get("Principal").is_some();
        assert!(own_key || !statement["Resource"].to_string().contains('*'), "{statement}");
    }
    for (name, function) in functions(&template) {
        assert!(function.get("Policies").is_none(), "{name}: a generated role is wider than needed");
    }
}

#[test]
fn the_key_opens_only_what_is_ours_to_seal() {
    let template = template();
    for (name, key) in template.all("AWS::KMS::Key") {
        assert_eq!(key["EnableKeyRotation"], true, "{name}");
        for statement in list(&key["KeyPolicy"]["Statement"]) {
            let uses = strings(&statement["Action"]).iter().any(|a| ["kms:Decrypt", "kms:GenerateDataKey"].contains(a));
            let bound = &statement["Condition"]["StringEquals"]["kms:EncryptionContext:purpose"];
            assert!(!uses || *bound == json!(["provider-token", "pkce"]), "{name}: {statement}");
        }
    }
}

#[test]
fn the_environment_holds_names_and_no_secrets() {
    let template = template();
    let global = template.at("Globals/Function/Environment/Variables").as_object().unwrap();
    let own = functions(&template);
    let own = own.values().flat_map(|function| function["Environment"]["Variables"].as_object().unwrap());
    for (name, value) in global.iter().chain(own) {
        let sounds_secret = ["SECRET", "TOKEN", "KEY", "PASSWORD"].iter().any(|word| name.contains(word));
        let sounds_secret = sounds_secret && !name.ends_with("_PER_DAY");
        assert!(!sounds_secret || name.ends_with("_ARN"), "{name}: the functions are told where a secret is, not what");
        assert!(value.is_object(), "{name}: a literal in the template is a setting that nobody can change");
    }
}

#[test]
fn settings_are_the_ones_the_code_reads() {
    let template = template();
    let lambda = source(&root().join("shared/lambda/src"));
    for name in template.at("Globals/Function/Environment/Variables").as_object().unwrap().keys() {
        assert!(lambda.contains(name), "nothing reads {name}");
    }
    // Settings that several functions share are read in one place.
    let shared = ["shared/domain/src/provider.rs", "shared/adapters/src/services/settings.rs"];
    let shared: String = shared.map(|path| source(&root().join(path))).concat();
    for package in packages() {
        let code = source(package.manifest_path.parent().unwrap().join("src").as_std_path());
        let functions = functions(&template);
        let set: BTreeSet<&str> = functions
            .iter()
            .filter(|(name, _)| binaries(&package).any(|built| built == binary(&template, name)))
            .flat_map(|(_, function)| function["Environment"]["Variables"].as_object().unwrap().keys())
            .map(String::as_str)
            .collect();
        for name in &set {
            let literal = format!("\"{name}\"");
            assert!(code.contains(&literal) || shared.contains(&literal), "{}: nothing reads {name}", package.name);
        }
        let read = ["env.require(\"", "env.parse_or(\""].map(|call| code.split(call).skip(1));
        for name in read.into_iter().flatten().map(|rest| rest.split('"').next().unwrap()) {
            assert!(set.contains(name), "{}: {name} is not set", package.name);
        }
    }
}

#[test]
fn a_function_is_told_of_exactly_what_it_may_touch() {
    let template = template();
    for (name, function) in functions(&template) {
        let told: BTreeSet<String> = function["Environment"]["Variables"]
            .as_object()
            .unwrap()
            .values()
            .map(target)
            .filter(|resource| !template.kind(resource).is_empty())
            .collect();
        let reading = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"].map(str::to_owned).into();
        let touched: BTreeSet<String> = granted(&template, function)
            .into_iter()
            // The messages of a queue are handed to the function; it need not know where they come from.
            .filter(|(_, actions)| *actions != reading)
            .map(|(resource, _)| resource.split(['/', ' ']).next().unwrap().to_owned())
            .collect();
        assert_eq!(told, touched, "{name}");
    }
}

/// All Rust text under a path.
fn source(path: &Path) -> String {
    if path.is_file() {
        return fs::read_to_string(path).unwrap();
    }
    let mut paths: Vec<_> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().filter(|p| p.is_dir() || p.extension().is_some_and(|e| e == "rs")).map(|p| source(p)).collect()
}
