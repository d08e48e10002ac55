//! The simulator, driven over real HTTP.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on must stop")]

mod access;
mod activity;
mod churn;
mod client;
mod conditional;
mod corpus;
mod deployments;
mod faults;
mod graphql;
mod limits;
mod linear;
mod lists;
mod oauth;
mod paging;
mod rename;
mod schema;
mod sdl;
mod sentry;
mod talk;
mod vercel;
mod webhooks;
