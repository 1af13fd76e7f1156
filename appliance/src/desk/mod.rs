//! The plant as one person sees it: what the screens ask, answered from the live picture and the store; what they
//! want done, handed to the one writer.

mod chart;
mod enrolment;
mod sensors;
mod storage;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use dashboard::port::{
    Answer, CycleChart, EnrolWish, FloorView, Handle as Given, MoldView, Person, Plant, RadiosView, Refusal,
    SensorWish, StorageView, Technician, Viewer,
};
use domain::{
    BluetoothAddress, CycleTime, Eui64, JoinCode, JoinCodeKind, LinkName, MoldId, MonitorSerial, PanId, Role,
    Thresholds, Timestamp,
};
use radio::command::{Ask, FormNetwork, JoinKey, Key};
use radio::event::CommandDone;
use secrecy::SecretBox;

use crate::audit::{Act, By, Trail, What};
use crate::backup::NotAsked;
use crate::clock::Clock;
use crate::ingest::{Handle, WhyNot};
use crate::live::Live;
use crate::store::{Read, Store};

pub use storage::Keeping;

/// Entries of the ledger on a mold's page.
const ENTRIES: usize = 100;
/// What "recent" means.
const RECENT: Duration = Duration::from_secs(3600);
/// The radio has its own time limits; this is for one that never answers.
const PATIENCE: Duration = Duration::from_secs(30);
/// Modules answer a discovery over some time.
const DISCOVERY: Duration = Duration::from_secs(90);
/// A stick looks for the best channel, starts its network and writes it down.
const FORMING: Duration = Duration::from_secs(60);
/// Nothing that a person asks for takes longer.
pub const LONGEST: Duration = DISCOVERY;
/// The stick takes the quietest of all channels.
const ANY_CHANNEL: u16 = 0;
/// A stick closes its join window by itself after so long at most.
const LONGEST_JOIN: Duration = Duration::from_secs(254);

/// Where people are given the plant.
#[derive(Clone)]
pub struct Desk {
    live: Arc<Live>,
    store: Store,
    ingest: Handle,
    clock: Arc<dyn Clock>,
    trail: Arc<Trail>,
    keeping: Keeping,
}

impl Desk {
    /// With the live picture, the store, the way to the driver, the audit trail, and what the box was told about
    /// keeping things.
    #[must_use]
    pub fn new(
        live: Arc<Live>,
        store: Store,
        ingest: Handle,
        clock: Arc<dyn Clock>,
        trail: Arc<Trail>,
        keeping: Keeping,
    ) -> Self {
        Desk { live, store, ingest, clock, trail, keeping }
    }

    /// The plant for a person who is signed in, as far as their role goes: here and nowhere else it is decided what a
    /// role may do.
    #[must_use]
    pub fn admit(&self, person: Person, from: Option<IpAddr>) -> Given {
        let (role, by) = (person.role, By::person(person.name.as_str(), from));
        let desk = Arc::new(PlantDesk { desk: self.clone(), person, by });
        match role {
            Role::Viewer => Given::Viewer(desk),
            Role::Technician | Role::ToolingManager => Given::Technician(desk),
            Role::Administrator => Given::Administrator(desk),
        }
    }
}

impl Desk {
    /// Writes down what is about to be done; what cannot be is not done.
    async fn write_down(&self, by: &By, act: Act) -> Result<(), Refusal> {
        let (trail, by) = (Arc::clone(&self.trail), by.clone());
        match tokio::task::spawn_blocking(move || trail.require(&by, act)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Refusal::Failed),
        }
    }
}

/// The plant for one person.
struct PlantDesk {
    desk: Desk,
    person: Person,
    by: By,
}

impl PlantDesk {
    /// Writes down what is about to be done; what cannot be is not done.
    async fn write_down(&self, act: Act) -> Result<(), Refusal> {
        self.desk.write_down(&self.by, act).await
    }

    /// Has something kept, once it is written down; what was not kept after all is written down too.
    async fn keep(&self, act: Act, kept: impl Future<Output = Result<(), WhyNot>>) -> Result<(), Refusal> {
        let not_done = act.clone();
        self.write_down(act).await?;
        // Without an answer it waits for the disk, and is kept as soon as that takes it.
        let Ok(kept) = tokio::time::timeout(PATIENCE, kept).await else { return Err(Refusal::Failed) };
        let kept = kept.map_err(refusal);
        if let Err(refusal) = &kept {
            self.write_down(not_done.after(format!("not done: {refusal}"))).await?;
        }
        kept
    }

    /// Has a radio do something. What came of it is written down too, if it was not what was asked.
    async fn radio(
        &self,
        link: LinkName,
        words: impl Into<String>,
        what: Ask,
        patience: Duration,
    ) -> Result<CommandDone, Refusal> {
        let (words, subject) = (words.into(), link.to_string());
        self.write_down(Act::new(What::Radio, subject.as_str()).after(words.as_str())).await?;
        let command = self.desk.ingest.command(link, what);
        let done = match tokio::time::timeout(patience, command).await {
            Ok(done) => done.map_err(refusal),
            Err(_) => {
                Err(Refusal::Radio(format!("the radio did not answer within {} s", patience.as_secs())))
            }
        };
        if let Err(refusal) = &done {
            let act = Act::new(What::Radio, subject).before(words).after(format!("not done: {refusal}"));
            self.write_down(act).await?;
        }
        done
    }
}

impl PlantDesk {
    async fn enrol_as(&self, wish: EnrolWish) -> Result<Timestamp, Refusal> {
        let how = if wish.passkey.is_some() { "by passkey" } else { "without a passkey" };
        let words = match &wish.mold {
            Some(mold) => format!("enrol monitor {} {how}, for mold {mold}", wish.serial),
            None => format!("enrol monitor {} {how}", wish.serial),
        };
        let enrolment = self.desk.enrolment(wish)?;
        let now = self.now();
        let done = self.radio(LinkName::bluetooth(), words, Ask::Enrol(enrolment), PATIENCE).await?;
        Ok(if let CommandDone::EnrolmentOpen(until) = done { until } else { now })
    }
}

impl Viewer for PlantDesk {
    fn person(&self) -> &Person {
        &self.person
    }

    fn now(&self) -> Timestamp {
        self.desk.clock.now()
    }

    fn floor(&self) -> Result<FloorView, Refusal> {
        Ok(self.desk.live.floor(self.now()))
    }

    fn mold(&self, id: MoldId) -> Result<MoldView, Refusal> {
        let now = self.now();
        let mold = self.desk.live.mold(id, now).ok_or_else(|| no_mold(id))?;
        let store = &self.desk.store;
        let ledger = store.ledger(id, ENTRIES).map_err(failed)?;
        let length = ledger.first().map_or(0, |newest| newest.number.saturating_add(1));
        // A clock that was set back leaves cycles ahead of it: they are recent too.
        let end = mold.tile.last_ended.map_or(now, |ended| ended.max(now));
        let from = end.earlier_by(RECENT);
        let recent = chart::average(store, id, (from, end), mold.tile.approved).map_err(failed)?;
        let days = store.daily(id, i64::MIN, i64::MAX).map_err(failed)?;
        let (sum, valid) = days.iter().fold((0u128, 0u64), |(sum, valid), day| {
            (sum + u128::from(day.sum_ms), valid.saturating_add(day.valid))
        });
        let long = sum.checked_div(u128::from(valid)).and_then(|mean| u32::try_from(mean).ok());
        Ok(MoldView {
            now,
            cursor: mold.cursor,
            tile: mold.tile,
            baseline: mold.news.baseline,
            counted: mold.news.counted,
            times_unknown: mold.news.times_unknown,
            design_life: mold.news.design_life,
            monitor: mold.monitor,
            ledger,
            ledger_length: length,
            recent_average: recent,
            long_term_average: long.map(CycleTime::from_millis),
            alarms: mold.alarms,
            wished: mold.news.wished,
            watches: mold.news.watches,
        })
    }

    fn cycles(
        &self,
        id: MoldId,
        from: Timestamp,
        to: Timestamp,
        points: usize,
    ) -> Result<CycleChart, Refusal> {
        if to <= from {
            return Err(Refusal::Invalid("the end of a chart lies after its begin".to_owned()));
        }
        let mold = self.desk.live.mold(id, self.now()).ok_or_else(|| no_mold(id))?;
        chart::chart(&self.desk.store, id, (from, to), points, mold.tile.approved).map_err(failed)
    }

    fn radios(&self) -> Result<RadiosView, Refusal> {
        Ok(self.desk.live.radios(self.now()))
    }

    fn storage(&self) -> Result<StorageView, Refusal> {
        storage::view(&self.desk, self.now()).map_err(failed)
    }
}

impl Technician for PlantDesk {
    fn identify(&self, link: LinkName, module: Option<Eui64>, serial: MonitorSerial) -> Answer<'_, ()> {
        Box::pin(async move {
            let words = format!("have monitor {serial} blink");
            self.radio(link, words, Ask::Identify { module, serial }, PATIENCE).await.map(drop)
        })
    }

    fn enrol(&self, wish: EnrolWish) -> Answer<'_, Timestamp> {
        Box::pin(async move {
            if wish.passkey.is_none() {
                let why = "a monitor without a passkey is enrolled by an administrator alone";
                return Err(Refusal::Invalid(why.to_owned()));
            }
            self.enrol_as(wish).await
        })
    }

    fn close_enrolment(&self, serial: MonitorSerial) -> Answer<'_, ()> {
        Box::pin(async move {
            let words = format!("stop enrolling monitor {serial}");
            let ask = Ask::CloseEnrolment { serial };
            self.radio(LinkName::bluetooth(), words, ask, PATIENCE).await.map(drop)
        })
    }

    fn confirm_reset(&self, id: MoldId, number: u64) -> Answer<'_, ()> {
        Box::pin(async move {
            let mold = self.desk.live.mold(id, self.now()).ok_or_else(|| no_mold(id))?;
            let act = Act::new(What::ConfirmReset, format!("mold {}, entry {number}", mold.tile.name));
            self.keep(act, self.desk.ingest.confirm_reset(id, number, self.person.name.clone())).await
        })
    }

    fn set_limits(&self, id: MoldId, limits: Thresholds) -> Answer<'_, ()> {
        Box::pin(async move {
            limits.check().map_err(|error| Refusal::Invalid(error.to_string()))?;
            let mold = self.desk.live.mold(id, self.now()).ok_or_else(|| no_mold(id))?;
            let former = mold.news.wished.as_ref().map_or_else(|| "not set".to_owned(), Thresholds::words);
            let act = Act::new(What::SetLimits, format!("mold {}", mold.tile.name));
            let act = act.before(former).after(limits.words());
            self.keep(act, self.desk.ingest.watch(id, limits)).await
        })
    }
}

impl Plant for PlantDesk {
    fn back_up(&self) -> Answer<'_, ()> {
        Box::pin(async move {
            self.write_down(Act::new(What::BackUp, "").after("one more, now")).await?;
            self.desk.keeping.backups.ask().map_err(|why| match why {
                NotAsked::NoPlace => Refusal::Invalid(why.to_string()),
                NotAsked::Stopping => Refusal::Failed,
            })
        })
    }

    fn open_join(&self, link: LinkName, window: Duration) -> Answer<'_, Timestamp> {
        Box::pin(async move {
            if window.is_zero() || window > LONGEST_JOIN {
                let longest = LONGEST_JOIN.as_secs();
                return Err(Refusal::Invalid(format!("a join window is open for 1 to {longest} s")));
            }
            let words = format!("open the join window for {} s", window.as_secs());
            match self.radio(link, words, Ask::OpenJoin(window), PATIENCE).await? {
                CommandDone::JoinOpen(until) => Ok(until),
                _ => Ok(self.now().later_by(window)),
            }
        })
    }

    fn close_join(&self, link: LinkName) -> Answer<'_, ()> {
        Box::pin(async move {
            self.radio(link, "close the join window", Ask::CloseJoin, PATIENCE).await.map(drop)
        })
    }

    fn discover(&self, link: LinkName) -> Answer<'_, u32> {
        Box::pin(async move {
            match self.radio(link, "ask modules who they are", Ask::Discover, DISCOVERY).await? {
                CommandDone::Discovered { modules } => Ok(modules),
                _ => Ok(0),
            }
        })
    }

    fn register(&self, link: LinkName, module: Eui64, code: JoinCode) -> Answer<'_, ()> {
        Box::pin(async move {
            let ask = Ask::Register { eui64: module, key: join_key(&code) };
            self.radio(link, format!("register module {module}"), ask, PATIENCE).await.map(drop)
        })
    }

    fn form(&self, link: LinkName, pan: Option<PanId>, reform: bool) -> Answer<'_, ()> {
        Box::pin(async move {
            let words = if reform { "form the network anew" } else { "form a network" };
            let network = FormNetwork { pan, channels: ANY_CHANNEL, reform_confirmed: reform };
            self.radio(link, words, Ask::Form(network), FORMING).await.map(drop)
        })
    }

    fn enrol_without_passkey(&self, wish: EnrolWish) -> Answer<'_, Timestamp> {
        Box::pin(self.enrol_as(wish))
    }

    fn use_sensor(&self, wish: SensorWish) -> Answer<'_, ()> {
        Box::pin(self.desk.use_sensor(wish, &self.by))
    }

    fn forget_sensor(&self, address: BluetoothAddress) -> Answer<'_, ()> {
        Box::pin(self.desk.forget_sensor(address, &self.by))
    }

    fn adopt(&self, link: LinkName, eui64: Eui64) -> Answer<'_, ()> {
        Box::pin(async move {
            self.radio(link, format!("accept stick {eui64}"), Ask::Adopt { eui64 }, PATIENCE).await.map(drop)
        })
    }
}

fn join_key(code: &JoinCode) -> JoinKey {
    let bytes = code.expose();
    match (code.kind(), <[u8; 16]>::try_from(bytes)) {
        (JoinCodeKind::LinkKey, Ok(key)) => JoinKey::Link(Key::new(Box::new(key))),
        _ => JoinKey::InstallCode(SecretBox::new(Box::new(bytes.to_vec()))),
    }
}

fn no_mold(id: MoldId) -> Refusal {
    Refusal::NotFound(format!("mold {id}"))
}

fn failed(error: Read) -> Refusal {
    let error = &error as &dyn std::error::Error;
    tracing::error!(error, "the store could not be read");
    Refusal::Failed
}

fn refusal(why: WhyNot) -> Refusal {
    match why {
        WhyNot::NoLink(link) => Refusal::NotFound(format!("link {link}")),
        WhyNot::Refused(refused) => Refusal::Radio(refused.to_string()),
        WhyNot::Sensor(refused) => Refusal::Invalid(refused.to_string()),
        WhyNot::Nothing(nothing) => Refusal::Invalid(nothing.to_string()),
        WhyNot::NoMold(_) => Refusal::NotFound("mold".to_owned()),
        WhyNot::Stopping => Refusal::Failed,
    }
}
