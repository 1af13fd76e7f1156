//! Faults on command and by chance.

use serde::{Deserialize, Serialize};

use super::Plant;
use crate::sim::dice::Dice;
use crate::sim::faults::Odds;
use crate::sim::monitor::Now;

/// Something that goes wrong. Where a place is not named, chance chooses it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// Packets are lost.
    Drop(Spell),
    /// Packets arrive twice.
    Duplicate(Spell),
    /// Packets arrive out of order.
    Reorder(Spell),
    /// Bytes on the line are changed, lost and added.
    Corrupt(Spell),
    /// A burst of bytes that mean nothing.
    Noise {
        /// Which stick.
        stick: Option<String>,
        /// How many bytes.
        bytes: Option<usize>,
    },
    /// The stick, or one module, says nothing and hears nothing.
    Silence {
        /// Which stick.
        stick: Option<String>,
        /// Only this module, by its name.
        module: Option<String>,
        /// For so long.
        for_s: Option<f64>,
    },
    /// The stick is unplugged, and plugged in again.
    Unplug {
        /// Which stick.
        stick: Option<String>,
        /// After so long.
        for_s: Option<f64>,
    },
    /// A monitor's counter begins at 0 again.
    CounterReset {
        /// Which mold's.
        mold: Option<String>,
    },
    /// A monitor's counter is set near its top, which is a reset, and soon goes past it.
    Rollover {
        /// Which mold's.
        mold: Option<String>,
    },
    /// A mold gets another monitor, as soon as a box has kept all of the old one's cycles.
    SwapMonitor {
        /// Which mold.
        mold: Option<String>,
    },
    /// A mold runs slow.
    Slow {
        /// Which mold.
        mold: Option<String>,
        /// For so many cycles.
        cycles: Option<u64>,
    },
    /// A mold stands still.
    Stop {
        /// Which mold.
        mold: Option<String>,
        /// For so long, plant time.
        for_s: Option<f64>,
    },
}

/// A stretch of bad air.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spell {
    /// Which stick's.
    pub stick: Option<String>,
    /// For so long.
    pub for_s: Option<f64>,
    /// How likely for each packet, 0 to 1.
    pub odds: Option<f64>,
}

/// Why a fault cannot happen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// There is no such stick.
    #[error("there is no stick {0:?}")]
    Stick(String),
    /// There is no such module.
    #[error("there is no module {0:?}")]
    Module(String),
    /// There is no such mold.
    #[error("there is no mold {0:?}")]
    Mold(String),
}

/// Far enough below the top that the new run is told before it goes past it, however bad the air.
const BEFORE_ROLLOVER: u32 = u32::MAX - 40;
const USUAL_S: f64 = 4.0;
const USUAL_ODDS: f64 = 0.3;
const USUAL_NOISE: usize = 400;

/// Faults at moments of chance.
pub(super) struct Schedule {
    dice: Dice,
    per_minute: f64,
    next_at: Option<u64>,
}

impl Schedule {
    pub fn new(dice: Dice, per_minute: f64) -> Self {
        Schedule { dice, per_minute, next_at: None }
    }

    pub fn set_rate(&mut self, per_minute: f64) {
        self.per_minute = per_minute;
        self.next_at = None;
    }

    /// The fault that is due, if any. The kinds that need a person to agree at the box never come by chance.
    pub fn due(&mut self, now_ms: u64) -> Option<Fault> {
        if self.per_minute <= 0.0 {
            return None;
        }
        let at = match self.next_at {
            Some(at) => at,
            None => self.plan(now_ms),
        };
        if at > now_ms {
            return None;
        }
        self.plan(now_ms);
        let spell = Spell { for_s: Some(self.dice.between(1.0, 6.0)), ..Spell::default() };
        let for_s = Some(self.dice.between(2.0, 6.0));
        Some(match self.dice.whole(0, 13) {
            0..=2 => Fault::Drop(spell),
            3..=4 => Fault::Duplicate(spell),
            5..=6 => Fault::Reorder(spell),
            7..=8 => Fault::Corrupt(spell),
            9..=10 => Fault::Noise { stick: None, bytes: Some(self.dice.whole(10, 600) as usize) },
            11..=12 => {
                let module = self.dice.happens(0.7).then(String::new);
                Fault::Silence { stick: None, module, for_s }
            }
            _ => Fault::Unplug { stick: None, for_s },
        })
    }

    fn plan(&mut self, now_ms: u64) -> u64 {
        let mean_ms = 60_000.0 / self.per_minute;
        let wait = -mean_ms * (1.0 - self.dice.unit()).ln();
        let at = now_ms.saturating_add(wait.clamp(1.0, 3_600_000.0) as u64);
        self.next_at = Some(at);
        at
    }
}

impl Plant {
    /// Has a fault happen.
    pub fn fault(&mut self, fault: &Fault, now: Now) -> Result<(), FaultError> {
        let odds = |spell: &Spell| spell.odds.unwrap_or(USUAL_ODDS).clamp(0.0, 1.0);
        match fault {
            Fault::Drop(spell) => self.spell(spell, Odds { drop: odds(spell), ..Odds::default() }, now)?,
            Fault::Duplicate(spell) => {
                self.spell(spell, Odds { duplicate: odds(spell), ..Odds::default() }, now)?;
            }
            Fault::Reorder(spell) => {
                self.spell(spell, Odds { reorder: odds(spell), ..Odds::default() }, now)?;
            }
            Fault::Corrupt(spell) => {
                self.spell(spell, Odds { corrupt: odds(spell), ..Odds::default() }, now)?;
            }
            Fault::Noise { stick, bytes } => {
                let pan = self.find_pan(stick.as_deref())?;
                let bytes = bytes.unwrap_or(USUAL_NOISE).min(1 << 20);
                if let Some(pan) = self.pans.get_mut(pan) {
                    pan.stick_mut().make_noise(bytes);
                }
            }
            Fault::Silence { stick, module, for_s } => {
                let until = after(now, *for_s);
                self.silence(stick.as_deref(), module.as_deref(), until)?;
            }
            Fault::Unplug { stick, for_s } => {
                let pan = self.find_pan(stick.as_deref())?;
                self.unplug(pan, after(now, *for_s));
            }
            Fault::CounterReset { mold } => self.with_monitor(mold.as_deref(), |m| m.reset_counter(0))?,
            Fault::Rollover { mold } => {
                self.with_monitor(mold.as_deref(), |m| m.reset_counter(BEFORE_ROLLOVER))?;
            }
            Fault::SwapMonitor { mold } => {
                let mold = self.find_mold(mold.as_deref())?;
                self.swaps.push(mold);
            }
            Fault::Slow { mold, cycles } => {
                let cycles = cycles.unwrap_or(20);
                self.with_monitor(mold.as_deref(), |monitor| monitor.slow_down(cycles))?;
            }
            Fault::Stop { mold, for_s } => {
                let index = self.find_mold(mold.as_deref())?;
                let for_ms = (for_s.unwrap_or(300.0).clamp(0.0, 1e7) * 1_000.0) as u64;
                self.restart_mold(index, for_ms, now);
            }
        }
        self.faults += 1;
        Ok(())
    }

    fn spell(&mut self, spell: &Spell, odds: Odds, now: Now) -> Result<(), FaultError> {
        let pan = self.find_pan(spell.stick.as_deref())?;
        let until = after(now, spell.for_s);
        if let Some(pan) = self.pans.get_mut(pan) {
            pan.disturb(odds, until);
        }
        Ok(())
    }

    /// An empty module name stands for any one of the stick's modules.
    fn silence(&mut self, stick: Option<&str>, module: Option<&str>, until: u64) -> Result<(), FaultError> {
        let Some(name) = module else {
            let pan = self.find_pan(stick)?;
            if let Some(pan) = self.pans.get_mut(pan) {
                pan.stick_mut().fall_silent(until);
            }
            return Ok(());
        };
        let pan = if name.is_empty() { Some(self.find_pan(stick)?) } else { None };
        let mut found: Vec<_> = match pan.and_then(|pan| self.pans.get_mut(pan)) {
            Some(pan) => pan.modules_mut().iter_mut().collect(),
            None => self.pans.iter_mut().flat_map(super::Pan::modules_mut).collect(),
        };
        found.retain(|module| name.is_empty() || module.name() == name);
        let last = (found.len() as u64).saturating_sub(1);
        let chosen = self.dice.whole(0, last) as usize;
        let module = found.get_mut(chosen).ok_or_else(|| FaultError::Module(name.to_owned()))?;
        module.fall_silent(until);
        Ok(())
    }

    fn find_pan(&mut self, letter: Option<&str>) -> Result<usize, FaultError> {
        match letter {
            Some(letter) => {
                let found = self.pans.iter().position(|pan| pan.letter() == letter);
                found.ok_or_else(|| FaultError::Stick(letter.to_owned()))
            }
            None => Ok(self.dice.whole(0, (self.pans.len() as u64).saturating_sub(1)) as usize),
        }
    }

    fn find_mold(&mut self, name: Option<&str>) -> Result<usize, FaultError> {
        match name {
            Some(name) => {
                let found = self.molds.iter().position(|mold| mold.name == name);
                found.ok_or_else(|| FaultError::Mold(name.to_owned()))
            }
            None => Ok(self.dice.whole(0, (self.molds.len() as u64).saturating_sub(1)) as usize),
        }
    }

    fn with_monitor(
        &mut self,
        mold: Option<&str>,
        act: impl FnOnce(&mut crate::sim::monitor::Monitor),
    ) -> Result<(), FaultError> {
        let mold = self.find_mold(mold)?;
        let index = self.molds.get(mold).map(|mold| mold.monitor);
        if let Some(monitor) = index.and_then(|index| self.monitors.get_mut(index)) {
            act(monitor);
        }
        Ok(())
    }
}

fn after(now: Now, seconds: Option<f64>) -> u64 {
    now.real_ms.saturating_add((seconds.unwrap_or(USUAL_S).clamp(0.0, 86_400.0) * 1_000.0) as u64)
}
