//! A plant from a seed and sizes.

use domain::{CycleTime, Eui64, Initialisation, MoldNameError, Timestamp};

use super::{Mold, PlantSpec};
use crate::event::Family;
use crate::sim::dice::Dice;
use crate::sim::monitor::{Monitor, MonitorSpec};
use crate::sim::pan::Pan;
use crate::sim::press_module::{Commissioning, Label, PressModule};
use crate::sim::process::{Habits, Process};
use crate::sim::stick::{Commissioned, Stick, StickSpec, install_code};
use crate::v3::profile::open::Serial;

/// What the molds of a plant make.
const PARTS: [&str; 12] = [
    "cap 38 mm",
    "syringe barrel 5 ml",
    "lid, food tray",
    "connector housing, 12 pins",
    "gear, module 0.8",
    "bottle preform 28 g",
    "crate side",
    "lens, rear lamp",
    "handle, left and right",
    "clip, trim panel",
    "filter cup",
    "valve body",
];

/// A counter twenty cycles below its top.
const NEAR_TOP: u32 = u32::MAX - 20;

const MILLISECONDS_A_DAY: u64 = 86_400_000;

/// What presses look like: how many modules each has. A module has one monitor; a press with two molds (two platens,
/// or a stack) has two modules.
pub(super) fn stations(presses: usize, molds: usize) -> Vec<String> {
    let doubled = molds.saturating_sub(presses).min(presses);
    let mut names = Vec::new();
    for press in 0..presses {
        let number = press + 1;
        if press < doubled {
            names.push(format!("PRESS-{number:02} A"));
            names.push(format!("PRESS-{number:02} B"));
        } else {
            names.push(format!("PRESS-{number:02}"));
        }
    }
    names
}

/// The networks with their modules, nothing wired yet.
pub(super) fn pans(spec: &PlantSpec) -> Vec<Pan> {
    let names = stations(spec.presses, spec.molds);
    let count = spec.sticks.clamp(1, 26);
    (0..count)
        .map(|index| {
            let letter = char::from(b'a' + u8::try_from(index).unwrap_or(0)).to_string();
            // Both stations of a press are in the same network.
            let own = names.iter().filter(|name| press_number(name) % count == index);
            let family = spec.families.get(index).copied().unwrap_or(Family::Zigbee);
            let modules: Vec<PressModule> = own.map(|name| module(spec, family, name, &names)).collect();
            let mut pan = Pan::new(&letter, stick(spec, family, index, &letter), modules, spec.seed);
            if !spec.fresh {
                pan.join_all();
            }
            pan
        })
        .collect()
}

fn press_number(name: &str) -> usize {
    let digits: String = name.chars().skip(6).take_while(char::is_ascii_digit).collect();
    digits.parse::<usize>().unwrap_or(1).saturating_sub(1)
}

/// Addresses of this seed, in Digi's range.
fn address(seed: u64, kind: u8, number: usize) -> Eui64 {
    let [.., high, low] = crate::sim::dice::mix(seed).to_be_bytes();
    let [.., n1, n0] = number.to_be_bytes();
    Eui64::from_be_bytes([0x00, 0x13, 0xA2, 0x00, kind, high ^ low, n1, n0])
}

fn stick(spec: &PlantSpec, family: Family, index: usize, letter: &str) -> Stick {
    let eui64 = address(spec.seed, 0x41, index + 1);
    let name = format!("HALL-{}", letter.to_uppercase());
    let base = match family {
        Family::Zigbee => StickSpec::zigbee(eui64, &name),
        Family::DigiMesh => StickSpec::digimesh(eui64, &name),
        Family::Transparent => StickSpec::transparent(eui64, &name),
    };
    let mut dice = Dice::new(spec.seed, "commission", index as u64);
    let mut link_key = [0; 16];
    dice.fill(&mut link_key);
    let pan = match family {
        Family::Zigbee => dice.whole(1, u64::MAX),
        Family::DigiMesh | Family::Transparent => dice.whole(0x11, 0x7FFE),
    };
    let api = match family {
        Family::Transparent => 0,
        // Sticks as people have them: some in either mode.
        Family::Zigbee | Family::DigiMesh => 1 + u8::from(index % 2 == 1),
    };
    let network = (!spec.fresh).then_some(Commissioned { pan, link_key });
    Stick::new(StickSpec { api, network, forming_ms: spec.forming_ms, ..base }, spec.seed)
}

fn module(spec: &PlantSpec, family: Family, name: &str, names: &[String]) -> PressModule {
    let number = names.iter().position(|known| known == name).unwrap_or(0) + 1;
    let mut dice = Dice::new(spec.seed, "module", number as u64);
    let mut secret = [0; 16];
    dice.fill(&mut secret);
    let commissioning = match (spec.fresh && !spec.bench && family == Family::Zigbee, number % 2) {
        (false, _) => Commissioning::Bench,
        (true, 0) => Commissioning::Label(Label::LinkKey(secret)),
        (true, _) => Commissioning::Label(Label::InstallCode(install_code(secret))),
    };
    let plug = u16::try_from(dice.whole(0, 0xFFFF)).unwrap_or(0);
    let eui64 = address(spec.seed, 0x42, number);
    let mut module = PressModule::new(family, eui64, name, plug, commissioning, spec.seed);
    let hops = dice.whole(0, 2);
    module.hops = (0..hops).map(|_| dice.whole(1, 0xFFF0) as u16).collect();
    module
}

/// The molds with their monitors, which hold everything the molds ever did.
pub(super) fn molds(spec: &PlantSpec) -> (Vec<Mold>, Vec<Monitor>) {
    let history_ms = spec.history_ms();
    let mut molds = Vec::new();
    let mut monitors = Vec::new();
    for number in 0..spec.molds {
        let mut dice = Dice::new(spec.seed, "mold", number as u64);
        let Ok(record) = record(spec, &mut dice, number) else { continue };
        let approved_ms = record.approved.map_or(30_000, CycleTime::as_millis);
        let mold = Mold {
            name: record.mold.as_str().to_owned(),
            approved_ms,
            baseline: record.baseline,
            monitor: number,
            former: Vec::new(),
            former_upsets: (0, 0),
        };
        let clock = dice.whole(0, 400 * MILLISECONDS_A_DAY / 10);
        let battery = u8::try_from(dice.whole(35, 100)).unwrap_or(100);
        let process = Process::new(dice, approved_ms, Habits::MONTHS);
        let mut monitor = Monitor::new(MonitorSpec {
            serial: serial(spec, number),
            record: Some(record),
            process: Some(process),
            era: spec.era,
            counter: if number < spec.near_top { NEAR_TOP } else { 0 },
            clock,
            battery,
        });
        if number >= spec.near_top {
            let begin = super::Now { real_ms: 0, plant_ms: 0 };
            monitor.start_working(begin, Habits::MONTHS, u64::from(approved_ms));
            monitor.make_cycles(history_ms);
            monitor.stop_working();
        }
        molds.push(mold);
        monitors.push(monitor);
    }
    (molds, monitors)
}

/// Serials of this seed: `V3-00417001`.
pub(super) fn serial(spec: &PlantSpec, number: usize) -> Serial {
    let block = u32::try_from(spec.seed % 900).unwrap_or(0);
    Serial((block + 100) * 10_000 + 1 + u32::try_from(number % 9_000).unwrap_or(0))
}

fn record(spec: &PlantSpec, dice: &mut Dice, number: usize) -> Result<Initialisation, MoldNameError> {
    let approved_ms = (dice.between(12.0, 60.0) * 10.0).round() as u32 * 100;
    // Mold classes 101 to 104 of SPI.
    let design_life = *dice.choose(&[1_000_000, 1_000_000, 500_000, 100_000]).unwrap_or(&1_000_000);
    let baseline = dice.whole(0, design_life * 3 / 4);
    let part = PARTS.get(number % PARTS.len()).copied().unwrap_or_default();
    let series = number / PARTS.len();
    let description = if series == 0 { part.to_owned() } else { format!("{part}, series {}", series + 1) };
    Ok(Initialisation {
        mold: format!("M-{}", 1_001 + number).parse()?,
        description,
        approved: Some(CycleTime::from_millis(approved_ms)),
        design_life: Some(design_life),
        baseline,
        on: spec.history_began(),
    })
}

impl PlantSpec {
    /// Past cycles reach back so far, ms.
    #[must_use]
    pub fn history_ms(&self) -> u64 {
        (self.history_days.max(0.0) * MILLISECONDS_A_DAY as f64) as u64
    }

    /// When the plant's history began.
    #[must_use]
    pub fn history_began(&self) -> Timestamp {
        self.started.earlier_by(std::time::Duration::from_millis(self.history_ms()))
    }
}
