//! Ports that hand most calls on as they are: `forward!` names those, and the rest is written out.

/// `deliveries!(Type { methods of its own } also put_if_absent rest)`: the named ones go to `self.store`.
macro_rules! deliveries {
    ($type:ty { $($own:tt)* } also put_if_absent $($more:ident)*) => {
        crate::forward::deliveries!($type { $($own)*
            async fn put_if_absent(&self, record: &DeliveryRecord, raw: &[u8]) -> Result<PutDelivery, PortError> {
                self.store.put_if_absent(record, raw).await
            }
        } also $($more)*);
    };
    ($type:ty { $($own:tt)* } also complete $($more:ident)*) => {
        crate::forward::deliveries!($type { $($own)*
            async fn complete(&self, id: &DeliveryId, of: &WorkspaceId, report: &CaptureReport) -> Result<(), PortError> {
                self.store.complete(id, of, report).await
            }
        } also $($more)*);
    };
    ($type:ty { $($own:tt)* } also rest) => {
        #[async_trait]
        impl DeliveryStore for $type { $($own)*
            async fn record(&self, id: &DeliveryId) -> Result<Option<DeliveryRecord>, PortError> {
                self.store.record(id).await
            }

            async fn load(&self, id: &DeliveryId) -> Result<Option<(DeliveryRecord, Vec<u8>)>, PortError> {
                self.store.load(id).await
            }

            async fn reopen(&self, id: &DeliveryId, of: &[WorkspaceId], due_at: Timestamp) -> Result<(), PortError> {
                self.store.reopen(id, of, due_at).await
            }

            async fn replay(&self, id: &DeliveryId, of: &WorkspaceId, due_at: Timestamp) -> Result<bool, PortError> {
                self.store.replay(id, of, due_at).await
            }

            async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<DeliveryId>, PortError> {
                self.store.due(now, limit).await
            }

            async fn redrive(&self, id: &DeliveryId, attempts: u32, due_at: Timestamp) -> Result<bool, PortError> {
                self.store.redrive(id, attempts, due_at).await
            }

            async fn bury(&self, id: &DeliveryId, reason: &str) -> Result<(), PortError> {
                self.store.bury(id, reason).await
            }
        }
    };
}

/// The same for runs and units.
macro_rules! backfills {
    ($type:ty { $($own:tt)* } also unit $($more:ident)*) => {
        crate::forward::backfills!($type { $($own)*
            async fn unit(&self, key: &UnitKey) -> Result<Option<Unit>, PortError> {
                self.store.unit(key).await
            }
        } also $($more)*);
    };
    ($type:ty { $($own:tt)* } also put_unit $($more:ident)*) => {
        crate::forward::backfills!($type { $($own)*
            async fn put_unit(&self, unit: &Unit, expected: Option<Version>) -> Result<Put, PortError> {
                self.store.put_unit(unit, expected).await
            }
        } also $($more)*);
    };
    ($type:ty { $($own:tt)* } also open_unit $($more:ident)*) => {
        crate::forward::backfills!($type { $($own)*
            async fn open_unit(&self, unit: &Unit, expected: Option<Version>) -> Result<Put, PortError> {
                self.store.open_unit(unit, expected).await
            }
        } also $($more)*);
    };
    ($type:ty { $($own:tt)* } also due_units $($more:ident)*) => {
        crate::forward::backfills!($type { $($own)*
            async fn due_units(&self, now: Timestamp, limit: usize) -> Result<Vec<UnitKey>, PortError> {
                self.store.due_units(now, limit).await
            }
        } also $($more)*);
    };
    ($type:ty { $($own:tt)* } also rest) => {
        #[async_trait]
        impl BackfillStore for $type { $($own)*
            async fn put_run(&self, run: &Run) -> Result<Put, PortError> {
                self.store.put_run(run).await
            }

            async fn run(&self, id: &RunId) -> Result<Option<Run>, PortError> {
                self.store.run(id).await
            }

            async fn due_runs(&self, now: Timestamp, limit: usize) -> Result<Vec<RunId>, PortError> {
                self.store.due_runs(now, limit).await
            }

            async fn look_again(&self, run: &RunId, due_at: Option<Timestamp>) -> Result<(), PortError> {
                self.store.look_again(run, due_at).await
            }

            async fn cancel_run(&self, run: &Run, at: Timestamp) -> Result<(), PortError> {
                self.store.cancel_run(run, at).await
            }

            async fn runs_of(&self, workspace: &WorkspaceId, limit: usize) -> Result<Vec<Run>, PortError> {
                self.store.runs_of(workspace, limit).await
            }

            async fn put_page_report(
                &self,
                run: &RunId,
                unit: &UnitKey,
                page: u32,
                report: &CaptureReport,
            ) -> Result<(), PortError> {
                self.store.put_page_report(run, unit, page, report).await
            }

            async fn page_reports(&self, run: &RunId) -> Result<Vec<CaptureReport>, PortError> {
                self.store.page_reports(run).await
            }

            async fn put_ended(&self, unit: &Unit) -> Result<(), PortError> {
                self.store.put_ended(unit).await
            }

            async fn ended_units(&self, run: &RunId) -> Result<Vec<Unit>, PortError> {
                self.store.ended_units(run).await
            }

            async fn budget(&self, key: &connector_domain::backfill::BudgetKey) -> Result<Option<connector_domain::backfill::Budget>, PortError> {
                self.store.budget(key).await
            }

            async fn put_budget(&self, budget: &connector_domain::backfill::Budget, expected: Option<Version>) -> Result<Put, PortError> {
                self.store.put_budget(budget, expected).await
            }
        }
    };
}

/// The same for connections: the named ones go to `self.store`.
macro_rules! connections {
    ($type:ty { $($own:tt)* } also integrations_of $($more:ident)*) => {
        crate::forward::connections!($type { $($own)*
            async fn integrations_of(
                &self,
                provider: ProviderKind,
                resource: &ResourceId,
            ) -> Result<Vec<Integration>, PortError> {
                self.store.integrations_of(provider, resource).await
            }
        } also $($more)*);
    };
    ($type:ty { $($own:tt)* } also active_integrations $($more:ident)*) => {
        crate::forward::connections!($type { $($own)*
            async fn active_integrations(
                &self,
                after: Option<String>,
            ) -> Result<(Vec<Integration>, Option<String>), PortError> {
                self.store.active_integrations(after).await
            }
        } also $($more)*);
    };
    ($type:ty { $($own:tt)* } also put_integration $($more:ident)*) => {
        crate::forward::connections!($type { $($own)*
            async fn put_integration(&self, integration: &Integration) -> Result<(), PortError> {
                self.store.put_integration(integration).await
            }
        } also $($more)*);
    };
    ($type:ty { $($own:tt)* } also rest) => {
        #[async_trait]
        impl ConnectionStore for $type { $($own)*
            async fn connection(&self, id: &ConnectionId) -> Result<Option<Connection>, PortError> {
                self.store.connection(id).await
            }

            async fn connections_of(
                &self,
                provider: ProviderKind,
                account: &AccountId,
            ) -> Result<Vec<Connection>, PortError> {
                self.store.connections_of(provider, account).await
            }

            async fn put_connection(&self, connection: &Connection) -> Result<Put, PortError> {
                self.store.put_connection(connection).await
            }

            async fn integration(
                &self,
                provider: ProviderKind,
                resource: &ResourceId,
                workspace: &WorkspaceId,
            ) -> Result<Option<Integration>, PortError> {
                self.store.integration(provider, resource, workspace).await
            }

            async fn integrations_in(&self, workspace: &WorkspaceId) -> Result<Vec<Integration>, PortError> {
                self.store.integrations_in(workspace).await
            }

            async fn settings(&self, workspace: &WorkspaceId) -> Result<WorkspaceSettings, PortError> {
                self.store.settings(workspace).await
            }

            async fn put_settings(&self, of: &WorkspaceId, settings: &WorkspaceSettings) -> Result<(), PortError> {
                self.store.put_settings(of, settings).await
            }
        }
    };
}

/// The same for observations: `get` and `list` go to `self.store`.
macro_rules! observations {
    ($type:ty { $($own:tt)* }) => {
        #[async_trait]
        impl ObservationStore for $type { $($own)*
            async fn put_deletions(
                &self,
                of: &WorkspaceId,
                deletions: &[connector_domain::transformed::Deletion],
            ) -> Result<(), PortError> {
                self.store.put_deletions(of, deletions).await
            }

            async fn get(&self, of: &WorkspaceId, source_id: &SourceId) -> Result<Option<Observation>, PortError> {
                self.store.get(of, source_id).await
            }

            async fn list(&self, of: &WorkspaceId, filter: &ObservationFilter) -> Result<ObservationPage, PortError> {
                self.store.list(of, filter).await
            }
        }
    };
}

/// The same for what is kept beside observations: the named ones go to `self.store`.
macro_rules! enrichment {
    ($type:ty { $($own:tt)* } also load $($more:ident)*) => {
        crate::forward::enrichment!($type { $($own)*
            async fn load_all(
                &self,
                of: &WorkspaceId,
                ids: &[SourceId],
            ) -> Result<Vec<(Observation, Enrichment)>, PortError> {
                self.store.load_all(of, ids).await
            }
        } also $($more)*);
    };
    ($type:ty { $($own:tt)* } also advance $($more:ident)*) => {
        crate::forward::enrichment!($type { $($own)*
            async fn advance(&self, of: &WorkspaceId, id: &SourceId, advance: &Advance) -> Result<(), PortError> {
                self.store.advance(of, id, advance).await
            }
        } also $($more)*);
    };
    ($type:ty { $($own:tt)* } also due $($more:ident)*) => {
        crate::forward::enrichment!($type { $($own)*
            async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<(WorkspaceId, SourceId)>, PortError> {
                self.store.due(now, limit).await
            }

            async fn redrive(
                &self,
                of: &WorkspaceId,
                id: &SourceId,
                attempts: u32,
                due_at: Option<Timestamp>,
            ) -> Result<bool, PortError> {
                self.store.redrive(of, id, attempts, due_at).await
            }
        } also $($more)*);
    };
    ($type:ty { $($own:tt)* } also put_links $($more:ident)*) => {
        crate::forward::enrichment!($type { $($own)*
            async fn put_links(&self, of: &WorkspaceId, links: &[Link]) -> Result<(), PortError> {
                self.store.put_links(of, links).await
            }
        } also $($more)*);
    };
    ($type:ty { $($own:tt)* } also note_activity $($more:ident)*) => {
        crate::forward::enrichment!($type { $($own)*
            async fn note_activity(&self, of: &WorkspaceId, account: &Account, acts: &[Activity]) -> Result<(), PortError> {
                self.store.note_activity(of, account, acts).await
            }
        } also $($more)*);
    };
    ($type:ty { $($own:tt)* } also rest) => {
        #[async_trait]
        impl EnrichmentStore for $type { $($own)*
            async fn facts_of(&self, of: &WorkspaceId, subject: &str) -> Result<Vec<SourceId>, PortError> {
                self.store.facts_of(of, subject).await
            }

            async fn links(
                &self,
                of: &WorkspaceId,
                key: &LinkKey,
                at: Timestamp,
                limit: usize,
            ) -> Result<Vec<Link>, PortError> {
                self.store.links(of, key, at, limit).await
            }

            async fn identities(&self, of: &WorkspaceId) -> Result<Vec<Identity>, PortError> {
                self.store.identities(of).await
            }

            async fn put_feature(&self, of: &WorkspaceId, feature: &Feature) -> Result<(), PortError> {
                self.store.put_feature(of, feature).await
            }

            async fn feature(
                &self,
                of: &WorkspaceId,
                id: &SourceId,
                at: Timestamp,
            ) -> Result<Option<Feature>, PortError> {
                self.store.feature(of, id, at).await
            }

            async fn delete_features(
                &self,
                of: &WorkspaceId,
                facts: &[(SourceId, Timestamp)],
            ) -> Result<(), PortError> {
                self.store.delete_features(of, facts).await
            }

            async fn features(&self, of: &WorkspaceId, week: &str) -> Result<Vec<Feature>, PortError> {
                self.store.features(of, week).await
            }
        }
    };
}

/// The same for states: all but `bind` and `take`.
macro_rules! states {
    ($type:ty { $($own:tt)* }) => {
        #[async_trait]
        impl StateStore for $type { $($own)*
            async fn put(&self, key: &SecretHash, state: &ConnectState) -> Result<(), PortError> {
                self.0.put(key, state).await
            }

            async fn put_outcome(
                &self,
                poll: &SecretHash,
                outcome: &ConnectOutcome,
                expires_at: Timestamp,
            ) -> Result<(), PortError> {
                self.0.put_outcome(poll, outcome, expires_at).await
            }

            async fn outcome(&self, poll: &SecretHash, now: Timestamp) -> Result<Option<ConnectOutcome>, PortError> {
                self.0.outcome(poll, now).await
            }
        }
    };
}

pub(crate) use {backfills, connections, deliveries, enrichment, observations, states};
