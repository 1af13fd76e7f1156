//! The pairing agent: whom bluetoothd asks for a passkey.
//!
//! It answers for a pairing that we asked for and refuses everybody else, so that nobody pairs with the box from outside.
//!
//! bluetoothd reads a battery's level of its own accord as soon as there is a link, and begins to pair when the monitor
//! wants a key for that: so it may ask a moment before we do. That question waits for ours; refused, it would be a
//! failed try that the monitor counts.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use zbus::message::Header;
use zbus::zvariant::OwnedObjectPath;

use crate::v4::air::Passkey;

/// Where the agent stands on our connection.
pub(super) const PATH: &str = "/platen/agent";
/// It can show and enter digits: only so does bluetoothd ask for the passkey that a monitor's label has. With less it
/// silently falls back to Just Works.
pub(super) const CAPABILITY: &str = "KeyboardDisplay";

/// How long a question about a link of ours waits for the pairing that it is about.
const ABOUT_TO_BE: Duration = Duration::from_secs(5);

/// A pairing that we asked for.
struct Pairing {
    passkey: Option<Passkey>,
    answered: bool,
}

#[derive(Default)]
struct Open {
    /// Who owns `org.bluez` now: nobody else may ask.
    owner: Option<String>,
    pairings: HashMap<String, Pairing>,
    /// Devices that we made a link to: a pairing may follow.
    expected: HashSet<String>,
}

/// The pairings under way, by the path of the device.
#[derive(Clone, Default)]
pub(super) struct Pairings {
    open: Arc<Mutex<Open>>,
    /// Changes when a door opens.
    opened: watch::Sender<u64>,
}

impl Pairings {
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A link to a device is ours: if it asks to pair, we may be about to ask for that ourselves.
    pub(super) fn expect(&self, device: &str) {
        self.lock().expected.insert(device.to_owned());
    }

    /// What `look` finds, now or, for a device that we have to do with, as soon as a door opens.
    async fn wait<T>(&self, device: &str, mut look: impl FnMut(&Self) -> Option<T>) -> Option<T> {
        let mut opened = self.opened.subscribe();
        let expected = self.lock().expected.contains(device);
        let search = async {
            loop {
                opened.borrow_and_update();
                if let Some(found) = look(self) {
                    return Some(found);
                }
                if !expected || opened.changed().await.is_err() {
                    return None;
                }
            }
        };
        tokio::time::timeout(ABOUT_TO_BE, search).await.ok().flatten()
    }

    /// Who owns `org.bluez` from now on.
    pub(super) fn owned_by(&self, owner: Option<String>) {
        let mut open = self.lock();
        open.owner = owner;
        open.expected.clear();
    }

    /// Opens the door for one device. It closes when what is returned goes.
    pub(super) fn open(&self, device: &str, passkey: Option<Passkey>) -> Door {
        self.lock().pairings.insert(device.to_owned(), Pairing { passkey, answered: false });
        self.opened.send_modify(|n| *n += 1);
        Door { pairings: self.clone(), device: device.to_owned() }
    }

    fn passkey(&self, sender: Option<&str>, device: &str) -> Option<u32> {
        let mut open = self.lock();
        if sender.is_none() || open.owner.as_deref() != sender {
            return None;
        }
        let pairing = open.pairings.get_mut(device)?;
        let passkey = pairing.passkey.as_ref()?.expose();
        pairing.answered = true;
        Some(passkey)
    }

    /// Whether a pairing of this device without a passkey is under way.
    fn just_works(&self, sender: Option<&str>, device: &str) -> bool {
        let open = self.lock();
        let owns = sender.is_some() && open.owner.as_deref() == sender;
        owns && open.pairings.get(device).is_some_and(|it| it.passkey.is_none())
    }
}

/// The open door for one device.
pub(super) struct Door {
    pairings: Pairings,
    device: String,
}

impl Door {
    /// Whether bluetoothd asked for the passkey, and got it. Without that the key is none with a passkey behind it.
    pub(super) fn answered(&self) -> bool {
        self.pairings.lock().pairings.get(&self.device).is_some_and(|it| it.answered)
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        let mut open = self.pairings.lock();
        open.pairings.remove(&self.device);
        open.expected.remove(&self.device);
    }
}

/// What we tell bluetoothd when we refuse.
#[derive(Debug, zbus::DBusError)]
#[zbus(prefix = "org.bluez.Error")]
pub(super) enum Refusal {
    /// What zbus has to say.
    #[zbus(error)]
    ZBus(zbus::Error),
    /// Not by us.
    Rejected(String),
}

fn refuse(what: &str, device: &OwnedObjectPath) -> Refusal {
    tracing::warn!(device = device.as_str(), "refused: {what}");
    Refusal::Rejected(format!("{what} is not wanted"))
}

fn sender(header: &Header<'_>) -> Option<String> {
    header.sender().map(ToString::to_string)
}

/// The agent on the bus.
pub(super) struct Agent(pub(super) Pairings);

#[zbus::interface(name = "org.bluez.Agent1")]
impl Agent {
    fn release(&self) {}

    fn cancel(&self) {}

    async fn request_passkey(
        &self,
        device: OwnedObjectPath,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<u32, Refusal> {
        let sender = sender(&header);
        let passkey = self.0.wait(&device, |it| it.passkey(sender.as_deref(), &device)).await;
        passkey.ok_or_else(|| refuse("pairing with a passkey", &device))
    }

    async fn request_authorization(
        &self,
        device: OwnedObjectPath,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Refusal> {
        let sender = sender(&header);
        let asked_for =
            self.0.wait(&device, |it| it.just_works(sender.as_deref(), &device).then_some(())).await;
        asked_for.ok_or_else(|| refuse("pairing without a passkey", &device))
    }

    // Nobody is there to compare two numbers, and no monitor shows one.
    fn request_confirmation(&self, device: OwnedObjectPath, _passkey: u32) -> Result<(), Refusal> {
        Err(refuse("comparing numbers", &device))
    }

    fn authorize_service(&self, device: OwnedObjectPath, _uuid: String) -> Result<(), Refusal> {
        Err(refuse("a service of ours", &device))
    }

    fn display_passkey(&self, _device: OwnedObjectPath, _passkey: u32, _entered: u16) {}

    // Both are for classic Bluetooth, which the box has switched off.
    fn request_pin_code(&self, device: OwnedObjectPath) -> Result<String, Refusal> {
        Err(refuse("a PIN", &device))
    }

    fn display_pin_code(&self, device: OwnedObjectPath, _code: String) -> Result<(), Refusal> {
        Err(refuse("a PIN", &device))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLUEZ: Option<&str> = Some(":1.7");
    const DEVICE: &str = "/org/bluez/hci0/dev_54_48_E6_8F_80_A5";

    #[test]
    fn the_agent_answers_only_for_a_pairing_under_way_and_only_bluetoothd() {
        let pairings = Pairings::default();
        pairings.owned_by(BLUEZ.map(str::to_owned));
        assert_eq!(pairings.passkey(BLUEZ, DEVICE), None, "nothing is under way");
        let door = pairings.open(DEVICE, Some(Passkey::from(&"123456".parse().unwrap())));
        assert_eq!(pairings.passkey(BLUEZ, "/org/bluez/hci0/dev_00_00_00_00_00_01"), None, "another device");
        assert_eq!(pairings.passkey(Some(":1.8"), DEVICE), None, "another program");
        assert_eq!(pairings.passkey(None, DEVICE), None);
        assert!(!pairings.just_works(BLUEZ, DEVICE), "a label has a passkey, nothing less is taken");
        assert!(!door.answered());
        assert_eq!(pairings.passkey(BLUEZ, DEVICE), Some(123_456));
        assert!(door.answered());
        drop(door);
        assert_eq!(pairings.passkey(BLUEZ, DEVICE), None, "it is over");
    }

    #[tokio::test(start_paused = true)]
    async fn a_question_ahead_of_our_own_waits_for_it_and_no_other_does() {
        let pairings = Pairings::default();
        pairings.owned_by(BLUEZ.map(str::to_owned));
        let ask =
            |pairings: Pairings| async move { pairings.wait(DEVICE, |it| it.passkey(BLUEZ, DEVICE)).await };
        let began = tokio::time::Instant::now();
        assert_eq!(ask(pairings.clone()).await, None);
        assert_eq!(began.elapsed(), Duration::ZERO, "nobody connected there");
        pairings.expect(DEVICE);
        assert_eq!(ask(pairings.clone()).await, None);
        assert_eq!(began.elapsed(), ABOUT_TO_BE, "it waited, and no pairing was asked for");
        let asked = tokio::spawn(ask(pairings.clone()));
        tokio::task::yield_now().await;
        let door = pairings.open(DEVICE, Some(Passkey::from(&"123456".parse().unwrap())));
        assert_eq!(asked.await.unwrap(), Some(123_456));
        assert!(door.answered());
    }

    #[test]
    fn just_works_passes_only_while_it_is_asked_for() {
        let pairings = Pairings::default();
        pairings.owned_by(BLUEZ.map(str::to_owned));
        assert!(!pairings.just_works(BLUEZ, DEVICE));
        let door = pairings.open(DEVICE, None);
        assert!(pairings.just_works(BLUEZ, DEVICE));
        assert_eq!(pairings.passkey(BLUEZ, DEVICE), None);
        drop(door);
        assert!(!pairings.just_works(BLUEZ, DEVICE));
    }
}
