//! Every row held against what the box knows of its mold: is it new, there already, or against the rules?

use domain::{Cycle, MoldId, MoldName, Timestamp};

use super::ImportError;
use super::row::Told;
use super::spool::Sorted;
use crate::ingest::GIANT;
use crate::plant::Snapshot;
use crate::store::Store;

/// Cycles of history read at a time.
const PAGE: usize = 10_000;

/// A mold of the file.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) name: MoldName,
    /// The baseline that the file tells, by counter and ordinal, and in which row it does so first.
    pub(super) baseline: Option<(u64, u64)>,
    /// What the box knows of it.
    pub(super) known: Option<Known>,
}

/// What the box knows of a mold.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) id: MoldId,
    pub(super) baseline: u64,
    /// Cycles counted, with their times or without: the last ordinal that was given out.
    pub(super) counted: u64,
    /// A monitor counts for it, or did.
    pub(super) monitored: bool,
    /// Ordinals whose times a monitor may still tell: first and last.
    pub(super) awaited: Vec<(u64, u64)>,
}

impl Known {
    /// What a snapshot says of a mold.
    pub(super) fn of(name: &MoldName, snapshot: &Snapshot) -> Option<Self> {
        let (mold, stand) = snapshot.molds.iter().find(|(mold, _)| mold.name == *name)?;
        let mut known = Known {
            id: mold.id,
            baseline: mold.baseline,
            counted: stand.ordinals(),
            monitored: snapshot.assignments.iter().any(|assignment| assignment.mold == mold.id),
            awaited: Vec::new(),
        };
        for monitor in &snapshot.monitors {
            for run in monitor.device.iter().chain(&monitor.past).filter(|run| run.mold == mold.id) {
                known.monitored = true;
                let ordinals = |gap: &crate::plant::Gap| {
                    (gap.first_ordinal, gap.first_ordinal.saturating_add(gap.cycles))
                };
                known.awaited.extend(run.gaps.iter().map(ordinals));
            }
        }
        Some(known)
    }

    fn awaits(&self, ordinal: u64) -> bool {
        self.awaited.iter().any(|(first, after)| (*first..*after).contains(&ordinal))
    }
}

/// What becomes of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It becomes a cycle of history.
    New(Cycle),
    /// History has it, or an earlier row says the same.
    There,
    /// It is against the rules.
    Refused(String),
}

/// What the file does to one mold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sum {
    /// Its place among the molds of the file.
    pub(super) mold: usize,
    pub(super) baseline: u64,
    /// Cycles counted before.
    pub(super) before: u64,
    /// The last cycle counted after: not below `before`.
    pub(super) after: u64,
    /// Rows that become cycles.
    pub(super) new: u64,
    /// Rows that change nothing.
    pub(super) there: u64,
}

/// Goes through all rows in order and tells each one's verdict; answers what they come to, a mold at a time.
pub(super) fn walk(
    sorted: &Sorted,
    molds: &[Named],
    store: Option<&Store>,
    each: &mut dyn FnMut(usize, &Told, Verdict) -> Result<(), ImportError>,
) -> Result<Vec<Sum>, ImportError> {
    let mut rows = sorted.rows().map_err(ImportError::Scratch)?;
    let mut sums = Vec::new();
    let mut under_way: Option<Walk<'_>> = None;
    while let Some(told) = rows.next().map_err(ImportError::Scratch)? {
        let mold = told.mold as usize;
        let walk = match under_way.take() {
            Some(walk) if walk.sum.mold == mold => under_way.insert(walk),
            former => {
                sums.extend(former.map(|walk| walk.sum));
                let Some(named) = molds.get(mold) else { continue };
                under_way.insert(Walk::begin(mold, named, store, &told))
            }
        };
        let verdict = walk.verdict(&told)?;
        each(mold, &told, verdict)?;
    }
    sums.extend(under_way.map(|walk| walk.sum));
    Ok(sums)
}

/// One mold's rows, by their counter.
struct Walk<'a> {
    known: Option<&'a Known>,
    history: Option<History<'a>>,
    sum: Sum,
    last: Option<Told>,
}

impl<'a> Walk<'a> {
    fn begin(mold: usize, named: &'a Named, store: Option<&'a Store>, first: &Told) -> Self {
        let known = named.known.as_ref();
        let baseline = known
            .map(|known| known.baseline)
            .or(named.baseline.map(|(baseline, _)| baseline))
            .unwrap_or(first.counter.saturating_sub(1));
        let before = known.map_or(0, |known| known.counted);
        let history = known.zip(store).map(|(known, store)| History::new(store, known.id));
        let sum = Sum { mold, baseline, before, after: before, new: 0, there: 0 };
        Walk { known, history, sum, last: None }
    }

    fn verdict(&mut self, told: &Told) -> Result<Verdict, ImportError> {
        if let Some(last) = self.last.filter(|last| last.counter == told.counter) {
            if last.says_the_same_as(told) {
                self.sum.there = self.sum.there.saturating_add(1);
                return Ok(Verdict::There);
            }
            let what = format!("stands for another cycle at {}", last.row);
            return Ok(Verdict::Refused(what));
        }
        self.last = Some(*told);
        let verdict = self.place(told)?;
        match &verdict {
            Verdict::New(cycle) => {
                self.sum.new = self.sum.new.saturating_add(1);
                self.sum.after = self.sum.after.max(cycle.ordinal);
            }
            Verdict::There => self.sum.there = self.sum.there.saturating_add(1),
            Verdict::Refused(_) => {}
        }
        Ok(verdict)
    }

    fn place(&mut self, told: &Told) -> Result<Verdict, ImportError> {
        let refused = |what: String| Ok(Verdict::Refused(what));
        let Sum { baseline, before, after, .. } = self.sum;
        let ordinal = match told.counter.checked_sub(baseline) {
            Some(ordinal) if ordinal > 0 => ordinal,
            _ => {
                return refused(format!(
                    "is not above {baseline}, where the box began to know the mold: of the cycles before, the box \
                     keeps their number and not their times"
                ));
            }
        };
        if ordinal > before {
            if self.known.is_some_and(|known| known.monitored) {
                let counter = baseline.saturating_add(before);
                return refused(format!(
                    "is above {counter}, as far as the box has counted the mold by its monitor: a file does not go on \
                     counting for a monitor"
                ));
            }
            let step = ordinal.saturating_sub(after);
            if step > GIANT {
                return refused(format!(
                    "is {step} cycles further than the one before: no mold makes so many unheard"
                ));
            }
            return Ok(Verdict::New(told.cycle(ordinal)));
        }
        let there = match &mut self.history {
            Some(history) => history.at(ordinal)?,
            None => None,
        };
        match there {
            Some(cycle) if told.tells_of(&cycle) => Ok(Verdict::There),
            Some(cycle) => {
                let ended = crate::exchange::column::instant(cycle.ended);
                let ms = cycle.cycle_time.as_millis();
                refused(format!("is a cycle that the box has otherwise: it ended at {ended} after {ms} ms"))
            }
            None if self.known.is_some_and(|known| known.awaits(ordinal)) => {
                refused("is a cycle whose time the mold's monitor has still to tell".to_owned())
            }
            None => Ok(Verdict::New(told.cycle(ordinal))),
        }
    }
}

/// A mold's history, asked by rising ordinals.
struct History<'a> {
    store: &'a Store,
    mold: MoldId,
    page: std::iter::Peekable<std::vec::IntoIter<Cycle>>,
    /// History ends with the page.
    ended: bool,
}

impl<'a> History<'a> {
    fn new(store: &'a Store, mold: MoldId) -> Self {
        History { store, mold, page: Vec::new().into_iter().peekable(), ended: false }
    }

    fn at(&mut self, ordinal: u64) -> Result<Option<Cycle>, ImportError> {
        loop {
            while self.page.next_if(|cycle| cycle.ordinal < ordinal).is_some() {}
            if let Some(next) = self.page.peek() {
                return Ok(Some(*next).filter(|cycle| cycle.ordinal == ordinal));
            }
            if self.ended {
                return Ok(None);
            }
            let always = (Timestamp::from_millis(i64::MIN), Timestamp::from_millis(i64::MAX));
            let page =
                self.store.cycles_page(self.mold, ordinal, always, PAGE).map_err(ImportError::Store)?;
            self.ended = page.len() < PAGE;
            self.page = page.into_iter().peekable();
        }
    }
}
