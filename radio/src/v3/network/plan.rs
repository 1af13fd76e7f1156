//! What is asked of a stick and in which order, as data.

use std::collections::VecDeque;
use std::time::Duration;

use domain::PanId;
use secrecy::ExposeSecret;

use super::facts::Facts;
use crate::command::{FormNetwork, Key};
use crate::event::{CommandRefused, Family};
use crate::v3::commands as at;
use crate::v3::frame::AtName;

/// How long a parent keeps messages for a sleeping child, and after how many such periods it gives the child up:
/// what zigpy-xbee 0.22 sets (7.68 s in steps of 10 ms, 667).
const SLEEP_PERIOD: [u8; 2] = [0x03, 0x00];
const SLEEP_PERIODS: [u8; 2] = [0x02, 0x9B];
/// ZigBee PRO.
const STACK_PROFILE: u8 = 2;
/// EO bit 1: keys are handed out by the trust centre, never in the clear.
const TRUST_CENTRE: u8 = 0x02;
/// Between announcements as the collector: a minute, a broadcast each.
const COLLECT_EVERY: u8 = 6;
/// A coordinator starts within seconds of the last change.
const START_WITHIN: Duration = Duration::from_secs(10);
/// Scanning all channels takes seconds as well.
const JOINED_WITHIN: Duration = Duration::from_secs(30);
/// A stick fresh from its box scans for ever.
const LOOKED_WITHIN: Duration = Duration::from_secs(4);
/// Two-byte network ids end here (900 guide p. 78); 7FFF is the factory's.
const MOST_DIGIMESH_ID: u64 = 0x7FFE;

/// Something to do; the next one waits for its end.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Asks; a stick that does not know the command is fine unless it is needed.
    Get { name: AtName, needed: bool },
    /// Sets or carries out. `queued` waits for the next that is not.
    Set { name: AtName, value: Vec<u8>, queued: bool, needed: bool },
    /// Waits for "coordinator started", but no longer than this.
    AwaitStart { within: Duration },
    /// Asks AI until it is settled, but no longer than this.
    AwaitSettled { within: Duration },
}

/// No values: some are keys.
impl std::fmt::Debug for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Step::Get { name, .. } => write!(f, "get {name}"),
            Step::Set { name, .. } => write!(f, "set {name}"),
            Step::AwaitStart { .. } => f.write_str("await the start"),
            Step::AwaitSettled { .. } => f.write_str("await AI"),
        }
    }
}

type Steps = VecDeque<Step>;

fn get(name: AtName) -> Step {
    Step::Get { name, needed: false }
}

fn need(name: AtName) -> Step {
    Step::Get { name, needed: true }
}

fn set(name: AtName, value: &[u8]) -> Step {
    Step::Set { name, value: value.to_vec(), queued: false, needed: true }
}

fn queue(name: AtName, value: &[u8]) -> Step {
    Step::Set { name, value: value.to_vec(), queued: true, needed: true }
}

fn execute(name: AtName) -> Step {
    set(name, &[])
}

/// Who are you? Framing first, so that the answers after it are read rightly.
pub(super) fn identify() -> Steps {
    [at::AP, at::HV, at::VR, at::SH, at::SL].map(need).into()
}

/// How are you? Only questions. A stick that has a network, as far as is known, is given the time to find it.
pub(super) fn inspect(family: Family, has_network: bool) -> Steps {
    match family {
        Family::Zigbee => {
            let within = if has_network { JOINED_WITHIN } else { LOOKED_WITHIN };
            let mut steps = VecDeque::from([Step::AwaitSettled { within }]);
            let names = [
                at::AO,
                at::ID,
                at::OP,
                at::OI,
                at::CH,
                at::EE,
                at::EO,
                at::ZS,
                at::NJ,
                at::MY,
                at::NP,
                at::NT,
                at::AR,
            ];
            steps.extend(names.map(get));
            steps
        }
        Family::DigiMesh => [at::AO, at::ID, at::EE, at::HP, at::NP, at::NT, at::N_].map(get).into(),
        Family::Transparent => Steps::new(),
    }
}

/// What has to be changed before the stick is of use; nothing of it touches the network's identity. It is written to
/// flash only when something changed.
pub(super) fn settle(facts: &Facts, collects: bool, join_is_open: bool) -> Steps {
    let mut steps = Steps::new();
    if facts.number(at::AP) != Some(2) {
        steps.push_back(set(at::AP, &[2]));
    }
    if facts.number(at::AO).is_some_and(|ao| ao != 0) {
        steps.push_back(set(at::AO, &[0]));
    }
    // Nobody joins but in a window that a person opens.
    if !join_is_open && facts.number(at::NJ).is_some_and(|nj| nj != 0) {
        steps.extend([set(at::NJ, &[0]), execute(at::AC)]);
    }
    if !steps.is_empty() {
        steps.push_back(execute(at::WR));
    }
    if collects && facts.number(at::AR) == Some(0xFF) {
        steps.push_back(set(at::AR, &[COLLECT_EVERY]));
    }
    steps
}

/// A secured network. The changes are queued and take effect together.
pub(super) fn form(
    family: Family,
    wish: &FormNetwork,
    key: &Key,
    random_id: u64,
) -> Result<Steps, CommandRefused> {
    let key = key.expose_secret();
    if key.iter().all(|byte| *byte == 0) {
        return Err(CommandRefused::Limit(
            "a link key of zeros would send the network key in the clear".to_owned(),
        ));
    }
    let steps = match family {
        Family::Transparent => return Err(CommandRefused::NotInFamily),
        Family::DigiMesh => {
            let PanId(id) = wish.pan.unwrap_or(PanId(random_id % (MOST_DIGIMESH_ID + 1)));
            let id = u16::try_from(id)
                .ok()
                .filter(|id| u64::from(*id) <= MOST_DIGIMESH_ID)
                .ok_or_else(|| CommandRefused::Limit("a DigiMesh network id is 0 to 7FFE".to_owned()))?;
            vec![
                queue(at::ID, &id.to_be_bytes()),
                queue(at::EE, &[1]),
                queue(at::KY, key),
                execute(at::AC),
                execute(at::WR),
            ]
        }
        Family::Zigbee => {
            let PanId(id) = wish.pan.unwrap_or(PanId(0));
            let mut steps = vec![queue(at::ID, &id.to_be_bytes()), queue(at::ZS, &[STACK_PROFILE])];
            if wish.channels != 0 {
                steps.push(queue(at::SC, &wish.channels.to_be_bytes()));
            }
            steps.extend([
                queue(at::EE, &[1]),
                queue(at::EO, &[TRUST_CENTRE]),
                // Zero: the coordinator makes one up that nobody can read.
                queue(at::NK, &[0]),
                queue(at::KY, key),
                queue(at::NJ, &[0]),
                queue(at::SP, &SLEEP_PERIOD),
                queue(at::SN, &SLEEP_PERIODS),
                // Older firmware has its role built in and does not know the command.
                Step::Set { name: at::CE, value: vec![1], queued: true, needed: false },
                execute(at::AC),
                // Without it the stick may leave the network after a reset (SE manual p. 28).
                execute(at::WR),
                Step::AwaitStart { within: START_WITHIN },
                Step::AwaitSettled { within: JOINED_WITHIN },
            ]);
            steps
        }
    };
    let mut steps = VecDeque::from(steps);
    steps.extend(inspect(family, true));
    Ok(steps)
}

/// Lets devices join for so many seconds; 0 closes.
pub(super) fn join_window(seconds: u8) -> Steps {
    [set(at::NJ, &[seconds]), execute(at::AC)].into()
}

/// A question that every family answers quickly.
pub(super) fn watch(family: Family) -> Steps {
    match family {
        Family::Zigbee => [need(at::AI)].into(),
        Family::DigiMesh | Family::Transparent => [need(at::VR)].into(),
    }
}

/// How strong was the last packet's last hop?
pub(super) fn signal() -> Steps {
    [get(at::DB)].into()
}

/// Announces the stick as the network's collector, so that radios report their ways.
pub(super) fn collect_routes() -> Steps {
    [set(at::AR, &[COLLECT_EVERY])].into()
}

/// Drops what was queued or set and not written to flash.
pub(super) fn undo() -> Steps {
    [execute(at::FR)].into()
}
