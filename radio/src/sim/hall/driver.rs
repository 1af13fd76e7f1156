//! Runs a hall: the only part of it that has a clock, a bus and a socket.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::{MonitorSerial, Timestamp};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio_util::sync::CancellationToken;

use super::bus::{Bus, BusError};
use super::control::{Request, Truth, label, sensor_label, sensor_truth, truth};
use super::monitor::{Reached, Working};
use super::sensor::Sensor;
use super::spec::HallSpec;
use crate::Clock;
use crate::sim::bluetoothd::{DEVICE, Daemon, device_path};
use crate::v4::Address;
use crate::v4::advert::Advert;

/// So often it is looked what monitors have to say.
const STEP: Duration = Duration::from_millis(50);
/// Bonds are stored here, in the folder, as in `/var/lib/bluetooth`.
const BONDS: &str = "bonds";
const CONTROL: &str = "control.sock";

/// Why there is no hall.
#[derive(Debug, thiserror::Error)]
pub enum HallError {
    /// The folder.
    #[error("make {path}")]
    Folder {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// No bus.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// The stand-in for bluetoothd is not on it.
    #[error("serve org.bluez")]
    Serve(#[source] zbus::Error),
    /// The socket for requests.
    #[error("listen on {path}")]
    Listen {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

struct Placed {
    working: Arc<Mutex<Working>>,
    /// The device's path on each adapter.
    paths: Vec<String>,
}

struct PlacedSensor {
    sensor: Mutex<Sensor>,
    /// The device's path on each adapter.
    paths: Vec<String>,
}

#[derive(Clone)]
struct Hall {
    daemon: Daemon<Reached>,
    placed: Arc<Vec<Placed>>,
    sensors: Arc<Vec<PlacedSensor>>,
    clock: Clock,
    paused: Arc<AtomicBool>,
    stop: CancellationToken,
}

/// Runs a hall until it is told to stop, and answers what really happened. The bus is `bus` in the folder, what can be
/// asked is asked on `control.sock`, which is there once everything is.
///
/// # Errors
/// There is no dbus-daemon, or the folder cannot be written.
pub async fn run(
    spec: &HallSpec,
    folder: &Path,
    clock: Clock,
    stop: CancellationToken,
) -> Result<Truth, HallError> {
    let bonds = folder.join(BONDS);
    fs::create_dir_all(&bonds).map_err(|source| HallError::Folder { path: bonds.clone(), source })?;
    let bus = Bus::start(folder)?;
    let daemon = Daemon::new(bus.address(), &bonds);
    daemon.start().await.map_err(HallError::Serve)?;
    for number in 0..spec.adapters {
        daemon.plug(&hci(number), adapter(number)).await;
    }
    let place = |working: Working| {
        let address = working.monitor.address();
        let working = Arc::new(Mutex::new(working));
        let paths = (0..spec.adapters).map(|number| {
            let reached = Reached { address, working: Arc::clone(&working), clock: Arc::clone(&clock) };
            daemon.place(&hci(number), reached)
        });
        let paths = paths.collect();
        Placed { working, paths }
    };
    let placed = Arc::new(spec.monitors().into_iter().map(place).collect::<Vec<_>>());
    let place = |sensor: Sensor| {
        let paths = (0..spec.adapters).map(|number| device_path(&hci(number), sensor.address)).collect();
        PlacedSensor { sensor: Mutex::new(sensor), paths }
    };
    let sensors = Arc::new(spec.sensors().into_iter().map(place).collect::<Vec<_>>());
    let hall = Hall { daemon, placed, sensors, clock, paused: Arc::default(), stop: stop.clone() };
    let path = folder.join(CONTROL);
    let _ = fs::remove_file(&path);
    let listener =
        UnixListener::bind(&path).map_err(|source| HallError::Listen { path: path.clone(), source })?;
    let mut steps = tokio::time::interval(STEP);
    steps.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = steps.tick() => {
                hall.step().await;
                hall.step_sensors().await;
            }
            Ok((stream, _)) = listener.accept() => drop(tokio::spawn(hall.clone().talk(stream))),
        }
    }
    let _ = fs::remove_file(&path);
    Ok(hall.truth())
}

impl Hall {
    /// Lets molds close, and says what monitors have to say.
    async fn step(&self) {
        let now = (self.clock)();
        let paused = self.paused.load(Ordering::Relaxed);
        for placed in self.placed.iter() {
            let (advert, linked) = {
                let mut working = placed.working.lock().unwrap_or_else(PoisonError::into_inner);
                if !paused {
                    working.work(now);
                }
                (working.advert(now), working.monitor.linked().cloned())
            };
            if let Some((bytes, dbm)) = advert {
                self.heard(&placed.paths, &bytes, dbm).await;
            }
            let Some(adapter) = linked else { continue };
            let below = format!("/org/bluez/{adapter}/");
            let Some(path) = placed.paths.iter().find(|path| path.starts_with(&below)) else { continue };
            while let Some((characteristic, bytes)) = speak(placed, now) {
                self.daemon.send(path, characteristic.uuid(), &bytes).await;
            }
        }
    }

    /// Sensors say what they have to say.
    async fn step_sensors(&self) {
        let now = (self.clock)();
        let paused = self.paused.load(Ordering::Relaxed);
        for placed in self.sensors.iter() {
            let advert = {
                let mut sensor = placed.sensor.lock().unwrap_or_else(PoisonError::into_inner);
                if paused {
                    sensor.rest(now)
                } else {
                    sensor.work(now)
                }
                sensor.advert(now)
            };
            if let Some((bytes, dbm)) = advert {
                self.heard(&placed.paths, &bytes, dbm).await;
            }
        }
    }

    /// Adapters that scan hear an advert.
    async fn heard(&self, paths: &[String], bytes: &[u8], dbm: i16) {
        let Ok(advert) = Advert::parse(bytes) else { return };
        let maker = advert.manufacturer_data().next().map(|(company, data)| (company.0, data));
        let service = advert.service_data().next();
        for path in paths {
            let adapter = path.rsplit_once('/').map_or("", |(adapter, _)| adapter);
            let scans = self.daemon.state().scanners.iter().any(|(_, path)| path == adapter);
            if scans {
                self.daemon.hear(path, dbm, maker, service).await;
            }
        }
    }

    fn truth(&self) -> Truth {
        let each = |placed: &Placed| truth(&placed.working.lock().unwrap_or_else(PoisonError::into_inner));
        let sensor = |placed: &PlacedSensor| {
            sensor_truth(&placed.sensor.lock().unwrap_or_else(PoisonError::into_inner))
        };
        Truth {
            monitors: self.placed.iter().map(each).collect(),
            sensors: self.sensors.iter().map(sensor).collect(),
        }
    }

    /// Answers requests, a line each.
    async fn talk(self, stream: UnixStream) {
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let answer = match serde_json::from_str(&line) {
                Ok(request) => self.answer(request).await,
                Err(error) => Err(error.to_string()),
            };
            let answer = answer.unwrap_or_else(|error| json!({ "ok": false, "error": error }));
            if write.write_all(format!("{answer}\n").as_bytes()).await.is_err() {
                return;
            }
        }
    }

    async fn answer(&self, request: Request) -> Result<Value, String> {
        let set = |paused| self.paused.store(paused, Ordering::Relaxed);
        match request {
            Request::Truth => return Ok(json!(self.truth())),
            Request::Labels => {
                let labels = self
                    .placed
                    .iter()
                    .map(|placed| label(&placed.working.lock().unwrap_or_else(PoisonError::into_inner)));
                return Ok(json!(labels.collect::<Vec<_>>()));
            }
            Request::Sensors => {
                let label = |placed: &PlacedSensor| {
                    sensor_label(&placed.sensor.lock().unwrap_or_else(PoisonError::into_inner))
                };
                return Ok(json!(self.sensors.iter().map(label).collect::<Vec<_>>()));
            }
            Request::Mute { sensor, on } => {
                let mut sensors = self.sensors.iter();
                let lock = |placed: &PlacedSensor| {
                    placed.sensor.lock().unwrap_or_else(PoisonError::into_inner).address == sensor
                };
                let placed = sensors
                    .find(|placed| lock(placed))
                    .ok_or_else(|| format!("there is no sensor {sensor}"))?;
                placed.sensor.lock().unwrap_or_else(PoisonError::into_inner).muted = on;
            }
            Request::Pause => set(true),
            Request::Resume => set(false),
            Request::Alert { monitor } => {
                let now = (self.clock)();
                self.with(&monitor, |working| working.monitor.raise_alert(now))?;
            }
            Request::LoseBonds { monitor } => {
                self.with(&monitor, |working| working.monitor.lose_bonds())?;
                self.break_link(&monitor).await?;
            }
            Request::Switch { monitor, on } => {
                self.with(&monitor, |working| working.off = !on)?;
                if !on {
                    self.break_link(&monitor).await?;
                }
            }
            Request::Break { monitor } => self.break_link(&monitor).await?,
            Request::Restart { for_s } => {
                let hall = self.clone();
                tokio::spawn(async move {
                    hall.daemon.die().await;
                    tokio::time::sleep(seconds(for_s)).await;
                    let _ = hall.daemon.start().await;
                });
            }
            Request::Unplug { adapter: number, for_s } => {
                let hall = self.clone();
                tokio::spawn(async move {
                    hall.daemon.unplug(&hci(number)).await;
                    tokio::time::sleep(seconds(for_s)).await;
                    hall.daemon.plug(&hci(number), adapter(number)).await;
                });
            }
            Request::Quit => self.stop.cancel(),
        }
        Ok(json!({ "ok": true }))
    }

    fn find(&self, serial: &MonitorSerial) -> Result<&Placed, String> {
        let is = |placed: &&Placed| {
            let working = placed.working.lock().unwrap_or_else(PoisonError::into_inner);
            working.monitor.serial().monitor() == *serial
        };
        self.placed.iter().find(is).ok_or_else(|| format!("there is no monitor {serial}"))
    }

    fn with(&self, serial: &MonitorSerial, act: impl FnOnce(&mut Working)) -> Result<(), String> {
        let placed = self.find(serial)?;
        act(&mut placed.working.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(())
    }

    async fn break_link(&self, serial: &MonitorSerial) -> Result<(), String> {
        for path in &self.find(serial)?.paths {
            let connected = self.daemon.state().tree.is(path, DEVICE, "Connected");
            if connected {
                self.daemon.lose(path).await;
            }
        }
        Ok(())
    }
}

fn speak(placed: &Placed, now: Timestamp) -> Option<(crate::v4::open::Characteristic, Vec<u8>)> {
    placed.working.lock().unwrap_or_else(PoisonError::into_inner).monitor.speak(now)
}

fn seconds(for_s: f64) -> Duration {
    Duration::try_from_secs_f64(for_s).unwrap_or_default()
}

fn hci(number: u8) -> String {
    format!("hci{number}")
}

fn adapter(number: u8) -> Address {
    Address::from_be_bytes([0x00, 0x1A, 0x7D, 0xDA, 0x71, 0x10 + number])
}
