//! Signals that end the program.

use nix::sys::signal::{Signal, raise};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The first signal lets everything come to its end; the second one does not wait for that.
pub fn end_on_signal(shutdown: CancellationToken) -> std::io::Result<()> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::spawn(async move {
        for last in [false, true] {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if last {
                let _ = raise(Signal::SIGKILL);
            }
            tracing::info!("ending");
            shutdown.cancel();
        }
    });
    Ok(())
}
