//! The list of a repository's pushes, the only one that reaches back
//! (<https://docs.github.com/en/rest/repos/repos#list-repository-activities>).

use jiff::{SignedDuration, Timestamp};

use super::{
    super::{
        json::{
            push::{Push, activity},
            text,
        },
        repo::Repo,
    },
    answer::Answer,
    call::Call,
    cursor::{Bounds, Cut},
    page::{self, Page},
    paged::shown_as,
};

/// One page, by cursor only: there are no page numbers here.
pub(crate) fn list(repo: &Repo, call: &Call, now: Timestamp) -> Result<Answer, Box<Answer>> {
    let since = period(call, now)?;
    let branch = call.param("ref").map(|name| name.trim_start_matches("refs/heads/"));
    let mut sorted: Vec<&Push> = repo
        .pushes
        .iter()
        .filter(|push| since.is_none_or(|since| push.at >= since))
        .filter(|push| branch.is_none_or(|branch| push.branch == branch))
        .filter(|push| call.param("actor").is_none_or(|login| push.by.login() == login))
        .filter(|push| call.param("activity_type").is_none_or(|kind| push.activity_type() == kind))
        .collect();
    sorted.sort_by_key(|push| place(push));
    let ascending = call.param("direction") == Some("asc");
    if !ascending {
        sorted.reverse();
    }
    let size = Page::of(call).size;
    let cut = Cut::new(&sorted, |push| place(push), ascending, Bounds::of(call)?, 0..size.min(sorted.len()), size);
    let address = format!("{}/repositories/{}/activity", call.base, repo.id);
    let link = page::by_cursor_only(call, &address, cut.previous, cut.next);
    let shown = sorted.get(cut.range).unwrap_or_default();
    Ok(shown_as(call, shown.iter().map(|push| text(&activity(repo.view(), push))).collect(), link))
}

fn place(push: &Push) -> (i64, u64) {
    (push.at.as_millisecond(), push.id)
}

fn period(call: &Call, now: Timestamp) -> Result<Option<Timestamp>, Box<Answer>> {
    let days = match call.param("time_period") {
        None => return Ok(None),
        Some("day") => 1,
        Some("week") => 7,
        Some("month") => 30,
        Some("quarter") => 90,
        Some("year") => 365,
        Some(_) => {
            let message = "The time_period is none of day, week, month, quarter, year.";
            return Err(Box::new(Answer::error(422, message)));
        }
    };
    Ok(now.checked_sub(SignedDuration::from_hours(24 * days)).ok())
}
