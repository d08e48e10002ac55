//! What a person's token shows of the person.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::{
    State,
    api::{
        answer::Answer,
        call::Call,
        page::{self, Page},
    },
    json::{text, user::User},
};

/// Whose tokens all are.
const PERSON: &str = "octavia";

/// `GET /user`, for a token of whatever making.
pub(crate) fn user() -> Answer {
    Answer::json(200, text(&json!(User::named(PERSON))))
}

/// `GET /user/installations`: those of our App that the person may see.
/// <https://docs.github.com/en/rest/apps/installations#list-app-installations-accessible-to-the-user-access-token>
pub(crate) fn installations(state: &State, call: &Call, token: Option<&str>, now: Timestamp) -> Answer {
    if token.and_then(|token| state.desk.people.knows(token, now).ok()) != Some(true) {
        return Answer::error(
            403,
            "You must authenticate with an access token authorized to a GitHub App in order to list installations",
        );
    }
    let held = state.installations_of_person();
    let page = Page::of(call);
    let shown = held.get(page.range(held.len())).unwrap_or_default();
    let shown: Vec<Value> = shown.iter().map(|(id, owner)| installation(*id, owner)).collect();
    let body = json!({ "total_count": held.len(), "installations": shown });
    let mut answer = Answer::json(200, text(&body));
    answer.link = page::numbered(call, &format!("{}/user/installations", call.base), page, held.len());
    answer
}

fn installation(id: u64, owner: &User) -> Value {
    json!({
        "id": id,
        "account": owner,
        "target_id": owner.id(),
        "target_type": "Organization",
        "app_id": 115_204,
        "app_slug": super::SLUG,
        "repository_selection": "all",
        "permissions": { "contents": "read", "issues": "read", "metadata": "read", "pull_requests": "read" },
        "events": ["issues", "pull_request", "push", "release"],
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
        "single_file_name": null,
        "suspended_at": null,
        "suspended_by": null,
    })
}
