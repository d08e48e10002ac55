//! Sentry, through an integration of its platform.
//!
//! `payload` knows Sentry's objects, `facts` what they mean; `webhook` and `backfill` only bring the two together, so
//! both paths tell the same fact in the same words.

pub mod app;
mod backfill;
mod errors;
mod facts;
mod lifecycle;
mod oauth;
mod paging;
mod payload;
mod resources;
mod routing;
mod signature;
mod webhook;

use connector_domain::backfill::{Cursor, EntityType, ProviderError, Window};
use connector_domain::connection::ResourceRef;
use connector_domain::http::{Headers, HttpRequest, HttpResponse, WebhookRequest};
use connector_domain::transformed::Transformed;
use connector_domain::{Delivery, ProviderKind, Secret, Timestamp, Verified};

use crate::{
    AccountRef, BackfillSource, Found, PageMeta, Provider, Rejection, ResourcePage, ResourceSource, Route, Scope,
    WebhookSource,
};

/// Sentry.
#[derive(Debug, Clone, Copy)]
pub struct Sentry;

impl Provider for Sentry {}

impl WebhookSource for Sentry {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Sentry
    }

    fn verify(
        &self,
        request: WebhookRequest,
        secrets: &[Secret],
        now: Timestamp,
    ) -> Result<Delivery<Verified>, Rejection> {
        signature::verify(request, secrets, now)
    }

    fn sign(&self, event: &str, delivery_id: &str, body: &[u8], secret: &Secret, now: Timestamp) -> Headers {
        signature::sign(event, delivery_id, body, secret, now)
    }

    fn route(&self, delivery: &Delivery<Verified>) -> Route {
        routing::route(delivery)
    }

    fn transform_webhook(&self, event: &str, delivery: &Delivery<Verified>) -> Transformed {
        webhook::transform(event, delivery)
    }
}

impl ResourceSource for Sentry {
    fn resource_form(&self) -> &'static str {
        resources::FORM
    }

    fn resource_request(&self, name: &str) -> Option<HttpRequest> {
        resources::request(name)
    }

    fn read_resource(&self, response: &HttpResponse, now: Timestamp) -> Result<Found, ProviderError> {
        resources::read_one(response, now)
    }

    fn resources_request(&self, account: &AccountRef<'_>, cursor: Option<&Cursor>) -> HttpRequest {
        resources::page_request(account, cursor)
    }

    fn read_resources(
        &self,
        account: &AccountRef<'_>,
        cursor: Option<&Cursor>,
        response: &HttpResponse,
        now: Timestamp,
    ) -> Result<ResourcePage, ProviderError> {
        resources::read_page(account, cursor, response, now)
    }
}

impl BackfillSource for Sentry {
    fn entity_types(&self) -> &'static [EntityType] {
        backfill::LISTS
    }

    fn reads_between(&self, entity: EntityType) -> bool {
        entity == EntityType::Error
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
        _resource: &ResourceRef,
        entity: EntityType,
        window: Window,
        delivery: &Delivery<Verified>,
    ) -> Transformed {
        backfill::transform_page(entity, window, &delivery.raw)
    }
}
