//! Filters.

use connector_simulator::linear::{Edit, Health, NewComment, NewIssue, NewProject};

use super::{Stage, texts};

/// The identifiers of the issues that pass.
async fn passing(stage: &Stage, filter: &str) -> Vec<String> {
    let mut found = texts(&stage.all("issues", &format!("filter: {filter}"), "identifier").await, "identifier");
    found.sort();
    found
}

#[tokio::test]
async fn conditions_are_met_all_together() {
    let stage = Stage::empty().await;
    let other = stage.linear.add_team("OPS", "Operations");
    let id = stage.team.open_issue(NewIssue::titled("Cart is empty"), stage.at(0)).id;
    let draft = NewIssue { assignee: Some("tadeo".to_owned()), priority: 1, ..NewIssue::titled("Search is slow") };
    stage.team.open_issue(draft, stage.at(60));
    stage.team.open_issue(NewIssue { author: None, ..NewIssue::titled("Cart is full") }, stage.at(120));
    other.open_issue(NewIssue::titled("Rotate keys"), stage.at(180));
    stage.team.edit_issue(&id, vec![Edit::Label("Bug".to_owned())], "octavia", stage.at(400));
    let (team, user) = (&stage.team.id, stage.linear.person("tadeo"));
    for (filter, expected) in [
        ("{}".to_owned(), vec!["ENG-1", "ENG-2", "ENG-3", "OPS-1"]),
        (format!("{{ team: {{ id: {{ eq: \"{team}\" }} }} }}"), vec!["ENG-1", "ENG-2", "ENG-3"]),
        ("{ team: { key: { in: [\"OPS\", \"WEB\"] } } }".to_owned(), vec!["OPS-1"]),
        (format!("{{ team: {{ id: {{ nin: [\"{team}\"] }} }} }}"), vec!["OPS-1"]),
        (
            "{ createdAt: { gte: \"2026-06-01T12:01:00Z\", lt: \"2026-06-01T12:03:00Z\" } }".to_owned(),
            vec!["ENG-2", "ENG-3"],
        ),
        (
            "{ createdAt: { gt: \"2026-06-01T12:01:00Z\", lte: \"2026-06-01T12:03:00.000Z\" } }".to_owned(),
            vec!["ENG-3", "OPS-1"],
        ),
        ("{ title: { startsWith: \"Cart\" }, number: { gt: 1 } }".to_owned(), vec!["ENG-3"]),
        (
            "{ or: [{ priority: { eq: 1 } }, { title: { containsIgnoreCase: \"KEYS\" } }] }".to_owned(),
            vec!["ENG-2", "OPS-1"],
        ),
        (
            "{ team: { key: { eq: \"ENG\" } }, and: [{ title: { contains: \"Cart\" } }, { number: { neq: 3 } }] }"
                .to_owned(),
            vec!["ENG-1"],
        ),
        ("{ assignee: { null: true } }".to_owned(), vec!["ENG-1", "ENG-3", "OPS-1"]),
        (format!("{{ assignee: {{ id: {{ eq: \"{user}\" }} }} }}"), vec!["ENG-2"]),
        ("{ assignee: { name: { neq: \"x\" } } }".to_owned(), vec!["ENG-2"]),
        ("{ creator: { null: true } }".to_owned(), vec!["ENG-3"]),
        ("{ creator: { isMe: { eq: true } } }".to_owned(), vec!["ENG-1", "ENG-2", "OPS-1"]),
        ("{ labels: { some: { name: { eq: \"Bug\" } } } }".to_owned(), vec!["ENG-1"]),
        ("{ labels: { length: { eq: 0 } } }".to_owned(), vec!["ENG-2", "ENG-3", "OPS-1"]),
        (
            "{ labels: { every: { name: { eq: \"Bug\" } } }, completedAt: { null: true } }".to_owned(),
            vec!["ENG-1", "ENG-2", "ENG-3", "OPS-1"],
        ),
        (
            "{ state: { type: { eq: \"backlog\" } }, updatedAt: { gt: \"2026-06-01T12:05:00Z\" } }".to_owned(),
            vec!["ENG-1"],
        ),
        ("{ archivedAt: { gte: \"2026-01-01T00:00:00Z\" } }".to_owned(), vec![]),
    ] {
        assert_eq!(passing(&stage, &filter).await, expected, "{filter}");
    }
}

#[tokio::test]
async fn durations_are_taken_from_now() {
    let stage = Stage::empty().await;
    for days in [1, 10, 20] {
        stage.team.open_issue(NewIssue::default(), stage.at(-86_400 * days));
    }
    assert_eq!(passing(&stage, "{ createdAt: { gt: \"-P2W\" } }").await, ["ENG-1", "ENG-2"]);
    assert_eq!(passing(&stage, "{ createdAt: { lt: \"-P15D\" } }").await, ["ENG-3"]);
}

#[tokio::test]
async fn what_belongs_to_a_team_is_found_through_what_it_is_on() {
    let stage = Stage::empty().await;
    let other = stage.linear.add_team("OPS", "Operations");
    let project = stage.team.add_project(NewProject::named("Checkout"), stage.at(0)).id;
    let shared = NewProject { with: vec!["ENG".to_owned()], ..NewProject::named("Move") };
    other.add_project(shared, stage.at(1));
    let foreign = other.add_project(NewProject::named("Racks"), stage.at(2)).id;
    let issue = stage.team.open_issue(NewIssue::default(), stage.at(3)).id;
    let update = stage.linear.post_update(&project, "Fine.", Health::OnTrack, "tadeo", stage.at(4)).id;
    let elsewhere = stage.linear.post_update(&foreign, "Late.", Health::OffTrack, "tadeo", stage.at(5)).id;
    for (second, (on, text)) in (6..).zip([(&issue, "one"), (&update, "two"), (&elsewhere, "three")]) {
        stage.linear.comment(NewComment::on(on, text), stage.at(second));
    }
    let team = format!("{{ id: {{ eq: \"{}\" }} }}", stage.team.id);
    let projects =
        stage.all("projects", &format!("filter: {{ accessibleTeams: {{ some: {team} }} }}"), "name state").await;
    assert_eq!(texts(&projects, "name"), ["Move", "Checkout"]);
    assert_eq!(texts(&projects, "state"), ["backlog", "backlog"]);
    let of_project = format!("project: {{ accessibleTeams: {{ some: {team} }} }}");
    let updates = stage.all("projectUpdates", &format!("filter: {{ {of_project} }}"), "body").await;
    assert_eq!(texts(&updates, "body"), ["Fine."]);
    let filter = format!("{{ or: [{{ issue: {{ team: {team} }} }}, {{ projectUpdate: {{ {of_project} }} }}] }}");
    let comments = stage.all("comments", &format!("filter: {filter}"), "body").await;
    assert_eq!(texts(&comments, "body"), ["two", "one"]);
}
