//! A box in small, for tests: it decodes, counts each cycle once, asks for what is missing and says what it kept.

use std::collections::BTreeMap;

use domain::{Eui64, MonitorSerial, Timestamp};

use crate::command::Ask;
use crate::event::Heard;
use crate::sim::truth::CycleList;
use crate::v3::frame::{ApiMode, Decoder, Frame, Piece, Tx, encode};
use crate::v3::profile::open::OpenProfile;
use crate::v3::profile::{Payload, PayloadKind, PayloadProfile};

/// One run of counting, put together from whatever came in whatever order.
#[derive(Default)]
struct Run {
    /// Cycle times in ms by place, with whether it was a first one.
    cycles: BTreeMap<u64, (u32, bool)>,
    /// Everything up to this place is there.
    whole: u64,
}

/// A box in small.
pub struct Receiver {
    decoder: Decoder,
    mode: ApiMode,
    profile: OpenProfile,
    runs: BTreeMap<(MonitorSerial, u32), Run>,
    modules: BTreeMap<MonitorSerial, Eui64>,
    pub contradictions: Vec<String>,
    /// Runs heard of since it last answered.
    touched: Vec<(MonitorSerial, u32)>,
    pub payloads: u64,
}

impl Receiver {
    pub fn new(mode: ApiMode) -> Self {
        Receiver {
            decoder: Decoder::new(mode),
            mode,
            profile: OpenProfile::new(),
            runs: BTreeMap::new(),
            modules: BTreeMap::new(),
            contradictions: Vec::new(),
            touched: Vec::new(),
            payloads: 0,
        }
    }

    pub fn hear(&mut self, bytes: &[u8], now: Timestamp) {
        for piece in self.decoder.push(bytes) {
            let Piece::Frame { frame: Frame::Rx(rx), .. } = piece else { continue };
            self.payloads += 1;
            let payload = Payload { source: rx.source, kind: PayloadKind::Bytes(&rx.data) };
            if let Some(Ok(heard)) = self.profile.read(&payload, now) {
                heard.into_iter().for_each(|heard| self.take(rx.source, heard));
            }
        }
    }

    fn take(&mut self, module: Eui64, heard: Heard) {
        let Heard::Cycles(heard) = heard else { return };
        let key = (heard.serial.clone(), heard.era.unwrap_or(0));
        self.modules.insert(heard.serial, module);
        let run = self.runs.entry(key.clone()).or_default();
        // Past the counter's top the places go on.
        let last = run.cycles.last_key_value().map_or(heard.count, |(last, _)| *last);
        let ahead = (heard.count as u32).wrapping_sub(last as u32) as i32;
        let count = last.wrapping_add_signed(i64::from(ahead));
        let first = count - heard.cycles.len() as u64 + 1;
        if run.cycles.is_empty() && first > 1 << 31 {
            run.whole = first - 1;
        }
        for (place, cycle) in (first..).zip(&heard.cycles) {
            let cycle = (cycle.cycle_time.as_millis(), cycle.first);
            if *run.cycles.entry(place).or_insert(cycle) != cycle {
                self.contradictions.push(format!("{key:?} at {place}"));
            }
        }
        while run.cycles.contains_key(&(run.whole + 1)) {
            run.whole += 1;
        }
        self.touched.push(key);
    }

    /// What it has to say: what it kept, and what it misses.
    pub fn answer(&mut self, now: Timestamp) -> Vec<u8> {
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort();
        touched.dedup();
        let mut bytes = Vec::new();
        for (serial, era) in touched {
            let (Some(run), Some(module)) =
                (self.runs.get(&(serial.clone(), era)), self.modules.get(&serial).copied())
            else {
                continue;
            };
            let missing = run.cycles.last_key_value().is_some_and(|(last, _)| *last > run.whole);
            let era = Some(era);
            let kept = Ask::Kept {
                module: Some(module),
                serial: serial.clone(),
                era,
                up_to: run.whole & 0xFFFF_FFFF,
            };
            let more = missing.then_some(Ask::SendFrom {
                module: Some(module),
                serial,
                era,
                after: run.whole & 0xFFFF_FFFF,
            });
            for ask in [Some(kept), more].into_iter().flatten() {
                let Some(out) = self.profile.write(&ask, now) else { continue };
                let frame = Frame::Tx(Tx {
                    id: 1,
                    dest: out.module,
                    short: 0xFFFE,
                    radius: 0,
                    options: 0,
                    data: out.bytes,
                });
                bytes.extend(encode(&frame, self.mode).unwrap());
            }
        }
        bytes
    }

    /// Every cycle of a monitor in order, run after run.
    pub fn list(&self, monitors: &[MonitorSerial]) -> CycleList {
        let mut list = CycleList::default();
        for serial in monitors {
            let runs = self.runs.iter().filter(|((of, _), _)| of == serial);
            for (ms, first) in runs.flat_map(|(_, run)| run.cycles.values()) {
                list.push(*ms, *first);
            }
        }
        list
    }
}
