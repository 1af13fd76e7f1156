//! A monitor's status as its sealed advert tells it.

use domain::Percent;

use crate::open::wire::Reader;
use crate::open::{DeciCelsius, FieldError};

/// What the monitor's tool does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// 0: it makes cycles.
    Cycling,
    /// 1: no cycle for some minutes.
    Stopped,
    /// 2: no cycle for hours; the monitor sleeps and speaks rarely.
    Asleep,
    /// 3: the monitor is not on a tool.
    Detached,
}

impl State {
    /// Two bits.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            State::Cycling => 0,
            State::Stopped => 1,
            State::Asleep => 2,
            State::Detached => 3,
        }
    }

    /// Of the low two bits.
    #[must_use]
    pub const fn of(code: u8) -> Self {
        match code & 0b11 {
            0 => State::Cycling,
            1 => State::Stopped,
            2 => State::Asleep,
            _ => State::Detached,
        }
    }

    /// For people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            State::Cycling => "cycling",
            State::Stopped => "stopped",
            State::Asleep => "asleep",
            State::Detached => "detached",
        }
    }
}

/// What is inside a sealed advert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// The monitor's counter. It is shown, and never counted by: that is done with what comes over the link.
    pub count: u32,
    /// Mold temperature.
    pub temperature: Option<DeciCelsius>,
    /// Battery charge, percent; above 100 it is not known.
    pub battery: u8,
    /// What the tool does.
    pub state: State,
    /// There are alerts that the box has not kept.
    pub alerts_wait: bool,
    /// There are cycles that the box has not kept.
    pub cycles_wait: bool,
    /// The low three bits of the era that `count` is of.
    era: u8,
}

/// Bytes of a status.
pub(super) const LENGTH: usize = 8;

const ALERTS_WAIT: u8 = 0b0000_0100;
const CYCLES_WAIT: u8 = 0b0000_1000;
const ZERO: u8 = 0b0001_0000;

impl Status {
    /// Of a monitor in that era, with no news that waits, and neither temperature nor battery known.
    #[must_use]
    pub const fn new(era: u32, count: u32, state: State) -> Self {
        let era = era as u8 & 0b111;
        Status { count, temperature: None, battery: 0xFF, state, alerts_wait: false, cycles_wait: false, era }
    }

    /// Whether the count can be of that era: one in eight of the others is taken for it.
    #[must_use]
    pub const fn may_be_of(&self, era: u32) -> bool {
        self.era == era as u8 & 0b111
    }

    /// The low three bits of the era.
    #[must_use]
    pub const fn era_bits(&self) -> u8 {
        self.era
    }

    /// Battery charge, where it is known.
    #[must_use]
    pub fn battery(&self) -> Option<Percent> {
        Percent::new(self.battery)
    }

    pub(super) fn to_bytes(self) -> [u8; LENGTH] {
        let [a, b, c, d] = self.count.to_be_bytes();
        let [high, low] = DeciCelsius::to_wire(self.temperature);
        let flag = |set: bool, flag: u8| if set { flag } else { 0 };
        let state = self.state.code()
            | flag(self.alerts_wait, ALERTS_WAIT)
            | flag(self.cycles_wait, CYCLES_WAIT)
            | self.era << 5;
        [a, b, c, d, high, low, self.battery, state]
    }

    pub(super) fn from_bytes(bytes: &[u8; LENGTH]) -> Result<Self, FieldError> {
        let mut reader = Reader::new(bytes);
        let count = reader.u32("count")?;
        let temperature = DeciCelsius::new(reader.i16("temperature")?);
        let battery = reader.u8("battery")?;
        let state = reader.u8("state")?;
        if state & ZERO != 0 {
            return Err(FieldError::Value { field: "state", value: u64::from(state) });
        }
        Ok(Status {
            count,
            temperature,
            battery,
            state: State::of(state),
            alerts_wait: state & ALERTS_WAIT != 0,
            cycles_wait: state & CYCLES_WAIT != 0,
            era: state >> 5,
        })
    }
}
