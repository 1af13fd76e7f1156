//! What the box asks of the network.

use std::time::Duration;

use domain::Eui64;
use secrecy::ExposeSecret;

use super::job::Job;
use super::{DISCOVER_EVERY, Expected, Network, Now, Out, Phase, Waiter, plan};
use crate::command::{Ask, CommandId, FormNetwork, JoinKey, RadioCommand};
use crate::event::{CommandDone, CommandRefused, Family};
use crate::v3::frame::RegisterStatus;
use crate::v3::modem::{Answer, Registration, Request, is_delivered};

/// NJ: FF would never close, FE is the longest.
const LONGEST_WINDOW: u64 = 254;

impl Network {
    /// Carries a command out. What is for a monitor has to be put into bytes by a profile first and goes to
    /// [`Network::transmit`]; here it finds nobody who speaks with it.
    pub fn command(&mut self, now: Now, command: RadioCommand) {
        let id = command.id;
        let done = match command.what {
            Ask::Adopt { eui64 } => self.adopt(now, id, eui64),
            _ if self.phase != Phase::Trusted => Err(CommandRefused::LinkDown),
            Ask::OpenJoin(window) => self.zigbee_only().map(|()| {
                let seconds = window.as_secs().clamp(1, LONGEST_WINDOW);
                let seconds = u8::try_from(seconds).unwrap_or(u8::MAX - 1);
                self.jobs.push_back(Job::open_join(id, seconds));
            }),
            Ask::CloseJoin => self.zigbee_only().map(|()| self.jobs.push_back(Job::close_join(id))),
            Ask::Register { eui64, key } => self.register(now, id, eui64, &key),
            Ask::Discover => self.discover(now, id),
            Ask::Form(wish) => self.form(id, &wish),
            Ask::Kept { .. }
            | Ask::AlertsKept { .. }
            | Ask::SendFrom { .. }
            | Ask::SetTime { .. }
            | Ask::Identify { .. }
            | Ask::Initialise { .. }
            | Ask::Watch { .. }
            | Ask::Enrol(_)
            | Ask::CloseEnrolment { .. }
            | Ask::UseSensor(_)
            | Ask::ForgetSensor { .. } => Err(CommandRefused::NotInFamily),
        };
        if let Err(refused) = done {
            self.refuse(id, refused);
        }
        self.run(now);
    }

    /// Sends a payload to a module.
    pub fn transmit(&mut self, now: Now, id: Option<CommandId>, module: Eui64, bytes: Vec<u8>) {
        if self.phase != Phase::Trusted {
            return self.refuse(id, CommandRefused::LinkDown);
        }
        match self.modem.request(now.moment, Request::Transmit { dest: module, data: bytes }) {
            Ok(ticket) => drop(self.waiters.insert(ticket, Waiter::Transmission(id))),
            Err(refused) => self.refuse(id, refused),
        }
    }

    fn zigbee_only(&self) -> Result<(), CommandRefused> {
        match self.facts.family() {
            Some(Family::Zigbee) => Ok(()),
            _ => Err(CommandRefused::NotInFamily),
        }
    }

    /// The stick that is there is the link's own from now on.
    fn adopt(&mut self, now: Now, id: Option<CommandId>, eui64: Eui64) -> Result<(), CommandRefused> {
        match self.facts.eui64() {
            Some(found) if found == eui64 && matches!(self.phase, Phase::Foreign | Phase::Trusted) => {
                self.known = Expected::seen(&self.facts);
                self.finish(id, Ok(CommandDone::Sent));
                match (self.phase, self.in_text) {
                    // Now it may be told to speak in frames.
                    (Phase::Foreign, true) => {
                        self.out.push_back(Out::Dead(format!("{eui64} was taken over, beginning anew")));
                    }
                    // It may have changed while it was nobody's.
                    (Phase::Foreign, false) => self.question(now),
                    _ => {}
                }
                Ok(())
            }
            Some(found) if self.phase != Phase::Down => Err(CommandRefused::Stick {
                act: format!("taking {eui64} over"),
                status: format!("{found} is there"),
            }),
            _ => Err(CommandRefused::LinkDown),
        }
    }

    fn register(
        &mut self,
        now: Now,
        id: Option<CommandId>,
        device: Eui64,
        key: &JoinKey,
    ) -> Result<(), CommandRefused> {
        self.zigbee_only()?;
        let (install_code, key) = match key {
            JoinKey::Link(key) => (false, key.expose_secret().to_vec()),
            JoinKey::InstallCode(code) => (true, code.expose_secret().clone()),
        };
        if install_code && !(8..=18).contains(&key.len()) {
            return Err(CommandRefused::Limit("an install code is 8 to 18 bytes with its CRC".to_owned()));
        }
        let registration = Registration { device, install_code, key };
        let ticket = self.modem.request(now.moment, Request::Register(registration))?;
        self.waiters.insert(ticket, Waiter::Registration(id));
        Ok(())
    }

    fn form(&mut self, id: Option<CommandId>, wish: &FormNetwork) -> Result<(), CommandRefused> {
        let family = self.facts.family().ok_or(CommandRefused::LinkDown)?;
        if family == Family::Transparent {
            return Err(CommandRefused::NotInFamily);
        }
        // However badly it stands at this moment, what was commissioned or recorded has modules that would be lost.
        if (self.facts.is_commissioned() || self.has_network()) && !wish.reform_confirmed {
            return Err(CommandRefused::WouldReform);
        }
        let key = (self.keys)();
        let random_id = (self.keys)();
        let random_id =
            random_id.expose_secret().iter().take(8).fold(0, |id, byte| id << 8 | u64::from(*byte));
        let steps = plan::form(family, wish, &key, random_id)?;
        self.jobs.push_back(Job::form(id, key, steps));
        Ok(())
    }

    /// Where the box is told to do so, and the stick is as the factory sent it.
    pub(super) fn form_by_itself(&mut self, channels: u16) {
        if self.facts.is_as_the_factory_sent_it() && !self.has_network() {
            self.tried_forming = true;
            let wish = FormNetwork { pan: None, channels, reform_confirmed: false };
            if let Err(refused) = self.form(None, &wish) {
                tracing::warn!(%refused, "no network could be formed");
            }
        }
    }

    fn discover(&mut self, now: Now, id: Option<CommandId>) -> Result<(), CommandRefused> {
        if self.is_transparent() {
            return Err(CommandRefused::NotInFamily);
        }
        self.discoverers.push(id);
        self.discover_when_due(now);
        Ok(())
    }

    /// Somebody waits for a discovery that is only a matter of time.
    pub(super) fn discovery_waits(&self) -> bool {
        self.phase == Phase::Trusted && !self.discovering && !self.discoverers.is_empty()
    }

    /// Starts a discovery if somebody waits for one and the last one is long enough ago. Whoever asks while one runs
    /// gets its result.
    pub(super) fn discover_when_due(&mut self, now: Now) {
        if !self.discovery_waits() || now.moment < self.next_discovery {
            return;
        }
        let window = self.facts.discovery_window();
        match self.modem.request(now.moment, Request::Discover { window }) {
            Ok(ticket) => {
                self.discovering = true;
                self.waiters.insert(ticket, Waiter::Discovery);
            }
            Err(refused) => {
                for id in std::mem::take(&mut self.discoverers) {
                    self.refuse(id, refused.clone());
                }
            }
        }
    }

    pub(super) fn discovered(&mut self, now: Now, answer: Answer) {
        self.discovering = false;
        self.next_discovery = now.moment + DISCOVER_EVERY;
        let outcome = match answer {
            Answer::Discovered { modules } => Ok(CommandDone::Discovered { modules }),
            Answer::At(response) => Err(refused("discovering modules", response.status)),
            answer => Err(CommandRefused::TimedOut(timed_out(&answer))),
        };
        for id in std::mem::take(&mut self.discoverers) {
            self.finish(id, outcome.clone());
        }
    }
}

pub(super) fn transmitted(answer: Answer) -> Result<CommandDone, CommandRefused> {
    match answer {
        Answer::Sent(delivery) if is_delivered(delivery) => Ok(CommandDone::Sent),
        Answer::Sent(delivery) => Err(refused("sending to the module", delivery)),
        answer => Err(CommandRefused::TimedOut(timed_out(&answer))),
    }
}

pub(super) fn registered(answer: Answer) -> Result<CommandDone, CommandRefused> {
    match answer {
        Answer::Registered(RegisterStatus::Success) => Ok(CommandDone::Registered),
        Answer::Registered(status) => Err(refused("registering the device", status)),
        answer => Err(CommandRefused::TimedOut(timed_out(&answer))),
    }
}

fn refused(act: &str, status: impl ToString) -> CommandRefused {
    CommandRefused::Stick { act: act.to_owned(), status: status.to_string() }
}

fn timed_out(answer: &Answer) -> Duration {
    match answer {
        Answer::TimedOut(within) => *within,
        _ => Duration::ZERO,
    }
}
