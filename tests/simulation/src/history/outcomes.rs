//! What follows when something has ended.

use super::*;

impl History {
    pub(super) fn ended(&mut self, about: About, end: End, executor: &mut Executor<About>) {
        let done = end == End::Done;
        let soon = Duration::from_secs(self.chance.between(1, 90));
        self.outside.plan.note(end as u64);
        match about {
            About::Nothing => {}
            About::Message(id) if done => self.outside.queue.delete(id),
            // A message that was not handled becomes visible again.
            About::Message(_) => {}
            About::Hook(hook) if done => self.accepted(hook),
            // A sender, or a person with its delivery log, sends again what was not accepted.
            About::Hook(hook) => self.plan_at(soon, Event::Hook(hook)),
            About::Again(_) if done => {}
            About::Again(event) => self.plan_at(soon, event),
            About::Linked(tenant) if done => self.linked(executor, tenant),
            About::Linked(tenant) => self.plan_at(soon, Event::Link(tenant)),
            About::Unlink(tenant) if done => {
                if let Some(held) = self.tenants.get(tenant) {
                    self.outside.monitor.ended(held.workspace(), self.turn);
                }
                let again = Duration::from_secs(self.chance.between(1, 3_600));
                self.plan_at(again, Event::Link(tenant));
            }
            About::Unlink(tenant) => self.plan_at(soon, Event::Disconnect(tenant)),
            About::Cancelled(run) if done => self.outside.monitor.cancelled(&run.id, self.turn),
            About::Cancelled(run) => self.plan_at(soon, Event::Cancel(run)),
            About::Visited(slot) => self.visited(lock(&slot).take(), soon),
            About::Connected(visitor, at, slot) => self.came_back(&visitor, at, *lock(&slot), soon),
            About::Asked(slot) => self.answered(*lock(&slot), soon),
        }
    }

    pub(super) fn accepted(&mut self, hook: usize) {
        let began = self.outside.monitor.began();
        let Some(held) = self.hooks.get(hook) else { return };
        let place = held.place;
        for (n, tenant) in self.tenants.iter().enumerate() {
            let linked = tenant.linked_since.is_some_and(|since| since <= began);
            if tenant.place == place && linked {
                self.owed.insert((n, hook));
            }
        }
        if self.chance.percent(self.scenario.resend_percent) {
            let at = self.moment();
            self.plan_at(at, Event::Hook(hook));
        }
    }

    pub(super) fn linked(&mut self, executor: &mut Executor<About>, tenant: usize) {
        let turn = self.turn;
        let Some(held) = self.tenants.get_mut(tenant) else { return };
        held.linked_since = Some(turn);
        if self.scenario.backfill {
            self.start(executor, tenant);
        }
    }

    pub(super) fn visited(&mut self, visitor: Option<Visitor>, soon: Duration) {
        let Some(visitor) = visitor else {
            self.plan_at(soon, Event::Visit);
            return;
        };
        let wait = Duration::from_secs(self.chance.pick([1, 1, 5, 120, 1_500]));
        if self.chance.percent(30) {
            self.plan_at(wait, Event::Callback(Visitor { code: 2, ..visitor.clone() }));
        }
        self.plan_at(wait, Event::Callback(visitor));
    }

    pub(super) fn came_back(&mut self, visitor: &Visitor, at: Timestamp, connected: Option<bool>, soon: Duration) {
        let Some((times, began)) = self.visitors.get_mut(&visitor.number) else { return };
        if connected == Some(true) {
            *times += 1;
            // The state is made a little after the visit begins, which may be frozen meanwhile.
            let age = at.duration_since(*began).as_secs();
            if *times > 1 || age > TOO_LATE {
                let detail = format!("a state was good {times} times, at last after {age} s");
                self.outside.monitor.find(Rule::StateReused, detail);
            }
        } else if self.rotating().is_none_or(|found| !found.status.works()) && self.visits < 20 {
            self.plan_at(soon, Event::Visit);
        }
    }

    pub(super) fn answered(&mut self, asked: Option<Asked>, soon: Duration) {
        let calm = self.outside.plan.injections() == 0 && self.outside.monitor.tally().frozen == 0;
        let grace = matches!(self.scenario.tokens, Some((Grants::Grace, _)));
        match asked {
            Some(Asked::Token) => {}
            Some(Asked::Gone) => self.outside.monitor.find(Rule::TokensDead, "a connection without tokens"),
            Some(Asked::NeedsReconnect) => {
                if calm || grace {
                    self.outside.monitor.find(Rule::TokensDead, "tokens died though no answer was lost for good");
                }
                if self.visits < 20 {
                    self.plan_at(soon, Event::Visit);
                    self.plan_at(soon + Duration::from_secs(1_100), Event::Ask);
                }
            }
            Some(Asked::Later) | None => self.plan_at(soon, Event::Ask),
        }
    }
}
