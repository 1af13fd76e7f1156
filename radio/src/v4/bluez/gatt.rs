//! Scanning and GATT by btleplug, in a runtime of its own.
//!
//! The library below btleplug panics in a task, and leaves a match rule on the bus for good, whenever a signal comes
//! between the drop of a stream and the removal of its rule; the bus allows a connection 512 rules. And it has no way to
//! close its connection: the task that serves it runs as long as its runtime. Therefore:
//!
//! - all of it runs in a runtime of its own, where a panic reaches nobody, and whose end closes the connection;
//! - a stream, once there is one for a monitor, is kept over its reconnections;
//! - its `connect` is not used: it opens and drops a stream each time. [`super::calls`] connects instead. Its adverts are
//!   not used either: it tells strength and data in events of their own and asks bluetoothd for the whole device at each,
//!   while one signal has all of it ([`super::signals`]);
//! - what leaks all the same is measured ([`super::gauge`]), and above a bound the session is made anew.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use btleplug::api::{Central as _, Characteristic, Manager as _, Peripheral as _, ScanFilter, WriteType};
use btleplug::platform::{Adapter, Manager, Peripheral};
use futures::StreamExt;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::mpsc;
use zeroize::Zeroizing;

use super::failure;
use crate::v4::air::Failure;
use crate::v4::{Address, Uuid};

/// A value that a monitor sent by itself.
pub(super) struct Sent {
    pub(super) adapter: Address,
    pub(super) monitor: Address,
    pub(super) characteristic: Uuid,
    pub(super) bytes: Vec<u8>,
}

type Whose = (Address, Address);

/// How long the end of a session may take.
const CLOSING: Duration = Duration::from_secs(5);

/// btleplug's connection to the bus, and what it knows of monitors.
pub(super) struct Session {
    open: Mutex<Option<Open>>,
    /// Monitors that have a stream. The handle holds their characteristics, which the stream reads, too.
    monitors: Mutex<HashMap<Whose, Peripheral>>,
    streams: Mutex<HashMap<Whose, tokio::task::JoinHandle<()>>>,
    sent: mpsc::Sender<Sent>,
}

struct Open {
    runtime: Runtime,
    manager: Manager,
}

impl Session {
    /// Connects to the bus.
    pub(super) async fn new(sent: mpsc::Sender<Sent>) -> Result<Self, Failure> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("bluetooth")
            .enable_all()
            .build()
            .map_err(|error| Failure::Other(format!("no thread for Bluetooth: {error}")))?;
        let started = runtime.spawn(Manager::new()).await;
        let manager = match started {
            Ok(Ok(manager)) => manager,
            Ok(Err(error)) => return Err(fail(&error, runtime)),
            Err(error) => return Err(fail(&error, runtime)),
        };
        let (monitors, streams) = (Mutex::default(), Mutex::default());
        Ok(Session { open: Mutex::new(Some(Open { runtime, manager })), monitors, streams, sent })
    }

    /// Ends everything of it, and the connection to the bus with it, and waits for that: no thread is left in
    /// the C library when the process ends.
    pub(super) async fn close(&self) {
        self.monitors().clear();
        self.streams().clear();
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Open { runtime, manager }) = open {
            let end = move || {
                runtime.shutdown_timeout(CLOSING);
                drop(manager);
            };
            let _ = tokio::task::spawn_blocking(end).await;
        }
    }

    /// Where work goes on, and btleplug's own handle. Nothing once it is closed.
    fn at_work(&self) -> Result<(Handle, Manager), Failure> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let open = open.as_ref().ok_or(Failure::Vanished)?;
        Ok((open.runtime.handle().clone(), open.manager.clone()))
    }

    fn monitors(&self) -> MutexGuard<'_, HashMap<Whose, Peripheral>> {
        self.monitors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn streams(&self) -> MutexGuard<'_, HashMap<Whose, tokio::task::JoinHandle<()>>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs something of btleplug where its panics stay.
    async fn run<T, F>(&self, work: F) -> Result<T, Failure>
    where
        F: Future<Output = btleplug::Result<T>> + Send + 'static,
        T: Send + 'static,
    {
        let task = self.at_work()?.0.spawn(work);
        // Whoever waits may give up: then the work is given up, too.
        let _guard = Abort(task.abort_handle());
        match task.await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => Err(failure::said(&error.to_string())),
            Err(error) => Err(Failure::Other(error.to_string())),
        }
    }

    /// How many streams are open: the rules that are ours by right.
    pub(super) fn open_streams(&self) -> usize {
        self.streams().len()
    }

    /// Starts or stops scanning. Duplicates are reported: a monitor's advert is news each time.
    pub(super) async fn scan(&self, adapter: Address, on: bool) -> Result<(), Failure> {
        let (_, manager) = self.at_work()?;
        self.run(async move {
            let adapter = find_adapter(&manager, adapter).await?;
            if on { adapter.start_scan(ScanFilter::default()).await } else { adapter.stop_scan().await }
        })
        .await
    }

    /// Finds out which characteristics a connected monitor has. Done anew at each connection: they may have changed.
    /// Returns the MTU of the link.
    pub(super) async fn resolve(&self, whose: Whose) -> Result<u16, Failure> {
        let known = self.monitors().get(&whose).cloned();
        let (_, manager) = self.at_work()?;
        let peripheral = self
            .run(async move {
                let peripheral = match known {
                    Some(peripheral) => peripheral,
                    None => find_peripheral(&manager, whose).await?,
                };
                peripheral.discover_services().await?;
                Ok(peripheral)
            })
            .await?;
        let mtu = peripheral.mtu();
        self.monitors().insert(whose, peripheral);
        Ok(mtu)
    }

    fn find(&self, whose: Whose, uuid: Uuid) -> Result<(Peripheral, Characteristic), Failure> {
        let peripheral = self.monitors().get(&whose).cloned().ok_or(Failure::Vanished)?;
        let characteristic = peripheral
            .services()
            .into_iter()
            .flat_map(|service| service.characteristics)
            .find(|it| Uuid::new(it.uuid.as_u128()) == uuid)
            .ok_or(Failure::Missing)?;
        Ok((peripheral, characteristic))
    }

    /// Reads a characteristic.
    pub(super) async fn read(&self, whose: Whose, uuid: Uuid) -> Result<Vec<u8>, Failure> {
        let (peripheral, characteristic) = self.find(whose, uuid)?;
        self.run(async move { peripheral.read(&characteristic).await }).await
    }

    /// Writes a characteristic and waits for the monitor's answer.
    pub(super) async fn write(
        &self,
        whose: Whose,
        uuid: Uuid,
        bytes: Zeroizing<Vec<u8>>,
    ) -> Result<(), Failure> {
        let (peripheral, characteristic) = self.find(whose, uuid)?;
        self.run(async move { peripheral.write(&characteristic, &bytes, WriteType::WithResponse).await })
            .await
    }

    /// Has a characteristic's notifications or indications sent, which come by the channel.
    pub(super) async fn subscribe(&self, whose: Whose, uuid: Uuid) -> Result<(), Failure> {
        let (peripheral, characteristic) = self.find(whose, uuid)?;
        // First the stream, then what comes by it.
        if !self.streams().contains_key(&whose) {
            let listened = peripheral.clone();
            let mut stream = self.run(async move { listened.notifications().await }).await?;
            let sent = self.sent.clone();
            let task = self.at_work()?.0.spawn(async move {
                while let Some(value) = stream.next().await {
                    let characteristic = Uuid::new(value.uuid.as_u128());
                    let (adapter, monitor) = whose;
                    if sent.send(Sent { adapter, monitor, characteristic, bytes: value.value }).await.is_err()
                    {
                        break;
                    }
                }
            });
            self.streams().insert(whose, task);
        }
        self.run(async move { peripheral.subscribe(&characteristic).await }).await
    }

    /// The monitor's object is gone: so is all that hung on it.
    pub(super) fn forget(&self, whose: Whose) {
        self.monitors().remove(&whose);
        if let Some(task) = self.streams().remove(&whose) {
            task.abort();
        }
    }

    /// Everything is gone: bluetoothd ended.
    pub(super) fn forget_all(&self) {
        self.monitors().clear();
        for (_, task) in self.streams().drain() {
            task.abort();
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Where it was not closed in order.
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Open { runtime, .. }) = open {
            runtime.shutdown_background();
        }
    }
}

/// Ends a task when it goes.
struct Abort(tokio::task::AbortHandle);

impl Drop for Abort {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn fail(error: &dyn std::error::Error, runtime: Runtime) -> Failure {
    runtime.shutdown_background();
    Failure::Other(error.to_string())
}

async fn find_adapter(manager: &Manager, wanted: Address) -> btleplug::Result<Adapter> {
    for adapter in manager.adapters().await? {
        let address = adapter.adapter_address().await?;
        if address.is_some_and(|it| it.into_inner() == wanted.to_be_bytes()) {
            return Ok(adapter);
        }
    }
    Err(btleplug::Error::DeviceNotFound)
}

async fn find_peripheral(manager: &Manager, (adapter, monitor): Whose) -> btleplug::Result<Peripheral> {
    let peripherals = find_adapter(manager, adapter).await?.peripherals().await?;
    let is = |it: &Peripheral| it.address().into_inner() == monitor.to_be_bytes();
    peripherals.into_iter().find(is).ok_or(btleplug::Error::DeviceNotFound)
}
