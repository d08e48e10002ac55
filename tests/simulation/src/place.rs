//! A repository as it lives while history is fetched: things are opened, touched, closed, deleted, renamed.

use std::collections::BTreeMap;

use connector_domain::Timestamp;
use connector_simulator::github::{NewIssue, NewPullRequest, NewRelease, Repository, Webhook};

use crate::{Chance, reference};

/// What is known of an item, so that only what can happen to it does.
#[derive(Debug, Clone, Copy)]
struct Item {
    pull: bool,
    open: bool,
    merged: bool,
}

/// A repository and its items.
pub(crate) struct Place {
    pub(crate) repository: Repository,
    items: BTreeMap<u32, Item>,
    /// Numbers of items that left every list.
    pub(crate) deleted: Vec<u32>,
    /// Numbers of items that were opened again: lists of items do not tell any more that they were closed.
    pub(crate) reopened: Vec<u32>,
    releases: u32,
    renamed: bool,
}

const PERSON: &str = "octavia";

impl Place {
    /// A repository with what its webhooks say of it.
    pub(crate) fn new(repository: Repository, history: &[Webhook]) -> Self {
        let mut place = Self {
            repository,
            items: BTreeMap::new(),
            deleted: Vec::new(),
            reopened: Vec::new(),
            releases: 0,
            renamed: false,
        };
        for webhook in history {
            place.learn(webhook);
        }
        place
    }

    fn learn(&mut self, webhook: &Webhook) {
        let Some(number) = webhook.number else { return };
        let pull = webhook.event == "pull_request";
        if !pull && webhook.event != "issues" {
            return;
        }
        let item = self.items.entry(number).or_insert(Item { pull, open: true, merged: false });
        match webhook.action.as_deref() {
            Some("closed") => {
                item.open = false;
                item.merged |= pull && memchr(&webhook.body, b"\"merged\":true");
            }
            Some("opened" | "reopened") => item.open = true,
            _ => {}
        }
    }

    /// Something happens. Answers its webhook.
    pub(crate) fn act(&mut self, chance: &Chance, at: Timestamp) -> Option<Webhook> {
        let webhook = match chance.below(12) {
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
            9 => {
                // An issue that is deleted, or transferred to where we are not, leaves every list.
                let (number, _) = self.one(chance, |item| !item.pull)?;
                self.items.remove(&number);
                self.deleted.push(number);
                return Some(self.repository.delete_issue(number, at));
            }
            10 => {
                self.releases += 1;
                self.repository.publish_release(NewRelease::tagged(format!("v9.{}.0", self.releases)), at)
            }
            _ if self.renamed => return None,
            _ => {
                self.renamed = true;
                self.repository.rename("racket", at)
            }
        };
        self.learn(&webhook);
        Some(webhook)
    }

    /// The numbers of its items by the provider's ids of them.
    pub(crate) fn numbers(&self) -> BTreeMap<String, u32> {
        let mut numbers = BTreeMap::new();
        for webhook in self.repository.history_webhooks() {
            let Some(number) = webhook.number else { continue };
            let ids = reference::identities(&reference::request(&webhook), webhook.at);
            numbers.extend(ids.iter().map(|id| (reference::thing(id).to_owned(), number)));
        }
        numbers
    }

    fn one(&self, chance: &Chance, fits: impl Fn(&Item) -> bool) -> Option<(u32, Item)> {
        let fitting: Vec<_> = self.items.iter().filter(|(_, item)| fits(item)).collect();
        fitting.get(chance.below(fitting.len())).map(|(number, item)| (**number, **item))
    }
}

fn memchr(body: &[u8], text: &[u8]) -> bool {
    body.windows(text.len()).any(|window| window == text)
}
