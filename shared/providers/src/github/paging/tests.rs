//! The walks against a list that changes between any two requests.

use proptest::prelude::*;

use super::*;

/// An item of the list that is walked.
#[derive(Debug, Clone, Copy)]
struct Listed {
    id: u64,
    updated: i64,
}

/// What happens to the list before a request.
#[derive(Debug, Clone, Copy)]
enum Change {
    Nothing,
    Update(usize),
    Delete(usize),
    /// Some that stand next to each other.
    DeleteMany(usize, usize),
    Add,
}

fn change(deletes: bool) -> impl Strategy<Value = Change> {
    let last = if deletes { 8 } else { 6 };
    (0..=last, any::<usize>()).prop_map(|(kind, index)| match kind {
        0..=3 => Change::Nothing,
        4 | 5 => Change::Update(index),
        6 => Change::Add,
        _ => Change::Delete(index),
    })
}

/// A server: what was there from the start, and the clock.
struct List {
    items: Vec<Listed>,
    clock: i64,
}

impl List {
    /// `times` are the seconds of the items' last updates: several share one.
    fn new(times: &[i64]) -> Self {
        let items = times.iter().zip(1..).map(|(at, id)| Listed { id, updated: *at }).collect();
        Self { items, clock: 100 }
    }

    fn change(&mut self, change: Change) {
        self.clock += 1;
        match change {
            Change::Nothing => {}
            Change::Add => self.items.push(Listed { id: 1_000 + self.clock.unsigned_abs(), updated: self.clock }),
            _ if self.items.is_empty() => {}
            Change::Update(index) => {
                let index = index % self.items.len();
                self.items[index].updated = self.clock;
            }
            Change::Delete(index) => {
                let index = index % self.items.len();
                self.items.remove(index);
            }
            Change::DeleteMany(index, count) => {
                let index = index % self.items.len();
                self.items.drain(index..self.items.len().min(index + count));
            }
        }
    }

    /// A page of an order, with a next link while there is more.
    fn page(
        &self,
        mut order: Vec<Listed>,
        by: impl Fn(&Listed) -> (i64, i64),
        page: u32,
        size: usize,
    ) -> (Seen, Vec<u64>) {
        order.sort_by_key(by);
        let skip = (page as usize - 1) * size;
        let ids: Vec<u64> = order.iter().skip(skip).take(size).map(|item| item.id).collect();
        let stamps = order
            .iter()
            .skip(skip)
            .take(size)
            .map(|item| Stamp { id: Some(item.id), at: Some(Timestamp::from_second(item.updated).unwrap()) });
        let next = (order.len() > skip + size).then_some(page + 1);
        (Seen { stamps: stamps.collect(), next }, ids)
    }
}

/// Walks to the end; answers what was read, and in how many requests.
fn walk<P: Place + std::fmt::Debug>(
    start: P,
    mut list: List,
    changes: &[Change],
    ask: impl Fn(&List, &P) -> (Seen, Vec<u64>),
) -> (Vec<u64>, List, usize) {
    let mut place = start;
    let mut read = Vec::new();
    for request in 0..5_000 {
        // The list rests in the end: no walk can outrun one that changes for ever.
        list.change(changes.get(request).copied().unwrap_or(Change::Nothing));
        let (page, ids) = ask(&list, &place);
        read.extend(ids);
        let Some(next) = place.after(&page) else { return (read, list, request + 1) };
        // What is kept between two requests is the cursor alone.
        let cursor = next.write().unwrap();
        place = P::read(&cursor).unwrap();
    }
    panic!("the walk does not end: {place:?}");
}

fn since(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn issues(list: List, changes: &[Change], size: usize, inclusive: bool) -> (Vec<u64>, List, usize) {
    walk(KeysetPlace::start(since(0), 0), list, changes, |list, place| {
        let from = place.since.as_second() + i64::from(!inclusive);
        let newer = list.items.iter().copied().filter(|item| item.updated >= from).collect();
        list.page(newer, |item| (item.updated, item.id.cast_signed()), place.page(), size)
    })
}

fn pulls(list: List, changes: &[Change], size: usize, edge: i64) -> (Vec<u64>, List, usize) {
    walk(PullPlace::start(since(edge), 0), list, changes, |list, place| {
        list.page(list.items.clone(), |item| (-item.updated, -item.id.cast_signed()), place.page(), size)
    })
}

fn releases(list: List, changes: &[Change], size: usize) -> (Vec<u64>, List, usize) {
    walk(ReleasePlace::start(since(0), 0), list, changes, |list, place| {
        list.page(list.items.clone(), |item| (0, -item.id.cast_signed()), place.page(), size)
    })
}

fn events(list: List, changes: &[Change], size: u32, edge: i64) -> (Vec<u64>, List, usize) {
    walk(EventPlace::start(since(edge), size), list, changes, |list, place| {
        list.page(list.items.clone(), |item| (0, -item.id.cast_signed()), place.page(), place.size().unwrap() as usize)
    })
}

/// What was there from start to end and had been updated at `edge` or later: only that can prove a fact in the window.
fn survivors(list: &List, times: &[i64], edge: i64) -> Vec<u64> {
    let kept = times.iter().zip(1..).filter(|(at, _)| **at >= edge).map(|(_, id)| id);
    kept.filter(|id| list.items.iter().any(|item| item.id == *id)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_issue_is_lost(
        times in proptest::collection::vec(1..12_i64, 0..40),
        changes in proptest::collection::vec(change(true), 0..60),
        size in 1..8_usize,
        inclusive in any::<bool>(),
    ) {
        let (read, list, _) = issues(List::new(&times), &changes, size, inclusive);
        for id in survivors(&list, &times, 0) {
            prop_assert!(read.contains(&id), "{} of {:?}", id, read);
        }
    }

    /// GitHub deletes no pull request.
    #[test]
    fn no_pull_request_is_lost(
        times in proptest::collection::vec(1..12_i64, 0..40),
        changes in proptest::collection::vec(change(false), 0..60),
        size in 1..8_usize,
        edge in 0..10_i64,
    ) {
        let (read, list, _) = pulls(List::new(&times), &changes, size, edge);
        for id in survivors(&list, &times, edge) {
            prop_assert!(read.contains(&id), "{} of {:?}", id, read);
        }
    }

    /// Events of one issue vanish together.
    #[test]
    fn no_event_is_lost(
        count in 0..80_i64,
        changes in proptest::collection::vec(
            prop_oneof![
                3 => Just(Change::Nothing),
                1 => Just(Change::Add),
                1 => any::<usize>().prop_map(Change::Delete),
                1 => (any::<usize>(), 2..15_usize).prop_map(|(index, count)| Change::DeleteMany(index, count)),
            ],
            0..40,
        ),
        size in 10..16_u32,
        edge in 0..40_i64,
    ) {
        let times: Vec<i64> = (0..count).collect();
        let (read, list, _) = events(List::new(&times), &changes, size, edge);
        for id in survivors(&list, &times, edge) {
            prop_assert!(read.contains(&id), "{} of {:?}", id, read);
        }
    }

    #[test]
    fn no_release_is_lost(
        count in 0..40_usize,
        changes in proptest::collection::vec(change(true), 0..60),
        size in 1..8_usize,
    ) {
        let (read, list, _) = releases(List::new(&vec![1; count]), &changes, size);
        for id in survivors(&list, &vec![1; count], 0) {
            prop_assert!(read.contains(&id), "{} of {:?}", id, read);
        }
    }
}

#[test]
fn a_list_at_rest_costs_little_more_than_its_pages() {
    let apart: Vec<i64> = (1..=50).map(|n| n * 2).collect();
    assert_eq!(issues(List::new(&apart), &[], 100, true).2, 1);
    // Each page begins with the last item of the one before.
    assert_eq!(issues(List::new(&apart), &[], 10, true).2, 6);
    assert_eq!(pulls(List::new(&apart), &[], 100, 0).2, 1);
    assert_eq!(pulls(List::new(&apart), &[], 10, 0).2, 5 + 1);
    assert_eq!(pulls(List::new(&apart), &[], 10, 81).2, 2 + 1);
    assert_eq!(events(List::new(&apart), &[], 100, 0).2, 1);
    // Overlapping pages are a few more.
    assert_eq!(events(List::new(&apart), &[], 10, 0).2, 5 + 2);
    assert_eq!(events(List::new(&apart), &[], 10, 81).2, 2);
    let many: Vec<i64> = (0..10_000).collect();
    assert_eq!(events(List::new(&many), &[], 100, 0).2, 100 + 14);
    assert_eq!(releases(List::new(&apart), &[], 100).2, 1);
    assert_eq!(releases(List::new(&apart), &[], 10).2, 2 * 5);
}

#[test]
fn many_updates_in_one_second_are_no_dead_end() {
    assert_eq!(issues(List::new(&[5; 50]), &[], 10, true).2, 1 + 2 * 5);
    assert_eq!(pulls(List::new(&[5; 50]), &[], 10, 0).2, 2 * 5);
}

#[test]
fn items_without_a_readable_time_do_not_stop_a_walk() {
    let unread = |next| Seen { stamps: vec![Stamp { id: None, at: None }; 3], next };
    let issue = KeysetPlace::start(since(0), 0).after(&unread(Some(2))).unwrap();
    assert_eq!((issue.page(), issue.since), (2, since(0)));
    assert_eq!(PullPlace::start(since(0), 0).after(&unread(Some(2))).unwrap().page(), 2);
    assert_eq!(PullPlace::start(since(0), 0).after(&unread(None)), None);
}

#[test]
fn a_cursor_is_small_and_of_one_version() {
    let cursor = KeysetPlace::start(since(1_770_379_200), 0).write().unwrap();
    assert!(cursor.as_str().len() < 200, "{}", cursor.as_str());
    let other = cursor.as_str().replacen(r#""v":1"#, r#""v":2"#, 1);
    assert_eq!(KeysetPlace::read(&Cursor::parse(other).unwrap()), None);
    assert_eq!(ReleasePlace::read(&cursor), None);
}
