//! Webhooks, and that they tell the same facts as the lists.

use std::collections::{BTreeMap, BTreeSet};

use connector_simulator::linear::{Edit, Health, NewComment, NewDocument, NewIssue, NewProject, Sla, Webhook};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Stage, body};

/// Webhooks and their lists, with fields that both have.
const LISTS: [(&str, &str, &str); 5] = [
    (
        "Issue",
        "issues",
        "id identifier number title description url priority priorityLabel estimate dueDate labelIds sortOrder createdAt updatedAt startedAt completedAt canceledAt archivedAt trashed state { id name type color } team { id key name } assignee { id name email avatarUrl url } project { id name url } cycle { id name number startsAt endsAt }",
    ),
    (
        "Comment",
        "comments",
        "id body createdAt updatedAt editedAt parentId issueId projectUpdateId user { id name email avatarUrl url } issue { id identifier title url team { id key name } }",
    ),
    (
        "Project",
        "projects",
        "id name description slugId url color health startDate targetDate createdAt updatedAt startedAt completedAt canceledAt status { id name type color } lead { id name email avatarUrl url }",
    ),
    (
        "ProjectUpdate",
        "projectUpdates",
        "id body health slugId url createdAt updatedAt user { id name email avatarUrl url } project { id name url }",
    ),
    ("Cycle", "cycles", "id name number description startsAt endsAt completedAt createdAt updatedAt"),
];

/// Every field that the list has must be in the webhook with the same value, or be missing there when it is null.
fn assert_agrees(listed: &Value, told: &Value, at: &str) {
    match (listed, told) {
        (Value::Object(listed), Value::Object(told)) => {
            for (field, value) in listed {
                assert_agrees(value, told.get(field).unwrap_or(&Value::Null), &format!("{at}.{field}"));
            }
        }
        _ => assert_eq!(listed, told, "{at}"),
    }
}

#[tokio::test]
async fn the_last_webhook_of_each_item_says_all_that_the_list_says() {
    let stage = Stage::filled(120).await;
    let mut last: BTreeMap<(String, String), Value> = BTreeMap::new();
    for webhook in stage.linear.history_webhooks() {
        last.insert((webhook.event.clone(), webhook.id.clone()), body(&webhook)["data"].clone());
    }
    for (event, list, fields) in LISTS {
        let items = stage.all(list, "first: 100", fields).await;
        assert!(items.len() > 3, "{list}: {}", items.len());
        for item in &items {
            let told = &last[&(event.to_owned(), item["id"].as_str().unwrap().to_owned())];
            assert_agrees(item, told, &format!("{event} {}", item["id"]));
        }
    }
}

#[tokio::test]
async fn every_transition_a_list_item_proves_was_told_at_the_same_time() {
    let stage = Stage::filled(120).await;
    let told: BTreeSet<(String, &'static str, String)> = stage
        .linear
        .history_webhooks()
        .iter()
        .flat_map(|webhook| {
            let body = body(webhook);
            ["createdAt", "startedAt", "completedAt", "canceledAt"]
                .map(|field| (webhook.id.clone(), field, body["data"][field].as_str().unwrap_or_default().to_owned()))
        })
        .collect();
    let mut proven = 0;
    for (_, list, _) in LISTS {
        let times = if list == "issues" || list == "projects" { "startedAt completedAt canceledAt" } else { "" };
        for item in stage.all(list, "first: 100", &format!("id createdAt {times}")).await {
            for field in ["createdAt", "startedAt", "completedAt", "canceledAt"] {
                if let Some(at) = item[field].as_str() {
                    let fact = (item["id"].as_str().unwrap().to_owned(), field, at.to_owned());
                    assert!(told.contains(&fact), "{fact:?}");
                    proven += 1;
                }
            }
        }
    }
    assert!(proven > 300, "{proven}");
}

#[tokio::test]
async fn an_update_tells_what_was() {
    let stage = Stage::empty().await;
    let id = stage.team.open_issue(NewIssue::default(), stage.at(0)).id;
    let moved = stage.team.move_issue(&id, "Done", "tadeo", stage.at(11));
    let told = body(&moved);
    assert_eq!((&told["action"], &told["type"]), (&json!("update"), &json!("Issue")));
    assert_eq!(told["actor"]["name"], "Tadeo");
    assert_eq!(told["actor"]["type"], "user");
    assert_eq!(told["data"]["completedAt"], "2026-06-01T12:00:11.000Z");
    assert_eq!(told["data"]["state"]["type"], "completed");
    assert_eq!(told["data"]["stateId"], told["data"]["state"]["id"]);
    assert_eq!(told["url"], told["data"]["url"]);
    let was = told["updatedFrom"].as_object().unwrap();
    assert_eq!(was.keys().collect::<Vec<_>>(), ["completedAt", "sortOrder", "stateId", "updatedAt"]);
    assert_eq!((&was["completedAt"], &was["updatedAt"]), (&Value::Null, &json!("2026-06-01T12:00:00.000Z")));
    let updated: jiff::Timestamp = told["data"]["updatedAt"].as_str().unwrap().parse().unwrap();
    assert!(moved.at > updated && updated > stage.at(11), "each is a little later than the one before");

    let again = body(&stage.team.move_issue(&id, "Todo", "octavia", stage.at(60)));
    assert_eq!(again["updatedFrom"]["completedAt"], "2026-06-01T12:00:11.000Z");
    assert_eq!(again["data"].get("completedAt"), None, "what is null is left out");
    let edits = vec![
        Edit::Title("Better".to_owned()),
        Edit::Assignee(Some("hana-mori".to_owned())),
        Edit::Unlabel("x".to_owned()),
    ];
    let edited = body(&stage.team.edit_issue(&id, edits, "octavia", stage.at(90)));
    assert_eq!(edited["updatedFrom"]["title"], "It does not work");
    assert_eq!(edited["updatedFrom"]["assigneeId"], Value::Null);
    assert!(edited["updatedFrom"].get("labelIds").is_none(), "nothing changed there");
}

#[tokio::test]
async fn odd_updates_are_sent_too() {
    let stage = Stage::empty().await;
    let id = stage.team.open_issue(NewIssue { author: None, ..NewIssue::default() }, stage.at(0)).id;
    let echo = body(&stage.team.echo_issue(&id, stage.at(0)));
    assert_eq!((&echo["updatedFrom"], &echo["actor"]), (&json!({}), &Value::Null));
    let touched = body(&stage.team.touch_issue(&id, stage.at(5)));
    assert_eq!(touched["updatedFrom"].as_object().unwrap().keys().collect::<Vec<_>>(), ["sortOrder", "updatedAt"]);
    let archived = body(&stage.team.archive_issue(&id, stage.at(500)));
    assert_eq!((&archived["updatedFrom"], &archived["actor"]), (&json!({ "archivedAt": null }), &Value::Null));
    assert_eq!(archived["data"]["archivedAt"], "2026-06-01T12:08:20.000Z");
}

#[tokio::test]
async fn a_removal_puts_into_the_trash() {
    let stage = Stage::empty().await;
    let id = stage.team.open_issue(NewIssue::default(), stage.at(0)).id;
    let removed = body(&stage.team.trash_issue(&id, "tadeo", stage.at(60)));
    assert_eq!((&removed["action"], &removed["data"]["trashed"]), (&json!("remove"), &json!(true)));
    assert!(removed.get("updatedFrom").is_none());
    let comment = stage.linear.comment(NewComment::on(&id, "Why?"), stage.at(70)).id;
    let removed = body(&stage.linear.delete_comment(&comment, "tadeo", stage.at(80)));
    assert_eq!((&removed["action"], &removed["data"]["body"]), (&json!("remove"), &json!("Why?")));
    assert_eq!(removed["data"]["issue"]["identifier"], "ENG-1");
}

#[tokio::test]
async fn other_things_are_told_as_well() {
    let stage = Stage::empty().await;
    let (linear, team) = (&stage.linear, &stage.team);
    let issue = team.open_issue(NewIssue::default(), stage.at(0)).id;
    let cycle = team.add_cycle(stage.at(0), stage.at(86_400), stage.at(0));
    assert_eq!((&body(&cycle)["actor"], body(&cycle).get("url")), (&Value::Null, None));
    assert_eq!(body(&team.rename_cycle(&cycle.id, "Sprint", "tadeo", stage.at(1)))["updatedFrom"]["name"], Value::Null);
    assert_eq!(body(&team.complete_cycle(&cycle.id, stage.at(2)))["data"]["completedAt"], "2026-06-01T12:00:02.000Z");
    let label = team.add_label("Bug", stage.at(3));
    assert_eq!((label.event.as_str(), &body(&label)["data"]["teamId"]), ("IssueLabel", &json!(team.id)));
    assert_eq!(body(&team.rename_label("Bug", "Defect", stage.at(4)))["updatedFrom"]["name"], "Bug");
    let reaction = linear.react(&issue, "tada", "tadeo", stage.at(5));
    assert_eq!(body(&reaction)["data"]["issue"]["identifier"], "ENG-1");
    assert_eq!(linear.unreact(&reaction.id, "tadeo", stage.at(6)).action, "remove");
    let initiative = linear.add_initiative("Grow", "octavia", stage.at(7)).id;
    let draft = NewProject { initiatives: vec![initiative.clone()], ..NewProject::named("Checkout") };
    let project = team.add_project(draft, stage.at(8)).id;
    assert_eq!(
        body(&linear.rename_project(&project, "Check-out", "tadeo", stage.at(9)))["updatedFrom"]["name"],
        "Checkout"
    );
    let started = body(&linear.move_project(&project, "In Progress", "tadeo", stage.at(10)));
    assert_eq!(
        (&started["updatedFrom"]["startedAt"], &started["updatedFrom"]["startDate"]),
        (&Value::Null, &Value::Null)
    );
    let update = linear.post_update(&initiative, "Fine.", Health::AtRisk, "tadeo", stage.at(11));
    assert_eq!(
        (update.event.as_str(), &body(&update)["data"]["initiative"]["name"]),
        ("InitiativeUpdate", &json!("Grow"))
    );
    assert_eq!(
        body(&linear.move_initiative(&initiative, "Completed", "octavia", stage.at(12)))["data"]["status"],
        "Completed"
    );
    let document =
        linear.add_document(NewDocument { of: Some(project.clone()), ..NewDocument::titled("Plan") }, stage.at(13));
    assert_eq!(body(&document)["data"]["projectId"], json!(project));
    assert_eq!(
        body(&linear.edit_document(&document.id, "# New", "tadeo", stage.at(14)))["updatedFrom"]["content"],
        "# Plan\n"
    );
    assert_eq!(body(&linear.trash_project(&project, "tadeo", stage.at(15)))["data"]["trashed"], true);
    let sla = body(&team.tell_sla(&issue, Sla::Breached, stage.at(16)));
    assert_eq!((&sla["type"], &sla["action"]), (&json!("IssueSLA"), &json!("breached")));
    assert_eq!((&sla["issueData"]["identifier"], sla.get("data"), sla.get("actor")), (&json!("ENG-1"), None, None));
    let updated = linear.history_webhooks().iter().filter(|webhook| webhook.event == "Initiative").count();
    assert_eq!(updated, 3, "made, changed by its update, completed");
}

#[tokio::test]
async fn every_webhook_can_be_routed() {
    let stage = Stage::filled(40).await;
    stage.linear.revoke_app(stage.at(0));
    let organization = stage.linear.organization_id();
    let mut actions = BTreeSet::new();
    for webhook in stage.linear.history_webhooks() {
        let body = body(&webhook);
        assert_eq!(body["organizationId"], organization.as_str());
        assert_eq!((body["type"].as_str(), body["action"].as_str()), (Some(&*webhook.event), Some(&*webhook.action)));
        assert_eq!(body["createdAt"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap(), webhook.at);
        assert_eq!(body["webhookTimestamp"], webhook.sent_at.as_millisecond());
        let late = webhook.sent_at.duration_since(webhook.at).as_millis();
        assert!((60..=1_300).contains(&late), "{late}");
        actions.insert((webhook.event.clone(), webhook.action.clone()));
    }
    assert!(actions.len() >= 9, "{actions:?}");
}

#[tokio::test]
async fn the_history_is_in_order_and_each_fact_keeps_its_bytes_and_id() {
    let stage = Stage::filled(40).await;
    let before = stage.linear.history_webhooks();
    assert!(before.windows(2).all(|pair| pair[0].at <= pair[1].at));
    let ids: BTreeSet<&str> = before.iter().map(|webhook| webhook.delivery_id.as_str()).collect();
    assert_eq!(ids.len(), before.len());
    let opened = stage.team.open_issue(NewIssue::default(), stage.at(0));
    let after = stage.linear.history_webhooks();
    assert_eq!((&after[..before.len()], &after[before.len()..]), (&before[..], &[opened][..]));
    let twin = Stage::filled(40).await;
    assert_eq!(twin.linear.history_webhooks(), before, "the same seed, the same bytes");
}

#[tokio::test]
async fn a_signed_webhook_has_linears_headers() {
    let stage = Stage::empty().await;
    let webhook = stage.team.open_issue(NewIssue::default(), stage.at(0));
    let signed = webhook.signed(b"secret");
    assert_eq!(signed.header("linear-event"), Some("Issue"));
    assert_eq!(signed.header("linear-delivery"), Some(webhook.delivery_id.as_str()));
    assert_eq!(signed.header("linear-timestamp"), Some(webhook.sent_at.as_millisecond().to_string().as_str()));
    assert_eq!(signed.header("content-type"), Some("application/json; charset=utf-8"));
    let signature = signed.header("linear-signature").unwrap();
    assert!(signature.len() == 64 && signature.bytes().all(|b| b.is_ascii_hexdigit()), "no prefix");
    assert_ne!(webhook.signed(b"other").header("linear-signature"), Some(signature));
    let later: Webhook = webhook.resent(SignedDuration::from_mins(1));
    assert_eq!(later.delivery_id, webhook.delivery_id);
    assert_eq!(body(&later)["webhookTimestamp"], webhook.sent_at.as_millisecond() + 60_000);
    assert_ne!(later.signed(b"secret").header("linear-signature"), Some(signature));
}

#[tokio::test]
#[should_panic(expected = "there is no issue ENG-1")]
async fn a_scenario_that_names_what_is_not_there_stops() {
    let stage = Stage::empty().await;
    stage.team.move_issue("ENG-1", "Done", "octavia", stage.at(0));
}
