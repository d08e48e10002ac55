//! The wish to stop: Ctrl-C, or the signal that `kill` sends.

/// What shells answer for a program that Ctrl-C ended.
pub(super) const INTERRUPTED: u8 = 130;

/// Resolves at the next such wish. Once it was called, such a signal does not end the process by itself any more.
pub(super) async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        // Without signals there is no such wish.
        std::future::pending::<()>().await;
    }
}
