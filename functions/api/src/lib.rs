//! The management API: what a workspace sees of its connections, links, runs, observations and deliveries, and what it may
//! change of them.
//!
//! A [`Principal`] is made from what an authorizer has checked, and alone lets a request into a workspace: behind it,
//! handlers reach rows through [`access::Access`], whose every call carries that workspace.

mod access;
mod authorizer;
mod context;
mod cursor;
mod input;
pub mod lambda;
mod live;
mod once;
pub mod openapi;
mod ports;
mod principal;
mod problem;
mod route;
mod routes;
mod schema;
mod service;
mod teardown;

pub use authorizer::{Authorization, Authorizer};
pub use ports::{ApiPorts, LivePorts, RecordPorts, Teardown};
pub use principal::Principal;
pub use route::{MACHINE_PREFIX, ROUTES, Route, Served};
pub use service::Api;
pub use teardown::ProviderTeardown;
