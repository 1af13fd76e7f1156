//! The plant as it is now, in memory, and the stream of what changes in it.
//!
//! Whoever hears writes into the picture; a few times a second what changed is put on a ring of updates, each with
//! its cursor. Browsers read the ring at their own pace: one that is too slow, or comes back too late, is told to load
//! everything anew. Nobody ever waits for a browser.

mod air;
mod links;
mod picture;
mod ring;
mod sensors;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dashboard::port::{FloorView, LiveChange, MoldTile, MonitorView, RadiosView, StandingAlarm};
use domain::{LinkName, MoldId, Timestamp};
use futures::Stream;
use radio::event::RadioEvent;
use tokio::sync::watch;

use crate::ingest::{MoldNews, Moment, News};
use picture::Picture;
use ring::Ring;

pub use ring::{Resume, Written};

/// Without other news the stream says so often that the box is alive.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// What changes all the time on the radios page is told this often.
const LINKS: Duration = Duration::from_secs(2);

/// The plant as it is now. Shared by who hears and who shows.
#[derive(Debug)]
pub struct Live {
    state: Mutex<State>,
    newest: watch::Sender<u64>,
}

#[derive(Debug)]
struct State {
    picture: Picture,
    ring: Ring,
    spoke: Duration,
    links_told: Duration,
    storage_changed: bool,
}

/// A mold as the screens need it.
#[derive(Debug, Clone)]
pub struct MoldNow {
    /// Place in the live stream that follows.
    pub cursor: u64,
    /// As on the floor.
    pub tile: MoldTile,
    /// As ingest told it.
    pub news: MoldNews,
    /// The monitor on it.
    pub monitor: Option<MonitorView>,
    /// Alarms that stand on it.
    pub alarms: Vec<StandingAlarm>,
}

impl Live {
    /// An empty picture with these links, by name and by where they are plugged in, and with Bluetooth if the box
    /// listens there. `now` sets the stream's cursors
    /// apart from those of before the start.
    #[must_use]
    pub fn new(links: Vec<(LinkName, String)>, bluetooth: bool, now: Timestamp) -> Self {
        let start = u64::try_from(now.as_millis()).unwrap_or(1);
        let state = State {
            picture: Picture::new(links, bluetooth, now),
            ring: Ring::new(start),
            spoke: Duration::ZERO,
            links_told: Duration::ZERO,
            storage_changed: false,
        };
        Live { state: Mutex::new(state), newest: watch::Sender::new(start) }
    }

    /// What ingest has to tell.
    pub fn learn(&self, news: News, now: Timestamp) {
        self.state().picture.learn(news, now);
    }

    /// What a link says of itself; everything else comes by way of ingest.
    pub fn hear(&self, event: &RadioEvent) {
        self.state().picture.hear(event);
    }

    /// Storage or backups are not what they were.
    pub fn storage_changed(&self) {
        self.state().storage_changed = true;
    }

    /// The place in the stream that whatever is read from now on belongs to.
    #[must_use]
    pub fn cursor(&self) -> u64 {
        self.state().ring.newest()
    }

    /// Puts what changed on the stream, and what only time changes. To be called a few times a second.
    pub fn tick(&self, now: Moment) {
        let mut state = self.state();
        let State { picture, ring, spoke, links_told, storage_changed } = &mut *state;
        let molds = picture.changed_molds(now.wall);
        let mut changes = Vec::new();
        if let Some(alarms) = picture.changed_alarms() {
            changes.push(LiveChange::Alarms(alarms));
        }
        if !molds.is_empty() {
            changes.push(LiveChange::Molds(molds));
        }
        let all = now.steady.saturating_sub(*links_told) >= LINKS;
        if all {
            *links_told = now.steady;
        }
        let links = picture.changed_links(all, now.wall);
        changes.extend(links.into_iter().map(|link| LiveChange::Link(Box::new(link))));
        changes.extend(picture.changed_bluetooth(all).map(|view| LiveChange::Bluetooth(Box::new(view))));
        if std::mem::take(storage_changed) {
            changes.push(LiveChange::Storage);
        }
        if changes.is_empty() && now.steady.saturating_sub(*spoke) >= HEARTBEAT {
            changes.push(LiveChange::Heartbeat);
        }
        if changes.is_empty() {
            return;
        }
        *spoke = now.steady;
        changes.into_iter().for_each(|change| ring.push(now.wall, change));
        let newest = ring.newest();
        drop(state);
        self.newest.send_replace(newest);
    }

    /// Every mold.
    #[must_use]
    pub fn floor(&self, now: Timestamp) -> FloorView {
        let state = self.state();
        let cursor = state.ring.newest();
        FloorView { now, cursor, molds: state.picture.tiles(now), alarms: state.picture.alarms().to_vec() }
    }

    /// One mold.
    #[must_use]
    pub fn mold(&self, id: MoldId, now: Timestamp) -> Option<MoldNow> {
        let state = self.state();
        let cursor = state.ring.newest();
        let picture = &state.picture;
        let (tile, news) = picture.tile(id, now)?;
        let monitor = picture.monitor_on(id);
        let alarms = picture.alarms().iter().filter(|alarm| alarm.mold == Some(id)).cloned().collect();
        Some(MoldNow { cursor, tile, news, monitor, alarms })
    }

    /// Every link.
    #[must_use]
    pub fn radios(&self, now: Timestamp) -> RadiosView {
        let state = self.state();
        RadiosView {
            now,
            cursor: state.ring.newest(),
            links: state.picture.links(now),
            bluetooth: state.picture.bluetooth(),
        }
    }

    /// What came after a place in the stream.
    #[must_use]
    pub fn updates_after(&self, cursor: u64) -> Resume {
        self.state().ring.after(cursor)
    }

    /// Follows the stream from what came after a cursor, or from now, for ever.
    pub fn follow(self: &Arc<Self>, after: Option<u64>) -> impl Stream<Item = Arc<Written>> + Send + 'static {
        let follower = Follower {
            newest: self.newest.subscribe(),
            cursor: after.unwrap_or_else(|| self.state().ring.newest()),
            ready: VecDeque::new(),
            live: Arc::clone(self),
        };
        futures::stream::unfold(follower, |mut follower| async move {
            let update = follower.next().await?;
            Some((update, follower))
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A reader of the ring, at its own pace.
struct Follower {
    live: Arc<Live>,
    newest: watch::Receiver<u64>,
    cursor: u64,
    ready: VecDeque<Arc<Written>>,
}

impl Follower {
    async fn next(&mut self) -> Option<Arc<Written>> {
        loop {
            if let Some(update) = self.ready.pop_front() {
                return Some(update);
            }
            // Seen before looking: what is pushed meanwhile is waited for only once it has been looked for.
            self.newest.borrow_and_update();
            match self.live.updates_after(self.cursor) {
                Resume::Updates(updates) if updates.is_empty() => self.newest.changed().await.ok()?,
                Resume::Updates(updates) => {
                    self.cursor = updates.last().map_or(self.cursor, |update| update.cursor);
                    self.ready.extend(updates);
                }
                Resume::Restart(update) => {
                    self.cursor = update.cursor;
                    return Some(Arc::new(update.into()));
                }
            }
        }
    }
}
