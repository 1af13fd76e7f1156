//! Which cycles to send next: a window ahead of what is kept, again after a time-out, and what the box asks for.

use super::memory::Run;
use crate::v3::profile::open::{Cycles, CyclesHead, Made, Packed, Serial, Ticks};

/// Cycles under way before the first answer.
const FIRST_WINDOW: u64 = 128;
/// Cycles under way at most.
const WINDOW: u64 = 8_192;
/// Nothing was kept for so long: it is sent again.
const PATIENCE_MS: u64 = 5_000;
const LONGEST_PATIENCE_MS: u64 = 60_000;
/// Cycles sent again on the first request; twice as many each time the same is asked for again.
const FIRST_REPLAY: u64 = 64;
/// The same request again within this time is the same request.
const SAME_REQUEST_MS: u64 = 500;
/// A cycle that is told later than this comes from memory.
const LIVE_MS: u64 = 60_000;
/// No message takes more cycles than this.
const MOST: usize = 48;

/// A stretch of cycles being sent.
#[derive(Debug, Clone, Copy, Default)]
struct Cursor {
    place: u64,
    end: Option<Ticks>,
}

#[derive(Debug, Clone, Copy)]
struct Replay {
    cursor: Cursor,
    until: u64,
}

/// Sends the cycles of the run that speaks.
#[derive(Debug)]
pub struct Sender {
    sent: Cursor,
    window: u64,
    patience_ms: u64,
    /// When something was last kept, or the first of what is under way was sent.
    progress_ms: u64,
    /// A place and when it was sent, to learn how long the box takes.
    probe: Option<(u64, u64)>,
    replay: Option<Replay>,
    asked: Option<(u64, u64, u64)>,
    buffer: Vec<Made>,
}

impl Sender {
    /// At the beginning of a run, or of its rest.
    #[must_use]
    pub fn new(run: &Run) -> Self {
        Sender { sent: Cursor { place: run.kept(), end: run.kept_end() }, ..Sender::default() }
    }
}

impl Default for Sender {
    fn default() -> Self {
        Sender {
            sent: Cursor::default(),
            window: FIRST_WINDOW,
            patience_ms: PATIENCE_MS,
            progress_ms: 0,
            probe: None,
            replay: None,
            asked: None,
            buffer: Vec::with_capacity(MOST),
        }
    }
}

impl Sender {
    /// The next message, if one is due.
    pub fn next(&mut self, run: &Run, serial: Serial, clock: Ticks, now_ms: u64) -> Option<Cycles> {
        self.catch_up(run);
        if self.sent.place > run.kept() && now_ms.saturating_sub(self.progress_ms) >= self.patience_ms {
            self.go_back(run, now_ms);
        }
        if let Some(replay) = self.replay {
            let packed = self.pack(run, replay.cursor, replay.until, serial, clock, true);
            let Some((cycles, cursor)) = packed else {
                self.replay = None;
                return self.fresh(run, serial, clock, now_ms);
            };
            self.replay = (cursor.place < replay.until).then_some(Replay { cursor, ..replay });
            return Some(cycles);
        }
        self.fresh(run, serial, clock, now_ms)
    }

    fn fresh(&mut self, run: &Run, serial: Serial, clock: Ticks, now_ms: u64) -> Option<Cycles> {
        let until = run.made().min(run.kept().saturating_add(self.window));
        let (cycles, cursor) = self.pack(run, self.sent, until, serial, clock, false)?;
        if self.sent.place == run.kept() {
            self.progress_ms = now_ms;
        }
        self.sent = cursor;
        self.probe.get_or_insert((cursor.place, now_ms));
        Some(cycles)
    }

    /// When there will be something to send though nothing happens.
    #[must_use]
    pub fn next_at(&self, run: &Run) -> Option<u64> {
        (self.sent.place > run.kept()).then(|| self.progress_ms.saturating_add(self.patience_ms))
    }

    /// The box kept more.
    pub fn kept(&mut self, run: &Run, now_ms: u64) {
        self.progress_ms = now_ms;
        self.window = (self.window * 2).min(WINDOW);
        if let Some((_, at)) = self.probe.take_if(|(place, _)| *place <= run.kept()) {
            let took = now_ms.saturating_sub(at);
            self.patience_ms = took.saturating_mul(4).clamp(PATIENCE_MS, LONGEST_PATIENCE_MS);
        }
        self.catch_up(run);
    }

    /// The box asks for the cycles after this place.
    pub fn asked(&mut self, run: &Run, place: u64, now_ms: u64) {
        let again = self.asked.filter(|(asked, ..)| *asked == place);
        if place >= self.sent.place
            || again.is_some_and(|(_, at, _)| now_ms.saturating_sub(at) < SAME_REQUEST_MS)
        {
            return;
        }
        let cycles = again.map_or(FIRST_REPLAY, |(.., cycles)| (cycles * 2).min(WINDOW));
        self.asked = Some((place, now_ms, cycles));
        let until = place.saturating_add(cycles).min(self.sent.place);
        self.replay = Some(Replay { cursor: Cursor { place, end: run.end_at(place) }, until });
    }

    /// The module could send nothing for a while: what was under way may be lost.
    pub fn go_back(&mut self, run: &Run, now_ms: u64) {
        self.sent = Cursor { place: run.kept(), end: run.kept_end() };
        self.replay = None;
        self.probe = None;
        self.window = (self.window / 2).max(FIRST_WINDOW);
        self.patience_ms = (self.patience_ms * 2).min(LONGEST_PATIENCE_MS);
        self.progress_ms = now_ms;
    }

    fn catch_up(&mut self, run: &Run) {
        let kept = Cursor { place: run.kept(), end: run.kept_end() };
        if self.sent.place < kept.place {
            self.sent = kept;
        }
        if let Some(replay) = &mut self.replay
            && replay.cursor.place < kept.place
        {
            replay.cursor = kept;
        }
    }

    fn pack(
        &mut self,
        run: &Run,
        from: Cursor,
        until: u64,
        serial: Serial,
        clock: Ticks,
        asked: bool,
    ) -> Option<(Cycles, Cursor)> {
        run.read(from.place, from.end, until, MOST, &mut self.buffer);
        let newest = self.buffer.last()?.end();
        let late = Ticks::from_millis(LIVE_MS).get() < clock.get().saturating_sub(newest.get());
        let before = run.shown(from.place);
        let head = CyclesHead { serial, era: run.era, before, sent: clock, from_memory: asked || late };
        let Packed { cycles, taken } = Cycles::pack(&head, &self.buffer)?;
        let end = self.buffer.get(taken.checked_sub(1)?).map(Made::end);
        Some((cycles, Cursor { place: from.place + taken as u64, end }))
    }
}
