//! Deployments as lists show them (<https://vercel.com/docs/rest-api/deployments/list-deployments>).

use serde_json::{Map, Value, json};

use super::{
    super::{
        deployment::{Deployment, Phase, Target},
        site::Site,
    },
    inspector,
    meta::meta,
};

/// One item of `GET /v6/deployments`: its id is `uid` here, and `id` everywhere else. What is null is mostly told, what
/// does not apply is left out.
pub(crate) fn listed(site: &Site, deployment: &Deployment) -> Value {
    let (draft, now) = (&deployment.draft, &deployment.now);
    let state = now.state.name();
    let mut item = json!({
        "uid": deployment.id,
        "name": deployment.name,
        "projectId": site.id,
        "url": deployment.url,
        "created": deployment.created,
        "createdAt": deployment.created,
        "source": if draft.git.is_by_host() { "git" } else { "cli" },
        "state": state,
        "readyState": state,
        "type": "LAMBDAS",
        "creator": deployment.creator.creator(),
        "inspectorUrl": inspector(&site.owner.slug, deployment),
        "meta": meta(deployment, &site.owner.slug),
        "target": draft.target.name(),
        "aliasError": null,
        "aliasAssigned": now.alias_assigned,
        "isRollbackCandidate": is_rollback_candidate(site, deployment),
        "projectSettings": { "framework": "nextjs", "nodeVersion": "22.x", "commandForIgnoringBuildStep": null },
    });
    if let Value::Object(fields) = &mut item {
        add(fields, "buildingAt", now.building_at);
        add(fields, "ready", now.ended_at);
        if let Some(failure) = &now.failure {
            add(fields, "errorCode", failure.code);
            add(fields, "errorMessage", Some(failure.message));
        }
        if let Some(deleted) = now.deleted {
            add(fields, "deleted", Some(deleted));
            add(fields, "softDeletedByRetention", Some(true));
        }
        if let Target::Custom(slug) = &draft.target {
            let id = format!("env_{}", site.id.trim_start_matches("prj_"));
            add(fields, "customEnvironment", Some(json!({ "id": id, "slug": slug })));
        }
        if now.state == Phase::Ready {
            let substate = if now.promoted { "PROMOTED" } else { "STAGED" };
            add(fields, "readySubstate", (draft.target == Target::Production).then_some(substate));
            if draft.checks {
                add(fields, "checks", Some(checks(deployment)));
            }
        }
    }
    item
}

fn add<T: Into<Value>>(fields: &mut Map<String, Value>, name: &str, value: Option<T>) {
    if let Some(value) = value {
        fields.insert(name.to_owned(), value.into());
    }
}

/// What holds a built deployment back from its domains.
fn checks(deployment: &Deployment) -> Value {
    let now = &deployment.now;
    let state = if now.checked_at.is_some() { "succeeded" } else { "pending" };
    let mut alias = Map::new();
    add(&mut alias, "state", Some(state));
    add(&mut alias, "startedAt", now.ended_at);
    add(&mut alias, "completedAt", now.checked_at);
    json!({ "deployment-alias": alias })
}

/// Null where the question does not arise.
pub(crate) fn is_rollback_candidate(site: &Site, deployment: &Deployment) -> Option<bool> {
    let production = deployment.draft.target == Target::Production && deployment.now.state == Phase::Ready;
    production.then(|| deployment.now.promoted && site.production() != Some(deployment.id.as_str()))
}
