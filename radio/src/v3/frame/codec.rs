//! Frame data to fields and back.
//!
//! What is read is written again byte for byte. A frame longer than its type's layout, as a later firmware might
//! send it, is therefore kept whole as [`Frame::Unknown`] under its own type: nothing of it is lost, and nobody takes
//! the part that was understood for all of it. A frame shorter than its layout is [`Malformed`].

use domain::Eui64;

use super::types::{
    AtCommand, AtName, AtResponse, CreateSourceRoute, ExplicitRx, ExplicitTx, Frame, IoSample,
    NodeIdentification, RawIoSample, RegisterDevice, RemoteAtCommand, RemoteAtResponse, RouteInformation,
    RouteRecord, Rx, SensorRead, Tx, TxStatus,
};
use super::{ApiMode, AtStatus, DeliveryStatus, DiscoveryStatus};

/// The longest frame data taken for true. The families here carry at most 256 bytes of payload behind 18 of header
/// (NP); twice that leaves room, and a length made of noise cannot hold the line up for long.
pub const MAX_LENGTH: usize = 512;

/// Begins every frame.
pub const DELIMITER: u8 = 0x7E;
/// AP=2: the next byte is xored with [`ESCAPE_XOR`].
pub const ESCAPE: u8 = 0x7D;
/// See [`ESCAPE`].
pub const ESCAPE_XOR: u8 = 0x20;

/// Frame data that is too short for its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("frame type {kind:02X} ends before its {why}")]
pub struct Malformed {
    /// The frame's type byte.
    pub kind: u8,
    /// The first field that is missing.
    pub why: &'static str,
}

/// A frame with more data than a stick takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{length} bytes of frame data are more than {MAX_LENGTH}")]
pub struct TooLong {
    /// How many bytes it has.
    pub length: usize,
}

struct Fields<'a> {
    kind: u8,
    left: &'a [u8],
}

impl<'a> Fields<'a> {
    fn bytes<const N: usize>(&mut self, why: &'static str) -> Result<[u8; N], Malformed> {
        let (first, left) = self.left.split_first_chunk::<N>().ok_or(Malformed { kind: self.kind, why })?;
        self.left = left;
        Ok(*first)
    }

    fn u8(&mut self, why: &'static str) -> Result<u8, Malformed> {
        self.bytes::<1>(why).map(|[byte]| byte)
    }

    fn u16(&mut self, why: &'static str) -> Result<u16, Malformed> {
        self.bytes(why).map(u16::from_be_bytes)
    }

    fn eui64(&mut self, why: &'static str) -> Result<Eui64, Malformed> {
        self.bytes(why).map(Eui64::from_be_bytes)
    }

    fn name(&mut self) -> Result<AtName, Malformed> {
        self.bytes("command").map(AtName)
    }

    fn u16s(&mut self, count: usize, why: &'static str) -> Result<Vec<u16>, Malformed> {
        (0..count).map(|_| self.u16(why)).collect()
    }

    fn until_zero(&mut self, why: &'static str) -> Result<Vec<u8>, Malformed> {
        let end = self.left.iter().position(|byte| *byte == 0).ok_or(Malformed { kind: self.kind, why })?;
        let (text, left) = self.left.split_at(end);
        self.left = left.get(1..).unwrap_or_default();
        Ok(text.to_vec())
    }

    fn rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.left).to_vec()
    }
}

impl Frame {
    /// Reads frame data: what stands between length and checksum.
    pub fn parse(data: &[u8]) -> Result<Frame, Malformed> {
        let Some((&kind, left)) = data.split_first() else {
            return Err(Malformed { kind: 0, why: "type" });
        };
        let mut fields = Fields { kind, left };
        let frame = parse_fields(&mut fields)?;
        if fields.left.is_empty() { Ok(frame) } else { Ok(Frame::Unknown { kind, data: left.to_vec() }) }
    }

    /// The frame's type byte.
    #[must_use]
    pub fn kind(&self) -> u8 {
        match self {
            Frame::At(_) => 0x08,
            Frame::AtQueued(_) => 0x09,
            Frame::Tx(_) => 0x10,
            Frame::ExplicitTx(_) => 0x11,
            Frame::RemoteAt(_) => 0x17,
            Frame::CreateSourceRoute(_) => 0x21,
            Frame::RegisterDevice(_) => 0x24,
            Frame::RawIoSample(_) => 0x83,
            Frame::AtResponse(_) => 0x88,
            Frame::RawTxStatus { .. } => 0x89,
            Frame::ModemStatus(_) => 0x8A,
            Frame::TxStatus(_) => 0x8B,
            Frame::RouteInformation(_) => 0x8D,
            Frame::Rx(_) => 0x90,
            Frame::ExplicitRx(_) => 0x91,
            Frame::IoSample(_) => 0x92,
            Frame::SensorRead(_) => 0x94,
            Frame::NodeIdentification(_) => 0x95,
            Frame::RemoteAtResponse(_) => 0x97,
            Frame::ExtendedModemStatus { .. } => 0x98,
            Frame::OtaStatus(_) => 0xA0,
            Frame::RouteRecord(_) => 0xA1,
            Frame::DeviceAuthenticated(_) => 0xA2,
            Frame::ManyToOneRequest { .. } => 0xA3,
            Frame::RegisterStatus { .. } => 0xA4,
            Frame::JoinNotification(_) => 0xA5,
            Frame::FrameError(_) => 0xFE,
            Frame::Unknown { kind, .. } => *kind,
        }
    }

    /// Frame data: what stands between length and checksum.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(32);
        self.append_to(&mut out);
        out
    }

    fn append_to(&self, out: &mut Vec<u8>) {
        out.push(self.kind());
        match self {
            Frame::At(AtCommand { id, name, parameter })
            | Frame::AtQueued(AtCommand { id, name, parameter }) => {
                put(out, &[&[*id], &name.0, parameter]);
            }
            Frame::Tx(Tx { id, dest, short, radius, options, data }) => {
                put(out, &[&[*id], &dest.to_be_bytes(), &short.to_be_bytes(), &[*radius, *options], data]);
            }
            Frame::ExplicitTx(f) => put(
                out,
                &[
                    &[f.id],
                    &f.dest.to_be_bytes(),
                    &f.short.to_be_bytes(),
                    &[f.source_endpoint, f.dest_endpoint],
                    &f.cluster.to_be_bytes(),
                    &f.profile.to_be_bytes(),
                    &[f.radius, f.options],
                    &f.data,
                ],
            ),
            Frame::RemoteAt(RemoteAtCommand { id, dest, short, options, name, parameter }) => put(
                out,
                &[&[*id], &dest.to_be_bytes(), &short.to_be_bytes(), &[*options], &name.0, parameter],
            ),
            Frame::CreateSourceRoute(CreateSourceRoute { id, dest, short, options, hops }) => {
                put(out, &[&[*id], &dest.to_be_bytes(), &short.to_be_bytes(), &[*options]]);
                put_hops(out, hops);
            }
            Frame::RegisterDevice(RegisterDevice { id, device, reserved, options, key }) => {
                put(out, &[&[*id], &device.to_be_bytes(), &reserved.to_be_bytes(), &[*options], key]);
            }
            Frame::RawIoSample(RawIoSample { short, rssi, options, samples, channels, data }) => {
                put(out, &[&short.to_be_bytes(), &[*rssi, *options, *samples], &channels.to_be_bytes(), data])
            }
            Frame::AtResponse(AtResponse { id, name, status, value }) => {
                put(out, &[&[*id], &name.0, &[status.code()], value]);
            }
            Frame::RawTxStatus { id, status } => put(out, &[&[*id, status.code()]]),
            Frame::ModemStatus(status) => put(out, &[&[status.code()]]),
            Frame::TxStatus(TxStatus { id, short, retries, delivery, discovery }) => {
                put(out, &[&[*id], &short.to_be_bytes(), &[*retries, delivery.code(), discovery.code()]]);
            }
            Frame::RouteInformation(f) => put(
                out,
                &[
                    &[f.event, f.length],
                    &f.timestamp.to_be_bytes(),
                    &[f.ack_timeouts, f.blocked, f.reserved],
                    &f.dest.to_be_bytes(),
                    &f.source.to_be_bytes(),
                    &f.responder.to_be_bytes(),
                    &f.receiver.to_be_bytes(),
                ],
            ),
            Frame::Rx(Rx { source, short, options, data }) => {
                put(out, &[&source.to_be_bytes(), &short.to_be_bytes(), &[*options], data]);
            }
            Frame::ExplicitRx(f) => put(
                out,
                &[
                    &f.source.to_be_bytes(),
                    &f.short.to_be_bytes(),
                    &[f.source_endpoint, f.dest_endpoint],
                    &f.cluster.to_be_bytes(),
                    &f.profile.to_be_bytes(),
                    &[f.options],
                    &f.data,
                ],
            ),
            Frame::IoSample(f) => {
                put(out, &[&f.source.to_be_bytes(), &f.short.to_be_bytes(), &[f.options, f.sets]]);
                put(out, &[&f.digital_mask.to_be_bytes(), &[f.analog_mask]]);
                f.digital.iter().chain(&f.analog).for_each(|value| out.extend(value.to_be_bytes()));
            }
            Frame::SensorRead(f) => {
                put(out, &[&f.source.to_be_bytes(), &f.short.to_be_bytes(), &[f.options, f.sensors]]);
                f.values.iter().chain([&f.temperature]).for_each(|value| out.extend(value.to_be_bytes()));
            }
            Frame::NodeIdentification(f) => put(
                out,
                &[
                    &f.sender.to_be_bytes(),
                    &f.sender_short.to_be_bytes(),
                    &[f.options],
                    &f.remote_short.to_be_bytes(),
                    &f.remote.to_be_bytes(),
                    &f.name,
                    &[0],
                    &f.parent.to_be_bytes(),
                    &[f.device_type, f.event],
                    &f.profile.to_be_bytes(),
                    &f.manufacturer.to_be_bytes(),
                    &f.rest,
                ],
            ),
            Frame::RemoteAtResponse(RemoteAtResponse { id, source, short, name, raw_status, value }) => put(
                out,
                &[&[*id], &source.to_be_bytes(), &short.to_be_bytes(), &name.0, &[*raw_status], value],
            ),
            Frame::ExtendedModemStatus { status, data } => put(out, &[&[status.code()], data]),
            Frame::RouteRecord(RouteRecord { source, short, options, hops }) => {
                put(out, &[&source.to_be_bytes(), &short.to_be_bytes(), &[*options]]);
                put_hops(out, hops);
            }
            Frame::ManyToOneRequest { source, short, reserved } => {
                put(out, &[&source.to_be_bytes(), &short.to_be_bytes(), &[*reserved]]);
            }
            Frame::RegisterStatus { id, status } => put(out, &[&[*id, status.code()]]),
            Frame::FrameError(code) => out.push(*code),
            Frame::OtaStatus(data)
            | Frame::DeviceAuthenticated(data)
            | Frame::JoinNotification(data)
            | Frame::Unknown { data, .. } => out.extend_from_slice(data),
        }
    }
}

fn parse_fields(f: &mut Fields<'_>) -> Result<Frame, Malformed> {
    Ok(match f.kind {
        0x08 => Frame::At(at_command(f)?),
        0x09 => Frame::AtQueued(at_command(f)?),
        0x10 => Frame::Tx(Tx {
            id: f.u8("frame id")?,
            dest: f.eui64("destination")?,
            short: f.u16("16-bit destination")?,
            radius: f.u8("radius")?,
            options: f.u8("options")?,
            data: f.rest(),
        }),
        0x11 => Frame::ExplicitTx(ExplicitTx {
            id: f.u8("frame id")?,
            dest: f.eui64("destination")?,
            short: f.u16("16-bit destination")?,
            source_endpoint: f.u8("source endpoint")?,
            dest_endpoint: f.u8("destination endpoint")?,
            cluster: f.u16("cluster")?,
            profile: f.u16("profile")?,
            radius: f.u8("radius")?,
            options: f.u8("options")?,
            data: f.rest(),
        }),
        0x17 => Frame::RemoteAt(RemoteAtCommand {
            id: f.u8("frame id")?,
            dest: f.eui64("destination")?,
            short: f.u16("16-bit destination")?,
            options: f.u8("options")?,
            name: f.name()?,
            parameter: f.rest(),
        }),
        0x21 => Frame::CreateSourceRoute(CreateSourceRoute {
            id: f.u8("frame id")?,
            dest: f.eui64("destination")?,
            short: f.u16("16-bit destination")?,
            options: f.u8("options")?,
            hops: hops(f)?,
        }),
        0x24 => Frame::RegisterDevice(RegisterDevice {
            id: f.u8("frame id")?,
            device: f.eui64("device address")?,
            reserved: f.u16("reserved address")?,
            options: f.u8("options")?,
            key: f.rest(),
        }),
        0x83 => Frame::RawIoSample(RawIoSample {
            short: f.u16("16-bit source")?,
            rssi: f.u8("signal strength")?,
            options: f.u8("options")?,
            samples: f.u8("sample count")?,
            channels: f.u16("channel mask")?,
            data: f.rest(),
        }),
        0x88 => Frame::AtResponse(AtResponse {
            id: f.u8("frame id")?,
            name: f.name()?,
            status: AtStatus::from(f.u8("status")?),
            value: f.rest(),
        }),
        0x89 => Frame::RawTxStatus { id: f.u8("frame id")?, status: f.u8("status")?.into() },
        0x8A => Frame::ModemStatus(f.u8("status")?.into()),
        0x8B => Frame::TxStatus(TxStatus {
            id: f.u8("frame id")?,
            short: f.u16("16-bit destination")?,
            retries: f.u8("retry count")?,
            delivery: DeliveryStatus::from(f.u8("delivery status")?),
            discovery: DiscoveryStatus::from(f.u8("discovery status")?),
        }),
        0x8D => Frame::RouteInformation(RouteInformation {
            event: f.u8("event")?,
            length: f.u8("length")?,
            timestamp: f.bytes("time stamp").map(u32::from_be_bytes)?,
            ack_timeouts: f.u8("time-out count")?,
            blocked: f.u8("blocked count")?,
            reserved: f.u8("reserved byte")?,
            dest: f.eui64("destination")?,
            source: f.eui64("source")?,
            responder: f.eui64("responder")?,
            receiver: f.eui64("receiver")?,
        }),
        0x90 => Frame::Rx(Rx {
            source: f.eui64("source")?,
            short: f.u16("16-bit source")?,
            options: f.u8("options")?,
            data: f.rest(),
        }),
        0x91 => Frame::ExplicitRx(ExplicitRx {
            source: f.eui64("source")?,
            short: f.u16("16-bit source")?,
            source_endpoint: f.u8("source endpoint")?,
            dest_endpoint: f.u8("destination endpoint")?,
            cluster: f.u16("cluster")?,
            profile: f.u16("profile")?,
            options: f.u8("options")?,
            data: f.rest(),
        }),
        0x92 => Frame::IoSample(io_sample(f)?),
        0x94 => Frame::SensorRead(SensorRead {
            source: f.eui64("source")?,
            short: f.u16("16-bit source")?,
            options: f.u8("options")?,
            sensors: f.u8("sensor mask")?,
            values: [f.u16("value")?, f.u16("value")?, f.u16("value")?, f.u16("value")?],
            temperature: f.u16("temperature")?,
        }),
        0x95 => Frame::NodeIdentification(NodeIdentification {
            sender: f.eui64("sender")?,
            sender_short: f.u16("16-bit sender")?,
            options: f.u8("options")?,
            remote_short: f.u16("16-bit address")?,
            remote: f.eui64("address")?,
            name: f.until_zero("name's end")?,
            parent: f.u16("parent")?,
            device_type: f.u8("device type")?,
            event: f.u8("event")?,
            profile: f.u16("profile")?,
            manufacturer: f.u16("manufacturer")?,
            rest: f.rest(),
        }),
        0x97 => Frame::RemoteAtResponse(RemoteAtResponse {
            id: f.u8("frame id")?,
            source: f.eui64("source")?,
            short: f.u16("16-bit source")?,
            name: f.name()?,
            raw_status: f.u8("status")?,
            value: f.rest(),
        }),
        0x98 => Frame::ExtendedModemStatus { status: f.u8("status")?.into(), data: f.rest() },
        0xA0 => Frame::OtaStatus(f.rest()),
        0xA1 => Frame::RouteRecord(RouteRecord {
            source: f.eui64("source")?,
            short: f.u16("16-bit source")?,
            options: f.u8("options")?,
            hops: hops(f)?,
        }),
        0xA2 => Frame::DeviceAuthenticated(f.rest()),
        0xA3 => Frame::ManyToOneRequest {
            source: f.eui64("source")?,
            short: f.u16("16-bit source")?,
            reserved: f.u8("reserved byte")?,
        },
        0xA4 => Frame::RegisterStatus { id: f.u8("frame id")?, status: f.u8("status")?.into() },
        0xA5 => Frame::JoinNotification(f.rest()),
        0xFE => Frame::FrameError(f.u8("status")?),
        kind => Frame::Unknown { kind, data: f.rest() },
    })
}

fn at_command(f: &mut Fields<'_>) -> Result<AtCommand, Malformed> {
    Ok(AtCommand { id: f.u8("frame id")?, name: f.name()?, parameter: f.rest() })
}

fn hops(f: &mut Fields<'_>) -> Result<Vec<u16>, Malformed> {
    let count = f.u8("hop count")?;
    f.u16s(usize::from(count), "hops")
}

fn io_sample(f: &mut Fields<'_>) -> Result<IoSample, Malformed> {
    let source = f.eui64("source")?;
    let short = f.u16("16-bit source")?;
    let options = f.u8("options")?;
    let sets = f.u8("sample count")?;
    let digital_mask = f.u16("digital mask")?;
    let analog_mask = f.u8("analogue mask")?;
    let digital = if digital_mask == 0 { None } else { Some(f.u16("digital sample")?) };
    let analog = f.u16s(analog_mask.count_ones() as usize, "analogue samples")?;
    Ok(IoSample { source, short, options, sets, digital_mask, analog_mask, digital, analog })
}

fn put(out: &mut Vec<u8>, parts: &[&[u8]]) {
    parts.iter().for_each(|part| out.extend_from_slice(part));
}

fn put_hops(out: &mut Vec<u8>, hops: &[u16]) {
    // More than 255 hops never get out: they are over MAX_LENGTH.
    out.push(u8::try_from(hops.len()).unwrap_or(u8::MAX));
    hops.iter().for_each(|hop| out.extend(hop.to_be_bytes()));
}

/// FF minus the low byte of the sum of the frame data.
#[must_use]
pub fn checksum(data: &[u8]) -> u8 {
    0xFF - data.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte))
}

/// The frame as it goes over the line.
pub fn encode(frame: &Frame, mode: ApiMode) -> Result<Vec<u8>, TooLong> {
    wrap(&frame.encode(), mode)
}

/// Puts delimiter, length and checksum round frame data and escapes it where the mode asks for it.
pub fn wrap(data: &[u8], mode: ApiMode) -> Result<Vec<u8>, TooLong> {
    let length = u16::try_from(data.len())
        .ok()
        .filter(|length| usize::from(*length) <= MAX_LENGTH)
        .ok_or(TooLong { length: data.len() })?;
    let mut out = Vec::with_capacity(data.len() + 8);
    out.push(DELIMITER);
    let head = length.to_be_bytes();
    let body = head.iter().chain(data).copied().chain([checksum(data)]);
    match mode {
        ApiMode::Plain => out.extend(body),
        ApiMode::Escaped => body.for_each(|byte| match byte {
            DELIMITER | ESCAPE | 0x11 | 0x13 => out.extend([ESCAPE, byte ^ ESCAPE_XOR]),
            byte => out.push(byte),
        }),
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_read_is_written_again_byte_for_byte(kind: u8, rest in proptest::collection::vec(any::<u8>(), 0..60)) {
            let mut data = vec![kind];
            data.extend(rest);
            if let Ok(frame) = Frame::parse(&data) {
                prop_assert_eq!(frame.kind(), kind);
                prop_assert_eq!(frame.encode(), data);
            }
        }

        #[test]
        fn known_types_read_back_byte_for_byte(
            kind in proptest::sample::select(vec![
                0x08, 0x09, 0x10, 0x11, 0x17, 0x21, 0x24, 0x83, 0x88, 0x89, 0x8A, 0x8B, 0x8D, 0x90, 0x91, 0x92, 0x94,
                0x95, 0x97, 0x98, 0xA0, 0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xFE_u8,
            ]),
            rest in proptest::collection::vec(prop_oneof![Just(0_u8), Just(1), any::<u8>()], 0..60),
        ) {
            let mut data = vec![kind];
            data.extend(rest);
            if let Ok(frame) = Frame::parse(&data) {
                prop_assert_eq!(frame.encode(), data);
            }
        }
    }

    #[test]
    fn a_frame_longer_than_its_layout_is_kept_whole() {
        let longer = [0x8A, 0x06, 0x99];
        let frame = Frame::parse(&longer).unwrap();
        assert_eq!(frame, Frame::Unknown { kind: 0x8A, data: vec![0x06, 0x99] });
        assert_eq!(frame.encode(), longer);
    }

    #[test]
    fn a_frame_shorter_than_its_layout_says_what_is_missing() {
        assert_eq!(Frame::parse(&[0x8A]), Err(Malformed { kind: 0x8A, why: "status" }));
        assert_eq!(Frame::parse(&[]), Err(Malformed { kind: 0, why: "type" }));
        let io = [0x92, 0, 0x13, 0xA2, 0, 0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 3, 0, 1];
        assert_eq!(Frame::parse(&io), Err(Malformed { kind: 0x92, why: "analogue samples" }));
    }

    #[test]
    fn nothing_longer_than_a_stick_takes_is_sent() {
        let frame = Frame::Unknown { kind: 0x10, data: vec![0; MAX_LENGTH] };
        assert_eq!(encode(&frame, ApiMode::Plain), Err(TooLong { length: MAX_LENGTH + 1 }));
        let hops = vec![1; 256];
        let route = CreateSourceRoute { id: 0, dest: Eui64::UNKNOWN, short: 1, options: 0, hops };
        assert!(encode(&Frame::CreateSourceRoute(route), ApiMode::Plain).is_err());
    }
}
