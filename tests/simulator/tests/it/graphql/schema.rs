//! Our schema against GitHub's own, and against what we can answer.

use serde_json::json;

use super::{ask, data, lively};
use crate::sdl::{differences, everything, ours, theirs};

const FOLDER: &str = "src/github/graphql/schema";

#[test]
fn our_schema_is_a_part_of_githubs() {
    let Some(theirs) = theirs("github.graphql.slice.graphql") else { return };
    let found = differences(&ours(FOLDER), &theirs);
    assert!(found.is_empty(), "{found:#?}");
}

#[tokio::test]
async fn every_field_of_the_schema_has_an_answer() {
    let stage = lively().await;
    let schema = ours(FOLDER);
    let fields = everything(&schema, "Repository", 3);
    let query = format!(
        "query($owner: String!, $name: String!) {{ repository(owner: $owner, name: $name) {{ {fields} }}
         viewer {{ {} }} rateLimit {{ {} }} }}",
        everything(&schema, "User", 0),
        everything(&schema, "RateLimit", 0)
    );
    let answer = data(&ask(&stage, &query, json!({ "owner": "acme", "name": "rocket" })).await);
    for list in ["discussions", "issues", "pullRequests", "releases", "deployments"] {
        assert!(answer["repository"][list]["nodes"][0].is_object(), "there are no {list} to try it on");
    }
    let single = format!(
        "{{ repository(owner: \"acme\", name: \"rocket\") {{ {} }} }}",
        ["discussion", "issue", "pullRequest"].map(|one| format!("{one}(number: 1) {{ id }}")).join(" ")
    );
    let answer = data(&ask(&stage, &single, json!({})).await)["repository"].clone();
    assert_eq!(
        answer.as_object().unwrap().values().filter(|one| !one.is_null()).count(),
        1,
        "one of them has the number"
    );
}
