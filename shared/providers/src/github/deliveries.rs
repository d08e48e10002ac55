//! GitHub's log of the app's webhooks. It keeps three days, and sends nothing again by itself.
//! <https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries>

use connector_domain::backfill::{Cursor, Disposition, FailCode, ProviderError};
use connector_domain::http::{HttpRequest, HttpResponse, Method};
use connector_domain::redelivery::FailedDelivery;
use connector_domain::{ProviderKind, Timestamp};
use serde::Deserialize;

use super::{GitHub, errors};
use crate::json::NumericId;
use crate::{FailedDeliveries, encode, headers};

const LOG: &str = "/app/hook/deliveries";

impl FailedDeliveries for GitHub {
    fn request(&self, cursor: Option<&Cursor>) -> HttpRequest {
        let request = as_app(HttpRequest::get(ProviderKind::Github, LOG));
        let request = request.query("status", "failure").query("per_page", "100");
        match cursor {
            Some(cursor) => request.query("cursor", cursor.as_str()),
            None => request,
        }
    }

    fn read(
        &self,
        response: &HttpResponse,
        now: Timestamp,
    ) -> Result<(Vec<FailedDelivery>, Option<Cursor>), ProviderError> {
        #[derive(Deserialize)]
        struct Listed {
            id: NumericId,
            guid: String,
            delivered_at: Timestamp,
        }
        if response.status != 200 {
            let entity = connector_domain::backfill::EntityType::Push;
            errors::check(response, entity, false, now)?;
        }
        let malformed = || errors::error(response, "not a log of deliveries", Disposition::Fail(FailCode::MALFORMED));
        let listed: Vec<Listed> = serde_json::from_slice(&response.body).map_err(|_| malformed())?;
        let failed =
            |entry: Listed| FailedDelivery { id: entry.id.0.to_string(), event: entry.guid, at: entry.delivered_at };
        let next = headers::link(&response.headers, "next").and_then(|target| headers::parameter(target, "cursor"));
        let next = next.map(|cursor| Cursor::parse(cursor).map_err(|_| malformed())).transpose()?;
        Ok((listed.into_iter().map(failed).collect(), next))
    }

    fn again(&self, id: &str) -> HttpRequest {
        let path = format!("{LOG}/{}/attempts", encode::path(id));
        as_app(HttpRequest { method: Method::Post, ..HttpRequest::get(ProviderKind::Github, path) })
    }
}

fn as_app(request: HttpRequest) -> HttpRequest {
    request.header("accept", "application/vnd.github+json").header("x-github-api-version", "2022-11-28")
}
