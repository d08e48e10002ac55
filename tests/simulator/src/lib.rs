//! Simulated providers over real HTTP: for tests, for the demo, and for use by hand.
//!
//! A [`World`] holds the providers' state, a [`Server`] serves it on a free local port.
//! Everything is a function of the seed, the calls made and the [`Clock`]: the same seed gives the same ids,
//! titles, people and times.
//!
//! ```
//! # async fn example() -> std::io::Result<()> {
//! use connector_simulator::{Server, World, github::Populate};
//!
//! let world = World::new(7);
//! let repository = world.github().add_repository("acme", "rocket");
//! repository.populate(Populate::ending(world.now(), 30));
//! let server = Server::start(world).await?;
//! println!("{}/repos/{}/pulls", server.github_url(), repository.full_name());
//! # Ok(()) }
//! ```
//!
//! This crate owns what the providers say on the wire. It must not know our product: it depends on no other
//! crate of the workspace, so that a shared misunderstanding cannot hide in both.

mod browser;
mod budget;
mod clock;
pub mod github;
mod graphql;
mod injection;
pub mod linear;
mod oauth;
mod random;
mod secrets;
pub mod sentry;
mod server;
pub mod services;
mod signed;
pub mod vercel;
mod wire;
mod world;

pub use browser::{Browser, Page};
pub use clock::Clock;
pub use graphql::AnsweredQuery;
pub use injection::Injection;
pub use oauth::App;
pub use server::{Server, github_router, router};
pub use signed::SignedWebhook;
pub use wire::RecordedRequest;
pub use world::World;
