//! Comments, reactions and documents: what people write about things.

use jiff::Timestamp;
use serde_json::json;

use super::{
    Linear, State,
    change::later,
    draft::{NewComment, NewDocument},
    organization::{URL_KEY, complain, time},
    record::{Kind, stamp},
    webhook::Webhook,
    words,
};

impl State {
    pub(super) fn new_comment(&mut self, draft: NewComment, at: Timestamp) -> Webhook {
        let Some(on) = self.store.get(&draft.on) else { complain("issue or update", &draft.on) };
        let (address, field) = (on.text("url").to_owned(), holder(on.kind));
        let by = draft.author.as_deref().map(|handle| self.person(handle));
        let id = self.new_id();
        let anchor: String = id.chars().take(8).collect();
        // One in four is a little older by its last update than by its creation, as real ones are.
        let lead = if self.lag(at, 0xC0, 0, 4) == 0 { self.lag(at, 0xC1, -40, 0) } else { 0 };
        let mut comment = json!({
            "id": id,
            "body": draft.body,
            "url": format!("{address}#comment-{anchor}"),
            "userId": by,
            "parentId": draft.parent,
            "reactionData": [],
            "updatedAt": stamp(later(at, lead)),
        });
        comment[field] = draft.on.into();
        self.create(Kind::Comment, comment, by.as_deref(), at)
    }
}

/// What a comment or a reaction calls the thing it is on.
fn holder(kind: Kind) -> &'static str {
    match kind {
        Kind::Issue => "issueId",
        Kind::Comment => "commentId",
        Kind::ProjectUpdate => "projectUpdateId",
        Kind::InitiativeUpdate => "initiativeUpdateId",
        other => complain("way to write on", other.name()),
    }
}

impl Linear {
    /// Writes a comment.
    pub fn comment(&self, draft: NewComment, at: Timestamp) -> Webhook {
        self.with(|state| state.new_comment(draft, at))
    }

    /// Writes a comment anew.
    pub fn edit_comment(&self, id: &str, body: &str, at: Timestamp) -> Webhook {
        self.with(|state| {
            let by = state.thing(Kind::Comment, id).text("userId").to_owned();
            state.alter(id, json!({ "body": body, "editedAt": time(at) }), Some(&by), at)
        })
    }

    /// Deletes a comment, which leaves every list at once: `Comment` `remove`.
    pub fn delete_comment(&self, id: &str, by: &str, at: Timestamp) -> Webhook {
        self.erase(Kind::Comment, id, by, at)
    }

    /// Puts an emoji under an issue, a comment or an update.
    pub fn react(&self, on: &str, emoji: &str, by: &str, at: Timestamp) -> Webhook {
        self.with(|state| {
            let Some(record) = state.store.get(on) else { complain("issue, comment or update", on) };
            let field = holder(record.kind);
            let by = state.person(by);
            let reaction = json!({ "emoji": emoji, "userId": by, field: on });
            state.create(Kind::Reaction, reaction, Some(&by), at)
        })
    }

    /// Takes an emoji away.
    pub fn unreact(&self, id: &str, by: &str, at: Timestamp) -> Webhook {
        self.erase(Kind::Reaction, id, by, at)
    }

    /// Writes a document.
    pub fn add_document(&self, draft: NewDocument, at: Timestamp) -> Webhook {
        self.with(|state| {
            let (by, id) = (state.person(&draft.author), state.new_id());
            let slug_id = id.replace('-', "").chars().take(12).collect::<String>();
            let mut document = json!({
                "id": id,
                "title": draft.title,
                "content": draft.content,
                "slugId": slug_id,
                "url": format!("https://linear.app/{URL_KEY}/document/{}-{slug_id}", words::slug(&draft.title)),
                "sortOrder": 1.5,
                "creatorId": by,
                "updatedById": by,
            });
            if let Some(of) = draft.of {
                let field = if state.kind(&of) == Kind::Initiative { "initiativeId" } else { "projectId" };
                document[field] = of.into();
            }
            state.create(Kind::Document, document, Some(&by), at)
        })
    }

    /// Writes a document anew.
    pub fn edit_document(&self, id: &str, content: &str, by: &str, at: Timestamp) -> Webhook {
        self.with(|state| {
            state.thing(Kind::Document, id);
            let by = state.person(by);
            state.alter(id, json!({ "content": content, "updatedById": by }), Some(&by), at)
        })
    }

    fn erase(&self, kind: Kind, id: &str, by: &str, at: Timestamp) -> Webhook {
        self.with(|state| {
            state.thing(kind, id);
            let by = state.person(by);
            let webhook = state.tell_removal(id, Some(&by), at);
            state.store.remove(id);
            webhook
        })
    }
}
