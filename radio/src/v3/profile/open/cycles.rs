//! The cycles message: a stretch of cycles and whose they are.

use super::{FieldError, MAX_MESSAGE, Serial};
use crate::open::wire::Reader;
use crate::open::{Made, PackedStretch, Stretch, StretchHead, Ticks};

/// Header and serial before, the check after the stretch.
const ROOM: usize = MAX_MESSAGE - (1 + 4 + 2);

/// What a cycles message says about its cycles as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CyclesHead {
    /// Which monitor.
    pub serial: Serial,
    /// Which run of counting.
    pub era: u32,
    /// The monitor's counter before the first of the cycles.
    pub before: u32,
    /// The monitor's clock now.
    pub sent: Ticks,
    /// Sent from memory on request, not live.
    pub from_memory: bool,
}

/// A cycles message and how many cycles it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// The message's content.
    pub cycles: Cycles,
    /// So many of the cycles offered are in it; the others need another message.
    pub taken: usize,
}

/// Cycles of one monitor; never more than fit a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cycles {
    /// Which monitor.
    pub serial: Serial,
    /// Its cycles.
    pub stretch: Stretch,
}

impl Cycles {
    /// Takes as many cycles from the front as fit a message; `None` when there is none to take.
    #[must_use]
    pub fn pack(head: &CyclesHead, made: &[Made]) -> Option<Packed> {
        let CyclesHead { serial, era, before, sent, from_memory } = *head;
        let head = StretchHead { era, before, sent, from_memory };
        let PackedStretch { stretch, taken } = Stretch::pack(&head, made, ROOM)?;
        Some(Packed { cycles: Cycles { serial, stretch }, taken })
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.serial.0.to_be_bytes());
        self.stretch.write(bytes);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, FieldError> {
        let serial = Serial(reader.u32("serial")?);
        Ok(Cycles { serial, stretch: Stretch::read(reader, ROOM)? })
    }
}
