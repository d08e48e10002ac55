//! The walk through a list of trees that changes between any two requests.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// A discussion, say: when it was last updated, and the replies to each of its comments.
#[derive(Debug, Clone)]
struct Item {
    id: usize,
    updated: i64,
    below: Vec<usize>,
}

/// A server: how many items, comments and replies it gives at once, and how many comments and replies beside an item.
struct Server {
    items: Vec<Item>,
    clock: i64,
    size: usize,
    beside: usize,
}

/// What a request brought: leaves, by item, comment and reply.
type Leaves = Vec<(usize, usize, usize)>;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

impl Server {
    fn answer(&self, place: &TreePlace) -> (Leaves, Branches) {
        match (place.depth(), place.item()) {
            (0, None) => self.list(place),
            (1, Some(item)) => self.comments(item.parse().unwrap(), place.after()),
            (2, Some(comment)) => {
                let (item, comment) = comment.split_once('/').unwrap();
                self.replies(item.parse().unwrap(), comment.parse().unwrap(), place.after())
            }
            other => panic!("{other:?}"),
        }
    }

    /// Newest first, on from the item that the cursor names by its time and number.
    fn list(&self, place: &TreePlace) -> (Leaves, Branches) {
        let key = |item: &Item| (-item.updated, item.id);
        let mut order: Vec<&Item> = self.items.iter().collect();
        order.sort_by_key(|item| key(item));
        let from = place.after().map(|cursor| {
            let (updated, id) = cursor.split_once('/').unwrap();
            (updated.parse::<i64>().unwrap(), id.parse::<usize>().unwrap())
        });
        order.retain(|item| from.is_none_or(|from| key(item) > from));
        let page: Vec<&Item> = order.iter().take(self.size).copied().collect();
        let mut leaves = Vec::new();
        for item in &page {
            for (comment, replies) in item.below.iter().enumerate().take(self.beside) {
                leaves.extend((0..*replies).take(self.beside).map(|reply| (item.id, comment, reply)));
            }
        }
        let long =
            |item: &&&Item| item.below.len() > self.beside || item.below.iter().any(|below| *below > self.beside);
        let open = page.iter().filter(long).filter(|item| !place.is_below_edge(at(item.updated)));
        let branches = Branches {
            last: page.last().map(|item| at(item.updated)),
            newest: page.first().map(|item| at(item.updated)),
            next: page.last().filter(|_| order.len() > self.size).map(|item| format!("{}/{}", -item.updated, item.id)),
            open: open.map(|item| item.id.to_string()).collect(),
        };
        (leaves, branches)
    }

    fn comments(&self, item: usize, after: Option<&str>) -> (Leaves, Branches) {
        let item = &self.items[item];
        let from = after.map_or(0, |after| after.parse().unwrap());
        let page: Vec<_> = item.below.iter().enumerate().skip(from).take(self.size).collect();
        let leaves = page
            .iter()
            .flat_map(|(comment, replies)| (0..**replies).take(self.beside).map(|reply| (item.id, *comment, reply)));
        let branches = Branches {
            next: (item.below.len() > from + self.size).then(|| (from + self.size).to_string()),
            open: page
                .iter()
                .filter(|(_, replies)| **replies > self.beside)
                .map(|(comment, _)| format!("{}/{comment}", item.id))
                .collect(),
            ..Branches::default()
        };
        (leaves.collect(), branches)
    }

    fn replies(&self, item: usize, comment: usize, after: Option<&str>) -> (Leaves, Branches) {
        let replies = self.items[item].below[comment];
        let from = after.map_or(0, |after| after.parse().unwrap());
        let leaves = (from..replies).take(self.size).map(|reply| (item, comment, reply)).collect();
        let next = (replies > from + self.size).then(|| (from + self.size).to_string());
        (leaves, Branches { next, ..Branches::default() })
    }

    /// Walks to the end; answers what was read, and in how many requests. `touched` items are updated meanwhile.
    fn walk(mut self, edge: i64, moves: bool, touched: &[Option<usize>]) -> (BTreeSet<(usize, usize, usize)>, usize) {
        let mut read = BTreeSet::new();
        let mut place = TreePlace::start(at(edge), Duration::ZERO);
        for request in 0..5_000 {
            if let Some(index) = touched.get(request).copied().flatten() {
                let index = index % self.items.len();
                self.clock += 1;
                self.items[index].updated = self.clock;
            }
            let (leaves, branches) = self.answer(&place);
            read.extend(leaves);
            let Some(next) = place.next(branches, moves) else { return (read, request + 1) };
            // What is kept between two requests is the cursor alone.
            place = TreePlace::read(&next.write().unwrap(), 2).unwrap();
        }
        panic!("the walk does not end: {place:?}");
    }
}

fn server(shape: &[Vec<usize>], size: usize, beside: usize) -> Server {
    let items = shape.iter().zip(0..).map(|(below, id)| Item { id, updated: 10 + id as i64, below: below.clone() });
    Server { items: items.collect(), clock: 1_000, size, beside }
}

fn leaves(shape: &[Vec<usize>], edge: i64) -> BTreeSet<(usize, usize, usize)> {
    let items = shape.iter().enumerate().filter(|(id, _)| 10 + *id as i64 >= edge);
    items
        .flat_map(|(id, below)| {
            below
                .iter()
                .enumerate()
                .flat_map(move |(comment, replies)| (0..*replies).map(move |reply| (id, comment, reply)))
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_whatever_moves(
        shape in proptest::collection::vec(proptest::collection::vec(0..7_usize, 0..7), 1..12),
        size in 1..5_usize,
        beside in 1..4_usize,
        edge in 0..25_i64,
        touched in proptest::collection::vec(proptest::option::of(0..12_usize), 0..30),
    ) {
        let (read, _) = server(&shape, size, beside).walk(edge, true, &touched);
        for leaf in leaves(&shape, edge) {
            prop_assert!(read.contains(&leaf), "{leaf:?} of {read:?}");
        }
    }

    #[test]
    fn a_list_that_does_not_move_is_read_once(
        shape in proptest::collection::vec(proptest::collection::vec(0..7_usize, 0..7), 1..12),
        size in 1..5_usize,
        beside in 1..4_usize,
    ) {
        let (read, requests) = server(&shape, size, beside).walk(0, false, &[]);
        prop_assert_eq!(read, leaves(&shape, 0));
        let long = |below: &&Vec<usize>| below.len() > beside || below.iter().any(|replies| *replies > beside);
        let pages = |items: usize| items.div_ceil(size).max(1);
        let comments = shape.iter().filter(long).map(|below| pages(below.len())).sum::<usize>();
        let replies = shape.iter().filter(long).flatten().filter(|replies| **replies > beside);
        prop_assert_eq!(requests, pages(shape.len()) + comments + replies.map(|replies| pages(*replies)).sum::<usize>());
    }
}

#[test]
fn a_list_at_rest_costs_one_request_more_than_its_pages() {
    let shape = vec![Vec::new(); 50];
    assert_eq!(server(&shape, 100, 1).walk(0, true, &[]).1, 1);
    assert_eq!(server(&shape, 10, 1).walk(0, true, &[]).1, 5 + 1);
    assert_eq!(server(&shape, 10, 1).walk(41, true, &[]).1, 2 + 1);
}

#[test]
fn a_cursor_is_read_by_its_own_list_only() {
    let open = |ids: Vec<String>| Branches { open: ids, ..Branches::default() };
    let ids = (0..20).map(|n| format!("DC_kwDOABCDEF4AZx{n:02}")).collect::<Vec<_>>();
    let place = TreePlace::start(at(0), Duration::ZERO).next(open(ids.clone()), true).unwrap();
    let deep = place.next(open(ids), true).unwrap().write().unwrap();
    assert!(deep.as_str().len() < 1_200, "{}", deep.as_str().len());
    assert!(TreePlace::read(&deep, 2).is_some());
    assert_eq!(TreePlace::read(&deep, 1), None);
    for foreign in
        [r#"{"v":1,"trunk":null,"open":[]}"#, r#"{"v":2,"trunk":null,"open":[{"ids":["a"],"after":null}]}"#, "{}"]
    {
        assert_eq!(TreePlace::read(&Cursor::parse(foreign).unwrap(), 2), None, "{foreign}");
    }
    let empty = r#"{"v":1,"trunk":null,"open":[{"ids":[],"after":null}]}"#;
    assert_eq!(TreePlace::read(&Cursor::parse(empty).unwrap(), 2), None);
}
