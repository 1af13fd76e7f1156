//! The stick that a recording was made of, as far as the recording tells.
//!
//! What a box asks the stick itself is answered as the stick answered then; what the stick heard by radio is played
//! as it was. A stick that nobody asked anything while it was recorded is stood in for by a simulated one.

use std::collections::HashMap;
use std::io::Read;

use domain::Eui64;

use crate::capture::{Direction, Reader, ReaderError, Record};
use crate::sim::stick::{Commissioned, Stick, StickSpec};
use crate::v3::frame::{
    ApiMode, AtCommand, AtName, AtResponse, AtStatus, Decoder, DeliveryStatus, DiscoveryStatus, Frame, Piece,
    TxStatus, encode,
};

/// AP: how a stick's port is framed.
const FRAMING: AtName = AtName::of("AP");
/// HV: what every box asks first.
const HARDWARE: AtName = AtName::of("HV");

/// Who stands in for a stick that did not say who it is.
const NOBODY: Eui64 = Eui64::from_be_bytes([0x00, 0x13, 0xA2, 0x00, 0x00, 0x00, 0x00, 0x01]);
const NOBODYS_NETWORK: u64 = 1;

/// A recorded stick.
pub struct StandIn {
    /// `None` where there were no frames: bytes in, bytes out.
    frames: Option<Frames>,
    /// Tells what the recording does not.
    spare: Option<Stick>,
}

struct Frames {
    /// The recorded bytes.
    recorded: Decoder,
    /// How the box has the port framed now.
    mode: ApiMode,
    answers: HashMap<AtName, Vec<u8>>,
    questions: Decoder,
}

impl StandIn {
    /// Reads the recording, from its beginning once for each form it may have.
    pub fn remember<R: Read, E: From<ReaderError>>(
        mut open: impl FnMut() -> Result<Reader<R>, E>,
    ) -> Result<StandIn, E> {
        let mut best: Option<(u64, Frames)> = None;
        for mode in [ApiMode::Plain, ApiMode::Escaped] {
            let (count, frames) = Frames::remember(open()?, mode);
            if count > best.as_ref().map_or(0, |(most, _)| *most) {
                best = Some((count, frames));
            }
        }
        let frames = best.map(|(_, frames)| frames);
        let spare = match &frames {
            Some(frames) if frames.answers.contains_key(&HARDWARE) => None,
            Some(_) => Some(StickSpec {
                network: Some(Commissioned { pan: NOBODYS_NETWORK, link_key: [1; 16] }),
                ..StickSpec::zigbee(NOBODY, "RECORDED")
            }),
            None => Some(StickSpec::transparent(NOBODY, "")),
        };
        Ok(StandIn { frames, spare: spare.map(powered) })
    }

    /// What it says to what the box says, at this time since it was plugged in.
    pub fn answer(&mut self, bytes: &[u8], now_ms: u64) -> Vec<u8> {
        match (&mut self.frames, &mut self.spare) {
            (Some(frames), spare) => frames.answer(bytes, spare.as_mut()),
            (None, Some(stick)) => {
                // Command mode begins with silence, which no bytes at all do not end.
                if !bytes.is_empty() {
                    stick.receive(bytes, now_ms);
                }
                stick.advance(now_ms);
                // What it would send by radio reaches nobody.
                drop(stick.take_asked());
                std::mem::take(stick.output())
            }
            (None, None) => Vec::new(),
        }
    }

    /// Recorded bytes as the box is to hear them now.
    pub fn play(&mut self, bytes: &[u8]) -> Vec<u8> {
        match &mut self.frames {
            Some(frames) => frames.play(bytes),
            None => bytes.to_vec(),
        }
    }
}

fn powered(spec: StickSpec) -> Stick {
    let mut stick = Stick::new(spec, 0);
    stick.power_up(0);
    stick.output().clear();
    stick
}

impl Frames {
    /// With how many frames there are in this form.
    fn remember<R: Read>(records: Reader<R>, mode: ApiMode) -> (u64, Frames) {
        let mut decoder = Decoder::new(mode);
        let (mut count, mut answers) = (0, HashMap::new());
        for record in records.map_while(Result::ok) {
            let Record::Bytes { direction: Direction::Heard, bytes, .. } = record else { continue };
            for piece in decoder.push(&bytes) {
                let Piece::Frame { frame, .. } = piece else { continue };
                count += 1;
                if let Frame::AtResponse(answer) = frame
                    && answer.status == AtStatus::Ok
                    && !answer.value.is_empty()
                {
                    answers.insert(answer.name, answer.value);
                }
            }
        }
        let framing = match mode {
            ApiMode::Plain => 1,
            ApiMode::Escaped => 2,
        };
        // Whatever it said of that before the box of then changed it.
        answers.insert(FRAMING, vec![framing]);
        (count, Frames { recorded: Decoder::new(mode), mode, answers, questions: Decoder::new(mode) })
    }

    fn answer(&mut self, bytes: &[u8], mut spare: Option<&mut Stick>) -> Vec<u8> {
        let mut out = Vec::new();
        for piece in self.questions.push(bytes) {
            let answer = match piece {
                Piece::Frame { frame: Frame::At(ask) | Frame::AtQueued(ask), .. } if ask.id != 0 => {
                    Frame::AtResponse(self.at(ask, spare.as_deref_mut()))
                }
                Piece::Frame { frame: Frame::Tx(tx), .. } if tx.id != 0 => sent(tx.id),
                Piece::Frame { frame: Frame::ExplicitTx(tx), .. } if tx.id != 0 => sent(tx.id),
                _ => continue,
            };
            // An answer was a frame before, so it fits one now.
            out.extend(encode(&answer, self.mode).unwrap_or_default());
            self.reframe();
        }
        out
    }

    /// The answer to a change of the framing still has the old one.
    fn reframe(&mut self) {
        let mode = match self.answers.get(&FRAMING).map(Vec::as_slice) {
            Some([1]) => ApiMode::Plain,
            Some([2]) => ApiMode::Escaped,
            _ => return,
        };
        if mode != self.mode {
            self.mode = mode;
            self.questions = Decoder::new(mode);
        }
    }

    fn at(&mut self, ask: AtCommand, spare: Option<&mut Stick>) -> AtResponse {
        let AtCommand { id, name, parameter } = ask;
        if !parameter.is_empty() {
            self.answers.insert(name, parameter);
            return AtResponse { id, name, status: AtStatus::Ok, value: Vec::new() };
        }
        let (status, value) = match (self.answers.get(&name), spare) {
            (Some(value), _) => (AtStatus::Ok, value.clone()),
            (None, Some(spare)) => match spare.obey_remote(name, &[]) {
                Ok(value) => (AtStatus::Ok, value),
                Err(status) => (status, Vec::new()),
            },
            // What it was not asked then, or did without a value: carried out.
            (None, None) => (AtStatus::Ok, Vec::new()),
        };
        AtResponse { id, name, status, value }
    }

    fn play(&mut self, bytes: &[u8]) -> Vec<u8> {
        let pieces = self.recorded.push(bytes).into_iter();
        let frames = pieces.filter_map(|piece| match piece {
            Piece::Frame { frame, .. } if came_by_radio(&frame) => encode(&frame, self.mode).ok(),
            _ => None,
        });
        frames.flatten().collect()
    }
}

fn sent(id: u8) -> Frame {
    Frame::TxStatus(TxStatus {
        id,
        short: 0xFFFE,
        retries: 0,
        delivery: DeliveryStatus::Success,
        discovery: DiscoveryStatus::NoOverhead,
    })
}

/// Whether a frame came by radio, in contrast to answers to what the box of then asked.
fn came_by_radio(frame: &Frame) -> bool {
    !matches!(
        frame,
        Frame::AtResponse(_)
            | Frame::TxStatus(_)
            | Frame::RawTxStatus { .. }
            | Frame::RemoteAtResponse(_)
            | Frame::ModemStatus(_)
    )
}
