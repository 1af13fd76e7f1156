//! Who was heard in the network, told no more often than people can use.

use std::collections::HashMap;
use std::time::Duration;

use domain::Eui64;

use crate::event::ModuleReport;
use crate::v3::modem::Moment;

const TELL_EVERY: Duration = Duration::from_secs(10);
const SIGNAL_EVERY: Duration = Duration::from_secs(60);
/// In a busy network another packet may come before the answer.
const SIGNAL_AGAIN: Duration = Duration::from_secs(5);
/// Far above any network; a line of noise fills no memory.
const MOST: usize = 4096;
const NO_SHORT: u16 = 0xFFFE;

#[derive(Debug)]
struct Seen {
    report: ModuleReport,
    told: Moment,
    /// When its signal is to be asked for next.
    signal_due: Moment,
}

#[derive(Debug, Default)]
pub(super) struct Modules {
    seen: HashMap<Eui64, Seen>,
}

impl Modules {
    pub(super) fn count(&self) -> usize {
        self.seen.len()
    }

    /// Whether it is time to ask for a module's signal; then it is not again for a while.
    pub(super) fn lacks_signal(&mut self, now: Moment, eui64: Eui64) -> bool {
        match self.seen.get_mut(&eui64) {
            Some(seen) if seen.signal_due <= now => {
                seen.signal_due = now + SIGNAL_AGAIN;
                true
            }
            _ => false,
        }
    }

    /// What is worth telling: a module that is new, changed, or was not told of for a while.
    pub(super) fn heard(
        &mut self,
        now: Moment,
        eui64: Eui64,
        short: Option<u16>,
        name: Option<String>,
        rssi_dbm: Option<i16>,
    ) -> Option<ModuleReport> {
        let short = short.filter(|short| *short != NO_SHORT);
        if eui64 == Eui64::UNKNOWN {
            return None;
        }
        let Some(seen) = self.seen.get_mut(&eui64) else {
            let report = ModuleReport { eui64, short, name, rssi_dbm };
            if self.seen.len() < MOST {
                self.seen.insert(eui64, Seen { report: report.clone(), told: now, signal_due: now });
                return Some(report);
            }
            return None;
        };
        let newer = |new: &Option<String>, old: &Option<String>| new.is_some() && new != old;
        let changed = short.is_some() && short != seen.report.short
            || newer(&name, &seen.report.name)
            || rssi_dbm.is_some() && seen.report.rssi_dbm.is_none();
        if rssi_dbm.is_some() {
            seen.signal_due = now + SIGNAL_EVERY;
        }
        seen.report.short = short.or(seen.report.short);
        seen.report.rssi_dbm = rssi_dbm.or(seen.report.rssi_dbm);
        if name.is_some() {
            seen.report.name = name;
        }
        if changed || now >= seen.told + TELL_EVERY {
            seen.told = now;
            Some(seen.report.clone())
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_told_of_when_new_when_changed_and_every_ten_seconds() {
        let mut modules = Modules::default();
        let module = Eui64::from_be_bytes([1; 8]);
        let at = Duration::from_secs;
        assert!(modules.heard(at(0), module, Some(0xFFFE), None, None).is_some_and(|m| m.short.is_none()));
        assert_eq!(modules.heard(at(1), module, None, None, None), None);
        assert!(modules.heard(at(2), module, Some(7), None, Some(-50)).is_some());
        assert_eq!(modules.heard(at(3), module, Some(7), None, Some(-51)), None);
        let told = modules.heard(at(12), module, Some(7), None, None).unwrap();
        assert_eq!((told.short, told.rssi_dbm), (Some(7), Some(-51)));
        assert!(modules.heard(at(13), module, None, Some("Press 7".to_owned()), None).is_some());
        assert_eq!(modules.heard(at(14), module, None, None, None), None);
        assert_eq!(modules.count(), 1);
    }
}
