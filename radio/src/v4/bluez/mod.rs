//! The driver of real adapters: carries out [`Act`]s by bluetoothd and tells [`Fact`]s.
//!
//! btleplug scans, reads, writes and listens ([`gatt`]); what it lacks, and what it cannot do without harm, goes over
//! D-Bus by zbus: the pairing agent, bonds, connecting, and what bluetoothd tells of adapters and devices. The agent
//! stands before any adapter is told. A bluetoothd that ends takes everything along; when it is there again, everything
//! is made anew.
//!
//! [`repeat`](fn@repeat) is the same for a repeater, which is offered to others beside ([`server`]).
//!
//! Acts on one way are done one after the other, as they came; an act that ends the link overtakes what still runs.

mod adverts;
mod agent;
mod bond;
mod calls;
mod failure;
mod gatt;
mod lane;
mod link;
mod mirror;
mod paths;
mod repeat;
mod scan;
mod server;
mod shared;
mod signals;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use domain::LinkName;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use zbus::connection::Builder;

use super::Address;
use super::air::{Act, Fact, Failure};
use agent::{Agent, Pairings};
use calls::Calls;
use lane::Lanes;
pub use repeat::repeat;
use shared::Shared;

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// A call that bluetoothd answers by itself.
    pub call: Duration,
    /// Connecting until the services are found.
    pub connect: Duration,
    /// Bonding.
    pub pair: Duration,
    /// Reading, writing, subscribing: the monitor has to answer, and ATT gives it 30 s (Core, volume 3, part F, 3.3.3).
    pub gatt: Duration,
}

/// What the driver is to know.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where bluetoothd keeps bonds.
    pub bonds: PathBuf,
    /// Links that an adapter can have at once.
    pub slots: usize,
    /// Adapters that are used; none in it: all that there are.
    pub only: Vec<Address>,
    /// Links that others make are left alone and told: a repeater's, to whom they come.
    pub guests: bool,
    /// How long things may take.
    pub limits: Limits,
    /// Match rules more than there should be, above which the connection below btleplug is made anew. The bus allows 512.
    pub stray_rules: usize,
    /// How often they are counted.
    pub count_rules_every: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Settings {
            bonds: PathBuf::from("/var/lib/bluetooth"),
            slots: 5,
            only: Vec::new(),
            guests: false,
            limits: Limits { call: seconds(10), connect: seconds(30), pair: seconds(60), gatt: seconds(35) },
            stray_rules: 128,
            count_rules_every: seconds(60),
        }
    }
}

/// Why the driver ended.
#[derive(Debug, thiserror::Error)]
pub enum BluezError {
    /// The bus cannot be reached.
    #[error("cannot reach the system's D-Bus")]
    Bus(#[source] zbus::Error),
    /// btleplug cannot reach the bus, or the bus refuses what we need.
    #[error("cannot listen to the system's Bluetooth service")]
    Listen(#[source] Failure),
    /// The bus ended.
    #[error("the system's D-Bus closed the connection")]
    Closed,
}

/// Runs until it is told to stop, or until the bus is gone. Facts that nobody takes hold up the driver, but for adverts,
/// which are dropped then: they come again.
pub async fn run(
    settings: Settings,
    mut acts: mpsc::Receiver<Act>,
    facts: mpsc::Sender<Fact>,
    stop: CancellationToken,
) -> Result<(), BluezError> {
    let pairings = Pairings::default();
    let bus = Builder::system()
        .and_then(|it| it.serve_at(agent::PATH, Agent(pairings.clone())))
        .map_err(BluezError::Bus)?
        .build()
        .await
        .map_err(BluezError::Bus)?;
    let calls = Calls { bus: bus.clone(), limit: settings.limits.call };
    let stop = stop.child_token();
    // Whatever ends this ends all of it.
    let _guard = stop.clone().drop_guard();
    let shared = Shared::new(settings, calls, pairings, stop.clone()).await;
    let (shared, told, sent) = shared.map_err(BluezError::Listen)?;
    let shared = Arc::new(shared);
    let signals = signals::listen(shared.clone()).await.map_err(BluezError::Listen)?;
    let mut hear =
        tokio::spawn(stop.clone().run_until_cancelled_owned(signals::hear(shared.clone(), signals)));
    tokio::spawn(stop.clone().run_until_cancelled_owned(shared::forward(told, facts)));
    tokio::spawn(stop.clone().run_until_cancelled_owned(shared::values(shared.clone(), sent)));
    tokio::spawn(stop.clone().run_until_cancelled_owned(shared::gauge(shared.clone())));
    let mut lanes = Lanes::new(shared.clone(), stop.clone());
    let mut scans: HashMap<LinkName, scan::Keeper> = HashMap::new();
    let ended = loop {
        let act = tokio::select! {
            // The signals end with the driver, too: that is no fault.
            biased;
            () = stop.cancelled() => break Ok(()),
            _ = &mut hear => break Err(BluezError::Closed),
            act = acts.recv() => act,
        };
        match act {
            None => break Ok(()),
            Some(Act::Scan { adapter, on }) => scans
                .entry(adapter.clone())
                .or_insert_with(|| scan::Keeper::new(shared.clone(), adapter, stop.clone()))
                .want(on),
            Some(act) => lanes.put(act),
        }
    };
    // First all that asks something of it, then the connection.
    stop.cancel();
    let gatt = shared.gatt.read().await.clone();
    gatt.close().await;
    ended
}
