//! One job at a time: a list of steps, and what to do when they are done or one of them fails.

use std::collections::VecDeque;
use std::time::Duration;

use domain::{Eui64, PanId};
use secrecy::ExposeSecret;

use super::plan::{self, Step};
use super::{Expected, Network, Now, Out};
use crate::command::{CommandId, Key, NetworkSecrets};
use crate::event::{CommandDone, CommandRefused, Family, Heard};
use crate::v3::commands as at;
use crate::v3::frame::{ApiMode, AssociationStatus, AtName, AtStatus};
use crate::v3::modem::{Answer, Moment, Request, Ticket};

/// Between two looks at AI.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What is being done, and for whom.
#[derive(Debug)]
pub(super) enum Purpose {
    Identify,
    Inspect,
    Settle,
    Form {
        id: Option<CommandId>,
        key: Key,
        stage: Stage,
    },
    OpenJoin {
        id: Option<CommandId>,
        seconds: u8,
    },
    CloseJoin {
        id: Option<CommandId>,
    },
    Watch,
    CollectRoutes,
    /// The signal of a module, if nothing else is heard before the answer.
    Signal {
        module: Eui64,
        payloads: u64,
    },
    /// Half a network was formed: back to what the flash has.
    Undo,
}

/// How far the forming of a network got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub(super) enum Stage {
    /// Its settings wait in the stick and have no effect.
    Queued,
    /// The stick was told to use them: from here on the former network may be gone.
    Used,
    /// They are in its flash.
    Written,
}

#[derive(Debug)]
pub(super) struct Job {
    purpose: Purpose,
    steps: VecDeque<Step>,
    /// A step that got no answer was asked once more.
    retried: bool,
}

/// Where the first step of a job stands.
#[derive(Debug)]
pub(super) enum Doing {
    /// The stick was asked.
    Asked { ticket: Ticket, step: Step, until: Option<Moment> },
    /// Until then, for "coordinator started".
    AwaitingStart { until: Moment },
    /// Look at AI again at `next`, but not after `until`.
    AwaitingSettled { next: Moment, until: Moment },
}

impl Doing {
    pub(super) fn deadline(&self) -> Option<Moment> {
        match self {
            Doing::Asked { .. } => None,
            Doing::AwaitingStart { until } => Some(*until),
            Doing::AwaitingSettled { next, .. } => Some(*next),
        }
    }
}

impl Job {
    fn new(purpose: Purpose, steps: VecDeque<Step>) -> Self {
        Job { purpose, steps, retried: false }
    }

    pub(super) fn identify() -> Self {
        Self::new(Purpose::Identify, plan::identify())
    }

    pub(super) fn inspect(family: Family, has_network: bool) -> Self {
        Self::new(Purpose::Inspect, plan::inspect(family, has_network))
    }

    pub(super) fn settle(steps: VecDeque<Step>) -> Self {
        Self::new(Purpose::Settle, steps)
    }

    pub(super) fn form(id: Option<CommandId>, key: Key, steps: VecDeque<Step>) -> Self {
        Self::new(Purpose::Form { id, key, stage: Stage::Queued }, steps)
    }

    pub(super) fn open_join(id: Option<CommandId>, seconds: u8) -> Self {
        Self::new(Purpose::OpenJoin { id, seconds }, plan::join_window(seconds))
    }

    pub(super) fn close_join(id: Option<CommandId>) -> Self {
        Self::new(Purpose::CloseJoin { id }, plan::join_window(0))
    }

    pub(super) fn watch(family: Family) -> Self {
        Self::new(Purpose::Watch, plan::watch(family))
    }

    pub(super) fn signal(module: Eui64, payloads: u64) -> Self {
        Self::new(Purpose::Signal { module, payloads }, plan::signal())
    }

    pub(super) fn undo() -> Self {
        Self::new(Purpose::Undo, plan::undo())
    }

    pub(super) fn collect_routes() -> Self {
        Self::new(Purpose::CollectRoutes, plan::collect_routes())
    }

    /// Whether the network will be looked at in its course.
    pub(super) fn inspects(&self) -> bool {
        matches!(self.purpose, Purpose::Identify | Purpose::Inspect | Purpose::Form { .. })
    }

    pub(super) fn sets_join_window(&self) -> bool {
        matches!(self.purpose, Purpose::OpenJoin { .. } | Purpose::CloseJoin { .. })
    }
}

/// The radio is still looking for its network.
fn is_unsettled(status: AssociationStatus) -> bool {
    matches!(status, AssociationStatus::Scanning | AssociationStatus::CheckingForCoordinator)
}

impl Network {
    /// The one in hand and those that wait.
    pub(super) fn all_jobs(&self) -> impl Iterator<Item = &Job> {
        self.doing.iter().map(|(job, _)| job).chain(&self.jobs)
    }

    /// Gives up all jobs, and says so to those who wait.
    pub(super) fn abandon_jobs(&mut self) {
        let doing = self.doing.take().map(|(job, _)| job);
        for job in doing.into_iter().chain(std::mem::take(&mut self.jobs)) {
            if let Purpose::Form { stage, .. } = job.purpose {
                self.reached(stage);
            }
            if let Purpose::Form { id, .. } | Purpose::OpenJoin { id, .. } | Purpose::CloseJoin { id } =
                job.purpose
            {
                self.refuse(id, CommandRefused::LinkDown);
            }
        }
    }

    /// Forming ended there. Where the former network may be gone and the new one is not known yet, neither is held
    /// against the stick.
    fn reached(&mut self, stage: Stage) {
        if stage > Stage::Queued {
            self.known = self.facts.eui64().map(Expected::bare);
        }
    }

    /// Goes as far as it can without an answer or more time.
    pub(super) fn run(&mut self, now: Now) {
        loop {
            match self.doing.take() {
                None => match self.jobs.pop_front() {
                    Some(job) => self.next_step(now, job),
                    None => return,
                },
                Some((job, Doing::AwaitingStart { until })) => {
                    if !self.started && now.moment < until {
                        self.doing = Some((job, Doing::AwaitingStart { until }));
                        return;
                    }
                    self.next_step(now, job);
                }
                Some((job, Doing::AwaitingSettled { next, until })) => {
                    if now.moment < next {
                        self.doing = Some((job, Doing::AwaitingSettled { next, until }));
                        return;
                    }
                    self.ask(now, job, Step::Get { name: at::AI, needed: false }, Some(until));
                }
                waiting @ Some((_, Doing::Asked { .. })) => {
                    self.doing = waiting;
                    return;
                }
            }
        }
    }

    fn next_step(&mut self, now: Now, mut job: Job) {
        match job.steps.pop_front() {
            None => self.job_done(now, job.purpose),
            Some(Step::AwaitStart { within }) => {
                let until = now.moment + within;
                self.doing = Some((job, Doing::AwaitingStart { until }));
            }
            Some(Step::AwaitSettled { within }) => {
                let until = now.moment + within;
                self.doing = Some((job, Doing::AwaitingSettled { next: now.moment, until }));
            }
            Some(step) => self.ask(now, job, step, None),
        }
    }

    fn ask(&mut self, now: Now, mut job: Job, step: Step, until: Option<Moment>) {
        let request = match &step {
            Step::Get { name, .. } => Request::At { name: *name, parameter: Vec::new() },
            Step::Set { name, value, queued: true, .. } => {
                Request::AtQueued { name: *name, parameter: value.clone() }
            }
            Step::Set { name, value, .. } => Request::At { name: *name, parameter: value.clone() },
            Step::AwaitStart { .. } | Step::AwaitSettled { .. } => return self.next_step(now, job),
        };
        if let Step::Set { name, .. } = &step
            && *name == at::CE
        {
            self.started = false;
        }
        if let (Step::Set { name: at::AC, .. }, Purpose::Form { key, stage, .. }) = (&step, &mut job.purpose)
            && *stage == Stage::Queued
        {
            *stage = Stage::Used;
            // Before the stick has a key that nobody else has; a power cut may come at any time.
            self.tell_secrets(key, self.facts.number(at::ID).filter(|id| *id != 0).map(PanId));
        }
        match self.modem.request(now.moment, request) {
            Ok(ticket) => self.doing = Some((job, Doing::Asked { ticket, step, until })),
            Err(refused) => self.job_failed(now, job.purpose, refused),
        }
    }

    /// The stick answered the step of the job in hand, or did not in time.
    pub(super) fn job_answered(&mut self, now: Now, answer: Answer) {
        let Some((mut job, Doing::Asked { step, until, .. })) = self.doing.take() else { return };
        let response = match answer {
            Answer::At(response) => response,
            Answer::TimedOut(_) if !job.retried => {
                job.retried = true;
                return self.ask(now, job, step, until);
            }
            Answer::TimedOut(within) => {
                return self.job_failed(now, job.purpose, CommandRefused::TimedOut(within));
            }
            // No other answer belongs to an AT command.
            _ => return self.next_step(now, job),
        };
        job.retried = false;
        let ok = response.status == AtStatus::Ok;
        match &step {
            Step::Get { name, needed } => {
                if ok {
                    self.facts.learn(*name, &response.value);
                    self.told(*name);
                } else {
                    self.facts.unlearn(*name);
                    if *needed {
                        return self.job_failed(now, job.purpose, refused(&step, response.status));
                    }
                }
            }
            Step::Set { name, value, needed, .. } => {
                if ok {
                    self.was_set(*name, value, &mut job.purpose);
                } else if *needed {
                    return self.job_failed(now, job.purpose, refused(&step, response.status));
                }
            }
            Step::AwaitStart { .. } | Step::AwaitSettled { .. } => {}
        }
        match until {
            Some(until) if is_unsettled(self.facts.association()) && now.moment < until => {
                let next = (now.moment + LOOK_EVERY).min(until);
                self.doing = Some((job, Doing::AwaitingSettled { next, until }));
            }
            _ => self.next_step(now, job),
        }
    }

    fn told(&mut self, name: AtName) {
        if name == at::AP {
            match self.facts.number(at::AP) {
                Some(1) => self.frame_as(ApiMode::Plain),
                Some(2) => self.frame_as(ApiMode::Escaped),
                _ => {}
            }
        }
    }

    fn was_set(&mut self, name: AtName, value: &[u8], purpose: &mut Purpose) {
        match name {
            at::AP => self.frame_as(ApiMode::Escaped),
            at::WR => {
                if let Purpose::Form { stage, .. } = purpose {
                    *stage = Stage::Written;
                }
            }
            _ => {}
        }
        if !at::is_secret(name) && !value.is_empty() {
            self.facts.learn(name, value);
        }
    }

    fn tell_secrets(&mut self, key: &Key, pan: Option<PanId>) {
        if let Some(eui64) = self.facts.eui64() {
            let link_key = Key::new(Box::new(*key.expose_secret()));
            self.out.push_back(Out::Heard(Heard::Secrets(NetworkSecrets { eui64, pan, link_key })));
        }
    }

    fn frame_as(&mut self, framing: ApiMode) {
        if self.framing != framing {
            self.framing = framing;
            self.out.push_back(Out::Framing(framing));
        }
    }

    fn job_done(&mut self, now: Now, purpose: Purpose) {
        match purpose {
            Purpose::Identify => match self.facts.family() {
                Some(family) => self.jobs.push_front(Job::inspect(family, self.has_network())),
                None => self.out.push_back(Out::Dead(self.facts.without_family())),
            },
            Purpose::Inspect => self.judge(now),
            Purpose::Settle => self.arrive(now),
            Purpose::Form { id, key, .. } => self.formed(now, id, &key),
            Purpose::OpenJoin { id, seconds } => {
                let open = Duration::from_secs(u64::from(seconds));
                let until = Now { moment: now.moment + open, clock: now.clock.later_by(open) };
                self.join_until = Some(until);
                self.report();
                self.finish(id, Ok(CommandDone::JoinOpen(until.clock)));
            }
            Purpose::CloseJoin { id } => {
                self.join_until = None;
                self.report();
                self.finish(id, Ok(CommandDone::JoinClosed));
            }
            Purpose::Watch => {
                let trouble = self.trouble();
                if self.told_network.as_ref().is_some_and(|told| told.trouble != trouble) {
                    self.inspect_again();
                }
            }
            Purpose::Undo => self.question(now),
            Purpose::CollectRoutes => self.modem.use_source_routes(true),
            Purpose::Signal { module, payloads } => {
                let strength = self.facts.number(at::DB).and_then(|db| i16::try_from(db).ok());
                if let Some(db) = strength.filter(|db| (1..=0xFE).contains(db) && payloads == self.payloads) {
                    self.module(now, module, None, None, Some(-db));
                }
            }
        }
    }

    fn formed(&mut self, now: Now, id: Option<CommandId>, key: &Key) {
        // The settings are the new network's, whether it started or not.
        self.known = Expected::seen(&self.facts).or(self.known);
        self.forget_others();
        let association = self.facts.association();
        let formed = association == AssociationStatus::Joined && self.facts.is_live();
        if formed {
            self.tell_secrets(key, self.facts.pan());
        }
        self.arrive(now);
        if formed {
            self.finish(id, Ok(CommandDone::Formed));
        } else {
            let act = "forming the network".to_owned();
            self.refuse(id, CommandRefused::Stick { act, status: association.to_string() });
        }
    }

    fn job_failed(&mut self, now: Now, purpose: Purpose, why: CommandRefused) {
        match purpose {
            Purpose::Identify | Purpose::Inspect | Purpose::Watch | Purpose::Signal { .. } => {
                self.out.push_back(Out::Dead(why.to_string()));
            }
            Purpose::Settle => match why {
                CommandRefused::Stick { .. } => {
                    tracing::warn!(%why, "settings are not as they should be");
                    self.arrive(now);
                }
                why => self.out.push_back(Out::Dead(why.to_string())),
            },
            Purpose::Form { id, stage, .. } => {
                self.refuse(id, why);
                self.reached(stage);
                if stage == Stage::Written {
                    self.inspect_again();
                } else {
                    // What is queued would take effect with whatever is asked next.
                    self.jobs.push_front(Job::undo());
                }
            }
            Purpose::OpenJoin { id, .. } | Purpose::CloseJoin { id } => {
                self.refuse(id, why);
                self.report();
            }
            Purpose::Undo => self.out.push_back(Out::Dead(why.to_string())),
            Purpose::CollectRoutes => {
                tracing::warn!(%why, "modules are not told to report their ways");
            }
        }
    }
}

fn refused(step: &Step, status: AtStatus) -> CommandRefused {
    CommandRefused::Stick { act: format!("{step:?}"), status: status.to_string() }
}
