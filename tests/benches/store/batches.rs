//! Rows as the batches that ingest would make of them.

use anyhow::{Context, Result};
use appliance::plant::{Batch, Device, LedgerChange, LedgerStand, MonitorRecord, RawRecord, Snapshot};
use domain::{
    CounterWidth, Cycle, CycleFlags, CycleTime, EntryKind, Eui64, Generation, LedgerEntry, LinkName, Mold,
    MoldId, MonitorSerial, Temperature, TimeSource, Timestamp,
};

use crate::rows::{FIRST, LATE, Row};
use crate::workload::MOLDS;

/// Where every mold stands, and the rows of the batch that is being made.
pub struct Batches {
    molds: Vec<Standing>,
    known: bool,
    /// Also what else ingest writes: monitors' records and raw payloads.
    whole: bool,
    link: LinkName,
}

struct Standing {
    id: MoldId,
    serial: MonitorSerial,
    module: Eui64,
    ledger: LedgerStand,
    waiting: Vec<Cycle>,
}

impl Batches {
    /// Goes on from what is on the disk.
    pub fn go_on_from(snapshot: Snapshot, whole: bool) -> Result<Batches> {
        let known = !snapshot.molds.is_empty();
        let mut molds: Vec<Standing> = (1..=MOLDS)
            .map(|number| Standing {
                id: MoldId(number),
                serial: MonitorSerial::v3(number),
                module: Eui64::from_be_bytes((0x0013_A200_41AE_0000 + u64::from(number)).to_be_bytes()),
                ledger: LedgerStand::default(),
                waiting: Vec::new(),
            })
            .collect();
        for (mold, stand) in snapshot.molds {
            let at = usize::try_from(mold.id.0)?.checked_sub(1).context("molds are numbered from 1")?;
            molds.get_mut(at).context("no more molds than the workload's")?.ledger = stand;
        }
        Ok(Batches { molds, known, whole, link: "hall-a".parse()? })
    }

    /// What registers the molds, if they are not.
    pub fn registration(&mut self) -> Result<Option<Batch>> {
        if std::mem::replace(&mut self.known, true) {
            return Ok(None);
        }
        let mut batch = Batch::default();
        for mold in &self.molds {
            batch.molds.push(Mold {
                id: mold.id,
                name: format!("M-{}", mold.id).parse()?,
                description: String::new(),
                approved: None,
                design_life: None,
                baseline: 0,
                registered: Timestamp::from_millis(0),
            });
        }
        Ok(Some(batch))
    }

    /// The batch of some rows: what each mold made, its ledger's change, and if wished for its monitor's record and the
    /// payload that brought it.
    pub fn make(&mut self, rows: &[Row]) -> Result<Batch> {
        for row in rows {
            let at = usize::try_from(row.mold)?.checked_sub(1).context("molds are numbered from 1")?;
            self.molds.get_mut(at).context("no more molds than the workload's")?.waiting.push(cycle(row));
        }
        let mut batch = Batch::default();
        for mold in &mut self.molds {
            let cycles = std::mem::take(&mut mold.waiting);
            let Some(last) = cycles.last().copied() else { continue };
            batch.ledger.push((mold.id, mold.change(cycles.len() as u64, &last)?));
            if self.whole {
                batch.monitors.push(mold.monitor(&self.link, &last));
                batch.raw.push(mold.raw(&self.link, &cycles, &last));
            }
            batch.cycles.push((mold.id, cycles));
        }
        Ok(batch)
    }
}

impl Standing {
    /// Steady counting is one entry a mold and UTC day.
    fn change(&mut self, cycles: u64, last: &Cycle) -> Result<LedgerChange> {
        let (until, device_after) = (last.ended, Some(last.ordinal));
        let open = self.ledger.open().filter(|run| run.at.utc_day() == until.utc_day());
        if let Some(number) = open.map(|run| run.number) {
            let grown = self.ledger.grow(number, cycles, until, device_after);
            anyhow::ensure!(grown, "a ledger left its range");
            return Ok(LedgerChange::Grow { number, cycles, until, device_after });
        }
        let entry = LedgerEntry {
            number: self.ledger.length,
            at: until,
            until,
            kind: EntryKind::Delta,
            cycles: i64::try_from(cycles)?,
            monitor: Some(self.serial.clone()),
            device_before: last.ordinal.checked_sub(cycles),
            device_after,
        };
        anyhow::ensure!(self.ledger.append(&entry), "a ledger left its range");
        Ok(LedgerChange::Append(entry))
    }

    fn monitor(&self, link: &LinkName, last: &Cycle) -> MonitorRecord {
        MonitorRecord {
            serial: self.serial.clone(),
            generation: Generation::V3,
            mold: Some(self.id),
            module: Some(self.module),
            link: Some(link.clone()),
            untethered: false,
            asleep: false,
            device: Some(Device {
                mold: self.id,
                start: 0,
                count: last.ordinal,
                width: CounterWidth::Bits(32),
                era: Some(1),
                kept_up_to: last.ordinal,
                gaps: Vec::new(),
                last_end: Some(last.ended),
                last_device_end: u64::try_from(last.ended.as_millis()).ok(),
                last_cycle: Some(last.cycle_time),
                closed: None,
            }),
            past: Vec::new(),
            last_heard: Some(last.ended),
            battery: None,
            temperature: last.temperature,
            unacknowledged: Some(0),
        }
    }

    /// A payload of the size of the open profile's.
    fn raw(&self, link: &LinkName, cycles: &[Cycle], last: &Cycle) -> RawRecord {
        RawRecord {
            heard_at: last.ended,
            link: link.clone(),
            module: self.module,
            payload: vec![0xA5; 40 + 8 * cycles.len().min(4)],
            read_as: Ok("open".to_owned()),
        }
    }
}

fn cycle(row: &Row) -> Cycle {
    Cycle {
        ordinal: row.counter,
        ended: Timestamp::from_millis(row.ended),
        cycle_time: CycleTime::from_millis(row.cycle_ms),
        temperature: Some(Temperature::from_milli_celsius(i32::from(row.temperature) * 100)),
        source: TimeSource::Device,
        flags: CycleFlags { late: row.flags & LATE != 0, first: row.flags & FIRST != 0 },
    }
}
