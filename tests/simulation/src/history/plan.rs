//! What is to happen in a history, and when.

use super::*;

/// GitHub's id of a delivery.
const TRANSPORT_ID: &str = "x-github-delivery";

impl History {
    pub(super) fn plan_ahead(&mut self) {
        let Scenario { acts, pushes, provider_faults, deploy, webhook_every, .. } = self.scenario;
        for tenant in 0..self.tenants.len() {
            // The second workspace may come later.
            let at = if tenant == 0 { Duration::ZERO } else { self.moment() };
            self.plan_at(at, Event::Link(tenant));
        }
        for _ in 0..acts {
            let place = if self.chance.percent(80) { 0 } else { self.chance.below(self.places.len()) };
            let at = self.moment();
            self.plan_at(at, Event::Act(place));
        }
        for _ in 0..pushes {
            let place = if self.chance.percent(80) { 0 } else { self.chance.below(self.places.len()) };
            let at = self.moment();
            self.plan_at(at, Event::Push(place));
        }
        for deed in self.scenario.deeds.clone() {
            let tenant = self.chance.below(self.tenants.len());
            let at = self.moment();
            self.plan_at(at, Event::Deed(deed, tenant));
        }
        for _ in 0..provider_faults {
            let at = self.moment();
            self.plan_at(at, Event::ProviderFails);
        }
        if self.scenario.scheduler {
            let at = self.moment();
            self.plan_at(at, Event::Tick);
        }
        if deploy {
            let at = self.moment();
            self.plan_at(at, Event::RollOut(true));
            self.plan_at(at + Duration::from_secs(1_800), Event::RollOut(false));
        }
        if let Some((_, asks)) = self.scenario.tokens {
            self.plan_at(Duration::ZERO, Event::Visit);
            for _ in 0..asks {
                // Tokens live for a thousand seconds: many ask at the moment when they end.
                let at = self.chance.pick([60, 900, 1_000, 1_001, 2_100]);
                self.plan_at(Duration::from_secs(at), Event::Ask);
            }
        }
        if webhook_every > 0 {
            let history = self.places[0].repository.history_webhooks();
            for webhook in history.iter().step_by(webhook_every) {
                let at = self.moment();
                self.told(0, webhook, at);
            }
        }
    }

    /// Most of what happens happens while pages are fetched, the rest later.
    pub(super) fn moment(&self) -> Duration {
        let seconds = match self.chance.below(6) {
            0..3 => self.chance.between(0, 3),
            3 => self.chance.between(0, 60),
            4 => self.chance.between(60, 900),
            _ => self.chance.between(900, 7_200),
        };
        Duration::from_secs(seconds)
    }

    pub(super) fn plan_at(&mut self, after: Duration, event: Event) {
        let at = later(self.now(), after);
        self.agenda.push((at, event));
    }

    /// A webhook is made, and sent or lost.
    pub(super) fn told(&mut self, place: usize, webhook: &connector_simulator::github::Webhook, after: Duration) {
        let pushed = self.places.get(place).filter(|_| webhook.event == "push");
        let pushes = pushed.map(|place| place.files.pushes());
        let hook = self.hooks.len();
        let mut request = reference::request(webhook);
        if self.chance.percent(self.scenario.borrowed_id_percent) {
            let id = self.hooks.first().and_then(|hook| hook.request.headers.first(TRANSPORT_ID));
            let borrowed = |(name, value)| (name, if name == TRANSPORT_ID { id.unwrap_or(value) } else { value });
            let headers = request.headers.iter().map(borrowed).collect();
            request.headers = headers;
        }
        self.hooks.push(Hook { place, request, pushes });
        if !self.chance.percent(self.scenario.drop_percent) {
            self.plan_at(after, Event::Hook(hook));
        } else if self.chance.percent(70) {
            // Somebody finds it among the failed deliveries, and has it sent again.
            let late = Duration::from_secs(self.chance.between(600, 7_200));
            self.plan_at(after + late, Event::Hook(hook));
        }
    }

    pub(super) fn calm(&mut self) {
        self.outside.plan.calm();
        self.outside.lag.catch_up();
        self.outside.embedder.0.calm();
        self.outside.model.service.calm();
        self.world.github().set_limits(ProviderLimits::default());
        self.scenario = Scenario {
            duplicate_percent: 0,
            drop_percent: 0,
            resend_percent: 0,
            stale_percent: 0,
            freeze_per_mille: 0,
            ..self.scenario.clone()
        };
        self.calmed_at = self.now();
        if self.scenario.tokens.is_some() {
            // Once more after all of it, when the tokens have ended.
            self.plan_at(Duration::from_secs(2_000), Event::Ask);
        }
    }
}
