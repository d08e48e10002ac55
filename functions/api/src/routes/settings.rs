//! What a workspace has decided for all its sources.

use connector_domain::change::ChangeAction;
use connector_domain::connection::WorkspaceSettings;
use connector_lambda::api::Answer;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::context::{Context, json};
use crate::input::{body, maybe_whole};
use crate::problem::{Code, Problem};
use crate::schema::{BodyRefusals, Gateway, InWorkspace, Refusals};

/// What a workspace has decided for all its sources.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Settings, example = json!({ "significanceThreshold": 30 }))]
pub(crate) struct View {
    /// Facts that score lower are counted and not stored, 0 to 100.
    significance_threshold: u8,
}

/// What is to be different; what is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = SettingsChange, example = json!({ "significanceThreshold": 45 }))]
pub(crate) struct Wanted {
    /// Facts that score lower are counted and not stored.
    #[schema(minimum = 0, maximum = 100)]
    #[serde(default, deserialize_with = "maybe_whole")]
    significance_threshold: Option<u8>,
}

const fn view(settings: &WorkspaceSettings) -> View {
    View { significance_threshold: settings.significance_threshold }
}

#[utoipa::path(
    get, path = "/v1/workspaces/{workspace}/settings", operation_id = "getSettings", tag = "workspace",
    params(InWorkspace),
    responses((status = 200, description = "The settings.", body = View), Refusals, Gateway)
)]
/// What a workspace has decided for all its sources.
pub(crate) async fn get(context: &Context<'_>) -> Result<Answer, Problem> {
    context.query(&[])?;
    json(200, &view(&context.access.settings().await?))
}

#[utoipa::path(
    patch, path = "/v1/workspaces/{workspace}/settings", operation_id = "changeSettings", tag = "workspace",
    params(InWorkspace), request_body = Wanted,
    responses((status = 200, description = "The settings as they are now.", body = View), Refusals, Gateway, BodyRefusals)
)]
/// Changes what a workspace has decided. It holds for what is captured from now on.
pub(crate) async fn change(context: &Context<'_>) -> Result<Answer, Problem> {
    context.query(&[])?;
    let wanted: Wanted = body(context.request)?;
    let known = context.access.settings().await?;
    let mut settings = known.clone();
    if let Some(threshold) = wanted.significance_threshold {
        if threshold > 100 {
            return Err(Problem::with(Code::InvalidBody, "`significanceThreshold` must be a number from 0 to 100"));
        }
        settings.significance_threshold = threshold;
    }
    if settings != known {
        context.access.note(ChangeAction::SettingsChanged, "settings").await?;
        context.access.save_settings(&settings).await?;
    }
    json(200, &view(&settings))
}
