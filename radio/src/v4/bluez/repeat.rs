//! The driver of a repeater: an adapter used like the box uses it, and offered to others.

use domain::LinkName;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::server::{Server, Written};
use super::{BluezError, Settings, run};
use crate::v4::air::{Act, Fact};
use crate::v4::repeater::{Do, Heard};

/// Facts and acts that wait.
const WAITING: usize = 256;

/// Runs until it is told to stop, or until the bus is gone.
pub async fn repeat(
    settings: Settings,
    mut asked: mpsc::Receiver<Do>,
    heard: mpsc::Sender<Heard>,
    stop: CancellationToken,
) -> Result<(), BluezError> {
    let stop = stop.child_token();
    let _guard = stop.clone().drop_guard();
    let (mut server, mut written) = Server::new(&settings).await?;
    let (acts, taken) = mpsc::channel::<Act>(WAITING);
    let (told, mut facts) = mpsc::channel::<Fact>(WAITING);
    let settings = Settings { guests: true, ..settings };
    let mut adapter = tokio::spawn(run(settings, taken, told, stop.clone()));
    let mut used: Option<LinkName> = None;
    loop {
        let news = tokio::select! {
            ended = &mut adapter => return ended.unwrap_or(Err(BluezError::Closed)),
            Some(fact) = facts.recv() => {
                match &fact {
                    Fact::Came { adapter, .. } if used.as_ref().is_none_or(|it| it == adapter) => {
                        if let Err(error) = server.offer(adapter).await {
                            tracing::error!(%adapter, %error, "cannot offer the repeater's service");
                        } else {
                            tracing::info!(%adapter, "repeating");
                            used = Some(adapter.clone());
                        }
                    }
                    Fact::Went { adapter } if used.as_ref() == Some(adapter) => {
                        tracing::warn!(%adapter, "the adapter is gone");
                        server.gone();
                        used = None;
                    }
                    _ => {}
                }
                match fact {
                    Fact::Guest { way, there: true } => Heard::Came(way),
                    Fact::Guest { way, there: false } => Heard::Left(way),
                    fact => Heard::Fact(fact),
                }
            }
            Some(Written { way, bytes }) = written.recv() => Heard::Written(way, bytes),
            wanted = asked.recv() => {
                match wanted {
                    None => break,
                    // What is asked of the adapter waits there; it ends only with us.
                    Some(Do::Act(act)) => drop(acts.send(act).await),
                    Some(Do::Tell(bytes)) => server.tell(bytes).await,
                    Some(Do::Send(advert)) => {
                        if let Err(error) = server.send(advert).await {
                            tracing::warn!(%error, "cannot send an advert");
                        }
                    }
                }
                continue;
            }
        };
        if heard.send(news).await.is_err() {
            break;
        }
    }
    stop.cancel();
    adapter.await.unwrap_or(Err(BluezError::Closed))
}
