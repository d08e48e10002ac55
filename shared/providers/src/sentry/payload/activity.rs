//! What happened to an issue, as the issue itself tells it.

use connector_domain::Timestamp;
use connector_domain::transformed::Quarantined;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Assignee, Comment, Instant, Issue, TextId, Who};
use crate::json::{self, NumericId};

/// A change of an issue, or a comment on it, by its type. Not documented by Sentry.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::sentry) struct Activity {
    id: Option<NumericId>,
    #[serde(rename = "type")]
    pub(in crate::sentry) kind: String,
    /// Nobody, when Sentry itself did it.
    pub(in crate::sentry) user: Option<Who>,
    date_created: Option<Instant>,
    data: Option<Data>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Data {
    Known(Known),
    Other(IgnoredAny),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Known {
    text: Option<String>,
    assignee: Option<TextId>,
    assignee_type: Option<String>,
    assignee_name: Option<String>,
    assignee_email: Option<String>,
}

impl Activity {
    pub(in crate::sentry) fn at(&self) -> Option<Timestamp> {
        self.date_created?.second()
    }

    fn known(&self) -> Option<&Known> {
        match self.data.as_ref()? {
            Data::Known(known) => Some(known),
            Data::Other(_) => None,
        }
    }

    /// The comment that it is.
    pub(in crate::sentry) fn comment(&self, issue: &Issue) -> Result<Comment, Quarantined> {
        let missing = |field: &str| json::quarantined("", format!("missing field {field}"));
        let slug = issue.project.as_ref().and_then(super::ProjectRef::slug);
        Ok(Comment {
            id: self.id.ok_or_else(|| missing("id"))?,
            issue_id: issue.id,
            project_slug: slug.map(str::to_owned),
            timestamp: self.date_created.ok_or_else(|| missing("dateCreated"))?,
            text: self.known().and_then(|known| known.text.clone()).ok_or_else(|| missing("data.text"))?,
        })
    }

    /// To whom the issue was assigned.
    pub(in crate::sentry) fn assignee(&self) -> Option<Assignee> {
        let known = self.known()?;
        Some(Assignee {
            // Before teams could be, it was always a user.
            kind: Some(known.assignee_type.clone().unwrap_or_else(|| "user".to_owned())),
            id: Some(known.assignee.clone()?),
            name: known.assignee_name.clone(),
            email: known.assignee_email.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn activity(data: &str) -> Activity {
        let json =
            format!(r#"{{"id":"5","type":"note","user":null,"dateCreated":"2026-01-01T00:00:00.9Z","data":{data}}}"#);
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn a_comment_is_the_one_that_a_webhook_tells() {
        let issue: Issue =
            serde_json::from_str(r#"{"id":"7","title":"t","project":{"id":"9","slug":"shop"}}"#).unwrap();
        let comment = activity(r#"{"text":"Seen it."}"#).comment(&issue).unwrap();
        assert_eq!((comment.id.0, comment.issue_id.0, comment.text.as_str()), (5, 7, "Seen it."));
        assert_eq!(comment.project_slug.as_deref(), Some("shop"));
        for textless in ["null", "{}", "[]", r#"{"text":7}"#] {
            assert_eq!(activity(textless).comment(&issue).unwrap_err().reason, "missing field data.text", "{textless}");
        }
    }

    #[test]
    fn an_assignee_is_a_user_or_a_team() {
        let assignee =
            |data: &str| activity(data).assignee().map(|who| (who.kind.unwrap(), who.id.unwrap().to_string()));
        let user = Some(("user".to_owned(), "51".to_owned()));
        assert_eq!(assignee(r#"{"assignee":"51","assigneeType":"user","assigneeEmail":"a@b.example"}"#), user);
        assert_eq!(assignee(r#"{"assignee":"51"}"#), user);
        assert_eq!(assignee(r#"{"assignee":51,"assigneeType":"team"}"#), Some(("team".to_owned(), "51".to_owned())));
        assert_eq!(assignee("{}"), None);
    }
}
