//! The network a stick holds together: forming, the join window, the trust centre's table.

use domain::Eui64;

use super::registers::Registers;
use crate::event::Family;
use crate::sim::dice::Dice;
use crate::v3::frame::{AssociationStatus, ModemStatus, RegisterDevice, RegisterStatus};

/// A network that stands. It survives a power cut by itself, unlike the registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Formed {
    /// Operating extended PAN id (OP), or the network id of a mesh.
    pub pan: u64,
    /// Operating 16-bit PAN id (OI).
    pub short: u16,
    /// Channel (CH).
    pub channel: u8,
    /// The ID it was formed with; another one after a restart forms anew.
    asked: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Join {
    Closed,
    Until(u64),
    Always,
}

/// What lets a device into the network.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    /// It was given the network's link key at the bench.
    NetworkKey([u8; 16]),
    /// The link key printed on it.
    LinkKey([u8; 16]),
    /// The install code printed on it, with its CRC.
    InstallCode(Vec<u8>),
}

#[derive(Clone)]
struct Trusted {
    device: Eui64,
    install_code: bool,
    key: Vec<u8>,
}

/// Devices the trust centre remembers at a time (XBee SE manual p. 26).
pub const TRUST_TABLE: usize = 10;

/// State of the network. Without Debug: it knows keys.
pub(super) struct Network {
    formed: Option<Formed>,
    /// The stick will start to form at this time.
    restart_at: Option<u64>,
    /// It is forming and will be done at this time.
    done_at: Option<u64>,
    join: Join,
    trusted: Vec<Trusted>,
    dice: Dice,
    /// How long it waits after the last change before it forms anew, ms.
    delay_ms: u64,
}

/// What time brought about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// The old network is gone, and every device with it.
    Left,
    /// To be told to the host.
    Tell(ModemStatus),
}

impl Network {
    pub fn new(delay_ms: u64, dice: Dice) -> Self {
        Network {
            formed: None,
            restart_at: None,
            done_at: None,
            join: Join::Closed,
            trusted: Vec::new(),
            dice,
            delay_ms,
        }
    }

    pub fn formed(&self) -> Option<Formed> {
        self.formed
    }

    /// A network that was formed before the story begins.
    pub fn form_at_once(&mut self, registers: &Registers, family: Family) {
        self.form(registers, family);
    }

    pub fn association(&self) -> AssociationStatus {
        if self.formed.is_some() { AssociationStatus::Joined } else { AssociationStatus::Scanning }
    }

    /// The stick starts: the network is as it was unless the registers want another one.
    pub fn power_up(&mut self, registers: &Registers, family: Family, now_ms: u64) {
        (self.restart_at, self.done_at, self.join) = (None, None, Join::Closed);
        // The table of the trust centre is in memory only.
        self.trusted.clear();
        if family != Family::Zigbee {
            self.form(registers, family);
            return;
        }
        if self.formed.is_some_and(|formed| formed.asked != registers.number("ID")) {
            self.formed = None;
        }
        if self.formed.is_none() {
            self.restart_at = Some(now_ms);
        }
        self.open(registers.number("NJ"), now_ms);
    }

    /// A register was changed that a network is formed with.
    pub fn reform_later(&mut self, now_ms: u64) {
        self.restart_at = Some(now_ms.saturating_add(self.delay_ms));
    }

    /// Leaves and forms anew at once (NR).
    pub fn reform_now(&mut self, now_ms: u64) {
        self.restart_at = Some(now_ms);
    }

    /// NJ was set: 0 closes, FF opens for good, anything else for so many seconds.
    pub fn open(&mut self, nj: u64, now_ms: u64) -> Option<ModemStatus> {
        let was_open = self.join != Join::Closed;
        self.join = match nj {
            0 => Join::Closed,
            0xFF => Join::Always,
            seconds => Join::Until(now_ms.saturating_add(seconds.saturating_mul(1_000))),
        };
        match self.join {
            Join::Closed => was_open.then_some(ModemStatus::JoinWindowClosed),
            _ => Some(ModemStatus::JoinWindowOpened),
        }
    }

    /// A change that forms anew is under way.
    pub fn next_restart(&self) -> Option<u64> {
        self.restart_at
    }

    pub fn next_at(&self) -> Option<u64> {
        let closing = match self.join {
            Join::Until(at) => Some(at),
            _ => None,
        };
        [self.restart_at, self.done_at, closing].into_iter().flatten().min()
    }

    pub fn advance(&mut self, registers: &Registers, family: Family, now_ms: u64) -> Vec<Change> {
        let mut changes = Vec::new();
        if self.restart_at.is_some_and(|at| at <= now_ms) {
            self.restart_at = None;
            if self.formed.take().is_some() {
                changes.push(Change::Left);
            }
            if registers.number("CE") == 1 {
                self.done_at = Some(now_ms.saturating_add(self.delay_ms / 10));
            }
        }
        if self.done_at.is_some_and(|at| at <= now_ms) {
            self.done_at = None;
            self.form(registers, family);
            changes.push(Change::Tell(ModemStatus::CoordinatorStarted));
        }
        if matches!(self.join, Join::Until(at) if at <= now_ms) {
            self.join = Join::Closed;
            changes.push(Change::Tell(ModemStatus::JoinWindowClosed));
        }
        changes
    }

    fn form(&mut self, registers: &Registers, family: Family) {
        let asked = registers.number("ID");
        let pan = if asked == 0 && family == Family::Zigbee { self.dice.whole(1, u64::MAX) } else { asked };
        let mask = registers.number("SC");
        let channels: Vec<u8> = (0..16u8).filter(|bit| mask >> bit & 1 == 1).map(|bit| 11 + bit).collect();
        let channel = self.dice.choose(&channels).copied().unwrap_or(11);
        let short = u16::try_from(self.dice.whole(1, 0xFFF0)).unwrap_or(1);
        self.formed = Some(Formed { pan, short, channel, asked });
    }

    /// Whether a device with these credentials gets in now.
    pub fn admits(&self, device: Eui64, credential: &Credential, registers: &Registers) -> bool {
        if self.formed.is_none() || self.join == Join::Closed {
            return false;
        }
        if registers.number("EE") == 0 {
            return true;
        }
        let listed = self.trusted.iter().find(|trusted| trusted.device == device);
        match credential {
            Credential::NetworkKey(key) => key == registers.link_key() && *key != [0; 16],
            Credential::LinkKey(key) => {
                listed.is_some_and(|trusted| !trusted.install_code && right_aligned(&trusted.key) == *key)
            }
            Credential::InstallCode(code) => {
                listed.is_some_and(|trusted| trusted.install_code && trusted.key == *code)
            }
        }
    }

    /// The device is in: its entry has done its work.
    pub fn admitted(&mut self, device: Eui64) {
        self.trusted.retain(|trusted| trusted.device != device);
    }

    /// Frame 24.
    pub fn register(&mut self, request: &RegisterDevice) -> RegisterStatus {
        let install_code = request.options & 1 == 1;
        let listed = self.trusted.iter().position(|trusted| trusted.device == request.device);
        if request.device == Eui64::COORDINATOR
            || request.device == Eui64::BROADCAST
            || request.device == Eui64::UNKNOWN
        {
            return RegisterStatus::BadAddress;
        }
        if request.key.is_empty() {
            return match listed {
                Some(at) => {
                    self.trusted.remove(at);
                    RegisterStatus::Success
                }
                None => RegisterStatus::NotInTable,
            };
        }
        let longest = if install_code { 18 } else { 16 };
        if request.key.len() > longest {
            return RegisterStatus::KeyTooLong;
        }
        if install_code && !is_install_code(&request.key) {
            return RegisterStatus::KeyInvalid;
        }
        if listed.is_none() && self.trusted.len() >= TRUST_TABLE {
            return RegisterStatus::TableFull;
        }
        self.trusted.retain(|trusted| trusted.device != request.device);
        self.trusted.push(Trusted { device: request.device, install_code, key: request.key.clone() });
        RegisterStatus::Success
    }
}

/// 6, 8, 12 or 16 bytes and their CRC, low byte first (ZigBee base device behaviour 13-0402, "install codes").
fn is_install_code(code: &[u8]) -> bool {
    let Some((bytes, crc)) = code.split_last_chunk::<2>() else { return false };
    matches!(bytes.len(), 6 | 8 | 12 | 16) && crc_x25(bytes).to_le_bytes() == *crc
}

/// The install code of a device made up by a simulation, with its CRC.
pub(crate) fn install_code(bytes: [u8; 16]) -> Vec<u8> {
    let mut code = bytes.to_vec();
    code.extend(crc_x25(&bytes).to_le_bytes());
    code
}

fn crc_x25(bytes: &[u8]) -> u16 {
    let crc = bytes.iter().fold(0xFFFF_u16, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0x8408 } else { crc >> 1 })
    });
    !crc
}

fn right_aligned(bytes: &[u8]) -> [u8; 16] {
    let mut key = [0; 16];
    let from = key.len().saturating_sub(bytes.len());
    if let Some(tail) = key.get_mut(from..).filter(|tail| tail.len() == bytes.len()) {
        tail.copy_from_slice(bytes);
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network() -> Network {
        Network::new(5_000, Dice::new(1, "network", 0))
    }

    fn device(last: u8) -> Eui64 {
        Eui64::from_be_bytes([0, 0x13, 0xA2, 0, 0x41, 0, 0, last])
    }

    fn entry(device: Eui64, options: u8, key: &[u8]) -> RegisterDevice {
        RegisterDevice { id: 1, device, reserved: 0xFFFE, options, key: key.to_vec() }
    }

    #[test]
    fn the_install_code_of_the_standards_example_is_accepted() {
        let example: Vec<u8> = vec![
            0x83, 0xFE, 0xD3, 0x40, 0x7A, 0x93, 0x97, 0x23, 0xA5, 0xC6, 0x39, 0xB2, 0x69, 0x16, 0xD5, 0x05,
            0xC3, 0xB5,
        ];
        assert!(is_install_code(&example));
        let mut wrong = example;
        wrong[3] ^= 1;
        assert!(!is_install_code(&wrong));
    }

    #[test]
    fn the_trust_table_takes_ten_devices_and_tells_why_not() {
        let mut network = network();
        for last in 0..10 {
            assert_eq!(network.register(&entry(device(last), 0, &[7; 16])), RegisterStatus::Success);
        }
        assert_eq!(network.register(&entry(device(10), 0, &[7; 16])), RegisterStatus::TableFull);
        assert_eq!(network.register(&entry(device(3), 0, &[8; 16])), RegisterStatus::Success);
        assert_eq!(network.register(&entry(device(3), 0, &[])), RegisterStatus::Success);
        assert_eq!(network.register(&entry(device(3), 0, &[])), RegisterStatus::NotInTable);
        assert_eq!(network.register(&entry(device(3), 0, &[7; 17])), RegisterStatus::KeyTooLong);
        assert_eq!(network.register(&entry(device(3), 1, &[7; 18])), RegisterStatus::KeyInvalid);
        assert_eq!(network.register(&entry(Eui64::BROADCAST, 0, &[7; 16])), RegisterStatus::BadAddress);
    }

    #[test]
    fn a_device_gets_in_only_through_an_open_window_and_with_its_key() {
        let mut network = network();
        let mut registers = Registers::defaults(Family::Zigbee);
        registers.set_number("EE", 1);
        network.form_at_once(&registers, Family::Zigbee);
        let label = Credential::LinkKey([9; 16]);
        assert!(!network.admits(device(1), &label, &registers));
        network.open(60, 0);
        assert!(!network.admits(device(1), &label, &registers));
        network.register(&entry(device(1), 0, &[9; 16]));
        assert!(network.admits(device(1), &label, &registers));
        assert!(!network.admits(device(2), &label, &registers));
        assert_eq!(
            network.advance(&registers, Family::Zigbee, 60_000),
            vec![Change::Tell(ModemStatus::JoinWindowClosed)]
        );
        assert!(!network.admits(device(1), &label, &registers));
    }

    #[test]
    fn a_zero_link_key_admits_nobody_to_a_secured_network() {
        let mut network = network();
        let mut registers = Registers::defaults(Family::Zigbee);
        registers.set_number("EE", 1);
        network.form_at_once(&registers, Family::Zigbee);
        network.open(0xFF, 0);
        assert!(!network.admits(device(1), &Credential::NetworkKey([0; 16]), &registers));
    }
}
