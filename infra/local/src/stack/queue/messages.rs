//! The messages of one queue, as a state machine over time. It waits for nothing.
//!
//! As in SQS's fair queues, of several tenants the one goes first of which the least is being worked on, so that one with
//! thousands of messages does not delay another's one.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html>

use std::collections::{BTreeMap, BTreeSet, HashMap};

use connector_lambda::batch::Record;
use tokio::time::Instant;

use super::{DeadLetter, QueueStatus};

struct Message {
    body: String,
    /// The tenant.
    group: String,
    sent_at: Instant,
    receives: u32,
}

/// When a message can be received, and its number in the order of sending.
type Place = (Instant, u64);

struct Hidden {
    message: Message,
    until: Instant,
}

pub(super) struct Messages {
    max_receives: u32,
    last: u64,
    /// What can be received at or after a moment, in the order of sending. Failed messages are among them.
    waiting: BTreeMap<Place, Message>,
    /// The same by tenant.
    places: BTreeMap<String, BTreeSet<Place>>,
    /// How many of a tenant's are being worked on, where there are any.
    busy: HashMap<String, usize>,
    /// What was received and is neither deleted nor given back, by the id it was received under. Each time it is
    /// received a message has another id, so that a worker who comes too late changes nothing.
    hidden: HashMap<String, Hidden>,
    dead: Vec<Message>,
}

impl Messages {
    pub(super) fn new(max_receives: u32) -> Self {
        Self {
            max_receives,
            last: 0,
            waiting: BTreeMap::new(),
            places: BTreeMap::new(),
            busy: HashMap::new(),
            hidden: HashMap::new(),
            dead: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, body: String, group: String, now: Instant, visible_at: Instant) {
        self.wait(Message { body, group, sent_at: now, receives: 0 }, visible_at);
    }

    /// Hides up to `most` visible messages until then.
    pub(super) fn take(&mut self, most: usize, now: Instant, until: Instant) -> Vec<Record> {
        let mut batch = Vec::new();
        while batch.len() < most
            && let Some(place) = self.fairest(now)
            && let Some(mut message) = self.waiting.remove(&place)
        {
            if let Some(places) = self.places.get_mut(&message.group) {
                places.remove(&place);
                if places.is_empty() {
                    self.places.remove(&message.group);
                }
            }
            *self.busy.entry(message.group.clone()).or_default() += 1;
            message.receives += 1;
            let id = place.1.to_string();
            batch.push(Record { id: id.clone(), body: message.body.clone() });
            self.hidden.insert(id, Hidden { message, until });
        }
        batch
    }

    /// The oldest message of the tenant of which the least is being worked on.
    fn fairest(&self, now: Instant) -> Option<Place> {
        let first = |(group, places): (&String, &BTreeSet<Place>)| {
            let place = places.first().copied().filter(|(at, _)| *at <= now)?;
            Some((self.busy.get(group).copied().unwrap_or_default(), place))
        };
        self.places.iter().filter_map(first).min().map(|(_, place)| place)
    }

    /// Gives back what has been hidden for too long: whoever received it is gone.
    pub(super) fn expire(&mut self, now: Instant) {
        let lapsed = |(id, hidden): (&String, &Hidden)| (hidden.until <= now).then(|| id.clone());
        let lapsed: Vec<_> = self.hidden.iter().filter_map(lapsed).collect();
        for id in lapsed {
            self.give_back(&id, now);
        }
    }

    pub(super) fn delete(&mut self, id: &str) {
        self.unhide(id);
    }

    fn unhide(&mut self, id: &str) -> Option<Message> {
        let Hidden { message, .. } = self.hidden.remove(id)?;
        if let Some(busy) = self.busy.get_mut(&message.group) {
            *busy -= 1;
            if *busy == 0 {
                self.busy.remove(&message.group);
            }
        }
        Some(message)
    }

    /// Makes a received message visible then, or a dead letter when it was received often enough.
    pub(super) fn give_back(&mut self, id: &str, visible_at: Instant) {
        let Some(message) = self.unhide(id) else { return };
        if message.receives >= self.max_receives {
            self.dead.push(message);
        } else {
            self.wait(message, visible_at);
        }
    }

    /// The next moment at which there is something to receive, or to give back.
    pub(super) fn next_visible(&self) -> Option<Instant> {
        let waiting = self.waiting.keys().next().map(|(at, _)| *at);
        let hidden = self.hidden.values().map(|hidden| hidden.until).min();
        [waiting, hidden].into_iter().flatten().min()
    }

    pub(super) fn is_busy(&self, now: Instant) -> bool {
        let due = |((at, _), message): (&(Instant, u64), &Message)| *at <= now || message.receives > 0;
        !self.hidden.is_empty() || self.waiting.iter().any(due)
    }

    pub(super) fn status(&self, name: &str, now: Instant) -> QueueStatus {
        let mut status = QueueStatus {
            name: name.to_owned(),
            visible: 0,
            in_flight: self.hidden.len(),
            delayed: 0,
            dead_letters: self.dead.len(),
            oldest_age: None,
        };
        for ((at, _), message) in &self.waiting {
            match message.receives {
                _ if *at <= now => status.visible += 1,
                0 => status.delayed += 1,
                _ => status.in_flight += 1,
            }
        }
        let hidden = self.hidden.values().map(|hidden| &hidden.message);
        let oldest = self.waiting.values().chain(hidden).map(|message| message.sent_at).min();
        status.oldest_age = oldest.map(|sent_at| now.saturating_duration_since(sent_at));
        status
    }

    pub(super) fn dead_letters(&self, queue: &str) -> Vec<DeadLetter> {
        let letter = |message: &Message| DeadLetter {
            queue: queue.to_owned(),
            body: message.body.clone(),
            receives: message.receives,
        };
        self.dead.iter().map(letter).collect()
    }

    pub(super) fn redrive(&mut self, now: Instant) -> usize {
        let dead = std::mem::take(&mut self.dead);
        let count = dead.len();
        for message in dead {
            self.add(message.body, message.group, now, now);
        }
        count
    }

    fn wait(&mut self, message: Message, visible_at: Instant) {
        self.last += 1;
        let place = (visible_at, self.last);
        self.places.entry(message.group.clone()).or_default().insert(place);
        self.waiting.insert(place, message);
    }
}
