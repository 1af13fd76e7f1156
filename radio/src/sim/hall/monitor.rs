//! A monitor in the hall: what it does on its mold, and how an adapter reaches it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::{LinkName, Timestamp};

use crate::Clock;
use crate::sim::air;
use crate::sim::bluetoothd::{Characteristic, Pairing, Peer, SERVICES};
use crate::sim::dice::Dice;
use crate::sim::process::{Closing, Process};
use crate::v4::{Address, Uuid, open};

/// It says what it is like so often.
const ADVERT_EVERY: Duration = Duration::from_secs(1);

/// A monitor at work.
pub(super) struct Working {
    pub(super) monitor: air::Monitor,
    process: Process,
    coming: Closing,
    last: Timestamp,
    advert_due: Timestamp,
    pub(super) passkey: u32,
    dbm: i16,
    dice: Dice,
    /// Switched off: it says and hears nothing.
    pub(super) off: bool,
}

impl Working {
    pub(super) fn new(
        monitor: air::Monitor,
        mut process: Process,
        passkey: u32,
        dbm: i16,
        mut dice: Dice,
        now: Timestamp,
    ) -> Self {
        let coming = process.next_closing();
        // Not all at the same moment.
        let advert_due = now.later_by(ADVERT_EVERY.mul_f64(dice.unit()));
        Working { monitor, process, coming, last: now, advert_due, passkey, dbm, dice, off: false }
    }

    /// Makes the cycles that are due.
    pub(super) fn work(&mut self, now: Timestamp) {
        loop {
            let end = self.last.later_by(Duration::from_millis(u64::from(self.coming.after_ms)));
            if end > now {
                return;
            }
            self.monitor.make_cycle(end, self.coming.temperature_deci);
            self.last = end;
            self.coming = self.process.next_closing();
        }
    }

    /// Its advert, if one is due, and how strong it is heard, dBm.
    pub(super) fn advert(&mut self, now: Timestamp) -> Option<(Vec<u8>, i16)> {
        if self.off || now < self.advert_due {
            return None;
        }
        self.advert_due = now.later_by(ADVERT_EVERY);
        if self.monitor.linked().is_some() {
            return None;
        }
        let bytes = self.monitor.advert()?.encode().ok()?;
        Some((bytes, self.dbm + (2.0 * self.dice.bell()).round() as i16))
    }
}

/// A monitor as one adapter reaches it; others may reach it too.
pub(super) struct Reached {
    pub(super) address: Address,
    pub(super) working: Arc<Mutex<Working>>,
    pub(super) clock: Clock,
}

impl Reached {
    fn lock(&self) -> MutexGuard<'_, Working> {
        self.working.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Peer for Reached {
    fn address(&self) -> Address {
        self.address
    }

    fn pairing(&self) -> Pairing {
        Pairing::Passkey(self.lock().passkey)
    }

    /// Without the sealed channel: nobody repeats in the hall.
    fn characteristics(&self) -> Vec<Characteristic> {
        let sealed = open::Characteristic::Sealed.uuid();
        SERVICES.into_iter().filter(|of| of.uuid != sealed).collect()
    }

    fn bonded(&mut self, adapter: &str, by_passkey: bool) {
        let mut working = self.lock();
        let passkey = by_passkey.then_some(working.passkey);
        if let Ok(adapter) = adapter.parse() {
            working.monitor.pair(&adapter, passkey);
        }
    }

    fn holds_bond(&self, adapter: &str) -> bool {
        adapter.parse().is_ok_and(|adapter: LinkName| self.lock().monitor.bond(&adapter).is_some())
    }

    fn linked(&mut self, adapter: &str) {
        if let Ok(adapter) = adapter.parse() {
            self.lock().monitor.link(&adapter);
        }
    }

    fn unlinked(&mut self, adapter: &str) {
        let mut working = self.lock();
        if working.monitor.linked().is_some_and(|by| by.as_str() == adapter) {
            working.monitor.unlink();
        }
    }

    fn read(&mut self, characteristic: Uuid) -> Option<Vec<u8>> {
        let now = (self.clock)();
        self.lock().monitor.read(open::Characteristic::of(characteristic)?, now)
    }

    fn write(&mut self, characteristic: Uuid, bytes: Vec<u8>) -> Result<(), u8> {
        // 03: write not permitted (Core, volume 3, part F, 3.4.1.1).
        let characteristic = open::Characteristic::of(characteristic).ok_or(0x03_u8)?;
        self.lock().monitor.write(characteristic, &bytes).map_err(|refusal| refusal.code())
    }

    fn listened(&mut self, characteristic: Uuid) {
        if let Some(characteristic) = open::Characteristic::of(characteristic) {
            self.lock().monitor.subscribe(characteristic);
        }
    }
}
