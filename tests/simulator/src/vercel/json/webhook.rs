//! The payloads of webhooks (<https://vercel.com/docs/webhooks/webhooks-api#payload>).

use serde_json::{Value, json};

use super::{
    super::{
        deployment::{Deployment, Target},
        fact::Event,
        site::Site,
    },
    inspector,
    meta::{alias, meta},
};

/// The payload of `deployment.created` and what follows it. It tells neither states nor errors.
pub(crate) fn deployment(site: &Site, deployment: &Deployment, event: Event, project: &str) -> Value {
    let slug = &site.owner.slug;
    let inspector = inspector(slug, deployment);
    let mut payload = json!({
        "team": site.owner.team(),
        "user": { "id": deployment.creator.id },
        "deployment": {
            "id": deployment.id,
            "meta": meta(deployment, slug),
            "url": deployment.url,
            "name": deployment.name,
            "inspectorUrl": inspector,
        },
        "links": { "deployment": inspector, "project": format!("https://vercel.com/{slug}/{project}") },
        "project": { "id": site.id },
        "plan": site.owner.plan(),
        "regions": ["iad1"],
    });
    // A promotion is always to production.
    if event != Event::Promoted {
        payload["target"] = json!(deployment.draft.target.name());
    }
    if event == Event::Created {
        let mut aliases = vec![alias(deployment, slug)];
        if deployment.draft.target == Target::Production {
            aliases.insert(0, format!("{project}.vercel.app"));
        }
        payload["alias"] = json!(aliases);
    }
    payload
}

/// Ids only: Vercel says so as soon as it has taken the request.
pub(crate) fn rollback(site: &Site, from: &str, to: &str) -> Value {
    json!({
        "team": site.owner.team(),
        "user": { "id": site.owner.installer.id },
        "project": { "id": site.id },
        "fromDeploymentId": from,
        "toDeploymentId": to,
    })
}

pub(crate) fn project(site: &Site, name: &str) -> Value {
    json!({
        "team": site.owner.team(),
        "user": { "id": site.owner.installer.id },
        "project": { "id": site.id, "name": name },
    })
}

pub(crate) fn renamed(site: &Site, name: &str, from: &str) -> Value {
    let mut payload = project(site, name);
    payload["previousName"] = json!(from);
    payload
}

pub(crate) fn uninstalled(site: &Site) -> Value {
    let configuration = format!("icfg_{}", site.owner.id.trim_start_matches("team_"));
    json!({
        "team": site.owner.team(),
        "user": { "id": site.owner.installer.id },
        "configuration": { "id": configuration, "projectSelection": "all", "projects": [] },
    })
}
