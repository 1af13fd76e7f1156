use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use domain::{Eui64, PanId, Timestamp};
use secrecy::ExposeSecret;

use super::*;
use crate::command::{Ask, FormNetwork, JoinKey, RadioCommand};
use crate::v3::commands::{self as at, Access};
use crate::v3::frame::{AtCommand, AtName, AtResponse, AtStatus, Frame, RegisterStatus, Rx};

mod guard;

const MODULE: Eui64 = Eui64::from_be_bytes([0, 0x13, 0xA2, 0, 9, 9, 9, 9]);
const PAN: u64 = 0xA1B2_C3D4_E5F6_0718;

/// A stick as a table of settings; takes frames and answers at once.
struct Stick {
    settings: HashMap<AtName, Vec<u8>>,
    queued: BTreeMap<AtName, Vec<u8>>,
    /// Everything it was told that changes something, in order.
    written: Vec<(AtName, Vec<u8>)>,
    silent: bool,
    forms: bool,
    refuses: Option<AtName>,
}

impl Stick {
    fn zigbee() -> Self {
        let settings: [(AtName, &[u8]); 16] = [
            (at::HV, &[0x41, 0x41]),
            (at::VR, &[0x10, 0x0D]),
            (at::SH, &[0, 0x13, 0xA2, 0]),
            (at::SL, &[0x40, 0x52, 0x2B, 0xAA]),
            (at::AP, &[2]),
            (at::AO, &[0]),
            (at::ID, &[0; 8]),
            (at::OP, &PAN.to_be_bytes()),
            (at::OI, &[0x12, 0x34]),
            (at::CH, &[0x0F]),
            (at::EE, &[1]),
            (at::EO, &[2]),
            (at::NJ, &[0]),
            (at::AI, &[0]),
            (at::NT, &[0x3C]),
            (at::AR, &[0xFF]),
        ];
        Stick {
            settings: settings.iter().map(|(name, value)| (*name, value.to_vec())).collect(),
            queued: BTreeMap::new(),
            written: Vec::new(),
            silent: false,
            forms: true,
            refuses: None,
        }
    }

    fn factory() -> Self {
        Self::zigbee().with(at::EE, &[0]).with(at::EO, &[0]).with(at::NJ, &[0xFE])
    }

    fn with(mut self, name: AtName, value: &[u8]) -> Self {
        self.settings.insert(name, value.to_vec());
        self
    }

    fn answer(&mut self, frame: &Frame) -> Vec<Frame> {
        match frame {
            _ if self.silent => Vec::new(),
            Frame::At(AtCommand { id, name, parameter }) => self.at(*id, *name, parameter, false),
            Frame::AtQueued(AtCommand { id, name, parameter }) => self.at(*id, *name, parameter, true),
            Frame::RegisterDevice(device) => {
                vec![Frame::RegisterStatus { id: device.id, status: RegisterStatus::Success }]
            }
            _ => Vec::new(),
        }
    }

    fn at(&mut self, id: u8, name: AtName, parameter: &[u8], queued: bool) -> Vec<Frame> {
        let executes = at::find(name).is_some_and(|row| row.access == Access::Execute);
        let status = if self.refuses == Some(name) { AtStatus::InvalidParameter } else { AtStatus::Ok };
        let respond = |status, value: &[u8]| {
            vec![Frame::AtResponse(AtResponse { id, name, status, value: value.to_vec() })]
        };
        if status != AtStatus::Ok {
            return respond(status, &[]);
        }
        if parameter.is_empty() && !executes {
            return match self.settings.get(&name) {
                Some(value) => respond(AtStatus::Ok, value),
                None => respond(AtStatus::InvalidCommand, &[]),
            };
        }
        self.written.push((name, parameter.to_vec()));
        let mut answers = respond(AtStatus::Ok, &[]);
        if queued {
            self.queued.insert(name, parameter.to_vec());
        } else {
            self.settings.insert(name, parameter.to_vec());
            let queued = std::mem::take(&mut self.queued);
            if queued.contains_key(&at::KY) && self.forms {
                self.settings.insert(at::OP, 0x7777_u64.to_be_bytes().to_vec());
                answers.push(Frame::ModemStatus(ModemStatus::CoordinatorStarted));
            }
            self.settings.extend(queued);
        }
        answers
    }

    fn names_written(&self) -> Vec<AtName> {
        self.written.iter().map(|(name, _)| *name).collect()
    }
}

fn now(ms: u64) -> Now {
    Now { moment: Duration::from_millis(ms), clock: Timestamp::from_millis(1_000_000 + ms as i64) }
}

fn keys() -> KeySource {
    let mut next = 0;
    Box::new(move || {
        next += 1;
        Key::new(Box::new([next; 16]))
    })
}

fn network(expected: Option<Expected>) -> Network {
    Network::new(expected, FormPolicy::WhenAsked, keys())
}

fn stick_address() -> Eui64 {
    "0013A20040522BAA".parse().unwrap()
}

fn expected() -> Option<Expected> {
    Some(Expected { eui64: stick_address(), pan: Some(PanId(PAN)), encrypted: true })
}

/// Passes frames to and fro until nothing more happens without time; gives what came out.
fn settle(network: &mut Network, stick: &mut Stick, now: Now) -> Vec<Out> {
    let mut out = Vec::new();
    loop {
        out.extend(std::iter::from_fn(|| network.take()));
        let Some(frame) = network.poll(now.moment) else { return out };
        for answer in stick.answer(&frame) {
            network.hear(now, answer);
        }
    }
}

fn begin(network: &mut Network, stick: &mut Stick) -> Vec<Out> {
    network.begin(now(0), ApiMode::Escaped);
    settle(network, stick, now(0))
}

fn command(network: &mut Network, stick: &mut Stick, at: Now, what: Ask) -> Vec<Out> {
    network.command(at, RadioCommand { id: Some(CommandId(1)), what });
    settle(network, stick, at)
}

fn states(out: &[Out]) -> Vec<LinkState> {
    let state = |out: &Out| match out {
        Out::Heard(Heard::Link(state)) => Some(state.clone()),
        _ => None,
    };
    out.iter().filter_map(state).collect()
}

fn reports(out: &[Out]) -> Vec<NetworkReport> {
    let report = |out: &Out| match out {
        Out::Heard(Heard::Network(report)) => Some(report.clone()),
        _ => None,
    };
    out.iter().filter_map(report).collect()
}

fn outcomes(out: &[Out]) -> Vec<Result<CommandDone, CommandRefused>> {
    let done = |out: &Out| match out {
        Out::Heard(Heard::Done { id: CommandId(1), outcome }) => Some(outcome.clone()),
        _ => None,
    };
    out.iter().filter_map(done).collect()
}

fn payloads(out: &[Out]) -> usize {
    out.iter().filter(|out| matches!(out, Out::Payload(..))).count()
}

fn rx(source: Eui64) -> Frame {
    Frame::Rx(Rx { source, short: 0x7D84, options: 1, data: vec![1] })
}

#[test]
fn the_recorded_stick_comes_up_and_nothing_is_written_that_is_right_already() {
    let (mut network, mut stick) = (network(expected()), Stick::zigbee());
    let out = begin(&mut network, &mut stick);
    assert_eq!(states(&out), [LinkState::Up]);
    let report = &reports(&out)[0];
    assert_eq!((report.family, report.eui64), (Family::Zigbee, stick_address()));
    assert_eq!((report.pan, report.channel, report.encrypted), (Some(PanId(PAN)), Some(0x0F), true));
    assert_eq!(stick.written, []);
}

#[test]
fn framing_output_and_an_open_join_window_are_put_right_and_saved_once() {
    let mut stick = Stick::zigbee().with(at::AP, &[1]).with(at::AO, &[3]).with(at::NJ, &[0xFF]);
    let mut network = network(expected());
    network.begin(now(0), ApiMode::Plain);
    let out = settle(&mut network, &mut stick, now(0));
    assert_eq!(stick.names_written(), [at::AP, at::AO, at::NJ, at::AC, at::WR]);
    assert!(out.iter().any(|out| matches!(out, Out::Framing(ApiMode::Escaped))));
    assert_eq!(states(&out), [LinkState::Up]);
}

#[test]
fn to_another_stick_or_network_nothing_is_written_until_a_person_agrees() {
    let other_stick = || Stick::zigbee().with(at::SL, &[8, 8, 8, 8]).with(at::AO, &[3]);
    let other_pan = || Stick::zigbee().with(at::OP, &[9; 8]).with(at::NJ, &[0xFF]);
    let no_network = || Stick::zigbee().with(at::OP, &[0; 8]).with(at::AI, &[0x21]).with(at::AO, &[1]);
    for mut stick in [other_stick(), other_pan(), no_network()] {
        let mut network = network(expected());
        let out = begin(&mut network, &mut stick);
        let [LinkState::Foreign { expected, found, reason }] = &states(&out)[..] else { panic!("{out:?}") };
        assert_eq!(*expected, stick_address());
        assert!(!reason.is_empty());
        for ask in [Ask::OpenJoin(Duration::from_secs(60)), Ask::CloseJoin, Ask::Discover, form(true)] {
            let out = command(&mut network, &mut stick, now(1), ask);
            assert_eq!(outcomes(&out), [Err(CommandRefused::LinkDown)]);
        }
        network.transmit(now(1), None, MODULE, vec![1]);
        network.hear(now(2), rx(MODULE));
        assert_eq!(payloads(&settle(&mut network, &mut stick, now(2))), 0);
        for seconds in 1..100 {
            network.tick(now(seconds * 1000));
            settle(&mut network, &mut stick, now(seconds * 1000));
        }
        assert_eq!(stick.written, [], "{reason}");

        let out = command(&mut network, &mut stick, now(100_000), Ask::Adopt { eui64: MODULE });
        let refused = outcomes(&out);
        assert!(matches!(refused[..], [Err(CommandRefused::Stick { .. })]), "{reason}: {refused:?}");
        let out = command(&mut network, &mut stick, now(100_000), Ask::Adopt { eui64: *found });
        assert_eq!(outcomes(&out), [Ok(CommandDone::Sent)]);
        assert!(matches!(states(&out)[..], [LinkState::Up | LinkState::NoNetwork]), "{reason}");
        assert!(network.is_trusted());
    }
}

#[test]
fn a_payload_that_comes_while_the_stick_is_questioned_waits_for_the_verdict() {
    let (mut network, mut stick) = (network(expected()), Stick::zigbee());
    network.begin(now(0), ApiMode::Escaped);
    network.hear(now(5), rx(MODULE));
    assert!(std::iter::from_fn(|| network.take()).all(|out| !matches!(out, Out::Payload(..))));
    let out = settle(&mut network, &mut stick, now(9));
    let heard_at: Vec<_> =
        out.iter().filter_map(|out| if let Out::Payload(_, at) = out { Some(*at) } else { None }).collect();
    assert_eq!(heard_at, [now(5).clock]);
}

fn form(reform_confirmed: bool) -> Ask {
    Ask::Form(FormNetwork { pan: None, channels: 0x7FFF, reform_confirmed })
}

#[test]
fn a_network_is_formed_secured_in_this_order() {
    let (mut network, mut stick) = (network(None), Stick::factory());
    let out = begin(&mut network, &mut stick);
    assert_eq!(states(&out), [LinkState::NoNetwork]);
    stick.written.clear();
    let out = command(&mut network, &mut stick, now(1), form(false));
    assert_eq!(outcomes(&out), [Ok(CommandDone::Formed)]);
    assert_eq!(states(&out), [LinkState::Up]);
    let expected: [(AtName, &[u8]); 13] = [
        (at::ID, &[0; 8]),
        (at::ZS, &[2]),
        (at::SC, &[0x7F, 0xFF]),
        (at::EE, &[1]),
        (at::EO, &[2]),
        (at::NK, &[0]),
        (at::KY, &[1; 16]),
        (at::NJ, &[0]),
        (at::SP, &[3, 0]),
        (at::SN, &[2, 0x9B]),
        (at::CE, &[1]),
        (at::AC, &[]),
        (at::WR, &[]),
    ];
    let expected: Vec<_> = expected.iter().map(|(name, value)| (*name, value.to_vec())).collect();
    assert_eq!(stick.written, expected);
    let secrets: Vec<_> = out
        .iter()
        .filter_map(|out| if let Out::Heard(Heard::Secrets(secrets)) = out { Some(secrets) } else { None })
        .collect();
    assert!(secrets.iter().all(|s| s.eui64 == stick_address() && *s.link_key.expose_secret() == [1; 16]));
    assert_eq!(secrets.last().unwrap().pan, Some(PanId(0x7777)));
    assert!(!format!("{out:?}").contains("1, 1, 1"), "a key is shown");
}

#[test]
fn a_live_network_is_left_alone_unless_confirmed() {
    let (mut network, mut stick) = (network(expected()), Stick::zigbee());
    begin(&mut network, &mut stick);
    let out = command(&mut network, &mut stick, now(1), form(false));
    assert_eq!(outcomes(&out), [Err(CommandRefused::WouldReform)]);
    assert_eq!(stick.written, []);
    let out = command(&mut network, &mut stick, now(2), form(true));
    assert_eq!(outcomes(&out), [Ok(CommandDone::Formed)]);
    assert_eq!(reports(&out).last().unwrap().pan, Some(PanId(0x7777)));
    let out = begin(&mut network, &mut stick);
    assert_eq!(states(&out), [LinkState::Up], "the new network is the expected one from now on");
}

#[test]
fn a_key_of_zeros_forms_no_network() {
    let zeros: KeySource = Box::new(|| Key::new(Box::new([0; 16])));
    let mut network = Network::new(None, FormPolicy::WhenAsked, zeros);
    let mut stick = Stick::factory();
    begin(&mut network, &mut stick);
    stick.written.clear();
    let out = command(&mut network, &mut stick, now(1), form(true));
    assert!(matches!(outcomes(&out)[..], [Err(CommandRefused::Limit(_))]));
    assert_eq!(stick.written, []);
}

#[test]
fn half_a_network_is_undone() {
    let (mut network, mut stick) = (network(None), Stick::factory());
    begin(&mut network, &mut stick);
    stick.written.clear();
    stick.refuses = Some(at::KY);
    let out = command(&mut network, &mut stick, now(1), form(false));
    assert!(matches!(outcomes(&out)[..], [Err(CommandRefused::Stick { .. })]));
    assert_eq!(stick.names_written().last(), Some(&at::FR), "what is queued must not take effect later");
    assert!(!out.iter().any(|out| matches!(out, Out::Heard(Heard::Secrets(_)))));
}

#[test]
fn a_factory_stick_forms_its_network_by_itself_once_where_the_box_is_told_so() {
    let policy = FormPolicy::Factory { channels: 0 };
    let (mut network, mut stick) = (Network::new(None, policy, keys()), Stick::factory());
    let out = begin(&mut network, &mut stick);
    assert_eq!(states(&out), [LinkState::NoNetwork, LinkState::Up]);
    assert!(stick.names_written().contains(&at::KY) && !stick.names_written().contains(&at::SC));
    let mut live = Stick::zigbee();
    let mut network = Network::new(None, policy, keys());
    begin(&mut network, &mut live);
    assert_eq!(live.written, []);
}

#[test]
fn the_join_window_opens_for_the_chosen_time_and_closes_by_itself() {
    let (mut network, mut stick) = (network(expected()), Stick::zigbee());
    begin(&mut network, &mut stick);
    let out = command(&mut network, &mut stick, now(1000), Ask::OpenJoin(Duration::from_secs(60)));
    let until = now(61_000).clock;
    assert_eq!(outcomes(&out), [Ok(CommandDone::JoinOpen(until))]);
    assert_eq!(reports(&out).last().unwrap().join_open_until, Some(until));
    assert_eq!(stick.written, [(at::NJ, vec![60]), (at::AC, vec![])]);
    network.tick(now(60_999));
    assert_eq!(stick.settings[&at::NJ], [60]);
    settle(&mut network, &mut stick, now(60_999));
    network.tick(now(61_000));
    let out = settle(&mut network, &mut stick, now(61_000));
    assert_eq!(reports(&out).last().unwrap().join_open_until, None);
    assert_eq!(stick.settings[&at::NJ], [0]);
}

#[test]
fn the_join_window_is_closed_on_demand_and_never_opened_for_ever() {
    let (mut network, mut stick) = (network(expected()), Stick::zigbee());
    begin(&mut network, &mut stick);
    command(&mut network, &mut stick, now(1), Ask::OpenJoin(Duration::from_secs(100_000)));
    assert_eq!(stick.settings[&at::NJ], [0xFE]);
    let out = command(&mut network, &mut stick, now(2), Ask::CloseJoin);
    assert_eq!(outcomes(&out), [Ok(CommandDone::JoinClosed)]);
    assert_eq!(stick.settings[&at::NJ], [0]);
}

#[test]
fn a_device_is_registered_by_link_key_or_install_code() {
    let (mut network, mut stick) = (network(expected()), Stick::zigbee());
    begin(&mut network, &mut stick);
    let link = JoinKey::Link(Key::new(Box::new([7; 16])));
    let out = command(&mut network, &mut stick, now(1), Ask::Register { eui64: MODULE, key: link });
    assert_eq!(outcomes(&out), [Ok(CommandDone::Registered)]);
    let code = JoinKey::InstallCode(Box::new(vec![1; 18]).into());
    network.command(now(2), RadioCommand { id: None, what: Ask::Register { eui64: MODULE, key: code } });
    let Some(Frame::RegisterDevice(frame)) = network.poll(now(2).moment) else { panic!("nothing sent") };
    assert_eq!((frame.options, frame.reserved, frame.key.len()), (1, 0xFFFE, 18));
    let short = JoinKey::InstallCode(Box::new(vec![1; 5]).into());
    let out = command(&mut network, &mut stick, now(3), Ask::Register { eui64: MODULE, key: short });
    assert!(matches!(outcomes(&out)[..], [Err(CommandRefused::Limit(_))]));
}

#[test]
fn discoveries_are_spaced_out_and_whoever_asks_meanwhile_shares_one() {
    let (mut network, mut stick) = (network(expected()), Stick::zigbee());
    begin(&mut network, &mut stick);
    let ask = |network: &mut Network, at| {
        network.command(at, RadioCommand { id: Some(CommandId(1)), what: Ask::Discover });
    };
    ask(&mut network, now(0));
    ask(&mut network, now(1));
    let Some(Frame::At(AtCommand { id, name: at::ND, .. })) = network.poll(now(1).moment) else {
        panic!("nothing sent")
    };
    assert_eq!(network.poll(now(1).moment), None);
    let node = hex::decode("12340013A20040D814A850726573733700FFFE0100C105101E").unwrap();
    let answer = |value: &[u8]| {
        Frame::AtResponse(AtResponse { id, name: at::ND, status: AtStatus::Ok, value: value.to_vec() })
    };
    network.hear(now(2), answer(&node));
    network.hear(now(3), answer(&[]));
    let out = settle(&mut network, &mut stick, now(3));
    let ended = || Ok(CommandDone::Discovered { modules: 1 });
    assert_eq!(outcomes(&out), [ended(), ended()]);
    assert!(out.iter().any(|out| {
        matches!(out, Out::Heard(Heard::Module(m)) if m.name.as_deref() == Some("Press7") && m.short == Some(0x1234))
    }));
    ask(&mut network, now(5000));
    assert_eq!(network.poll(now(5000).moment), None, "too early");
    assert_eq!(network.next_deadline(now(5000).moment), Some(now(10_003).moment));
    network.tick(now(10_003));
    assert!(matches!(network.poll(now(10_003).moment), Some(Frame::At(AtCommand { name: at::ND, .. }))));
}

#[test]
fn after_a_reset_what_was_not_saved_is_set_anew() {
    let (mut network, mut stick) = (network(expected()), Stick::zigbee());
    begin(&mut network, &mut stick);
    stick.settings.insert(at::AO, vec![1]);
    network.hear(now(1000), Frame::ModemStatus(ModemStatus::HardwareReset));
    network.hear(now(1001), rx(MODULE));
    let out = settle(&mut network, &mut stick, now(1001));
    assert_eq!(stick.settings[&at::AO], [0]);
    assert_eq!(payloads(&out), 1);
    assert_eq!(states(&out), [], "it never was anything but up");
}

#[test]
fn a_network_that_changes_under_way_is_noticed() {
    let (mut network, mut stick) = (network(expected()), Stick::zigbee());
    begin(&mut network, &mut stick);
    stick.settings.insert(at::OP, vec![5; 8]);
    network.hear(now(1), Frame::ModemStatus(ModemStatus::CoordinatorStarted));
    let out = settle(&mut network, &mut stick, now(1));
    assert!(matches!(states(&out)[..], [LinkState::Foreign { .. }]));
}

#[test]
fn a_stick_that_falls_silent_is_found_dead_by_the_watchdog() {
    let (mut network, mut stick) = (network(expected()), Stick::zigbee());
    begin(&mut network, &mut stick);
    let watch = network.next_deadline(now(0).moment).unwrap();
    assert_eq!(watch, Duration::from_secs(30));
    stick.silent = true;
    let mut died = None;
    for ms in (30_000..45_000).step_by(500) {
        network.tick(now(ms));
        let out = settle(&mut network, &mut stick, now(ms));
        if out.iter().any(|out| matches!(out, Out::Dead(_))) {
            died = Some(ms);
            break;
        }
    }
    assert_eq!(died, Some(36_000), "asked twice, 3 s each");
}

#[test]
fn commands_under_way_fail_with_the_line_and_say_so() {
    let (mut network, mut stick) = (network(expected()), Stick::zigbee());
    begin(&mut network, &mut stick);
    stick.silent = true;
    for what in [Ask::OpenJoin(Duration::from_secs(9)), Ask::CloseJoin, Ask::Discover] {
        network.command(now(1), RadioCommand { id: Some(CommandId(1)), what });
    }
    network.transmit(now(1), Some(CommandId(1)), MODULE, vec![1]);
    network.lose();
    let out: Vec<_> = std::iter::from_fn(|| network.take()).collect();
    assert_eq!(outcomes(&out), vec![Err(CommandRefused::LinkDown); 4]);
    assert_eq!(network.poll(now(2).moment), None);
}

#[test]
fn above_forty_modules_the_stick_becomes_the_collector() {
    let (mut network, mut stick) = (network(expected()), Stick::zigbee());
    begin(&mut network, &mut stick);
    for n in 0..=40_u8 {
        assert_eq!(stick.settings[&at::AR], [0xFF], "after {n} modules");
        network.hear(now(1), rx(Eui64::from_be_bytes([0, 0x13, 0xA2, 0, 7, 7, 7, n])));
        settle(&mut network, &mut stick, now(1));
    }
    assert_eq!(stick.settings[&at::AR], [6]);
}

#[test]
fn a_digimesh_stick_is_formed_with_its_own_words_and_has_no_join_window() {
    let mut stick = Stick::zigbee()
        .with(at::HV, &[0x23, 0x41])
        .with(at::VR, &[0x80, 0x74])
        .with(at::ID, &[0x7F, 0xFF])
        .with(at::EE, &[0])
        .with(at::NP, &[1, 0]);
    for name in [at::AI, at::OP, at::CH, at::NJ, at::AR] {
        stick.settings.remove(&name);
    }
    let mut network = network(None);
    let out = begin(&mut network, &mut stick);
    assert_eq!(states(&out), [LinkState::NoNetwork]);
    assert_eq!(reports(&out)[0].family, Family::DigiMesh);
    let out = command(&mut network, &mut stick, now(1), Ask::OpenJoin(Duration::from_secs(9)));
    assert_eq!(outcomes(&out), [Err(CommandRefused::NotInFamily)]);
    let wish = |pan| Ask::Form(FormNetwork { pan: Some(PanId(pan)), channels: 0, reform_confirmed: false });
    let out = command(&mut network, &mut stick, now(1), wish(0x8000));
    assert!(matches!(outcomes(&out)[..], [Err(CommandRefused::Limit(_))]));
    let out = command(&mut network, &mut stick, now(1), wish(0x0451));
    assert_eq!(outcomes(&out), [Ok(CommandDone::Formed)]);
    assert_eq!(stick.names_written(), [at::ID, at::EE, at::KY, at::AC, at::WR]);
    assert_eq!(stick.written[0].1, [4, 0x51]);
    assert_eq!(reports(&out).last().unwrap().pan, Some(PanId(0x0451)));
}

#[test]
fn a_stick_that_still_scans_is_given_time() {
    let (mut network, mut stick) = (network(expected()), Stick::zigbee().with(at::AI, &[0xFF]));
    let out = begin(&mut network, &mut stick);
    assert_eq!(states(&out), []);
    assert_eq!(network.next_deadline(now(0).moment), Some(now(500).moment));
    stick.settings.insert(at::AI, vec![0]);
    network.tick(now(500));
    let out = settle(&mut network, &mut stick, now(500));
    assert_eq!(states(&out), [LinkState::Up]);
}

#[test]
fn a_window_that_a_person_opened_stays_open_when_the_stick_confirms_it() {
    let (mut network, mut stick) = (network(expected()), Stick::zigbee());
    begin(&mut network, &mut stick);
    command(&mut network, &mut stick, now(1), Ask::OpenJoin(Duration::from_secs(60)));
    network.hear(now(2), Frame::ModemStatus(ModemStatus::JoinWindowOpened));
    settle(&mut network, &mut stick, now(2));
    assert_eq!(stick.settings[&at::NJ], [60]);
    // One that nobody opened is closed.
    network.hear(now(3), Frame::ModemStatus(ModemStatus::JoinWindowClosed));
    stick.settings.insert(at::NJ, vec![0xFF]);
    network.hear(now(4), Frame::ModemStatus(ModemStatus::JoinWindowOpened));
    settle(&mut network, &mut stick, now(4));
    assert_eq!(stick.settings[&at::NJ], [0]);
}

#[test]
fn a_modules_signal_is_asked_for_and_never_taken_for_anothers() {
    let (mut network, mut stick) = (network(expected()), Stick::zigbee().with(at::DB, &[0x2B]));
    begin(&mut network, &mut stick);
    let signals = |out: &[Out]| -> Vec<Option<i16>> {
        let signal = |out: &Out| match out {
            Out::Heard(Heard::Module(module)) if module.eui64 == MODULE => Some(module.rssi_dbm),
            _ => None,
        };
        out.iter().filter_map(signal).collect()
    };
    network.hear(now(1), rx(MODULE));
    network.hear(now(1), rx(Eui64::from_be_bytes([5; 8])));
    assert_eq!(signals(&settle(&mut network, &mut stick, now(1))), [None]);
    network.hear(now(6000), rx(MODULE));
    assert_eq!(signals(&settle(&mut network, &mut stick, now(6000))), [Some(-43)]);
    network.hear(now(7000), rx(MODULE));
    assert_eq!(network.poll(now(7000).moment), None, "asked once a minute");
}
