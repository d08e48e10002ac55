//! A repository as it lives while history is fetched: things are opened, touched, closed, deleted, renamed.

use std::collections::BTreeMap;

use connector_domain::Timestamp;
use connector_simulator::github::{NewIssue, NewPullRequest, NewRelease, Repository, Webhook};

use crate::Chance;
use crate::files::Files;

/// Items by number.
pub(crate) type Items = BTreeMap<u32, Item>;

/// What is known of an item, so that only what can happen to it does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Item {
    pull: bool,
    open: bool,
    merged: bool,
}

/// A repository and its items.
pub(crate) struct Place {
    pub(crate) repository: Repository,
    items: Items,
    /// Numbers of items that left every list.
    pub(crate) deleted: Vec<u32>,
    /// Numbers of items that were opened again: lists of items do not tell any more that they were closed.
    pub(crate) reopened: Vec<u32>,
    pub(crate) files: Files,
    releases: u32,
    renamed: bool,
}

const PERSON: &str = "octavia";

impl Place {
    /// A repository with these items.
    pub(crate) fn new(repository: Repository, items: Items) -> Self {
        let (deleted, reopened) = Default::default();
        Self { repository, items, deleted, reopened, files: Files::default(), releases: 0, renamed: false }
    }

    /// Something happens. Answers its webhook.
    pub(crate) fn act(&mut self, chance: &Chance, at: Timestamp) -> Option<Webhook> {
        let webhook = match chance.below(14) {
            0 | 1 => self.repository.open_issue(NewIssue::titled("It leaks"), at),
            2 => self.repository.open_pull_request(NewPullRequest::titled("Stop the leak"), at),
            3 | 4 => {
                let (number, item) = self.one(chance, |_| true)?;
                if item.pull {
                    self.repository.touch_pull_request(number, at)
                } else {
                    self.repository.touch_issue(number, at)
                }
            }
            5 | 6 => {
                let (number, item) = self.one(chance, |item| item.open)?;
                if item.pull {
                    self.repository.close_pull_request(number, PERSON, at)
                } else {
                    self.repository.close_issue(number, PERSON, at)
                }
            }
            7 => {
                let (number, _) = self.one(chance, |item| item.open && item.pull)?;
                self.repository.merge_pull_request(number, PERSON, at)
            }
            8 => {
                let (number, item) = self.one(chance, |item| !item.open && !item.merged)?;
                self.reopened.push(number);
                if item.pull {
                    self.repository.reopen_pull_request(number, PERSON, at)
                } else {
                    self.repository.reopen_issue(number, PERSON, at)
                }
            }
            9..12 => {
                // An issue that is deleted, or transferred to where we are not, leaves every list.
                let (number, _) = self.one(chance, |item| !item.pull)?;
                self.items.remove(&number);
                self.deleted.push(number);
                return Some(self.repository.delete_issue(number, at));
            }
            12 => {
                self.releases += 1;
                self.repository.publish_release(NewRelease::tagged(format!("v9.{}.0", self.releases)), at)
            }
            _ if self.renamed => return None,
            _ => {
                self.renamed = true;
                self.repository.rename("racket", at)
            }
        };
        learn(&mut self.items, &webhook);
        Some(webhook)
    }

    /// Somebody pushes. Answers the webhook.
    pub(crate) fn push(&mut self, chance: &Chance, at: Timestamp) -> Webhook {
        self.files.push(&self.repository, chance, at)
    }

    fn one(&self, chance: &Chance, fits: impl Fn(&Item) -> bool) -> Option<(u32, Item)> {
        let fitting: Vec<_> = self.items.iter().filter(|(_, item)| fits(item)).collect();
        fitting.get(chance.below(fitting.len())).map(|(number, item)| (**number, **item))
    }
}

/// What webhooks say of items.
pub(crate) fn items(history: &[Webhook]) -> Items {
    let mut items = Items::new();
    for webhook in history {
        learn(&mut items, webhook);
    }
    items
}

fn learn(items: &mut Items, webhook: &Webhook) {
    let Some(number) = webhook.number else { return };
    let pull = webhook.event == "pull_request";
    if !pull && webhook.event != "issues" {
        return;
    }
    if webhook.action.as_deref() == Some("deleted") {
        items.remove(&number);
        return;
    }
    let item = items.entry(number).or_insert(Item { pull, open: true, merged: false });
    match webhook.action.as_deref() {
        Some("closed") => {
            item.open = false;
            item.merged |= pull && contains(&webhook.body, b"\"merged\":true");
        }
        Some("opened" | "reopened") => item.open = true,
        _ => {}
    }
}

fn contains(body: &[u8], text: &[u8]) -> bool {
    body.windows(text.len()).any(|window| window == text)
}
