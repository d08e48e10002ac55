//! Queries: exactly the fields asked for, and nothing the schema has not.

use connector_simulator::linear::NewIssue;
use hyper::Method;
use serde_json::{Value, json};

use super::{Stage, code};

#[tokio::test]
async fn an_answer_has_the_fields_asked_for_by_the_names_asked_for() {
    let stage = Stage::empty().await;
    let draft = NewIssue { labels: vec!["Bug".to_owned()], priority: 2, ..NewIssue::titled("Cart loses its items") };
    let id = stage.team.open_issue(draft, stage.at(0)).id;
    let data = stage
        .data(
            "query { who: viewer { name isMe } organization { urlKey userCount }
              issues { nodes { __typename ...Named number priority assignee { id } team { key }
                labels { edges { node { name } } } parent { id } } } }
             fragment Named on Issue { identifier title }",
        )
        .await;
    assert_eq!(
        data,
        json!({
            "who": { "name": "Octavia", "isMe": true },
            "organization": { "urlKey": "acme", "userCount": 2 },
            "issues": { "nodes": [{
                "__typename": "Issue",
                "identifier": "ENG-1",
                "title": "Cart loses its items",
                "number": 1,
                "priority": 2,
                "assignee": null,
                "team": { "key": "ENG" },
                "labels": { "edges": [{ "node": { "name": "Bug" } }] },
                "parent": null,
            }] },
        })
    );
    let by_id = stage.data(&format!("{{ issue(id: \"{id}\") {{ identifier }} }}")).await;
    assert_eq!(by_id, stage.data("{ issue(id: \"ENG-1\") { identifier } }").await);
    let team =
        stage.data(&format!("{{ team(id: \"{}\") {{ key states {{ nodes {{ type }} }} }} }}", stage.team.id)).await;
    assert_eq!(team["team"]["states"]["nodes"].as_array().unwrap().len(), 8);
}

#[tokio::test]
async fn what_the_schema_has_not_is_refused_before_anything_is_done() {
    let stage = Stage::empty().await;
    for (query, variables, expected) in [
        ("{ viewer { nosuchfield } }", json!({}), "GRAPHQL_VALIDATION_FAILED"),
        ("{ issues(filter: { mood: { eq: 1 } }) { nodes { id } } }", json!({}), "GRAPHQL_VALIDATION_FAILED"),
        ("{ issues(orderBy: title) { nodes { id } } }", json!({}), "GRAPHQL_VALIDATION_FAILED"),
        ("query($n: Int!) { issues(first: $n) { nodes { id } } }", json!({ "n": "ten" }), "BAD_USER_INPUT"),
        ("query($n: Int!) { issues(first: $n) { nodes { id } } }", json!({}), "BAD_USER_INPUT"),
        ("{ issues(", json!({}), "GRAPHQL_PARSE_FAILED"),
    ] {
        let reply = stage.ask_with(query, variables).await;
        assert_eq!((reply.status, code(&reply).as_str()), (400, expected), "{query}");
        assert!(reply.json().get("data").is_none());
    }
    let reply = stage.ask("{ viewer { nosuchfield } }").await.json();
    assert_eq!(reply["errors"][0]["message"], "Cannot query field \"nosuchfield\" on type \"User\".");
    assert_eq!(reply["errors"][0]["locations"], json!([{ "line": 1, "column": 12 }]));
}

#[tokio::test]
async fn only_a_posted_query_is_one() {
    let stage = Stage::empty().await;
    let key = [("authorization", "lin_api_x")];
    let got = stage.http.send(Method::GET, "/graphql", &key).await.unwrap();
    assert_eq!((got.status, code(&got).as_str()), (400, "BAD_REQUEST"));
    let empty = stage.http.send_body(Method::POST, "/graphql", &key, "{}".to_owned()).await.unwrap();
    assert_eq!((empty.status, code(&empty).as_str()), (400, "BAD_REQUEST"));
    assert_eq!(stage.http.send(Method::POST, "/", &key).await.unwrap().status, 404);
}

#[tokio::test]
async fn what_is_not_there_costs_the_whole_answer() {
    let stage = Stage::empty().await;
    let reply = stage.ask("{ viewer { id } issue(id: \"ENG-404\") { id } }").await;
    let body = reply.json();
    assert_eq!((reply.status, &body["data"]), (200, &Value::Null));
    assert_eq!(body["errors"][0]["message"], "Entity not found: Issue");
    assert_eq!(body["errors"][0]["path"], json!(["issue"]));
    assert_eq!(body["errors"][0]["extensions"]["userPresentableMessage"], "Could not find referenced Issue.");
    assert_eq!(code(&reply), "INPUT_ERROR");
}

#[tokio::test]
async fn queries_are_recorded() {
    let stage = Stage::empty().await;
    stage.ask_with("query Mine($n: Int = 3) { issues(first: $n) { nodes { id } } viewer { id } }", json!({})).await;
    stage.ask("{ nosuchfield }").await;
    let queries = stage.linear.queries();
    assert_eq!(queries.len(), 1, "what cannot be read asks nothing");
    assert_eq!(queries[0].operation.as_deref(), Some("Mine"));
    assert_eq!(
        (&queries[0].fields, &queries[0].variables),
        (&vec!["issues".into(), "viewer".into()], &json!({ "n": 3 }))
    );
    let statuses: Vec<u16> = stage.linear.requests().iter().map(|request| request.status).collect();
    assert_eq!(statuses, [200, 400]);
    assert!(!format!("{:?}", stage.linear.requests()).contains("somebody"));
}
