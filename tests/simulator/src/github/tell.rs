//! The webhooks of what people say.

use serde_json::{Value, json};

use super::{
    fact::Telling,
    item::{Item, Talk},
    json::{
        issue::issue,
        pull::{Form, pull},
        repository::View,
        talk::{self, Case},
        user::{GHOST, User},
    },
    repo::Repo,
};

impl Repo {
    /// The webhook of one thing that was said, with its item as it stood then.
    pub(super) fn tell_talk<'a>(
        &self,
        view: &View,
        item: &Item,
        step: usize,
        said: Talk,
        installed: &Value,
    ) -> Option<Telling<'a>> {
        let standing = item.after(step);
        let ghost = User::named(GHOST);
        let sender = item.steps.get(step)?.by.as_ref().unwrap_or(&ghost);
        let tell = |event, action, subject| {
            Some(Telling::of(event, action, Some(item.number), subject, view, sender, installed))
        };
        match said {
            Talk::Commented(index) | Talk::Edited(index, _) | Talk::Uncommented(index) => {
                let held = self.comments.get(index)?;
                let (action, version) = match said {
                    Talk::Edited(_, version) => ("edited", version),
                    Talk::Uncommented(_) => ("deleted", held.texts.len() - 1),
                    _ => ("created", 0),
                };
                let mut subject = json!({
                    "issue": issue(view, item, &standing, true),
                    "comment": talk::comment(view, held, version, item.pull.is_some()),
                });
                if action == "edited" {
                    let (_, from) = held.texts.get(version.checked_sub(1)?)?;
                    subject["changes"] = json!({ "body": { "from": from } });
                }
                tell("issue_comment", action, subject)
            }
            Talk::Reviewed(index) | Talk::Dismissed(index) => {
                let dismissed = matches!(said, Talk::Dismissed(_));
                let review = talk::review(view, self.reviews.get(index)?, dismissed, Case::Lower);
                let pull = pull(view, item, item.pull.as_ref()?, &standing, Form::Listed { older_fields: true });
                let action = if dismissed { "dismissed" } else { "submitted" };
                tell("pull_request_review", action, json!({ "review": review, "pull_request": pull }))
            }
            Talk::Remarked(index) => {
                let remark = talk::remark(view, self.remarks.get(index)?);
                let pull = pull(view, item, item.pull.as_ref()?, &standing, Form::Listed { older_fields: true });
                let subject = json!({ "comment": remark, "pull_request": pull });
                tell("pull_request_review_comment", "created", subject)
            }
        }
    }
}
