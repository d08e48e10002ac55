//! What people, providers and queues do in a history.

use super::*;

impl History {
    pub(super) fn deliver(&self, executor: &mut Executor<About>) {
        let twice = self.chance.percent(self.scenario.duplicate_percent);
        let n = self.chance.below(self.outside.queue.visible());
        let Some(received) = self.outside.queue.receive(n, twice, self.chance.percent(50)) else { return };
        let id = received.id;
        match received.message {
            // It waits for a newer function.
            None => {}
            Some(Message::Capture(task)) => {
                let capture = self.handlers.capture.clone();
                let doing = self.doing(Flow::Capture).for_workspace(&task.workspace);
                executor.start(About::Message(id), doing, async move { capture.handle(task).await.is_ok() });
            }
            Some(Message::Replay(task)) => {
                let capture = self.handlers.capture.clone();
                let doing = self.doing(Flow::Replay).for_workspace(&task.workspace);
                executor.start(About::Message(id), doing, async move { capture.replay(task).await.is_ok() });
            }
            Some(Message::Enrich(task)) => {
                let enrich = self.handlers.enrich.clone();
                let doing = self.doing(Flow::Enrich).for_workspace(&task.workspace);
                executor.start(About::Message(id), doing, async move { enrich.handle(task).await.is_ok() });
            }
            Some(Message::Documents(task)) => {
                let documents = self.handlers.documents.clone();
                let doing = self.doing(Flow::Documents).for_workspace(&task.documents.workspace);
                executor.start(About::Message(id), doing, async move { documents.handle(task).await.is_ok() });
            }
            Some(Message::Page(task)) => {
                let pages = self.handlers.pages.clone();
                let page = Some((task.unit.clone(), task.run.clone(), task.page));
                let doing = Doing { page, ..self.doing(Flow::Page).for_workspace(&task.unit.workspace) };
                executor.start(About::Message(id), doing, async move { pages.handle(task).await.is_ok() });
            }
        }
    }

    pub(super) fn happen(&mut self, executor: &mut Executor<About>, due: usize) {
        let now = self.now();
        let n = self.chance.below(due);
        let Some((place, _)) = self.agenda.iter().enumerate().filter(|(_, (at, _))| *at <= now).nth(n) else { return };
        let (_, event) = self.agenda.swap_remove(place);
        match event {
            Event::Act(place) => {
                let webhook = self.places.get_mut(place).and_then(|place| place.act(&self.chance, now));
                if let Some(webhook) = webhook {
                    self.told(place, &webhook, Duration::ZERO);
                }
            }
            Event::Push(place) => {
                let webhook = self.places.get_mut(place).map(|place| place.push(&self.chance, now));
                if let Some(webhook) = webhook {
                    self.told(place, &webhook, Duration::ZERO);
                }
            }
            Event::Hook(hook) => self.send(executor, hook),
            Event::Link(tenant) => self.link(executor, tenant),
            Event::Deed(deed, tenant) => self.deed(executor, deed, tenant),
            Event::Cancel(run) => self.cancel(executor, run),
            Event::Disconnect(tenant) => self.disconnect(executor, tenant),
            Event::ProviderFails => self.provider_fails(),
            Event::RollOut(begins) => self.outside.queue.deploy(begins),
            Event::Tick => self.tick(executor),
            Event::Ask => self.ask(executor),
            Event::Visit => self.visit(executor),
            Event::Callback(visitor) => self.callback(executor, visitor),
        }
    }

    pub(super) fn send(&self, executor: &mut Executor<About>, hook: usize) {
        let Some(sent) = self.hooks.get(hook) else { return };
        let (webhook, request, monitor) =
            (self.handlers.webhook.clone(), sent.request.clone(), Arc::clone(&self.outside.monitor));
        executor.start(About::Hook(hook), self.doing(Flow::Webhook), async move {
            let reply = webhook.handle(request).await;
            if !matches!(reply.status, 200 | 503) {
                monitor.find(Rule::NoCode, format!("a webhook was answered {}", reply.status));
            }
            reply.status == 200
        });
    }

    /// Somebody links the repository, for the first time or again, as the management API does.
    pub(super) fn link(&mut self, executor: &mut Executor<About>, tenant: usize) {
        let Some(held) = self.tenants.get(tenant) else { return };
        let (mut connection, mut link) = (held.connection.clone(), held.link.clone());
        let (store, now) = (Arc::clone(&self.handlers.connections), self.now());
        let monitor = Arc::clone(&self.outside.monitor);
        connection.created_at = now;
        (connection.updated_at, link.updated_at) = (now, now);
        if !held.was_disconnected {
            link.linked_at = now;
        }
        let pushes = self.places.get(held.place).map(|place| place.files.pushes()).unwrap_or_default();
        let documents = self.handlers.teardown.documents.clone();
        self.tenants[tenant].link.linked_at = link.linked_at;
        self.tenants[tenant].pushes_at_link = pushes;
        executor.start(About::Linked(tenant), self.doing_for(Flow::Link, tenant), async move {
            // From here on it may be there, whatever the answer is.
            monitor.began_again(&connection.workspace);
            store.put_connection(&connection).await.is_ok()
                && store.put_integration(&link).await.is_ok()
                && connector_flows::documents::ask(&documents, &link, None, "linked").await.is_ok()
        });
    }

    pub(super) fn deed(&mut self, executor: &mut Executor<About>, deed: Deed, tenant: usize) {
        let Some(held) = self.tenants.get_mut(tenant) else { return };
        match deed {
            Deed::Start => self.start(executor, tenant),
            Deed::StartTwice => {
                self.start(executor, tenant);
                self.start(executor, tenant);
            }
            Deed::Cancel => {
                let runs = self.outside.stores.backfills.runs_of(held.workspace(), 1).now_or_never();
                if let Some(run) = runs.and_then(Result::ok).and_then(|runs| runs.into_iter().next()) {
                    self.cancel(executor, Box::new(run));
                }
            }
            // Only what is connected can be disconnected.
            Deed::Disconnect if held.linked_since.is_none() => {}
            Deed::Disconnect => {
                held.linked_since = None;
                held.was_disconnected = true;
                self.owed.retain(|(of, _)| *of != tenant);
                self.disconnect(executor, tenant);
            }
            Deed::Redrive => self.outside.queue.redrive(),
            Deed::Replay => self.replay(executor, tenant),
            Deed::Connect => self.visit(executor),
        }
    }

    pub(super) fn start(&self, executor: &mut Executor<About>, tenant: usize) {
        let Some(held) = self.tenants.get(tenant) else { return };
        let (ports, store) = (self.handlers.start.clone(), Arc::clone(&self.handlers.connections));
        let (known, entities) = (held.link.clone(), self.scenario.entities.clone());
        let again = self.chance.percent(10);
        let hold = self.chance.percent(self.scenario.hold_percent);
        let event = Event::Deed(Deed::Start, tenant);
        executor.start(About::Again(event), self.doing_for(Flow::Start, tenant), async move {
            let until = ports.clock.now();
            let link = store.integration(known.provider, &known.resource.id, &known.workspace).await;
            // Nothing can be started without a link, and nobody tries again.
            let Ok(Some(integration)) = link.map(|link| link.filter(|link| link.active)) else { return true };
            let window = Window { since: Timestamp::UNIX_EPOCH, until };
            let request = StartRequest {
                integration,
                entities,
                window,
                trigger: Trigger::Manual,
                again,
                call_budget: None,
                proves: None,
                hold,
                prove: false,
            };
            start_run(&ports, &request).await.is_ok()
        });
    }

    pub(super) fn cancel(&self, executor: &mut Executor<About>, run: Box<Run>) {
        let (store, clock) = (Arc::clone(&self.handlers.start.backfills), Arc::clone(&self.handlers.start.clock));
        let about = About::Cancelled(run.clone());
        let doing = self.doing(Flow::Cancel).for_workspace(&run.workspace);
        executor.start(
            about,
            doing,
            async move { connector_flows::runs::cancel(&*store, &*clock, &run).await.is_ok() },
        );
    }

    pub(super) fn disconnect(&self, executor: &mut Executor<About>, tenant: usize) {
        let Some(held) = self.tenants.get(tenant) else { return };
        let (ports, revoke, id) =
            (self.handlers.teardown.clone(), self.handlers.revoke.clone(), held.connection.id.clone());
        executor.start(About::Unlink(tenant), self.doing_for(Flow::Teardown, tenant), async move {
            let connection = match ports.connections.connection(&id).await {
                Ok(Some(connection)) => connection,
                Ok(None) => return true,
                Err(_) => return false,
            };
            let ending = Ending { by: connector_domain::audit::Actor::System, reason: "disconnected" };
            tear_down(&ports, &connection, &ending, Some(&revoke)).await.is_ok()
        });
    }

    /// Somebody has a delivery captured anew, as the management API does.
    pub(super) fn replay(&self, executor: &mut Executor<About>, tenant: usize) {
        let Some(held) = self.tenants.get(tenant) else { return };
        let workspace = held.workspace().clone();
        let all = self.outside.stores.deliveries.all();
        let Some(record) =
            all.get(self.chance.below(all.len())).filter(|record| record.workspaces().any(|ws| *ws == workspace))
        else {
            return;
        };
        let task = CaptureTask { v: TASK_VERSION, ..record.capture_task(&workspace) };
        let (deliveries, captures, due_at) = (
            Arc::clone(&self.handlers.deliveries),
            Arc::clone(&self.handlers.captures),
            later(self.now(), SWEEP_EVERY),
        );
        executor.start(About::Nothing, self.doing_for(Flow::Start, tenant), async move {
            let opened = deliveries.replay(&task.delivery, &task.workspace, due_at).await.is_ok();
            opened && captures.send(&[task], Duration::ZERO).await.is_ok()
        });
    }

    pub(super) fn provider_fails(&self) {
        let minute = Duration::from_secs(60);
        let fault = match self.chance.below(7) {
            0 => ProviderFault::ServerError(500),
            1 => ProviderFault::ServerError(502),
            2 => ProviderFault::PrimaryLimit { status: 403, reset_in: 20 * minute },
            3 => ProviderFault::SecondaryLimit { status: 429, retry_after: Some(minute) },
            4 => ProviderFault::SecondaryLimit { status: 403, retry_after: None },
            5 => ProviderFault::Malformed,
            _ => ProviderFault::HtmlPage,
        };
        self.world.github().inject(fault.on("/repos"));
    }

    pub(super) fn visit(&mut self, executor: &mut Executor<About>) {
        self.visits += 1;
        let (number, connect) = (self.visits, self.handlers.connect.clone());
        self.visitors.insert(number, (0, self.now()));
        let slot = Arc::new(Mutex::new(None));
        let found = Arc::clone(&slot);
        let Some(workspace) = self.tenants.first().map(|tenant| tenant.workspace().clone()) else { return };
        executor.start(About::Visited(slot), self.doing_for(Flow::Connect, 0), async move {
            let Ok(user) = UserId::parse("user") else { return false };
            let Ok(started) = connect.start(StartConnect { workspace, user, back: Return::Cli }).await else {
                return false;
            };
            let Ok(opened) = connect.open(Some(started.state.clone()), None).await else { return false };
            let browser = Browser { secret: Some(opened.browser), state: None };
            *lock(&found) = Some(Visitor { number, code: 1, state: started.state.expose().to_owned(), browser });
            true
        });
    }

    pub(super) fn callback(&self, executor: &mut Executor<About>, visitor: Visitor) {
        let connect = self.handlers.connect.clone();
        let slot = Arc::new(Mutex::new(None));
        let (done, who) = (Arc::clone(&slot), visitor.clone());
        executor.start(About::Connected(visitor, self.now(), slot), self.doing_for(Flow::Connect, 0), async move {
            let code = format!("code-{}-{}", who.number, who.code);
            let pairs = [("code", code.as_str()), ("state", who.state.as_str())];
            let params = Params::of(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
            let connected = connect.callback(params.as_ref(), who.browser).await.is_ok();
            *lock(&done) = Some(connected);
            connected
        });
    }

    /// Somebody needs a token of the account whose tokens rotate.
    pub(super) fn ask(&self, executor: &mut Executor<About>) {
        let Some(connection) = self.rotating() else { return };
        let tokens = Arc::clone(&self.handlers.tokens);
        let slot = Arc::new(Mutex::new(None));
        let told = Arc::clone(&slot);
        executor.start(About::Asked(slot), self.doing_for(Flow::Refresh, 0), async move {
            let answer = match tokens.bearer(&connection, None, None).await {
                Ok(Some(_)) => Asked::Token,
                Ok(None) => Asked::Gone,
                Err(TokenError::NeedsReconnect) => Asked::NeedsReconnect,
                Err(TokenError::Port(_)) => Asked::Later,
            };
            *lock(&told) = Some(answer);
            answer != Asked::Later
        });
    }
}
