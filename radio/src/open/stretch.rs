//! A stretch of cycles: as many as fit a message, each to the hundredth of a second.

use domain::{CycleTime, Eui64, MonitorSerial, Temperature};

use super::wire::{FieldError, Reader, push_varint, unzigzag, varint_len, zigzag};
use super::{COUNTER, CycleTicks, DeciCelsius, Ticks};
use crate::event::{CyclesHeard, DeviceTimes, HeardCycle};

/// Era, count, clock, flags and number of cycles, before what varies.
const FIXED: usize = 4 + 4 + 5 + 1 + 1;

/// Cycles that a stretch of so many bytes can have: each takes a byte at least, and their number is one byte.
const fn most(room: usize) -> usize {
    let varying = room.saturating_sub(FIXED);
    if varying > 255 { 255 } else { varying }
}

const FROM_MEMORY: u8 = 0b0001;
const FIRSTS: u8 = 0b0010;
const TEMPERATURE: u8 = 0b0100;
const STEPS: u8 = 0b1000;

/// A cycle in a monitor's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Made {
    end: Ticks,
    time: CycleTicks,
    temperature: Option<DeciCelsius>,
    first: bool,
}

impl Made {
    /// A cycle that ended at `end`, after the one that ended at `previous`. Without a previous one it is a first
    /// cycle whatever `first` says, and its cycle time is zero.
    #[must_use]
    pub fn new(previous: Option<Ticks>, end: Ticks, temperature: Option<DeciCelsius>, first: bool) -> Self {
        let time = previous.map(|previous| CycleTicks::new(end.get().saturating_sub(previous.get())));
        Made { end, time: time.unwrap_or_default(), temperature, first: first || time.is_none() }
    }

    /// When it ended.
    #[must_use]
    pub const fn end(&self) -> Ticks {
        self.end
    }

    /// Time since the closing before.
    #[must_use]
    pub const fn cycle_time(&self) -> CycleTime {
        self.time.cycle_time()
    }

    /// Mold temperature.
    #[must_use]
    pub fn temperature(&self) -> Option<Temperature> {
        self.temperature.map(DeciCelsius::temperature)
    }

    /// First after a pause: the cycle time is none.
    #[must_use]
    pub const fn first(&self) -> bool {
        self.first
    }

    /// The box works out when a cycle ended from the one after it, so a message must not span a break.
    fn follows(&self, before: &Made) -> bool {
        self.end.get().checked_sub(u64::from(self.time.get())) == Some(before.end.get())
    }
}

/// What a message says about its cycles as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StretchHead {
    /// Which run of counting.
    pub era: u32,
    /// The monitor's counter before the first of the cycles.
    pub before: u32,
    /// The monitor's clock now.
    pub sent: Ticks,
    /// Sent from memory on request, not live.
    pub from_memory: bool,
}

/// A stretch and how many cycles it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedStretch {
    /// What goes into the message.
    pub stretch: Stretch,
    /// So many of the cycles offered are in it; the others need another message.
    pub taken: usize,
}

/// Cycles of one monitor that follow on each other; never more than fit their message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    era: u32,
    count: u32,
    sent: Ticks,
    last_end: Ticks,
    from_memory: bool,
    /// Cycle times are told as differences from this one.
    base: CycleTicks,
    cycles: Vec<WireCycle>,
}

/// A cycle as a message has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct WireCycle {
    time: CycleTicks,
    /// All of a message's cycles have one, or none.
    temperature: Option<DeciCelsius>,
    first: bool,
}

impl Stretch {
    /// Takes as many cycles from the front as fit so many bytes; `None` when there is none to take, or no room for one.
    #[must_use]
    pub fn pack(head: &StretchHead, made: &[Made], room: usize) -> Option<PackedStretch> {
        let candidates = made.get(..made.len().min(most(room)))?;
        let base = base_of(candidates)?;
        let mut size = Size::default();
        let mut taken = 0;
        let mut last: Option<&Made> = None;
        let mut last_end = Ticks::default();
        for cycle in candidates {
            let goes_on = last.is_none_or(|last| cycle.follows(last));
            let grown = size.with(base, last, cycle);
            let age = head.sent.get().saturating_sub(cycle.end.get());
            match grown {
                Some(grown) if goes_on && FIXED + grown.bytes(age, base) <= room => size = grown,
                _ => break,
            }
            last = Some(cycle);
            last_end = cycle.end.min(head.sent);
            taken += 1;
        }
        let wire =
            |made: &Made| WireCycle { time: made.time, temperature: made.temperature, first: made.first };
        let cycles: Vec<WireCycle> = candidates.get(..taken)?.iter().map(wire).collect();
        let count = head.before.wrapping_add(u32::try_from(taken).ok()?);
        let StretchHead { era, sent, from_memory, .. } = *head;
        let stretch = Stretch { era, count, sent, last_end, from_memory, base, cycles };
        (taken > 0).then_some(PackedStretch { stretch, taken })
    }

    /// Which run of counting.
    #[must_use]
    pub const fn era(&self) -> u32 {
        self.era
    }

    /// The monitor's counter after the last cycle.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// The monitor's clock when the message was sent.
    #[must_use]
    pub const fn sent(&self) -> Ticks {
        self.sent
    }

    /// The monitor's clock at the end of the last cycle.
    #[must_use]
    pub const fn last_end(&self) -> Ticks {
        self.last_end
    }

    /// What was heard with it, from that monitor on that module.
    pub(crate) fn heard(&self, serial: MonitorSerial, module: Option<Eui64>) -> CyclesHeard {
        let heard = |(cycle_time, temperature, first)| HeardCycle { cycle_time, temperature, first };
        CyclesHeard {
            serial,
            module,
            count: u64::from(self.count()),
            width: COUNTER,
            era: Some(self.era()),
            cycles: self.iter().map(heard).collect(),
            times: Some(DeviceTimes { sent: self.sent().as_millis(), last_end: self.last_end().as_millis() }),
            from_memory: self.from_memory(),
        }
    }

    /// Sent from memory on request, not live.
    #[must_use]
    pub const fn from_memory(&self) -> bool {
        self.from_memory
    }

    /// How many cycles there are; at least one.
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "there is always a cycle in it")]
    pub fn len(&self) -> usize {
        self.cycles.len()
    }

    /// Cycle time, temperature and whether it is a first one; oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (CycleTime, Option<Temperature>, bool)> + '_ {
        self.cycles.iter().map(|cycle| {
            (cycle.time.cycle_time(), cycle.temperature.map(DeciCelsius::temperature), cycle.first)
        })
    }

    pub(crate) fn write(&self, bytes: &mut Vec<u8>) {
        let first = self.cycles.first().and_then(|cycle| cycle.temperature);
        let any_first = self.cycles.iter().any(|cycle| cycle.first);
        let steps = self.cycles.windows(2).any(|pair| match pair {
            [before, after] => before.temperature != after.temperature,
            _ => false,
        });
        bytes.extend(self.era.to_be_bytes());
        bytes.extend(self.count.to_be_bytes());
        bytes.extend(self.sent.get().to_be_bytes().iter().skip(3));
        let flag = |set: bool, flag: u8| if set { flag } else { 0 };
        bytes.push(
            flag(self.from_memory, FROM_MEMORY)
                | flag(any_first, FIRSTS)
                | flag(first.is_some(), TEMPERATURE)
                | flag(steps, STEPS),
        );
        // There are at most `most` of them.
        bytes.push(self.cycles.len() as u8);
        push_varint(bytes, self.sent.get().saturating_sub(self.last_end.get()));
        push_varint(bytes, u64::from(self.base.get()));
        for cycle in &self.cycles {
            push_varint(bytes, zigzag(difference(self.base, cycle.time)));
        }
        if any_first {
            let bit = |(place, cycle): (usize, &WireCycle)| u8::from(cycle.first) << place;
            bytes.extend(self.cycles.chunks(8).map(|eight| eight.iter().enumerate().map(bit).sum::<u8>()));
        }
        if let Some(first) = first {
            bytes.extend(first.get().to_be_bytes());
        }
        if steps {
            let step = |pair: &[WireCycle]| match pair {
                [before, after] => nibble(before.temperature, after.temperature).unwrap_or(0),
                _ => 0,
            };
            let steps: Vec<u8> = self.cycles.windows(2).map(step).collect();
            bytes.extend(steps.chunks(2).map(|two| match two {
                [low, high] => low | high << 4,
                [low] => *low,
                _ => 0,
            }));
        }
    }

    /// Reads what [`Stretch::write`] wrote into so many bytes at most.
    pub(crate) fn read(reader: &mut Reader<'_>, room: usize) -> Result<Self, FieldError> {
        let era = reader.u32("era")?;
        let count = reader.u32("count")?;
        let sent = Ticks::new(reader.u40("clock")?);
        let flags = reader.u8("flags")?;
        let known = FROM_MEMORY | FIRSTS | TEMPERATURE | STEPS;
        if flags & !known != 0 || (flags & STEPS != 0 && flags & TEMPERATURE == 0) {
            return Err(FieldError::Value { field: "flags", value: u64::from(flags) });
        }
        let number = reader.u8("number of cycles")?;
        if number == 0 || usize::from(number) > most(room) {
            return Err(FieldError::Value { field: "number of cycles", value: u64::from(number) });
        }
        let age = reader.varint("age")?;
        let last_end = sent.get().checked_sub(age).map(Ticks::new);
        let last_end = last_end.ok_or(FieldError::Value { field: "age", value: age })?;
        let base = cycle_ticks(reader.varint("base")?)?;
        let mut cycles = Vec::with_capacity(usize::from(number));
        for _ in 0..number {
            let difference = unzigzag(reader.varint("cycle time")?);
            let time =
                i64::from(base.get()).checked_add(difference).and_then(|time| u64::try_from(time).ok());
            let time = cycle_ticks(time.unwrap_or(u64::MAX))?;
            cycles.push(WireCycle { time, temperature: None, first: false });
        }
        if flags & FIRSTS != 0 {
            read_firsts(reader, &mut cycles)?;
        }
        if flags & TEMPERATURE != 0 {
            read_temperatures(reader, &mut cycles, flags & STEPS != 0)?;
        }
        let from_memory = flags & FROM_MEMORY != 0;
        Ok(Stretch { era, count, sent, last_end, from_memory, base, cycles })
    }
}

/// The middle cycle time of those that are one: a pause then costs its own bytes and no more.
fn base_of(made: &[Made]) -> Option<CycleTicks> {
    let mut times: Vec<CycleTicks> = made.iter().filter(|made| !made.first).map(|made| made.time).collect();
    times.sort_unstable();
    times.get(times.len() / 2).copied().or_else(|| made.first().map(|made| made.time))
}

fn difference(base: CycleTicks, time: CycleTicks) -> i64 {
    i64::from(time.get()) - i64::from(base.get())
}

/// Tenths of a degree from one cycle to the next, -8 to 7, in four bits; `None` if that does not do.
fn nibble(before: Option<DeciCelsius>, after: Option<DeciCelsius>) -> Option<u8> {
    let step = i32::from(after?.get()) - i32::from(before?.get());
    (-8..8).contains(&step).then_some((step & 0x0F) as u8)
}

/// What the varying part of a message takes.
#[derive(Clone, Copy, Default)]
struct Size {
    number: usize,
    times: usize,
    firsts: bool,
    temperature: bool,
    steps: bool,
}

impl Size {
    /// With one cycle more; `None` if its temperature cannot stand in the same message.
    fn with(mut self, base: CycleTicks, last: Option<&Made>, cycle: &Made) -> Option<Size> {
        if let Some(last) = last.filter(|last| last.temperature != cycle.temperature) {
            nibble(last.temperature, cycle.temperature)?;
            self.steps = true;
        }
        self.number += 1;
        self.times += varint_len(zigzag(difference(base, cycle.time)));
        self.firsts |= cycle.first;
        self.temperature |= cycle.temperature.is_some();
        Some(self)
    }

    fn bytes(&self, age: u64, base: CycleTicks) -> usize {
        let firsts = if self.firsts { self.number.div_ceil(8) } else { 0 };
        let temperature = if self.temperature { 2 } else { 0 };
        let steps = if self.steps { (self.number - 1).div_ceil(2) } else { 0 };
        varint_len(age) + varint_len(u64::from(base.get())) + self.times + firsts + temperature + steps
    }
}

fn cycle_ticks(ticks: u64) -> Result<CycleTicks, FieldError> {
    if ticks > u64::from(CycleTicks::MAX.get()) {
        return Err(FieldError::Value { field: "cycle time", value: ticks });
    }
    Ok(CycleTicks::new(ticks))
}

fn read_firsts(reader: &mut Reader<'_>, cycles: &mut [WireCycle]) -> Result<(), FieldError> {
    let mut any = 0;
    for eight in cycles.chunks_mut(8) {
        let bits = reader.u8("firsts")?;
        // A bit without a cycle, or the field without a bit, would be a second way to say the same.
        if eight.len() < 8 && bits >> eight.len() != 0 {
            return Err(FieldError::Value { field: "firsts", value: u64::from(bits) });
        }
        any |= bits;
        for (place, cycle) in eight.iter_mut().enumerate() {
            cycle.first = bits >> place & 1 == 1;
        }
    }
    if any == 0 { Err(FieldError::Value { field: "firsts", value: 0 }) } else { Ok(()) }
}

fn read_temperatures(
    reader: &mut Reader<'_>,
    cycles: &mut [WireCycle],
    steps: bool,
) -> Result<(), FieldError> {
    let refuse = |tenths: i32| FieldError::Value { field: "temperature", value: tenths as u32 as u64 };
    let first = reader.i16("temperature")?;
    let mut tenths = i32::from(first);
    let known = DeciCelsius::new(first).ok_or(refuse(tenths))?;
    let mut any = 0;
    let mut packed = 0;
    for (place, cycle) in cycles.iter_mut().enumerate() {
        cycle.temperature = Some(known);
        if steps && place > 0 {
            if place % 2 == 1 {
                packed = reader.u8("temperature steps")?;
            } else {
                packed >>= 4;
            }
            any |= packed & 0x0F;
            // Sign-extends the four bits.
            tenths += i32::from(((packed << 4) as i8) >> 4);
            let stepped = i16::try_from(tenths).ok().and_then(DeciCelsius::new);
            cycle.temperature = Some(stepped.ok_or(refuse(tenths))?);
        }
    }
    // An even number of cycles leaves half a byte over, which is zero; and not every step can be.
    let spare = if steps && cycles.len().is_multiple_of(2) { packed >> 4 } else { 0 };
    if spare != 0 || (steps && any == 0) {
        return Err(FieldError::Value { field: "temperature steps", value: u64::from(packed) });
    }
    Ok(())
}
