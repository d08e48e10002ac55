//! Whose turn it is, until everything is quiet.

use super::*;

impl History {
    /// Whether it came to rest.
    pub(super) fn until_quiet(&mut self, executor: &mut Executor<About>, until: Option<Timestamp>) -> bool {
        let give_up = later(self.now(), LONGEST);
        loop {
            self.turn += 1;
            let now = self.now();
            let unhandled = self.scenario.first_messages != FirstMessages::Handled;
            let withheld = self.scenario.first_messages == FirstMessages::UnenrichedLost;
            let nothing_seen = !withheld || self.outside.queue.next_visible().is_none();
            if unhandled && executor.is_empty() && self.agenda.is_empty() && nothing_seen {
                self.outside.queue.set_all_aside(self.scenario.first_messages == FirstMessages::SetAside);
                self.outside.queue.redrive();
                self.scenario.first_messages = FirstMessages::Handled;
            }
            if self.turn > MAX_TURNS || now > give_up || self.outside.monitor.has_findings() {
                return self.outside.monitor.has_findings();
            }
            if until.is_some_and(|until| now > until) {
                return true;
            }
            let hidden = matches!(self.scenario.first_messages, FirstMessages::SetAside | FirstMessages::Lost);
            let visible = if hidden { 0 } else { self.outside.queue.visible() };
            let awake = executor.awake(now);
            let due = self.agenda.iter().filter(|(at, _)| *at <= now).count();
            if awake + visible + due == 0 {
                if executor.is_empty() && self.is_quiet() {
                    return true;
                }
                self.let_time_pass(executor);
                continue;
            }
            if self.chance.percent(6) {
                self.outside.clock.set(later(now, Duration::from_secs(1)));
            }
            let choice = self.chance.below(2 * awake + visible.min(4) + due.min(2));
            if choice < 2 * awake {
                self.turn_of(executor, now);
            } else if choice < 2 * awake + visible.min(4) {
                self.deliver(executor);
            } else {
                self.happen(executor, due);
            }
        }
    }

    pub(super) fn turn_of(&mut self, executor: &mut Executor<About>, now: Timestamp) {
        let (chance, per_mille) = (&self.chance, self.scenario.freeze_per_mille);
        let monitor = &self.outside.monitor;
        let freeze = || {
            let frozen = chance.per_mille(per_mille);
            frozen.then(|| {
                monitor.count(|tally| tally.frozen += 1);
                later(now, Duration::from_secs(chance.pick([20, 40, 130, 400])))
            })
        };
        if let Some((about, end)) = executor.turn(&self.chance, &self.outside.plan, monitor, now, freeze) {
            self.ended(about, end, executor);
        }
    }

    /// Nothing can go on now: the next thing that is planned, hidden, asleep or regular comes.
    pub(super) fn let_time_pass(&mut self, executor: &mut Executor<About>) {
        let planned = self.agenda.iter().map(|(at, _)| *at).min();
        let regular = [
            Some(self.next_sweep),
            self.scenario.scheduler.then_some(self.next_tick),
            self.scenario.renewals.then_some(self.next_renewal),
        ];
        let regular = regular.into_iter().flatten().min().unwrap_or(self.next_sweep);
        let at = [planned, self.outside.queue.next_visible(), executor.next_awake()].into_iter().flatten().min();
        let at = at.map_or(regular, |at| at.min(regular)).max(self.now());
        self.outside.clock.set(at);
        self.outside.plan.note(at.as_second().unsigned_abs());
        if at >= self.next_sweep {
            self.next_sweep = later(at, SWEEP_EVERY);
            let recovery = self.handlers.recovery.clone();
            executor.start(About::Nothing, self.doing(Flow::Sweep), async move { recovery.sweep().await.is_ok() });
        }
        if self.scenario.renewals && at >= self.next_renewal {
            self.next_renewal = later(at, RENEWAL_EVERY);
            let renewal = self.handlers.renewal.clone();
            executor.start(
                About::Nothing,
                self.doing_for(Flow::Renewal, 0),
                async move { renewal.sweep().await.is_ok() },
            );
        }
        if self.scenario.scheduler && at >= self.next_tick {
            self.next_tick = later(at, TICK_EVERY);
            self.tick(executor);
        }
    }

    pub(super) fn tick(&self, executor: &mut Executor<About>) {
        let scheduler = self.handlers.scheduler.clone();
        executor.start(About::Nothing, self.doing(Flow::Tick), async move { scheduler.tick().await.is_ok() });
    }

    pub(super) fn doing_for(&self, flow: Flow, tenant: usize) -> Doing {
        let doing = self.doing(flow);
        match self.tenants.get(tenant) {
            Some(tenant) => doing.for_workspace(tenant.workspace()),
            None => doing,
        }
    }
}
