//! What all tasks of the driver hold together.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use domain::LinkName;
use tokio::sync::{RwLock, mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::Settings;
use super::agent::Pairings;
use super::calls::Calls;
use super::gatt::{Sent, Session};
use super::mirror::{Mirror, News};
use crate::v4::Address;
use crate::v4::air::{Fact, Failure, Way};
use crate::v4::open::Characteristic;

/// Adverts that wait to be told: beyond that they are dropped.
const WAITING_ADVERTS: usize = 1_024;
/// Values that wait: beyond that the monitors' streams wait.
const WAITING_VALUES: usize = 256;

pub(super) struct Shared {
    pub(super) settings: Settings,
    pub(super) calls: Calls,
    pub(super) pairings: Pairings,
    pub(super) stop: CancellationToken,
    mirror: Mutex<Mirror>,
    /// Changes with the picture.
    changes: watch::Sender<u64>,
    /// Changes when links or scans of btleplug's connection have to be made anew.
    pub(super) renewed: watch::Sender<u64>,
    /// btleplug's session. Whoever uses it holds it for reading, so that it is not made anew meanwhile.
    pub(super) gatt: RwLock<Arc<Session>>,
    /// Adapters that have to hear a monitor before they can connect to it, one entry for each of these.
    pub(super) searches: watch::Sender<Vec<LinkName>>,
    values: mpsc::Sender<Sent>,
    facts: mpsc::UnboundedSender<Fact>,
    adverts: Arc<AtomicUsize>,
    /// What monitors were asked to send, for a new session.
    subscribed: Mutex<Vec<(Address, Address, Characteristic)>>,
}

/// An adapter listens for somebody as long as this is there.
struct Search<'s>(&'s watch::Sender<Vec<LinkName>>, LinkName);

impl<'s> Search<'s> {
    fn begin(searches: &'s watch::Sender<Vec<LinkName>>, adapter: &LinkName) -> Self {
        searches.send_modify(|all| all.push(adapter.clone()));
        Search(searches, adapter.clone())
    }
}

impl Drop for Search<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|all| {
            if let Some(place) = all.iter().position(|it| *it == self.1) {
                all.swap_remove(place);
            }
        });
    }
}

/// Facts on their way out.
pub(super) struct Told {
    facts: mpsc::UnboundedReceiver<Fact>,
    adverts: Arc<AtomicUsize>,
}

impl Shared {
    pub(super) async fn new(
        settings: Settings,
        calls: Calls,
        pairings: Pairings,
        stop: CancellationToken,
    ) -> Result<(Self, Told, mpsc::Receiver<Sent>), Failure> {
        let (facts, told) = mpsc::unbounded_channel();
        let (values, sent) = mpsc::channel(WAITING_VALUES);
        let session = Session::new(values.clone()).await?;
        let adverts = Arc::new(AtomicUsize::new(0));
        let shared = Shared {
            mirror: Mutex::new(Mirror::new(settings.slots).with(settings.only.clone(), settings.guests)),
            settings,
            calls,
            pairings,
            stop,
            changes: watch::Sender::new(0),
            renewed: watch::Sender::new(0),
            searches: watch::Sender::default(),
            gatt: RwLock::new(Arc::new(session)),
            values,
            facts,
            adverts: adverts.clone(),
            subscribed: Mutex::default(),
        };
        Ok((shared, Told { facts: told, adverts }, sent))
    }

    /// Looks at the picture, or changes it.
    pub(super) fn mirror<T>(&self, look: impl FnOnce(&mut Mirror) -> T) -> T {
        look(&mut self.mirror.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Tells something.
    pub(super) fn tell(&self, fact: Fact) {
        if fact.is_advert() && self.adverts.fetch_add(1, Ordering::Relaxed) >= WAITING_ADVERTS {
            self.adverts.fetch_sub(1, Ordering::Relaxed);
            return;
        }
        // Nobody listens only when the driver ends.
        let _ = self.facts.send(fact);
    }

    /// Changes the picture and tells what that brings, in the order in which it happened. Returns what is to be done.
    pub(super) fn apply(&self, change: impl FnOnce(&mut Mirror) -> Vec<News>) -> Vec<News> {
        let chores = self.mirror(|mirror| {
            let (facts, chores) =
                change(mirror).into_iter().partition::<Vec<_>, _>(|it| matches!(it, News::Fact(_)));
            for news in facts {
                if let News::Fact(fact) = news {
                    self.tell(fact);
                }
            }
            chores
        });
        self.changes.send_modify(|n| *n += 1);
        chores
    }

    /// Tells that a link stands, if it still does; its end comes after it then, and so does what it brought already.
    pub(super) fn tell_link(&self, path: &str, way: &Way, mtu: usize) -> Result<(), Failure> {
        self.mirror(|mirror| {
            let early = mirror.tell_link(path).ok_or(Failure::Vanished)?;
            self.tell(Fact::Connected { way: way.clone(), mtu });
            early.into_iter().for_each(|value| self.tell(value));
            Ok(())
        })
    }

    /// Waits until bluetoothd knows a device: it knows nobody that it did not hear, and one that was forgotten has to be
    /// heard again. The adapter listens meanwhile, whatever else was asked of it.
    pub(super) async fn hear(&self, adapter: &LinkName, path: &str) {
        if self.mirror(|mirror| mirror.linked(path)).is_some() {
            return;
        }
        let _search = Search::begin(&self.searches, adapter);
        self.until(|mirror| mirror.linked(path)).await;
    }

    /// Waits until the picture is as wanted.
    pub(super) async fn until<T>(&self, mut look: impl FnMut(&Mirror) -> Option<T>) -> T {
        let mut changes = self.changes.subscribe();
        loop {
            changes.borrow_and_update();
            if let Some(found) = self.mirror(|mirror| look(mirror)) {
                return found;
            }
            // The sender is ours: it cannot be gone.
            let _ = changes.changed().await;
        }
    }

    /// Remembers what a monitor was asked to send, or forgets all of it.
    pub(super) fn subscribed(&self, whose: (Address, Address), what: Option<Characteristic>) {
        let mut held = self.subscribed.lock().unwrap_or_else(PoisonError::into_inner);
        match what {
            Some(what) => {
                let one = (whose.0, whose.1, what);
                if !held.contains(&one) {
                    held.push(one);
                }
            }
            None => held.retain(|it| (it.0, it.1) != whose),
        }
    }

    /// Makes btleplug's session anew: another connection to the bus, without what leaked on the old one. Scans are
    /// begun on it and links listened to before the old one goes, with which bluetoothd forgets what it was asked.
    pub(super) async fn renew(&self) -> Result<(), Failure> {
        let mut gatt = self.gatt.write().await;
        let fresh = Session::new(self.values.clone()).await?;
        let held = self.subscribed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for (adapter, monitor, what) in held {
            let whose = (adapter, monitor);
            // Of a link that ended nothing is listened to.
            if !self.mirror(|mirror| mirror.stands(adapter, monitor)) {
                continue;
            }
            let again = async {
                fresh.resolve(whose).await?;
                fresh.subscribe(whose, what.uuid()).await
            };
            if let Err(error) = again.await {
                tracing::warn!(%monitor, %error, "cannot listen on: {}", what.name());
            }
        }
        let old = std::mem::replace(&mut *gatt, Arc::new(fresh));
        drop(gatt);
        old.close().await;
        self.renewed.send_modify(|n| *n += 1);
        Ok(())
    }
}

/// Hands facts on. Adverts find a full channel and are dropped; everything else waits.
pub(super) async fn forward(mut told: Told, facts: mpsc::Sender<Fact>) {
    while let Some(fact) = told.facts.recv().await {
        let sent = if fact.is_advert() {
            told.adverts.fetch_sub(1, Ordering::Relaxed);
            !matches!(facts.try_send(fact), Err(mpsc::error::TrySendError::Closed(_)))
        } else {
            facts.send(fact).await.is_ok()
        };
        if !sent {
            return;
        }
    }
}

/// Tells what monitors send by themselves.
pub(super) async fn values(shared: Arc<Shared>, mut sent: mpsc::Receiver<Sent>) {
    while let Some(Sent { adapter, monitor, characteristic, bytes }) = sent.recv().await {
        let Some(characteristic) = Characteristic::of(characteristic) else { continue };
        shared.mirror(|mirror| {
            if let Some(value) = mirror.value(adapter, monitor, characteristic, bytes) {
                shared.tell(value);
            }
        });
    }
}

/// Counts the bus's match rules from time to time, and makes btleplug's session anew when too many are nobody's.
pub(super) async fn gauge(shared: Arc<Shared>) {
    let mut usual = None;
    loop {
        let streams = shared.gatt.read().await.open_streams();
        if let Some(rules) = shared.calls.match_rules().await {
            // What is there at the beginning is ours by right.
            let usual = *usual.get_or_insert(rules.saturating_sub(streams));
            let stray = rules.saturating_sub(usual + streams);
            tracing::debug!(rules, stray, "match rules on the bus");
            if stray > shared.settings.stray_rules {
                tracing::warn!(
                    rules,
                    stray,
                    "too many match rules are left over: connecting to the bus anew"
                );
                if let Err(error) = shared.renew().await {
                    tracing::error!(%error, "cannot connect to the bus anew");
                }
            }
        }
        tokio::time::sleep(shared.settings.count_rules_every).await;
    }
}
