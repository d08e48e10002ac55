//! Projects (<https://vercel.com/docs/rest-api/projects/find-a-project-by-id-or-name>).

use serde_json::{Value, json};

use super::{
    super::{deployment::Deployment, site::Site},
    meta::meta,
};

/// How many deployments a project shows of its own.
const LATEST: usize = 3;

/// One project: the same alone and in the list.
pub(crate) fn project(site: &Site, now: i64) -> Value {
    let alive = site.listed(now).map(|(_, held)| held).filter(|held| held.now.deleted.is_none());
    let latest: Vec<Value> = alive.take(LATEST).map(|held| nested(site, held)).collect();
    let production = site.production().and_then(|id| site.deployment(id)).map(|held| nested(site, held));
    json!({
        "id": site.id,
        "accountId": site.owner.id,
        "name": site.name(),
        "framework": "nextjs",
        "createdAt": site.created_at,
        "updatedAt": site.updated_at,
        "nodeVersion": "22.x",
        "directoryListing": false,
        "live": false,
        "autoExposeSystemEnvs": true,
        "autoAssignCustomDomains": true,
        "gitForkProtection": true,
        "gitLFS": false,
        "buildCommand": null,
        "devCommand": null,
        "installCommand": null,
        "outputDirectory": null,
        "rootDirectory": null,
        "publicSource": null,
        "sourceFilesOutsideRootDirectory": true,
        "env": [],
        "targets": production.map_or_else(|| json!({}), |held| json!({ "production": held })),
        "latestDeployments": latest,
        "resourceConfig": { "functionDefaultRegions": ["iad1"] },
        "defaultResourceConfig": { "functionDefaultRegions": ["iad1"] },
        "deploymentExpiration": { "expirationDays": 36_500, "deploymentsToKeep": 10 },
    })
}

/// A deployment inside its project, which is another shape than in a list of deployments.
fn nested(site: &Site, deployment: &Deployment) -> Value {
    let creator = &deployment.creator;
    json!({
        "id": deployment.id,
        "name": deployment.name,
        "url": deployment.url,
        "deploymentHostname": deployment.url.trim_end_matches(".vercel.app"),
        "createdAt": deployment.created,
        "createdIn": "iad1",
        "creator": { "uid": creator.id, "email": format!("{}@example.com", creator.name), "username": creator.name },
        "meta": meta(deployment, &site.owner.slug),
        "plan": site.owner.plan(),
        "previewCommentsEnabled": true,
        "private": false,
        "readyState": deployment.now.state.name(),
        "target": deployment.draft.target.name(),
        "teamId": site.owner.team()["id"],
        "type": "LAMBDAS",
        "userId": creator.id,
        "withCache": false,
    })
}
