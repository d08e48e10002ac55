//! Vercel, through an integration installed on a team or on a user's own account.
//!
//! `payload` knows Vercel's objects, `git` what it copies from the git hosts, `facts` what they mean; `webhook` and
//! `backfill` only bring them together, so both paths tell the same fact in the same words.

pub mod app;
mod backfill;
mod errors;
mod facts;
mod git;
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

/// Vercel.
#[derive(Debug, Clone, Copy)]
pub struct Vercel;

impl Provider for Vercel {}

impl WebhookSource for Vercel {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Vercel
    }

    fn verify(
        &self,
        request: WebhookRequest,
        secrets: &[Secret],
        now: Timestamp,
    ) -> Result<Delivery<Verified>, Rejection> {
        signature::verify(request, secrets, now)
    }

    fn sign(&self, _event: &str, _delivery_id: &str, body: &[u8], secret: &Secret, _now: Timestamp) -> Headers {
        signature::sign(body, secret)
    }

    fn route(&self, delivery: &Delivery<Verified>) -> Route {
        routing::route(delivery)
    }

    fn transform_webhook(&self, _event: &str, delivery: &Delivery<Verified>) -> Transformed {
        webhook::transform(&delivery.raw)
    }
}

impl ResourceSource for Vercel {
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
        _account: &AccountRef<'_>,
        cursor: Option<&Cursor>,
        response: &HttpResponse,
        now: Timestamp,
    ) -> Result<ResourcePage, ProviderError> {
        resources::read_page(cursor, response, now)
    }
}

impl BackfillSource for Vercel {
    fn entity_types(&self) -> &'static [EntityType] {
        &[EntityType::Deployment, EntityType::Project]
    }

    fn reads_between(&self, entity: EntityType) -> bool {
        entity == EntityType::Deployment
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
