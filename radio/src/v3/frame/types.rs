//! Every frame type a gateway meets, as fields.

use std::fmt;

use domain::Eui64;

use super::super::commands::is_secret;
use super::status::{AtStatus, DeliveryStatus, DiscoveryStatus, ModemStatus, RegisterStatus};

/// The two letters of an AT command.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AtName(pub [u8; 2]);

impl AtName {
    /// From its two letters, for constants: `AtName::of("NJ")`. Anything but two bytes is `??`.
    #[must_use]
    pub const fn of(name: &str) -> Self {
        match name.as_bytes() {
            [a, b] => AtName([*a, *b]),
            _ => AtName(*b"??"),
        }
    }

    /// The same in capitals: a stick takes its commands in either case.
    #[must_use]
    pub const fn to_upper(self) -> Self {
        let AtName([a, b]) = self;
        AtName([a.to_ascii_uppercase(), b.to_ascii_uppercase()])
    }
}

impl fmt::Display for AtName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| fmt::Display::fmt(&byte.escape_ascii(), f))
    }
}

impl fmt::Debug for AtName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One frame. `id` is the frame id: 0 wants no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// 08: to the stick, takes effect at once.
    At(AtCommand),
    /// 09: to the stick, takes effect with AC or the next 08.
    AtQueued(AtCommand),
    /// 10: send to a radio.
    Tx(Tx),
    /// 11: send to a radio, with endpoints and cluster.
    ExplicitTx(ExplicitTx),
    /// 17: AT command to a radio.
    RemoteAt(RemoteAtCommand),
    /// 21: the way to a radio, never answered.
    CreateSourceRoute(CreateSourceRoute),
    /// 24: let a device join by its key.
    RegisterDevice(RegisterDevice),
    /// 83: input samples of an 802.15.4 radio with a 16-bit address.
    RawIoSample(RawIoSample),
    /// 88: the stick's answer to 08 or 09.
    AtResponse(AtResponse),
    /// 89: what became of a raw 802.15.4 or 900 MHz transmission.
    RawTxStatus {
        /// Which request.
        id: u8,
        /// What became of it.
        status: DeliveryStatus,
    },
    /// 8A: the stick says how it is.
    ModemStatus(ModemStatus),
    /// 8B: what became of 10 or 11.
    TxStatus(TxStatus),
    /// 8D: the way a packet took (DigiMesh).
    RouteInformation(RouteInformation),
    /// 90: payload from a radio.
    Rx(Rx),
    /// 91: payload from a radio, with endpoints and cluster.
    ExplicitRx(ExplicitRx),
    /// 92: a radio's inputs.
    IoSample(IoSample),
    /// 94: 1-wire sensors (obsolete).
    SensorRead(SensorRead),
    /// 95: a radio says who it is.
    NodeIdentification(NodeIdentification),
    /// 97: a radio's answer to 17.
    RemoteAtResponse(RemoteAtResponse),
    /// 98: like 8A, with details.
    ExtendedModemStatus {
        /// What.
        status: ModemStatus,
        /// Details, by status.
        data: Vec<u8>,
    },
    /// A0: how an update over the air goes; kept as bytes.
    OtaStatus(Vec<u8>),
    /// A1: the way to a radio, to be kept and given back with 21.
    RouteRecord(RouteRecord),
    /// A2: a device was authenticated (Smart Energy); kept as bytes.
    DeviceAuthenticated(Vec<u8>),
    /// A3: somebody announced itself as the network's collector.
    ManyToOneRequest {
        /// Who.
        source: Eui64,
        /// Its 16-bit address.
        short: u16,
        /// Always 0 so far.
        reserved: u8,
    },
    /// A4: the answer to 24.
    RegisterStatus {
        /// Which request.
        id: u8,
        /// How it ended.
        status: RegisterStatus,
    },
    /// A5: a device tries to join or left; kept as bytes.
    JoinNotification(Vec<u8>),
    /// FE: the stick could not read a frame of ours.
    FrameError(u8),
    /// Any other type: its bytes stay visible, the link goes on (law 13).
    Unknown {
        /// The frame's type byte.
        kind: u8,
        /// What followed it.
        data: Vec<u8>,
    },
}

/// Fields of 08 and 09. A key's bytes are not shown by Debug.
#[derive(Clone, PartialEq, Eq)]
pub struct AtCommand {
    /// Frame id.
    pub id: u8,
    /// Which command.
    pub name: AtName,
    /// Empty: a question.
    pub parameter: Vec<u8>,
}

/// Fields of 10.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tx {
    /// Frame id.
    pub id: u8,
    /// To whom.
    pub dest: Eui64,
    /// 16-bit address, FFFE when not known.
    pub short: u16,
    /// Broadcast radius, 0 = the most.
    pub radius: u8,
    /// Options, by family.
    pub options: u8,
    /// Payload.
    pub data: Vec<u8>,
}

/// Fields of 11.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplicitTx {
    /// Frame id.
    pub id: u8,
    /// To whom.
    pub dest: Eui64,
    /// 16-bit address, FFFE when not known.
    pub short: u16,
    /// From endpoint.
    pub source_endpoint: u8,
    /// To endpoint.
    pub dest_endpoint: u8,
    /// Cluster.
    pub cluster: u16,
    /// Profile.
    pub profile: u16,
    /// Broadcast radius, 0 = the most.
    pub radius: u8,
    /// Options, by family.
    pub options: u8,
    /// Payload.
    pub data: Vec<u8>,
}

/// Fields of 17. A key's bytes are not shown by Debug.
#[derive(Clone, PartialEq, Eq)]
pub struct RemoteAtCommand {
    /// Frame id.
    pub id: u8,
    /// To whom.
    pub dest: Eui64,
    /// 16-bit address, FFFE when not known.
    pub short: u16,
    /// 02 apply at once, 10 secure session, 40 extended time-out.
    pub options: u8,
    /// Which command.
    pub name: AtName,
    /// Empty: a question.
    pub parameter: Vec<u8>,
}

/// Shows a parameter unless it is a secret.
struct Shown<'a>(AtName, &'a [u8]);

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_secret(self.0.to_upper()) { f.write_str("[secret]") } else { self.1.fmt(f) }
    }
}

impl fmt::Debug for AtCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AtCommand")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("parameter", &Shown(self.name, &self.parameter))
            .finish()
    }
}

impl fmt::Debug for RemoteAtCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteAtCommand")
            .field("id", &self.id)
            .field("dest", &self.dest)
            .field("short", &self.short)
            .field("options", &self.options)
            .field("name", &self.name)
            .field("parameter", &Shown(self.name, &self.parameter))
            .finish()
    }
}

/// Fields of 21.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateSourceRoute {
    /// Frame id; 0, for it is never answered.
    pub id: u8,
    /// To whom.
    pub dest: Eui64,
    /// Its 16-bit address.
    pub short: u16,
    /// Always 0 so far.
    pub options: u8,
    /// 16-bit addresses on the way, the destination's neighbour first.
    pub hops: Vec<u16>,
}

/// Fields of 24. The key is a secret: shown neither by Debug nor in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct RegisterDevice {
    /// Frame id.
    pub id: u8,
    /// The device.
    pub device: Eui64,
    /// FFFE.
    pub reserved: u16,
    /// 00 link key, 01 install code.
    pub options: u8,
    /// Up to 16 bytes of link key or 18 of install code; empty removes the device.
    pub key: Vec<u8>,
}

impl fmt::Debug for RegisterDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegisterDevice")
            .field("id", &self.id)
            .field("device", &self.device)
            .finish_non_exhaustive()
    }
}

/// Fields of 83.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawIoSample {
    /// 16-bit address of the sender.
    pub short: u16,
    /// Signal strength, -dBm.
    pub rssi: u8,
    /// Options.
    pub options: u8,
    /// How many samples follow, each with the same channels.
    pub samples: u8,
    /// Bits 0-8 digital inputs, bits 9-14 analogue inputs.
    pub channels: u16,
    /// The samples' bytes.
    pub data: Vec<u8>,
}

/// Fields of 88. A key's bytes are not shown by Debug.
#[derive(Clone, PartialEq, Eq)]
pub struct AtResponse {
    /// Which request.
    pub id: u8,
    /// Which command.
    pub name: AtName,
    /// How it ended.
    pub status: AtStatus,
    /// The answer; empty after a set.
    pub value: Vec<u8>,
}

impl fmt::Debug for AtResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AtResponse")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("status", &self.status)
            .field("value", &Shown(self.name, &self.value))
            .finish()
    }
}

/// Fields of 8B.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TxStatus {
    /// Which request.
    pub id: u8,
    /// 16-bit address it went to.
    pub short: u16,
    /// Application retries.
    pub retries: u8,
    /// What became of it.
    pub delivery: DeliveryStatus,
    /// What it took to find the way.
    pub discovery: DiscoveryStatus,
}

/// Fields of 8D.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteInformation {
    /// 11 not acknowledged, 12 trace.
    pub event: u8,
    /// Bytes that follow, as the sender counts them.
    pub length: u8,
    /// Microseconds on the responder's clock.
    pub timestamp: u32,
    /// MAC acknowledgement time-outs.
    pub ack_timeouts: u8,
    /// Transmissions blocked by others.
    pub blocked: u8,
    /// Always 0 so far.
    pub reserved: u8,
    /// To whom the packet went.
    pub dest: Eui64,
    /// Who sent it.
    pub source: Eui64,
    /// Who reports.
    pub responder: Eui64,
    /// Who received it from the responder.
    pub receiver: Eui64,
}

/// Fields of 90.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rx {
    /// From whom.
    pub source: Eui64,
    /// Its 16-bit address.
    pub short: u16,
    /// 01 acknowledged, 02 broadcast, 20 APS encrypted, 40 from an end device; 40, 80, C0 delivery on DigiMesh.
    pub options: u8,
    /// Payload.
    pub data: Vec<u8>,
}

/// Fields of 91.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplicitRx {
    /// From whom.
    pub source: Eui64,
    /// Its 16-bit address.
    pub short: u16,
    /// From endpoint.
    pub source_endpoint: u8,
    /// To endpoint.
    pub dest_endpoint: u8,
    /// Cluster.
    pub cluster: u16,
    /// Profile.
    pub profile: u16,
    /// As in 90.
    pub options: u8,
    /// Payload.
    pub data: Vec<u8>,
}

/// Fields of 92.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IoSample {
    /// From whom.
    pub source: Eui64,
    /// Its 16-bit address.
    pub short: u16,
    /// As in 90.
    pub options: u8,
    /// Always 1.
    pub sets: u8,
    /// Which digital inputs are sampled, bit n = DIOn.
    pub digital_mask: u16,
    /// Which analogue inputs are sampled: bits 0-3 = AD0-AD3, bit 7 = supply voltage.
    pub analog_mask: u8,
    /// Levels of the digital inputs, present if any is sampled.
    pub digital: Option<u16>,
    /// A value for each bit of `analog_mask`, lowest bit first.
    pub analog: Vec<u16>,
}

/// Fields of 94.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SensorRead {
    /// From whom.
    pub source: Eui64,
    /// Its 16-bit address.
    pub short: u16,
    /// As in 90.
    pub options: u8,
    /// Which sensors.
    pub sensors: u8,
    /// A/D values.
    pub values: [u16; 4],
    /// 1/16 of a degree Celsius.
    pub temperature: u16,
}

/// Fields of 95.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeIdentification {
    /// Who sent the frame on.
    pub sender: Eui64,
    /// Its 16-bit address.
    pub sender_short: u16,
    /// As in 90.
    pub options: u8,
    /// 16-bit address of the radio that identifies itself.
    pub remote_short: u16,
    /// Its address.
    pub remote: Eui64,
    /// Its name (NI), the bytes before the zero.
    pub name: Vec<u8>,
    /// Its parent's 16-bit address.
    pub parent: u16,
    /// 0 coordinator, 1 router, 2 end device.
    pub device_type: u8,
    /// 0 none, 1 button, 2 joined, 3 power cycle.
    pub event: u8,
    /// Profile, C105.
    pub profile: u16,
    /// Manufacturer, 101E.
    pub manufacturer: u16,
    /// DD and RSSI, where the stick is told to append them (NO).
    pub rest: Vec<u8>,
}

/// Fields of 97. A key's bytes are not shown by Debug.
#[derive(Clone, PartialEq, Eq)]
pub struct RemoteAtResponse {
    /// Which request.
    pub id: u8,
    /// Who answers.
    pub source: Eui64,
    /// Its 16-bit address.
    pub short: u16,
    /// Which command.
    pub name: AtName,
    /// The status byte as sent. On 900HP and 868LP its two highest bits are flags (900HP guide p. 157): see
    /// [`RemoteAtResponse::status`] and [`RemoteAtResponse::flags`].
    pub raw_status: u8,
    /// The answer.
    pub value: Vec<u8>,
}

impl fmt::Debug for RemoteAtResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteAtResponse")
            .field("id", &self.id)
            .field("source", &self.source)
            .field("short", &self.short)
            .field("name", &self.name)
            .field("raw_status", &self.raw_status)
            .field("value", &Shown(self.name, &self.value))
            .finish()
    }
}

impl RemoteAtResponse {
    const RSSI_INVALID: u8 = 0x40;
    const REMOTE: u8 = 0x80;

    /// How it ended, without the flags. A bit between flags and code makes the whole byte one that nobody knows.
    #[must_use]
    pub fn status(&self) -> AtStatus {
        match self.raw_status & !(Self::RSSI_INVALID | Self::REMOTE) {
            code @ 0x00..=0x0F => AtStatus::from(code),
            _ => AtStatus::Unknown(self.raw_status),
        }
    }

    /// What the flags say.
    pub fn flags(&self) -> impl Iterator<Item = &'static str> {
        let raw = self.raw_status;
        let flags = [(Self::RSSI_INVALID, "RSSI invalid"), (Self::REMOTE, "remote")];
        flags.into_iter().filter(move |(flag, _)| raw & flag != 0).map(|(_, text)| text)
    }
}

/// Fields of A1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteRecord {
    /// To whom the way leads.
    pub source: Eui64,
    /// Its 16-bit address.
    pub short: u16,
    /// As in 90.
    pub options: u8,
    /// 16-bit addresses on the way, the destination's neighbour first.
    pub hops: Vec<u16>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_debug_of_a_command_or_its_answer_shows_a_key() {
        for (letters, shown) in [("KY", false), ("ky", false), ("*V", false), ("NI", true)] {
            let name = AtName::of(letters);
            let (id, short, value) = (1, 2, vec![0xC3, 0x5A]);
            let (dest, options, raw_status) = (Eui64::UNKNOWN, 2, 0);
            let frames = [
                Frame::At(AtCommand { id, name, parameter: value.clone() }),
                Frame::RemoteAt(RemoteAtCommand { id, dest, short, options, name, parameter: value.clone() }),
                Frame::AtResponse(AtResponse { id, name, status: AtStatus::Ok, value: value.clone() }),
                Frame::RemoteAtResponse(RemoteAtResponse {
                    id,
                    source: dest,
                    short,
                    name,
                    raw_status,
                    value,
                }),
            ];
            for frame in frames {
                assert_eq!(format!("{frame:?}").contains("195, 90"), shown, "{letters}");
            }
        }
    }
}
