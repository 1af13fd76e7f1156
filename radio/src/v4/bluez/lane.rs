//! Acts on one way, one after the other.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::link;
use super::shared::Shared;
use crate::v4::air::{Act, Fact, Failure, Way};

struct Lane {
    acts: mpsc::UnboundedSender<(u64, Act)>,
    /// Acts with a lower number than this are not wanted any more: the link is to end.
    ended: watch::Sender<u64>,
    next: u64,
}

/// A lane for each way.
pub(super) struct Lanes {
    shared: Arc<Shared>,
    stop: CancellationToken,
    lanes: HashMap<Way, Lane>,
}

impl Lanes {
    pub(super) fn new(shared: Arc<Shared>, stop: CancellationToken) -> Self {
        Lanes { shared, stop, lanes: HashMap::new() }
    }

    /// Puts an act behind those that wait on its way. One that ends the link overtakes them.
    pub(super) fn put(&mut self, act: Act) {
        let Some(way) = act.way().cloned() else { return };
        let lane = self.lanes.entry(way).or_insert_with(|| {
            let (acts, waiting) = mpsc::unbounded_channel();
            let ended = watch::Sender::new(0);
            let work = drive(self.shared.clone(), waiting, ended.subscribe());
            tokio::spawn(self.stop.clone().run_until_cancelled_owned(work));
            Lane { acts, ended, next: 0 }
        });
        if matches!(act, Act::Disconnect(_) | Act::Forget(_)) {
            lane.ended.send_replace(lane.next);
        }
        // The lane's task ends only with the driver.
        let _ = lane.acts.send((lane.next, act));
        lane.next += 1;
    }
}

async fn drive(
    shared: Arc<Shared>,
    mut acts: mpsc::UnboundedReceiver<(u64, Act)>,
    mut ended: watch::Receiver<u64>,
) {
    while let Some((number, act)) = acts.recv().await {
        let doing = link::doing(&act);
        tokio::select! {
            biased;
            _ = ended.wait_for(|below| number < *below) => {}
            () = link::carry_out(&shared, act) => continue,
        }
        // Not as the monitor's doing: it must not be held against it.
        if let Some((way, what)) = doing {
            let why = Failure::Other("given up, for the link is to end".to_owned());
            shared.tell(Fact::Failed { way, what, why });
        }
    }
}
