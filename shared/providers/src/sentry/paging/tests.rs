use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn link(value: &str) -> Result<Option<String>, BadLink> {
    next(&[("Link", value)].into_iter().collect())
}

#[test]
fn the_end_is_where_nothing_follows_whatever_the_link() {
    let both = |results: &str| {
        link(&format!(
            "<https://sentry.io/api/0/x/?cursor=0:0:1>; rel=\"previous\"; results=\"true\"; cursor=\"0:0:1\", \
             <https://sentry.io/api/0/x/?cursor=0:100:0>; results=\"{results}\"; cursor=\"0:100:0\"; rel=\"next\""
        ))
    };
    assert_eq!(both("true"), Ok(Some("0:100:0".to_owned())));
    assert_eq!(both("false"), Ok(None));
    assert_eq!(link(""), Ok(None));
    for bad in ["", "0:0", "x:0:0", "0:0:0:0", "::", "0:0:0&project=-1"] {
        let link = link(&format!("<u>; rel=\"next\"; results=\"true\"; cursor=\"{bad}\""));
        assert_eq!(link, Err(BadLink), "{bad}");
    }
}

/// A list of events as a server would give it. Each number is the second of an event.
struct Server {
    events: Vec<i64>,
    page: usize,
    /// Whether it looks at `end`.
    dated: bool,
}

impl Server {
    fn page(&self, place: &EventPlace) -> (Vec<i64>, Seen) {
        let mut all: Vec<i64> = self.events.clone();
        all.sort_unstable_by(|a, b| b.cmp(a));
        all.retain(|event| !self.dated || (place.since.as_second()..place.end.as_second()).contains(event));
        let offset = place.cursor.as_deref().map_or(0, |cursor| cursor.split(':').nth(1).unwrap().parse().unwrap());
        let items: Vec<i64> = all.iter().skip(offset).take(self.page).copied().collect();
        let more = all.len() > offset + self.page;
        let next = more.then(|| format!("0:{}:0", offset + self.page));
        (items.clone(), Seen { seconds: items.into_iter().map(|event| Some(at(event))).collect(), next })
    }

    /// Reads everything; `between` changes the list after each page.
    fn walk(mut self, since: i64, until: i64, mut between: impl FnMut(&mut Vec<i64>, usize)) -> (Vec<i64>, usize) {
        let (mut seen, mut place, mut pages) = (Vec::new(), EventPlace::start(at(since), at(until)), 0);
        loop {
            let (items, page) = self.page(&place);
            seen.extend(items);
            pages += 1;
            assert!(pages < 100, "it does not end");
            let Some(next) = place.after(page) else { break };
            place = EventPlace::read(&next.write().unwrap()).unwrap();
            between(&mut self.events, pages);
        }
        seen.sort_unstable();
        seen.dedup();
        (seen, pages)
    }
}

#[test]
fn no_event_is_lost_when_others_are_deleted_or_come_meanwhile() {
    let all: Vec<i64> = (0..50).collect();
    let server = || Server { events: all.clone(), page: 10, dated: true };
    assert_eq!(server().walk(0, 49, |_, _| {}).0, all);
    // The newest ones go while the first page is read: a walk by offset would leave out as many.
    let (seen, _) = server().walk(0, 49, |events, page| {
        if page == 1 {
            events.retain(|event| *event < 42);
        }
    });
    assert_eq!(seen, all);
    let (seen, pages) = server().walk(0, 49, |events, _| events.extend(50..80));
    assert_eq!((seen, pages), (all.clone(), 6));
    assert_eq!(server().walk(20, 29, |_, _| {}).0, (20..30).collect::<Vec<_>>());
}

#[test]
fn a_second_with_more_than_a_page_is_read_whole() {
    let events = [vec![9; 35], vec![5; 3]].concat();
    let (mut read, mut place) = (0, EventPlace::start(at(0), at(9)));
    let server = Server { events, page: 10, dated: true };
    loop {
        let (items, page) = server.page(&place);
        read += items.len();
        match place.after(page) {
            Some(next) => place = next,
            None => break,
        }
    }
    assert_eq!(read, 38);
}

#[test]
fn a_server_that_does_not_look_at_the_time_is_read_by_its_cursor_to_the_edge_of_the_window() {
    let server = Server { events: (0..200).collect(), page: 10, dated: false };
    let (seen, pages) = server.walk(100, 150, |_, _| {});
    assert!((100..=150).all(|event| seen.contains(&event)));
    assert!(pages < 15);
}

#[test]
fn items_that_cannot_be_read_do_not_stop_a_walk() {
    let place = EventPlace::start(at(0), at(9));
    let page = Seen { seconds: vec![None, None], next: Some("0:2:0".into()) };
    assert_eq!(place.after(page).unwrap().cursor.as_deref(), Some("0:2:0"));
}

#[test]
fn issues_go_by_sentrys_cursor() {
    let seen = |next: Option<&str>| Seen { seconds: Vec::new(), next: next.map(str::to_owned) };
    let place = IssuePlace::start().after(seen(Some("1767225600000:0:0"))).unwrap();
    assert_eq!(IssuePlace::read(&place.write().unwrap()), Some(place.clone()));
    assert_eq!(place.after(seen(None)), None);
    for foreign in ["{\"v\":2,\"cursor\":null}", "{\"v\":1,\"cursor\":\"x\"}", "{\"v\":1,\"cursor\":null,\"page\":2}"] {
        assert_eq!(IssuePlace::read(&Cursor::parse(foreign).unwrap()), None, "{foreign}");
    }
}
