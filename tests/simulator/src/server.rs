//! Serving a world over HTTP.

use std::{io, net::SocketAddr};

use axum::Router;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use crate::{World, github, linear, sentry, vercel};

/// The routes of all simulated providers; for driving them without a socket.
pub fn router(world: World) -> Router {
    Router::new()
        .nest("/github", github::router(world.clone()))
        .nest("/github-web", github::web(world.clone()))
        .nest("/linear", linear::router(world.clone()))
        .nest("/linear-web", linear::web(world.clone()))
        .nest("/sentry", sentry::router(world.clone()))
        .nest("/vercel", vercel::router(world.clone()))
        .nest("/vercel-web", vercel::web(world))
}

/// The routes of GitHub's API alone, where they are in [`router`].
pub fn github_router(world: World) -> Router {
    Router::new().nest("/github", github::router(world))
}

/// A running server on 127.0.0.1. It stops when dropped; [`Server::stop`] also waits until it has.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    /// Dropping it stops the server.
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Server {
    /// Serves `world` on a free port.
    ///
    /// # Errors
    /// When no socket can be bound.
    pub async fn start(world: World) -> io::Result<Self> {
        Self::start_on(world, 0).await
    }

    /// Serves `world` on `port`, or on a free one for 0.
    ///
    /// # Errors
    /// When the port cannot be bound.
    pub async fn start_on(world: World, port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            let told = async move {
                // An error means that the server was dropped, which says the same.
                let _told = stopped.await;
            };
            let _served = axum::serve(listener, router(world)).with_graceful_shutdown(told).await;
        });
        Ok(Self { address, stop, task })
    }

    /// What stands for `https://api.github.com`: `http://127.0.0.1:PORT/github`.
    #[must_use]
    pub fn github_url(&self) -> String {
        format!("http://{}/github", self.address)
    }

    /// What stands for `https://github.com`: `http://127.0.0.1:PORT/github-web`.
    #[must_use]
    pub fn github_web_url(&self) -> String {
        format!("http://{}/github-web", self.address)
    }

    /// What stands for `https://api.linear.app`: `http://127.0.0.1:PORT/linear`.
    #[must_use]
    pub fn linear_url(&self) -> String {
        format!("http://{}/linear", self.address)
    }

    /// What stands for `https://linear.app`: `http://127.0.0.1:PORT/linear-web`.
    #[must_use]
    pub fn linear_web_url(&self) -> String {
        format!("http://{}/linear-web", self.address)
    }

    /// What stands for `https://sentry.io`, of the API and of people: `http://127.0.0.1:PORT/sentry`.
    #[must_use]
    pub fn sentry_url(&self) -> String {
        format!("http://{}/sentry", self.address)
    }

    /// What stands for `https://api.vercel.com`: `http://127.0.0.1:PORT/vercel`.
    #[must_use]
    pub fn vercel_url(&self) -> String {
        format!("http://{}/vercel", self.address)
    }

    /// What stands for `https://vercel.com`: `http://127.0.0.1:PORT/vercel-web`.
    #[must_use]
    pub fn vercel_web_url(&self) -> String {
        format!("http://{}/vercel-web", self.address)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops listening, lets answers under way end, closes every connection, and waits for all that.
    pub async fn stop(self) {
        let Self { stop, task, .. } = self;
        drop(stop);
        let _ended = task.await;
    }
}
