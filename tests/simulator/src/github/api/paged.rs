//! Lists with page numbers whose order is made anew for each request.

use sha2::{Digest, Sha256};

use super::{
    answer::Answer,
    call::Call,
    page::{self, Page},
};
use crate::wire::Content;

/// One page of `sorted`. `address` is the list's address by id.
pub(crate) fn paged<T>(call: &Call, address: &str, sorted: &[T], json: impl Fn(&T) -> String) -> Answer {
    let page = Page::of(call);
    let shown = sorted.get(page.range(sorted.len())).unwrap_or_default();
    let link = page::numbered(call, address, page, sorted.len());
    shown_as(call, shown.iter().map(json).collect(), link)
}

/// The answer with these items, and a strong validator out of their bytes.
pub(crate) fn shown_as(call: &Call, items: Vec<String>, link: Option<String>) -> Answer {
    let mut hash = Sha256::new();
    hash.update(call.target.as_bytes());
    for item in &items {
        hash.update(item.as_bytes());
    }
    let mut answer = Answer::new(200, Content::items(items));
    answer.link = link;
    answer.etag = Some(format!("\"{}\"", hex::encode(hash.finalize())));
    answer
}
