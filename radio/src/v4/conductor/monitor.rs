//! A monitor as the conductor knows it: its session, how it is heard, its adverts' key, when it had a link.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::{LinkName, Timestamp};
use secrecy::SecretBox;

use super::Dice;
use super::backoff::Backoff;
use super::signal::Signal;
use crate::bluetooth::{Bonded, Strength};
use crate::v4::Key;
use crate::v4::advert::{Opener, Sealed, Status, Window};
use crate::v4::air::{Failure, Way};
use crate::v4::session::{LinkTrouble, Session, Told, Want};

/// A repeater that says the monitor has no sealed channel is believed for so long.
const NO_CHANNEL: Duration = Duration::from_secs(3_600);

/// See the file.
pub(super) struct Monitor {
    pub(super) session: Session,
    pub(super) signal: Signal,
    pub(super) backoff: Backoff,
    opener: Option<Opener>,
    /// Why it was not enrolled when a person last wanted that.
    pub(super) refused: Option<String>,
    /// What was handed over, or is about to be.
    handover: Option<(u32, Key)>,
    /// When its last link ended.
    pub(super) visited: Option<Timestamp>,
    /// When the link that it has came about.
    pub(super) linked: Option<Timestamp>,
    /// It was asked to give up its link.
    pub(super) leaving: bool,
    /// Repeaters on each way by one.
    pub(super) hops: BTreeMap<Way, u8>,
    /// Ways by repeaters on which links fail: others are taken meanwhile.
    failing: BTreeMap<Way, Backoff>,
}

impl Monitor {
    pub(super) fn new(session: Session) -> Self {
        Monitor {
            session,
            signal: Signal::default(),
            backoff: Backoff::default(),
            opener: None,
            refused: None,
            handover: None,
            visited: None,
            linked: None,
            leaving: false,
            hops: BTreeMap::new(),
            failing: BTreeMap::new(),
        }
    }

    /// With the key of its adverts, and how far they were opened.
    pub(super) fn with_key(mut self, id: u32, key: Key, window: Window) -> Self {
        self.opener = Some(Opener::new(key, id, window));
        self
    }

    /// A key is about to be handed over.
    pub(super) fn hand_over(&mut self, id: u32, key: Key) {
        self.handover = Some((id, key));
        self.refused = None;
    }

    /// What the store is to know of it; none for a monitor that is not the box's.
    pub(super) fn bonded(&self) -> Option<Bonded> {
        let (id, key) = self.opener.as_ref()?.seal();
        let way =
            |(way, strength): (&Way, Strength)| (way.adapter.clone(), way.address.to_be_bytes(), strength);
        Some(Bonded {
            serial: self.session.serial().monitor(),
            ways: self.session.bonds().map(way).collect(),
            id,
            key: SecretBox::new(Box::new(*key.expose())),
        })
    }

    /// Its name in its adverts and their key, once one was handed over.
    pub(super) fn seal(&self) -> Option<(u32, Key)> {
        let (id, key) = self.opener.as_ref()?.seal();
        Some((id, key.clone()))
    }

    /// Ways by repeaters that may be taken.
    pub(super) fn by_repeaters(&self, now: Timestamp) -> impl Iterator<Item = &Way> {
        let heard = self.hops.keys().filter(move |way| self.signal.is_heard(way, now));
        heard.filter(move |way| self.failing.get(way).is_none_or(|failing| !failing.holds(now)))
    }

    /// How a way by a repeater did: whoever made it, it is taken less while links on it fail.
    pub(super) fn judge(
        &mut self,
        by: &Way,
        ended: bool,
        told: &[Told],
        now: Timestamp,
        dice: &mut Dice<'_>,
    ) {
        let lost = told.iter().find_map(|told| if let Told::LinkLost(why) = told { Some(why) } else { None });
        match lost {
            Some(LinkTrouble::Failed { why: Failure::Missing, .. }) => {
                self.failing.entry(by.clone()).or_default().rest(now, NO_CHANNEL);
            }
            Some(_) => self.failing.entry(by.clone()).or_default().failed(now, dice()),
            None if ended => drop(self.failing.remove(by)),
            None => {}
        }
    }

    /// A repeater is gone.
    pub(super) fn forget(&mut self, repeater: &LinkName) {
        self.signal.forget(repeater);
        self.hops.retain(|way, _| way.adapter != *repeater);
        self.failing.retain(|way, _| way.adapter != *repeater);
    }

    /// What the session told, as far as it is about keys; the id of the adverts that are opened from now on.
    pub(super) fn note(&mut self, told: &Told) -> Option<u32> {
        match told {
            Told::Enrolled { .. } => {
                let (id, key) = self.handover.take()?;
                self.opener = Some(Opener::new(key, id, Window::default()));
                return Some(id);
            }
            Told::NotEnrolled(why) => {
                self.handover = None;
                self.refused = Some(why.to_string());
            }
            Told::Status(status) if status.next_advert > 0 => {
                if let Some(opener) = &mut self.opener {
                    opener.told_next(status.next_advert);
                }
            }
            _ => {}
        }
        None
    }

    /// What an advert says, if it is of this monitor; whether that is news.
    pub(super) fn open(&mut self, sealed: &Sealed) -> Option<(Status, bool)> {
        let opened = self.opener.as_mut()?.open(sealed).ok()?;
        Some((opened.status, opened.news))
    }

    /// Who comes first of those that want a link: what presses most, then who waits longest.
    pub(super) fn turn(&self) -> Option<(Want, Option<Timestamp>)> {
        Some((self.session.want()?, self.visited))
    }
}
