//! Our schema and our webhooks against Linear's own schema and real deliveries, where they lie outside the project.

use std::{collections::BTreeSet, fs};

use apollo_compiler::{Schema, schema::ExtendedType};
use connector_simulator::linear::{Edit, Health, NewComment, NewDocument, NewIssue, NewProject, Sla};
use serde_json::Value;

use super::{Stage, body};
use crate::{
    corpus::{items, missing, outside},
    sdl::{differences, everything, ours, theirs},
};

const FOLDER: &str = "src/linear/schema";

/// A world that has some of everything.
async fn full() -> Stage {
    let stage = Stage::filled(40).await;
    let (linear, team, me) = (&stage.linear, &stage.team, "octavia");
    let initiative = linear.add_initiative("Grow", me, stage.at(0)).id;
    let draft = NewProject {
        author: me.to_owned(),
        lead: Some(me.to_owned()),
        status: "In Progress".to_owned(),
        start: Some("2026-06-01".to_owned()),
        target: Some("2026-09-30".to_owned()),
        initiatives: vec![initiative.clone()],
        ..NewProject::named("Checkout")
    };
    let project = team.add_project(draft, stage.at(1)).id;
    linear.post_update(&initiative, "Fine.", Health::OnTrack, me, stage.at(2));
    let update = linear.post_update(&project, "Fine.", Health::OnTrack, me, stage.at(2)).id;
    linear.edit_update(&update, "Better.", stage.at(3));
    linear.comment(NewComment::on(&update, "+1"), stage.at(3));
    linear.add_document(NewDocument { of: Some(project.clone()), ..NewDocument::titled("Plan") }, stage.at(4));
    let cycle = team.add_cycle(stage.at(0), stage.at(86_400), stage.at(4)).id;
    team.rename_cycle(&cycle, "Sprint", me, stage.at(5));
    let parent = team.open_issue(NewIssue::default(), stage.at(5)).id;
    let draft = NewIssue {
        description: Some("After a reload the cart is empty.".to_owned()),
        author: Some(me.to_owned()),
        state: "In Progress".to_owned(),
        assignee: Some(me.to_owned()),
        labels: vec!["Bug".to_owned()],
        estimate: Some(3),
        due: Some("2026-06-30".to_owned()),
        project: Some(project.clone()),
        cycle: Some(cycle),
        parent: Some(parent),
        ..NewIssue::default()
    };
    let issue = team.open_issue(draft, stage.at(6)).id;
    let comment =
        linear.comment(NewComment { author: Some(me.to_owned()), ..NewComment::on(&issue, "Why?") }, stage.at(7)).id;
    let answer = NewComment { parent: Some(comment.clone()), ..NewComment::on(&issue, "Because.") };
    linear.comment(answer, stage.at(8));
    linear.edit_comment(&comment, "Why now?", stage.at(9));
    linear.react(&issue, "tada", me, stage.at(9));
    linear.react(&comment, "tada", me, stage.at(9));
    team.tell_sla(&issue, Sla::Set, stage.at(10));
    team.edit_issue(&issue, vec![Edit::Title("Better".to_owned())], me, stage.at(300));
    team.trash_issue(&issue, me, stage.at(400));
    linear.move_project(&project, "Canceled", me, stage.at(400));
    linear.trash_project(&project, me, stage.at(401));
    stage
}

#[tokio::test]
async fn every_field_of_the_schema_has_an_answer() {
    let stage = full().await;
    let schema = ours(FOLDER);
    let Some(ExtendedType::Object(query)) = schema.types.get("Query") else { unreachable!() };
    for (name, field) in &query.fields {
        let type_name = field.ty.inner_named_type();
        if field.argument_by_name("id").is_some() {
            continue;
        }
        let archived = if field.argument_by_name("first").is_some() { "(first: 2, includeArchived: true)" } else { "" };
        let reply = stage.ask(&format!("{{ {name}{archived} {{ {} }} }}", everything(&schema, type_name, 1))).await;
        let answer = super::data(&reply);
        let listed = &answer[name.as_str()]["nodes"];
        assert!(!listed.is_array() || !listed[0].is_null(), "there are no {name} to try it on");
    }
}

#[test]
fn our_schema_is_a_part_of_linears() {
    let Some(theirs) = theirs("linear.schema.graphql") else { return };
    let found = differences(&ours(FOLDER), &theirs);
    assert!(found.is_empty(), "{found:#?}");
}

/// Demanded by Linear's schema, and missing in real deliveries all the same.
const MISSING_IN_REAL_ONES: [&str; 2] = ["editedAt", "prioritySortOrder"];

#[tokio::test]
async fn webhooks_are_what_linears_schema_says_they_are() {
    let Some(theirs) = theirs("linear.schema.graphql") else { return };
    let stage = full().await;
    stage.linear.revoke_app(stage.at(500));
    let mut wrong = BTreeSet::new();
    let mut kinds = BTreeSet::new();
    for webhook in stage.linear.history_webhooks() {
        let body = body(&webhook);
        let event = webhook.event.as_str();
        kinds.insert(event.to_owned());
        match event {
            "OAuthApp" => compare(&theirs, "OAuthAppWebhookPayload", &body, event, &mut wrong),
            "IssueSLA" => compare(&theirs, "IssueSlaWebhookPayload", &body, event, &mut wrong),
            _ => {
                compare(&theirs, "EntityWebhookPayload", &body, event, &mut wrong);
                compare(&theirs, &format!("{event}WebhookPayload"), &body["data"], event, &mut wrong);
                for field in body["updatedFrom"].as_object().into_iter().flatten().map(|(field, _)| field) {
                    let Some(ExtendedType::Object(payload)) =
                        theirs.types.get(format!("{event}WebhookPayload").as_str())
                    else {
                        unreachable!()
                    };
                    if !payload.fields.contains_key(field.as_str()) {
                        wrong.insert(format!("{event}: updatedFrom.{field} is not there"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(kinds.len(), 12, "{kinds:?}");
}

/// Notes every field of `value` that the type has not, or has with another type, and every one that it misses.
fn compare(schema: &Schema, type_name: &str, value: &Value, at: &str, wrong: &mut BTreeSet<String>) {
    let Some(ExtendedType::Object(object)) = schema.types.get(type_name) else {
        wrong.insert(format!("{at}: there is no {type_name}"));
        return;
    };
    let Some(fields) = value.as_object() else {
        wrong.insert(format!("{at}: {value} is no {type_name}"));
        return;
    };
    for (name, definition) in &object.fields {
        let known = MISSING_IN_REAL_ONES.contains(&name.as_str());
        if definition.ty.is_non_null() && fields.get(name.as_str()).is_none_or(Value::is_null) && !known {
            wrong.insert(format!("{at}.{name} is missing"));
        }
    }
    for (name, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
        let Some(definition) = object.fields.get(name.as_str()) else {
            wrong.insert(format!("{at}.{name} is not there"));
            continue;
        };
        let at = format!("{at}.{name}");
        let inner = definition.ty.inner_named_type();
        let values = match value {
            Value::Array(items) if definition.ty.is_list() => items.as_slice(),
            value => std::slice::from_ref(value),
        };
        for value in values {
            let fits = match inner.as_str() {
                "String" | "ID" | "DateTime" => value.is_string(),
                "Float" | "Int" => value.is_number(),
                "Boolean" => value.is_boolean(),
                _ => true,
            };
            if !fits {
                wrong.insert(format!("{at}: {value} is no {inner}"));
            }
            if matches!(schema.types.get(inner), Some(ExtendedType::Object(_))) {
                compare(schema, inner, value, &at, wrong);
            }
        }
    }
}

/// Fields that Linear no longer sends, or sends of things that are not simulated.
const NOT_OURS: [&str; 9] = [
    "boardOrder",
    "descriptionData",
    "edited",
    "identifier",
    "milestoneId",
    "slackIssueComments",
    "slackIssueStatuses",
    "slackNewIssue",
    "state",
];

#[tokio::test]
async fn webhooks_have_every_field_of_real_ones() {
    let Some(folder) = outside("corpus/linear/webhooks") else { return };
    let stage = full().await;
    let ours: Vec<Value> = stage.linear.history_webhooks().iter().map(body).collect();
    let mut lacking = BTreeSet::new();
    let mut compared = 0;
    for source in ["activepieces", "zulip", "korosuke613"] {
        for file in fs::read_dir(folder.join(source)).unwrap() {
            for real in items(file.unwrap().path()) {
                let alike = ours.iter().filter(|own| own["type"] == real["type"] && own["action"] == real["action"]);
                let fewest = alike.map(|own| {
                    let mut lacking = BTreeSet::new();
                    missing(&real, own, real["type"].as_str().unwrap(), &mut lacking);
                    lacking
                });
                if let Some(fewest) = fewest.reduce(|one, other| one.intersection(&other).cloned().collect()) {
                    lacking.extend(fewest);
                    compared += 1;
                }
            }
        }
    }
    lacking.retain(|path| {
        let field = path.rsplit('.').next().unwrap();
        // What an update changed is up to the update.
        !path.contains("updatedFrom") && !NOT_OURS.contains(&field)
    });
    assert!(lacking.is_empty(), "{lacking:#?}");
    assert!(compared > 25, "{compared}");
}
