//! A driver that runs, the daemon it drives, and what was told so far.

use std::time::Duration;

use domain::LinkName;
use radio::v4::Address;
use radio::v4::air::{Act, Doing, Fact, Failure, Passkey, Strength, Way};
use radio::v4::bluez::{BluezError, Limits, Settings, run};
use radio::v4::open::Characteristic;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::bench::Place;
use radio::sim::bluetoothd::Pairing;

use crate::monitor::{Fake, Monitor};

pub const ADAPTER: Address = Address::from_be_bytes([0x00, 0x1A, 0x7D, 0xDA, 0x71, 0x13]);
pub const MONITOR: Address = Address::from_be_bytes([0xF0, 0x00, 0x00, 0x00, 0x00, 0x01]);
pub const LABEL: u32 = 123_456;

pub struct World {
    pub fake: Fake,
    pub adapter: LinkName,
    /// The monitor's device.
    pub path: String,
    pub way: Way,
    pub acts: mpsc::Sender<Act>,
    pub facts: mpsc::Receiver<Fact>,
    pub seen: Vec<Fact>,
    pub driver: JoinHandle<Result<(), BluezError>>,
    pub stop: CancellationToken,
}

/// Limits that are long enough for a machine under load, and short enough for a test that waits for nothing.
pub fn settings(place: &Place) -> Settings {
    let long = Duration::from_secs(30);
    Settings {
        bonds: place.folder.join("bonds"),
        slots: 3,
        limits: Limits { call: long, connect: long, pair: long, gatt: long },
        ..Settings::default()
    }
}

impl World {
    /// One adapter, one monitor with a label, and the driver, which told that the adapter came.
    pub async fn new(place: &Place) -> Self {
        World::with(place, Pairing::Passkey(LABEL), settings(place)).await
    }

    pub async fn with(place: &Place, pairing: Pairing, settings: Settings) -> Self {
        std::fs::create_dir_all(&settings.bonds).unwrap();
        let fake = Fake::new(&place.address, &settings.bonds);
        fake.start().await.unwrap();
        fake.plug("hci0", ADAPTER).await;
        let path = fake.place("hci0", Monitor::new(MONITOR, pairing));
        let (acts, asked) = mpsc::channel(64);
        let (told, facts) = mpsc::channel(64);
        let stop = CancellationToken::new();
        let driver = tokio::spawn(run(settings, asked, told, stop.clone()));
        let adapter: LinkName = "ble-001a7dda7113".parse().unwrap();
        let way = Way { adapter: adapter.clone(), address: MONITOR };
        let mut world = World { fake, adapter, path, way, acts, facts, seen: Vec::new(), driver, stop };
        let came = Fact::Came { adapter: world.adapter.clone(), slots: 3 };
        world.told(&came).await;
        world
    }

    pub async fn act(&self, act: Act) {
        self.acts.send(act).await.unwrap();
    }

    /// The next fact that is looked for; those before it are passed over, and kept in `seen`.
    pub async fn find<T>(&mut self, what: &str, look: impl Fn(&Fact) -> Option<T>) -> T {
        let search = async {
            loop {
                let fact = self.facts.recv().await.expect("the driver ended");
                let found = look(&fact);
                self.seen.push(fact);
                if let Some(found) = found {
                    return found;
                }
            }
        };
        let found = tokio::time::timeout(Duration::from_secs(40), search).await;
        found.unwrap_or_else(|_| unreachable!("never told: {what}; told was {:?}", self.seen))
    }

    pub async fn told(&mut self, wanted: &Fact) {
        self.find(&format!("{wanted:?}"), |fact| (fact == wanted).then_some(())).await;
    }

    /// How something that was asked for ended.
    pub async fn failed(&mut self, wanted: Doing) -> Failure {
        self.find(&format!("{wanted} fails"), |fact| match fact {
            Fact::Failed { what, why, .. } if *what == wanted => Some(why.clone()),
            _ => None,
        })
        .await
    }

    /// The monitor is heard and connected to.
    pub async fn connect(&mut self) {
        if !self.fake.state().tree.has(&self.path) {
            self.fake.hear(&self.path, -60, None, None).await;
        }
        self.act(Act::Connect(self.way.clone())).await;
        let told = Fact::Connected { way: self.way.clone(), mtu: 517 };
        self.told(&told).await;
    }

    pub async fn pair(&self, passkey: Option<&str>) {
        let passkey = passkey.map(|text| Passkey::from(&text.parse().unwrap()));
        self.act(Act::Pair { way: self.way.clone(), passkey }).await;
    }

    pub async fn strength(&mut self) -> Strength {
        let look =
            |fact: &Fact| if let Fact::Paired { strength, .. } = fact { Some(*strength) } else { None };
        self.find("a bond", look).await
    }

    /// Connected and bonded by the label's passkey.
    pub async fn enrol(&mut self) {
        self.connect().await;
        self.pair(Some("123456")).await;
        assert_eq!(self.strength().await, Strength::Passkey);
    }

    pub async fn subscribe(&mut self, of: Characteristic) {
        self.act(Act::Subscribe(self.way.clone(), of)).await;
        let done = Fact::Done { way: self.way.clone(), what: Doing::Subscribe(of) };
        self.told(&done).await;
    }

    pub async fn value(&mut self, of: Characteristic) -> Vec<u8> {
        self.find(&format!("a value of {}", of.name()), |fact| match fact {
            Fact::Value { characteristic, bytes, .. } if *characteristic == of => Some(bytes.clone()),
            _ => None,
        })
        .await
    }

    pub async fn disconnect(&mut self) {
        self.act(Act::Disconnect(self.way.clone())).await;
        let end = Fact::Disconnected { way: self.way.clone() };
        self.told(&end).await;
    }

    /// Ends the driver, in order.
    pub async fn end(self) {
        self.stop.cancel();
        self.driver.await.unwrap().unwrap();
    }
}
