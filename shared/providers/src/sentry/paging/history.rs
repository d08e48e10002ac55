//! A walk through issues, of which each is asked for by itself.

use serde::{Deserialize, Serialize};

use super::{VERSION, is_cursor};

/// Issues: first seen last, page by page; and from each page one issue after the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sentry) struct HistoryPlace {
    v: u8,
    /// Sentry's cursor to the next page of issues.
    cursor: Option<String>,
    /// Whether there is none: the page before was the last one.
    last: bool,
    /// The issues of that page that are still to be asked for.
    issues: Vec<u64>,
}

/// What is asked for at a place.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::sentry) enum Step<'a> {
    /// A page of issues.
    Page(Option<&'a str>),
    /// An issue.
    Issue(u64),
}

impl HistoryPlace {
    pub(in crate::sentry) const fn start() -> Self {
        Self { v: VERSION, cursor: None, last: false, issues: Vec::new() }
    }

    pub(in crate::sentry) fn step(&self) -> Step<'_> {
        self.issues.first().map_or(Step::Page(self.cursor.as_deref()), |issue| Step::Issue(*issue))
    }

    /// The place after a page of issues, of which some are to be asked for; `None` at the end.
    pub(in crate::sentry) fn after_page(issues: Vec<u64>, next: Option<String>) -> Option<Self> {
        Self { v: VERSION, last: next.is_none(), cursor: next, issues }.unless_done()
    }

    /// The place after an issue; `None` at the end.
    pub(in crate::sentry) fn after_issue(mut self) -> Option<Self> {
        self.issues.remove(0);
        self.unless_done()
    }

    fn unless_done(self) -> Option<Self> {
        (!self.last || !self.issues.is_empty()).then_some(self)
    }

    /// Reads a cursor; `None` when it is not one of this list.
    pub(in crate::sentry) fn read(cursor: &super::Cursor) -> Option<Self> {
        let place: Self = serde_json::from_str(cursor.as_str()).ok()?;
        let fit = place.v == VERSION && place.cursor.as_deref().is_none_or(is_cursor);
        place.unless_done().filter(|_| fit)
    }

    pub(in crate::sentry) fn write(&self) -> Option<super::Cursor> {
        super::Cursor::parse(serde_json::to_string(self).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_issue_of_each_page_is_asked_for() {
        let pages: [(&[u64], Option<&str>); 4] =
            [(&[7, 8], Some("1:0:0")), (&[], Some("2:0:0")), (&[9], Some("3:0:0")), (&[10], None)];
        let mut pages = pages.into_iter();
        let (mut place, mut asked) = (Some(HistoryPlace::start()), Vec::new());
        while let Some(here) = place {
            asked.push(match here.step() {
                Step::Page(cursor) => cursor.unwrap_or("start").to_owned(),
                Step::Issue(id) => id.to_string(),
            });
            let next = match here.step() {
                Step::Page(_) => {
                    let (issues, next) = pages.next().unwrap();
                    HistoryPlace::after_page(issues.to_vec(), next.map(str::to_owned))
                }
                Step::Issue(_) => here.after_issue(),
            };
            // What is kept between two requests is the cursor alone.
            place = next.map(|place| HistoryPlace::read(&place.write().unwrap()).unwrap());
        }
        assert_eq!(asked, ["start", "7", "8", "1:0:0", "2:0:0", "9", "3:0:0", "10"]);
        assert_eq!(HistoryPlace::after_page(Vec::new(), None), None);
    }

    #[test]
    fn a_cursor_is_small_and_of_one_version() {
        let issues = (0..50).map(|n| 9_999_999_900 + n).collect();
        let cursor = HistoryPlace::after_page(issues, Some("1767312000000:0:0".into())).unwrap().write().unwrap();
        assert!(cursor.as_str().len() < 700, "{}", cursor.as_str().len());
        for foreign in [
            r#"{"v":2,"cursor":null,"last":false,"issues":[]}"#,
            r#"{"v":1,"cursor":null,"last":true,"issues":[]}"#,
            r#"{"v":1,"cursor":"0:0:0&project=-1","last":false,"issues":[]}"#,
            r#"{"v":1,"cursor":null}"#,
        ] {
            assert_eq!(HistoryPlace::read(&super::super::Cursor::parse(foreign).unwrap()), None, "{foreign}");
        }
    }
}
