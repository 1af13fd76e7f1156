//! A monitor as the conductor knows it: its session, how it is heard, its adverts' key, when it had a link.

use domain::Timestamp;
use secrecy::SecretBox;

use super::backoff::Backoff;
use super::signal::Signal;
use crate::bluetooth::{Bonded, Strength};
use crate::v4::Key;
use crate::v4::advert::{Opener, Sealed, Status, Window};
use crate::v4::air::Way;
use crate::v4::session::{Session, Told, Want};

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
