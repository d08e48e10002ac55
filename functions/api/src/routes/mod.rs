//! The handlers, by what they are about.

pub(crate) mod changes;
pub(crate) mod connections;
pub(crate) mod deliveries;
pub(crate) mod documents;
pub(crate) mod estimate;
pub(crate) mod events;
pub(crate) mod keys;
pub(crate) mod link;
pub(crate) mod memory;
pub(crate) mod meta;
pub(crate) mod observations;
mod readings;
pub(crate) mod runs;
pub(crate) mod settings;
pub(crate) mod sources;
pub(crate) mod start;
mod sync;

use connector_lambda::api::Answer;

use crate::context::Context;
use crate::problem::{Code, Problem};
use crate::route::Operation;

/// Does what a route is for.
pub(crate) async fn handle(context: &Context<'_>) -> Result<Answer, Problem> {
    match context.route.operation {
        // Answered before a workspace is entered.
        Operation::Health | Operation::OpenApi | Operation::Workspaces => Err(Problem::new(Code::Internal)),
        Operation::ListConnections => connections::list(context).await,
        Operation::GetConnection => connections::get(context).await,
        Operation::ConnectionHealth => connections::health(context).await,
        Operation::ListConnectionEvents => events::list(context).await,
        Operation::Disconnect => connections::disconnect(context).await,
        Operation::ListResources => connections::resources(context).await,
        Operation::Link => link::link(context).await,
        Operation::Unlink => link::unlink(context).await,
        Operation::ListSources => sources::list(context).await,
        Operation::GetSource => sources::get(context).await,
        Operation::ChangeSource => sources::change(context).await,
        Operation::ListRuns => runs::list(context).await,
        Operation::StartRun => start::start(context).await,
        Operation::EstimateRun => estimate::estimate(context).await,
        Operation::GetRun => runs::get(context).await,
        Operation::CancelRun => runs::cancel(context).await,
        Operation::PauseRun => runs::pause(context).await,
        Operation::ResumeRun => runs::resume(context).await,
        Operation::RetryRun => runs::retry(context).await,
        Operation::ProveRun => start::prove(context).await,
        Operation::RestartRun => start::restart(context).await,
        Operation::ListObservations => observations::list(context).await,
        Operation::GetObservation => observations::get(context).await,
        Operation::ListRelated => memory::related(context).await,
        Operation::Search => memory::search(context).await,
        Operation::ListActors => memory::actors(context).await,
        Operation::ListClusters => memory::clusters(context).await,
        Operation::ListDocuments => documents::list(context).await,
        Operation::GetDocument => documents::get(context).await,
        Operation::SearchDocuments => documents::search(context).await,
        Operation::GetDocumentSync => documents::sync(context).await,
        Operation::StartDocumentSync => documents::start(context).await,
        Operation::ListDeliveries => deliveries::list(context).await,
        Operation::ReplayDeliveries => deliveries::replay_some(context).await,
        Operation::GetDelivery => deliveries::get(context).await,
        Operation::ReplayDelivery => deliveries::replay(context).await,
        Operation::ListDeadLetters => deliveries::dead(context).await,
        Operation::ListChanges => changes::list(context).await,
        Operation::GetSettings => settings::get(context).await,
        Operation::ChangeSettings => settings::change(context).await,
        Operation::ListKeys => keys::list(context).await,
        Operation::CreateKey => keys::create(context).await,
        Operation::RevokeKey => keys::revoke(context).await,
    }
}
