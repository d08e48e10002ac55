//! What a workspace has decided for all its sources.

use connector_domain::capture::{Weights, is_weight};
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
    /// Points that are given otherwise than usual, by what they are for.
    weights: Weights,
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
    /// Points from -100 to 100 to give otherwise than usual, by what they are for: `base:` with a type such as
    /// `base:push`, `references` (for each one), or any other name that stands among the factors of a score. They take
    /// the place of all that were given before; `{}` is the usual again.
    #[serde(default)]
    weights: Option<Weights>,
}

fn view(settings: &WorkspaceSettings) -> View {
    View { significance_threshold: settings.significance_threshold, weights: settings.weights.clone() }
}

/// Most points for one thing.
const MOST_POINTS: i16 = 100;

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
    if let Some(weights) = wanted.weights {
        for (name, points) in &weights {
            if !is_weight(name) {
                return Err(Problem::with(Code::InvalidBody, format!("`weights`: nothing is counted as `{name}`")));
            }
            if points.abs() > MOST_POINTS {
                let text = format!("`weights.{name}` must be a number from -{MOST_POINTS} to {MOST_POINTS}");
                return Err(Problem::with(Code::InvalidBody, text));
            }
        }
        settings.weights = weights;
    }
    if settings != known {
        context.access.note(ChangeAction::SettingsChanged, "settings").await?;
        context.access.save_settings(&settings).await?;
    }
    json(200, &view(&settings))
}
