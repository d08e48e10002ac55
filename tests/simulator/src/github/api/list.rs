//! The list endpoints: parameters, defaults, and the items of one page.

use std::ops::Range;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::{
    super::{
        fact::What,
        item::{Change, Talk},
        json::{
            event::event,
            issue::issue,
            pull::{Form, pull},
            release::release,
            text,
        },
        repo::Repo,
    },
    answer::Answer,
    call::Call,
    cursor::{Bounds, Cut},
    order::{IssuePaging, Listing, Only, Sort, Wanted, event_of, place},
    page::{self, Page},
};
use crate::wire::Content;

/// Page numbers of `/issues` end here.
const DEEPEST: usize = 10_000;

/// Answers one page of a list of `repo`.
pub(crate) fn list(repo: &mut Repo, call: &Call, listing: Listing, paging: IssuePaging, now: Timestamp) -> Answer {
    let wanted = match wanted(call, listing, now) {
        Ok(wanted) => wanted,
        Err(answer) => return *answer,
    };
    let page = Page::of(call);
    let order = repo.order(wanted);
    let address = format!("{}/repositories/{}/{}", call.base, repo.id, path(listing));
    let (range, link) = if listing == Listing::Issues && paging == IssuePaging::Cursor {
        match cut_by_cursor(repo, call, wanted, page, &order, &address) {
            Ok(cut) => cut,
            Err(answer) => return *answer,
        }
    } else {
        (page.range(order.len()), page::numbered(call, &address, page, order.len()))
    };
    let keys = order.get(range).unwrap_or_default();
    let mut answer = Answer::new(200, Content::items(items(repo, call, listing, keys)));
    answer.link = link;
    answer.etag = Some(etag(repo, call, listing, keys));
    answer
}

fn path(listing: Listing) -> &'static str {
    match listing {
        Listing::Pulls => "pulls",
        Listing::Issues => "issues",
        Listing::Releases => "releases",
        Listing::Events => "issues/events",
    }
}

/// Reads the parameters. Real ones that are not simulated are refused: a filter silently ignored would let a
/// wrong client pass.
fn wanted(call: &Call, listing: Listing, now: Timestamp) -> Result<Wanted, Box<Answer>> {
    let missing: &[&str] = match listing {
        Listing::Pulls => &["head", "base"],
        Listing::Issues => &["milestone", "assignee", "type", "creator", "mentioned", "labels"],
        Listing::Releases | Listing::Events => &[],
    };
    if let Some(name) = missing.iter().find(|name| call.param(name).is_some()) {
        return Err(Box::new(Answer::not_simulated(&format!("the parameter `{name}`"))));
    }
    let state = match call.param("state") {
        Some("closed") => Only::Closed,
        Some("all") => Only::All,
        _ => Only::Open,
    };
    let sort = match (listing, call.param("sort")) {
        (Listing::Pulls | Listing::Issues, Some("updated")) => Sort::Updated,
        (Listing::Pulls, Some("popularity")) | (Listing::Issues, Some("comments")) => Sort::Comments,
        (Listing::Pulls, Some("long-running")) => Sort::LongRunning { now: now.as_second() },
        _ => Sort::Created,
    };
    let ascending = match call.param("direction") {
        Some("asc") => true,
        Some("desc") => false,
        // https://docs.github.com/en/rest/pulls/pulls#list-pull-requests: desc when sort is created or absent,
        // otherwise asc. Issues are always desc.
        _ => listing == Listing::Pulls && sort != Sort::Created,
    };
    let since = match (listing, call.param("since")) {
        (Listing::Issues, Some(text)) => match text.parse::<Timestamp>() {
            Ok(since) => Some(since.as_second()),
            Err(_) => return Err(Box::new(Answer::error(422, "The since parameter is not a time."))),
        },
        // The list of pull requests has no `since`: GitHub ignores it.
        _ => None,
    };
    Ok(Wanted { listing, state, sort, ascending, since })
}

fn cut_by_cursor(
    repo: &Repo,
    call: &Call,
    wanted: Wanted,
    page: Page,
    order: &[u32],
    address: &str,
) -> Result<(Range<usize>, Option<String>), Box<Answer>> {
    let bounds = Bounds::of(call)?;
    if bounds.are_open() && page.number.saturating_mul(page.size) >= DEEPEST {
        let message = "Pagination with the page parameter is not supported for large datasets, please use cursor \
            based pagination (after/before)";
        return Err(Box::new(Answer::error(422, message)));
    }
    let place_of = |number: &u32| repo.item(*number).map_or((0, 0), |item| place(item, wanted.sort));
    let cut = Cut::new(order, place_of, wanted.ascending, bounds, page.range(order.len()), page.size);
    let link = page::by_cursor(call, address, page, cut.previous, cut.next);
    Ok((cut.range, link))
}

fn items(repo: &Repo, call: &Call, listing: Listing, keys: &[u32]) -> Vec<String> {
    let view = repo.view();
    let older_fields = call.older_fields();
    let one = |key: u32| -> Option<String> {
        match listing {
            Listing::Pulls => {
                let item = repo.item(key)?;
                let form = Form::Listed { older_fields };
                Some(text(&pull(view, item, item.pull.as_ref()?, &item.now, form)))
            }
            Listing::Issues => {
                let item = repo.item(key)?;
                Some(text(&issue(view, item, &item.now, older_fields)))
            }
            Listing::Releases => repo.releases.get(usize::try_from(key).ok()?).map(|held| text(&release(view, held))),
            Listing::Events => {
                let (index, part) = event_of(key);
                let What::Step { number, step } = repo.facts.get(index)?.what else { return None };
                let item = repo.item(number)?;
                let id = 6_000_000_000 + repo.serial * 10_000_000 + u64::from(key);
                let step = item.steps.get(step)?;
                let dismissed = match step.change {
                    Change::Talked(Talk::Dismissed(index)) => repo.reviews.get(index),
                    _ => None,
                };
                Some(text(&event(view, item, step, id, part, dismissed, older_fields)))
            }
        }
    };
    keys.iter().filter_map(|&key| one(key)).collect()
}

/// A strong validator: it changes whenever the bytes of this page do.
fn etag(repo: &Repo, call: &Call, listing: Listing, keys: &[u32]) -> String {
    let mut hash = Sha256::new();
    hash.update(repo.view().full_name.as_bytes());
    hash.update(call.target.as_bytes());
    hash.update([u8::from(call.older_fields()), listing as u8]);
    for &key in keys {
        let revision = match listing {
            Listing::Issues => repo.item(key).map_or(0, |item| item.revision),
            Listing::Releases => {
                usize::try_from(key).ok().and_then(|index| repo.releases.get(index)).map_or(0, |held| held.revision)
            }
            // Each of these carries the repository or an issue as it is now.
            Listing::Pulls | Listing::Events => repo.revision,
        };
        hash.update(key.to_be_bytes());
        hash.update(revision.to_be_bytes());
    }
    format!("\"{}\"", hex::encode(hash.finalize()))
}
