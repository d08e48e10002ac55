//! Everything the system knows about each provider, sans I/O.
//!
//! A provider describes requests and parses bytes; it never sends, stores, waits or reads a clock.
//! Each has a folder with the same file names; the registry is the only list of them.

mod documents;
mod encode;
pub mod github;
mod headers;
mod json;
pub mod linear;
pub mod oauth;
mod page;
mod parts;
mod registry;
mod resource;
mod seam;
pub mod sentry;
pub mod signature;
pub mod vercel;

pub use documents::{DocumentSource, Entry, Pushed, Tree};
pub use registry::{all, provider};
pub use seam::{
    AccountRef, BackfillSource, Extent, FailedDeliveries, Found, PageMeta, Provider, Rejection, ResourcePage,
    ResourceSource, Route, Scope, WebhookSource,
};
