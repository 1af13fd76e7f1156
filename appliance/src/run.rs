//! Puts the rooms together and takes them apart again: radios, ingest, store, live picture, control socket, web.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use domain::{Generation, LinkName};
use futures::{FutureExt, StreamExt};
use radio::capture::{CaptureError, Header, Recorder, Tap};
use radio::v3::link::{self, LinkSettings};
use radio::v3::network::{Expected, FormPolicy};
use radio::v3::profile::open::OpenProfile;
use radio::v3::profile::switch::{Counted, SwitchConfigError, SwitchProfile};
use radio::v3::profile::{PayloadProfile, Registry};
use radio::v4::{self, bluez};
use rand::TryRngCore;
use rand::rngs::OsRng;
use secrecy::ExposeSecret;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::audit::Trail;
use crate::backup;
use crate::clock::Clock;
use crate::config::{self, Config, Form};
use crate::control;
use crate::desk::{Desk, Keeping};
use crate::ingest::{Driver, RadioLinks, Settings, bonds, in_use, secret_name};
use crate::keys;
use crate::live::Live;
use crate::plant::{MonitorRecord, NetworkRecord, Snapshot};
use crate::store::{OpenStore, Read, Store, StoreKeys};
use crate::telemetry::Chain;
use crate::upkeep;
use crate::web::{self, Listeners, Serve, StartWeb};

/// Where the box is reached, for programs on the same machine; in the data folder.
pub const ADDRESS_FILE: &str = "web.address";
/// The certificate of the box's authority, for programs on the same machine; in the data folder.
pub const AUTHORITY_FILE: &str = "ca.pem";

/// Events on their way from the links; a full channel makes the links read slower and loses nothing.
const EVENTS: usize = 4096;
/// Commands on their way to one link.
const COMMANDS: usize = 256;
/// A link that does not let go of its port in that time is left behind.
const LINKS_END_WITHIN: Duration = Duration::from_secs(5);

/// So long after it did not open the control socket is tried again.
const DOOR_AGAIN: Duration = Duration::from_secs(10);

/// What whoever starts the box wants to know.
#[derive(Debug, Clone)]
pub struct Announcement {
    /// Where to go with a browser.
    pub address: String,
    /// SHA-256 of the certificate that the browser sees.
    pub certificate: String,
    /// SHA-256 of the authority's certificate, which people import.
    pub authority: String,
    /// The one-time code, while the first administrator is missing.
    pub setup_code: Option<String>,
}

/// Why the box does not run.
#[derive(Debug, thiserror::Error)]
pub enum RunBox {
    /// No store.
    #[error("open the store")]
    Store(#[from] OpenStore),
    /// The store cannot be read.
    #[error("read the plant from the store")]
    Read(#[from] Read),
    /// A link cannot be set up.
    #[error("set up the link {0}")]
    Switch(LinkName, #[source] SwitchConfigError),
    /// A link cannot be recorded.
    #[error("record the link {0}")]
    Capture(LinkName, #[source] CaptureError),
    /// The web server does not start, or it ended.
    #[error("serve the web")]
    Web(#[from] StartWeb),
    /// A listener does not say where it listens.
    #[error("ask where the box listens")]
    Address(#[source] io::Error),
    /// A folder for recordings cannot be made.
    #[error("make the folder {}", .0.display())]
    Folder(PathBuf, #[source] io::Error),
    /// The system gives no random bytes.
    #[error("draw random bytes")]
    Random(#[source] rand::rand_core::OsError),
    /// A part of the box ended by itself.
    #[error("{0} ended by itself")]
    Broken(&'static str),
    /// A part of the box broke down.
    #[error("a part of the box broke down")]
    Panicked(#[source] JoinError),
}

/// Runs the box until `shutdown`, then ends it in order: first the links let go, then what was heard is written, then
/// the doors close.
///
/// # Errors
/// It cannot be started, or one of its doors fails.
pub async fn run(
    config: Config,
    keys: StoreKeys,
    listeners: Listeners,
    clock: Arc<dyn Clock>,
    shutdown: CancellationToken,
    announce: impl FnOnce(&Announcement),
) -> Result<(), RunBox> {
    let store = Store::open(&config.data, &keys)?;
    keys::forget_former(&config.data, &keys);
    drop(keys);
    store.set_raw_ring(config.ingest.raw_ring);
    let snapshot = store.snapshot()?;

    let named = config.links.iter().map(|link| (link.name.clone(), link.path.display().to_string()));
    let live = Arc::new(Live::new(named.collect(), config.bluetooth.is_some(), clock.now()));
    let (events, heard) = mpsc::channel(EVENTS);
    let (ready, ways, air) = prepare_links(&config, &store, &snapshot, &*clock)?;
    let settings =
        Settings { window: config.ingest.window, window_cycles: u64::from(config.ingest.window_cycles) };
    let (driver, ingest) =
        Driver::new(snapshot, store.clone(), Arc::clone(&live), Arc::clone(&clock), ways, settings);
    let nights = CancellationToken::new();
    let (nightly, backups) = backup::Driver::new(config.backup.clone(), config.data.clone(), clock.now());
    let nightly =
        nightly.run(store.clone(), Arc::clone(&clock), ingest.clone(), Arc::clone(&live), nights.clone());
    let keeping = CancellationToken::new();
    let upkeep = upkeep::run(
        config.keep,
        store.clone(),
        Arc::clone(&clock),
        ingest.clone(),
        Arc::clone(&live),
        keeping.clone(),
    );
    let kept = Keeping {
        retention: config.keep,
        raw_ring: config.ingest.raw_ring,
        key: keys::Source::of(&config.store, &config.data),
        backups,
    };
    let trail = Arc::new(Trail::new(store.clone(), Arc::clone(&clock)));
    let desk =
        Desk::new(Arc::clone(&live), store.clone(), ingest, Arc::clone(&clock), Arc::clone(&trail), kept);
    let console = desk.clone();
    let plant: control::Plant = Arc::new(move |deed| match deed {
        control::Deed::Enrol(wish) => console.clone().enrol_from_console(wish).boxed(),
        control::Deed::Sensor(deed) => console.clone().sensor_from_console(deed).boxed(),
    });
    let door = control::Door { store: store.clone(), trail: Arc::clone(&trail), plant };

    // The doors close only after the last commit, so they have a token of their own.
    let doors = CancellationToken::new();
    let address = listeners.https().map_err(RunBox::Address)?;
    let serve = Serve {
        names: config.web.names.clone(),
        store: store.clone(),
        trail: Arc::clone(&trail),
        idle: config.web.idle,
        clock: Arc::clone(&clock),
        plant: Arc::new(move |person, from| desk.admit(person, from)),
        follow: Arc::new(move |after| live.follow(after).boxed()),
        shutdown: doors.clone(),
    };
    // Passwords are hashed and files are written here: slow, and only once.
    let server = tokio::task::spawn_blocking(move || web::prepare(listeners, serve))
        .await
        .map_err(RunBox::Panicked)??;
    tell(&config.data, ADDRESS_FILE, &address.to_string());
    tell(&config.data, AUTHORITY_FILE, server.authority());
    announce(&Announcement {
        address: format!("https://{}/", web::address_for_people(&config.web.names, address)),
        certificate: server.certificate_fingerprint(),
        authority: server.authority_fingerprint(),
        setup_code: server.setup_code(),
    });

    // Not a child of `shutdown`: they end when it is their turn.
    let radios = CancellationToken::new();
    let mut links = JoinSet::new();
    for (settings, commands) in ready {
        let clock = Arc::clone(&clock);
        let clock: link::Clock = Arc::new(move || clock.now());
        links.spawn(link::run(settings, events.clone(), commands, clock, radios.clone()));
    }
    if let Some(Air { settings, kept, commands }) = air {
        let clock = Arc::clone(&clock);
        let clock: radio::Clock = Arc::new(move || clock.now());
        links.spawn(v4::run(settings, kept, events.clone(), commands, clock, radios.clone()));
    }
    // Only the links speak: when the last one has ended, so has everything that was heard. A box without links
    // has someone who says nothing until the end.
    let until = radios.clone();
    links.spawn(async move {
        until.cancelled().await;
        drop(events);
    });
    // Its turn is after the links, and then it does not wait for a disk that takes nothing.
    let writing = CancellationToken::new();
    let driver = tokio::spawn(driver.run(heard, writing.clone()));
    let nightly = tokio::spawn(nightly);
    let upkeep = tokio::spawn(upkeep);
    let control = tokio::spawn(keep_answering(config.data.clone(), door, doors.clone()));
    let web = tokio::spawn(server.run());
    tokio::pin!(driver, control, web);

    let mut outcome = Ok(());
    let (mut driver_ended, mut web_ended, mut control_ended) = (false, false, false);
    tokio::select! {
        biased;
        () = shutdown.cancelled() => {}
        how = &mut driver => {
            driver_ended = true;
            outcome = Err(how.err().map_or(RunBox::Broken("ingest"), RunBox::Panicked));
        }
        how = &mut web => {
            web_ended = true;
            outcome = ended(how);
        }
        how = &mut control => {
            control_ended = true;
            outcome = how.map_err(RunBox::Panicked);
        }
    }

    radios.cancel();
    let all_ended = async { while links.join_next().await.is_some() {} };
    if tokio::time::timeout(LINKS_END_WITHIN, all_ended).await.is_err() {
        tracing::warn!("a link does not let go of its port");
        links.abort_all();
    }
    // A backup that is being made is given up: nothing waits for it.
    nights.cancel();
    let backups = nightly.await.map_err(RunBox::Panicked);
    keeping.cancel();
    let upkeep = upkeep.await.map_err(RunBox::Panicked);
    // It hears what is left, writes it if the disk takes it, and returns.
    writing.cancel();
    if !driver_ended {
        outcome = outcome.and(driver.await.map_err(RunBox::Panicked));
    }
    outcome = outcome.and(backups);
    outcome = outcome.and(upkeep);
    doors.cancel();
    if !web_ended {
        outcome = outcome.and(ended(web.await));
    }
    if !control_ended {
        outcome = outcome.and(control.await.map_err(RunBox::Panicked));
    }
    outcome
}

fn ended(how: Result<Result<(), StartWeb>, JoinError>) -> Result<(), RunBox> {
    how.map_err(RunBox::Panicked)?.map_err(RunBox::Web)
}

/// Serves the control socket. A disk that takes no socket now may take it later, and molds are counted meanwhile.
async fn keep_answering(data: PathBuf, of: control::Door, until: CancellationToken) {
    let serve = || control::serve(&data, of.clone(), until.clone().cancelled_owned());
    while let Err(error) = serve().await {
        tracing::warn!(error = %Chain(&error), "nothing answers on the control socket; it is tried again");
        if until.run_until_cancelled(tokio::time::sleep(DOOR_AGAIN)).await.is_none() {
            return;
        }
    }
}

type ReadyLink = (LinkSettings, mpsc::Receiver<radio::command::RadioCommand>);

/// Bluetooth, ready to run.
struct Air {
    settings: v4::Settings,
    kept: v4::Kept,
    commands: mpsc::Receiver<radio::command::RadioCommand>,
}

fn prepare_links(
    config: &Config,
    store: &Store,
    snapshot: &Snapshot,
    clock: &dyn Clock,
) -> Result<(Vec<ReadyLink>, RadioLinks, Option<Air>), RunBox> {
    let mut ready = Vec::with_capacity(config.links.len());
    let (air, way) = config
        .bluetooth
        .as_ref()
        .map(|bluetooth| prepare_air(bluetooth, store, snapshot))
        .transpose()?
        .unzip();
    let mut ways = RadioLinks::new(way);
    for link in &config.links {
        let (way, commands) = mpsc::channel(COMMANDS);
        ways.insert(link.name.clone(), way);
        ready.push((settings(link, store, snapshot, clock)?, commands));
    }
    Ok((ready, ways, air))
}

fn prepare_air(
    bluetooth: &config::Bluetooth,
    store: &Store,
    snapshot: &Snapshot,
) -> Result<(Air, mpsc::Sender<radio::command::RadioCommand>), RunBox> {
    let (way, commands) = mpsc::channel(COMMANDS);
    let bluez = bluez::Settings {
        bonds: bluetooth.bonds.clone(),
        slots: bluetooth.slots,
        ..bluez::Settings::default()
    };
    let settings = v4::Settings { bluez, ..v4::Settings::default() };
    let kept = v4::Kept { bonded: bonds(store)?, sensors: in_use(store, &snapshot.sensors)? };
    Ok((Air { settings, kept, commands }, way))
}

fn settings(
    link: &config::Link,
    store: &Store,
    snapshot: &Snapshot,
    clock: &dyn Clock,
) -> Result<LinkSettings, RunBox> {
    let before = snapshot.networks.iter().find(|network| network.link == link.name);
    Ok(LinkSettings {
        name: link.name.clone(),
        path: link.path.clone(),
        baud: link.baud,
        rts_cts: link.rts_cts,
        raw: link.raw,
        expected: before.map(|network| Expected {
            eui64: network.eui64,
            pan: network.pan,
            encrypted: keeps_key_of(store, network),
        }),
        form: match link.form {
            Form::Never => FormPolicy::WhenAsked,
            // The stick looks for the quietest channel by itself.
            Form::WhenNew => FormPolicy::Factory { channels: 0 },
        },
        profiles: profiles(link, snapshot)?,
        tap: link.capture.as_deref().map(|folder| recorder(folder, &link.name, clock)).transpose()?,
    })
}

/// Whether the box formed this network: what it keeps the key of is encrypted.
fn keeps_key_of(store: &Store, network: &NetworkRecord) -> bool {
    match store.secret(&secret_name(&network.link)) {
        Ok(secret) => secret.is_some_and(|secret| is_key_of(secret.expose_secret(), network)),
        Err(error) => {
            tracing::warn!(link = %network.link, %error, "the network's key cannot be read");
            false
        }
    }
}

/// See [`secret_name`] for how it begins.
fn is_key_of(secret: &[u8], network: &NetworkRecord) -> bool {
    let Some(pan) = network.pan else { return false };
    secret.starts_with(&[network.eui64.to_be_bytes(), pan.0.to_be_bytes()].concat())
}

fn profiles(link: &config::Link, snapshot: &Snapshot) -> Result<Registry, RunBox> {
    let counted: Vec<Counted> = snapshot.monitors.iter().filter_map(counted).collect();
    let new_era = OsRng.try_next_u32().map_err(RunBox::Random)?;
    let switch = SwitchProfile::new(link.switches.clone(), &counted, new_era)
        .map_err(|error| RunBox::Switch(link.name.clone(), error))?;
    let profiles: Vec<Box<dyn PayloadProfile>> = vec![Box::new(OpenProfile::new()), Box::new(switch)];
    Ok(Registry::new(profiles))
}

/// Where the counting of a contact stood: the box counts for it and is the only one who knows.
fn counted(monitor: &MonitorRecord) -> Option<Counted> {
    let device = monitor.device.as_ref().filter(|_| monitor.generation == Generation::Switch)?;
    Some(Counted { module: monitor.module?, era: device.era?, count: device.count })
}

fn recorder(folder: &Path, link: &LinkName, clock: &dyn Clock) -> Result<Box<dyn Tap>, RunBox> {
    fs::create_dir_all(folder).map_err(|e| RunBox::Folder(folder.to_owned(), e))?;
    let start = clock.now();
    let path = folder.join(format!("{link}-{}.capture", start.as_millis()));
    let recorder = Recorder::create(&path, &Header { link: link.clone(), start })
        .map_err(|error| RunBox::Capture(link.clone(), error))?;
    tracing::info!(%link, path = %path.display(), "recording");
    Ok(Box::new(recorder))
}

/// Writes a file that other programs on this machine look for; whole or not at all. A box whose disk takes nothing runs
/// without it.
fn tell(data: &Path, name: &str, text: &str) {
    let path = data.join(name);
    if fs::read(&path).is_ok_and(|told| told == text.as_bytes()) {
        return;
    }
    let part = data.join(format!("{name}.part"));
    if let Err(error) = fs::write(&part, text).and_then(|()| fs::rename(&part, &path)) {
        tracing::warn!(path = %path.display(), %error, "a file for other programs is not written");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Eui64, PanId};

    #[test]
    fn a_kept_key_tells_of_the_network_it_was_formed_with_and_of_no_other() {
        let network = NetworkRecord {
            link: "hall-a".parse().unwrap(),
            eui64: Eui64::from_be_bytes([1; 8]),
            pan: Some(PanId(0x0202_0202_0202_0202)),
            channel: None,
        };
        let secret = [[1; 8], [2; 8], [9; 8], [9; 8]].concat();
        assert!(is_key_of(&secret, &network));
        assert!(!is_key_of(&secret, &NetworkRecord { pan: Some(PanId(3)), ..network.clone() }));
        assert!(!is_key_of(&secret, &NetworkRecord { pan: None, ..network.clone() }));
        assert!(!is_key_of(&secret, &NetworkRecord { eui64: Eui64::from_be_bytes([3; 8]), ..network }));
    }
}
