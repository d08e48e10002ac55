//! GitHub, through a GitHub App.
//!
//! `payload` knows GitHub's objects, `facts` what they mean; `webhook` and `backfill` only bring the two together, so
//! both paths tell the same fact in the same words.

pub mod app;
mod backfill;
mod deliveries;
mod documents;
mod errors;
mod facts;
mod lifecycle;
mod links;
mod oauth;
mod paging;
mod payload;
mod query;
mod resources;
mod routing;
mod signature;
mod webhook;

use connector_domain::backfill::{Cursor, EntityType, Pool, ProviderError, Window};
use connector_domain::connection::ResourceRef;
use connector_domain::http::{Headers, HttpRequest, HttpResponse, WebhookRequest};
use connector_domain::transformed::Transformed;
use connector_domain::{Delivery, ProviderKind, Secret, Timestamp, Verified};

use crate::{
    AccountRef, BackfillSource, DocumentSource, FailedDeliveries, Found, PageMeta, Provider, Rejection, ResourcePage,
    ResourceSource, Route, Scope, WebhookSource,
};

/// GitHub.
#[derive(Debug, Clone, Copy)]
pub struct GitHub;

impl Provider for GitHub {}

impl WebhookSource for GitHub {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Github
    }

    fn verify(
        &self,
        request: WebhookRequest,
        secrets: &[Secret],
        now: Timestamp,
    ) -> Result<Delivery<Verified>, Rejection> {
        signature::verify(request, secrets, now)
    }

    fn sign(&self, event: &str, delivery_id: &str, body: &[u8], secret: &Secret, _now: Timestamp) -> Headers {
        signature::sign(event, delivery_id, body, secret)
    }

    fn route(&self, delivery: &Delivery<Verified>) -> Route {
        routing::route(delivery)
    }

    fn failed_deliveries(&self) -> Option<&dyn FailedDeliveries> {
        Some(self)
    }

    fn transform_webhook(&self, event: &str, delivery: &Delivery<Verified>) -> Transformed {
        webhook::transform(event, delivery)
    }
}

impl ResourceSource for GitHub {
    fn documents(&self) -> Option<&dyn DocumentSource> {
        Some(self)
    }

    fn resource_form(&self) -> &'static str {
        resources::FORM
    }

    fn resource_request(&self, name: &str) -> Option<HttpRequest> {
        resources::request(name)
    }

    fn read_resource(&self, response: &HttpResponse, now: Timestamp) -> Result<Found, ProviderError> {
        resources::read_one(response, now)
    }

    fn resources_request(&self, _account: &AccountRef<'_>, cursor: Option<&Cursor>) -> HttpRequest {
        resources::page_request(cursor)
    }

    fn read_resources(
        &self,
        _account: &AccountRef<'_>,
        cursor: Option<&Cursor>,
        response: &HttpResponse,
        now: Timestamp,
    ) -> Result<ResourcePage, ProviderError> {
        resources::read_page(cursor, response, now)
    }
}

impl BackfillSource for GitHub {
    fn entity_types(&self) -> &'static [EntityType] {
        backfill::LISTS
    }

    fn needs_token(&self, entity: EntityType) -> bool {
        backfill::needs_token(entity)
    }

    /// GraphQL is counted in points, beside the calls of REST.
    fn pool(&self, entity: EntityType) -> Pool {
        if backfill::needs_token(entity) { Pool::Points } else { Pool::Calls }
    }

    fn page_request(&self, scope: &Scope<'_>, cursor: Option<&Cursor>) -> Option<HttpRequest> {
        backfill::page_request(scope, cursor)
    }

    fn read_page(
        &self,
        scope: &Scope<'_>,
        cursor: Option<&Cursor>,
        response: &HttpResponse,
        now: Timestamp,
    ) -> Result<PageMeta, ProviderError> {
        backfill::read_page(scope, cursor, response, now)
    }

    fn transform_page(
        &self,
        resource: &ResourceRef,
        entity: EntityType,
        window: Window,
        delivery: &Delivery<Verified>,
    ) -> Transformed {
        backfill::transform_page(resource, entity, window, &delivery.raw)
    }
}
