//! The driver of a repeater: what it offers to guests, what they write, what it tells them, and its adverts.

use std::time::Duration;

use domain::LinkName;
use radio::sim::bluetoothd::Pairing;
use radio::v4::advert::{Company, Ours, Repeated, Repeater, Sealer, State, Status};
use radio::v4::air::{Act, Fact, Way};
use radio::v4::bluez::{Settings, repeat};
use radio::v4::open::Characteristic;
use radio::v4::repeater::{Do, Heard};
use radio::v4::{Address, Key};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::bench::{Place, on_a_bus};
use crate::monitor::{Fake, Monitor, comes_to};
use crate::world::{ADAPTER, LABEL, MONITOR, settings};

const HCI0: &str = "/org/bluez/hci0";
const GUEST: Address = Address::from_be_bytes([0x00, 0x1A, 0x7D, 0xDA, 0x71, 0x14]);

struct World {
    fake: Fake,
    adapter: LinkName,
    asked: mpsc::Sender<Do>,
    heard: mpsc::Receiver<Heard>,
    stop: CancellationToken,
}

impl World {
    async fn new(place: &Place) -> Self {
        let settings = Settings { only: vec![ADAPTER], ..settings(place) };
        std::fs::create_dir_all(&settings.bonds).unwrap();
        let fake = Fake::new(&place.address, &settings.bonds);
        fake.start().await.unwrap();
        // Another adapter is somebody else's.
        fake.plug("hci1", GUEST).await;
        fake.plug("hci0", ADAPTER).await;
        let (asked, wanted) = mpsc::channel(64);
        let (told, heard) = mpsc::channel(64);
        let stop = CancellationToken::new();
        tokio::spawn(repeat(settings, wanted, told, stop.clone()));
        let adapter = LinkName::adapter(ADAPTER.to_be_bytes());
        let mut world = World { fake, adapter, asked, heard, stop };
        world.came().await;
        world
    }

    /// The next that is looked for.
    async fn find<T>(&mut self, what: &str, look: impl Fn(&Heard) -> Option<T>) -> T {
        let search = async {
            loop {
                let heard = self.heard.recv().await.expect("the driver ended");
                if let Some(found) = look(&heard) {
                    return found;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(40), search).await.expect(what)
    }

    async fn came(&mut self) {
        let adapter = self.find("an adapter", |heard| match heard {
            Heard::Fact(Fact::Came { adapter, .. }) => Some(adapter.clone()),
            _ => None,
        });
        assert_eq!(adapter.await, LinkName::adapter(ADAPTER.to_be_bytes()), "the one it may use");
        comes_to(&self.fake, "its service is offered", |state| state.offers.contains_key(HCI0)).await;
    }

    fn way(&self, address: Address) -> Way {
        Way { adapter: self.adapter.clone(), address }
    }
}

fn repeated(counter: u32) -> Repeated {
    let sealed =
        Sealer::new(Key::new([1; 16]), 7, counter).seal(Company::NONE, &Status::new(1, 2, State::Cycling));
    Repeated::first(sealed.unwrap(), -60, Repeater(0x7113))
}

#[test]
fn a_repeater_is_offered_to_guests_and_hears_and_tells_their_frames() {
    on_a_bus(async |place| {
        let mut world = World::new(&place).await;
        let path = world.fake.guest_comes("hci0", GUEST).await;
        let guest = world.way(GUEST);
        let came = |heard: &Heard| if let Heard::Came(way) = heard { Some(way.clone()) } else { None };
        assert_eq!(world.find("a guest", came).await, guest);
        let tunnel = Characteristic::Tunnel.uuid();
        for number in 0..50_u8 {
            world.fake.guest_writes(&path, tunnel, vec![number; 40]).await.unwrap();
            let written = |heard: &Heard| match heard {
                Heard::Written(way, bytes) => Some((way.clone(), bytes.clone())),
                _ => None,
            };
            assert_eq!(world.find("a frame", written).await, (guest.clone(), vec![number; 40]));
            world.asked.send(Do::Tell(vec![number; 30])).await.unwrap();
        }
        let wanted: Vec<Vec<u8>> = (0..50).map(|number| vec![number; 30]).collect();
        comes_to(&world.fake, "all is told, in its order", |state| state.offers[HCI0].told == wanted).await;
        world.fake.guest_leaves(&path).await;
        let left = |heard: &Heard| if let Heard::Left(way) = heard { Some(way.clone()) } else { None };
        assert_eq!(world.find("it leaves", left).await, guest);
        world.stop.cancel();
    });
}

#[test]
fn a_frame_that_bluetoothd_did_not_hand_over_is_refused() {
    on_a_bus(async |place| {
        let world = World::new(&place).await;
        let (owner, characteristic) = {
            let state = world.fake.state();
            let offer = &state.offers[HCI0];
            (offer.owner.clone(), offer.characteristics[0].0.clone())
        };
        let stranger =
            zbus::connection::Builder::address(place.address.as_str()).unwrap().build().await.unwrap();
        let device = zbus::zvariant::ObjectPath::try_from("/org/bluez/hci0/dev_00_1A_7D_DA_71_14").unwrap();
        let options = std::collections::HashMap::from([("device", zbus::zvariant::Value::from(device))]);
        let interface = Some("org.bluez.GattCharacteristic1");
        let body = (vec![1_u8], options);
        let answer = stranger.call_method(
            Some(owner.as_str()),
            characteristic.as_str(),
            interface,
            "WriteValue",
            &body,
        );
        let refused = answer.await.unwrap_err().to_string();
        assert!(refused.contains("NotPermitted"), "{refused}");
        world.stop.cancel();
    });
}

#[test]
fn adverts_take_each_others_place_are_connectable_and_survive_bluetoothd() {
    on_a_bus(async |place| {
        let mut world = World::new(&place).await;
        let data = |of: Repeated| Ours::Repeated(of).encode().unwrap()[4..].to_vec();
        for counter in 1..5 {
            world.asked.send(Do::Send(Some(repeated(counter)))).await.unwrap();
            let wanted = data(repeated(counter));
            comes_to(&world.fake, "it is on the air", |state| {
                let advert = state.adverts.get(HCI0);
                advert.is_some_and(|it| {
                    it.data.get(&Company::NONE.0) == Some(&wanted) && it.kind == "peripheral"
                })
            })
            .await;
        }
        world.fake.die().await;
        world.fake.start().await.unwrap();
        world.came().await;
        world.asked.send(Do::Send(Some(repeated(9)))).await.unwrap();
        comes_to(&world.fake, "it is on the air again", |state| state.adverts.contains_key(HCI0)).await;
        world.asked.send(Do::Send(None)).await.unwrap();
        comes_to(&world.fake, "it is taken off", |state| !state.adverts.contains_key(HCI0)).await;
        world.stop.cancel();
    });
}

#[test]
fn a_repeater_reaches_a_monitor_without_a_bond_and_is_told_of_no_guest_then() {
    on_a_bus(async |place| {
        let mut world = World::new(&place).await;
        let path = world.fake.place("hci0", Monitor::new(MONITOR, Pairing::Passkey(LABEL)));
        world.fake.hear(&path, -60, None, None).await;
        let way = world.way(MONITOR);
        world.asked.send(Do::Act(Act::Connect(way.clone()))).await.unwrap();
        let connected = |heard: &Heard| match heard {
            Heard::Fact(Fact::Connected { way, .. }) => Some(way.clone()),
            Heard::Came(way) => Some(Way { address: GUEST, ..way.clone() }),
            _ => None,
        };
        assert_eq!(world.find("a link", connected).await, way);
        world.asked.send(Do::Act(Act::Subscribe(way.clone(), Characteristic::Sealed))).await.unwrap();
        let done = |heard: &Heard| matches!(heard, Heard::Fact(Fact::Done { .. })).then_some(());
        world.find("it listens", done).await;
        assert!(!world.fake.state().tree.is(&path, radio::sim::bluetoothd::DEVICE, "Bonded"));
        world.asked.send(Do::Act(Act::Disconnect(way.clone()))).await.unwrap();
        let ended = |heard: &Heard| match heard {
            Heard::Fact(Fact::Disconnected { way }) => Some(way.clone()),
            Heard::Left(way) => Some(Way { address: GUEST, ..way.clone() }),
            _ => None,
        };
        assert_eq!(world.find("its end", ended).await, way);
        world.stop.cancel();
    });
}
