//! What must never happen to somebody's network, and what is owed to those who wait when the stick is another.

use super::*;

const FACTORY: FormPolicy = FormPolicy::Factory { channels: 0 };

/// Until it has given up waiting for a radio that looks for its network.
fn begin_and_wait(network: &mut Network, stick: &mut Stick) -> Vec<Out> {
    let mut out = begin(network, stick);
    for ms in (500..60_000).step_by(500) {
        network.tick(now(ms));
        out.extend(settle(network, stick, now(ms)));
    }
    out
}

/// The network is another one from one moment to the next.
fn becomes_foreign(network: &mut Network, stick: &mut Stick, at: Now) -> Vec<Out> {
    stick.settings.insert(at::OP, vec![5; 8]);
    network.hear(at, Frame::ModemStatus(ModemStatus::CoordinatorStarted));
    let out = settle(network, stick, at);
    assert!(matches!(states(&out)[..], [LinkState::Foreign { .. }]), "{out:?}");
    out
}

#[test]
fn a_commissioned_or_recorded_network_is_not_formed_anew_without_a_persons_word() {
    for ai in [0xFF, 0x22] {
        let no_pan = || Stick::zigbee().with(at::AI, &[ai]).with(at::OP, &[0; 8]);
        let open_now = || Stick::zigbee().with(at::AI, &[ai]).with(at::EE, &[0]);
        let open_before = expected().map(|expected| Expected { encrypted: false, ..expected });
        let cases = [
            ("commissioned", None, no_pan().with(at::ID, &PAN.to_be_bytes())),
            ("of a chosen id", None, no_pan().with(at::EE, &[0]).with(at::ID, &PAN.to_be_bytes())),
            ("encrypted", None, no_pan()),
            ("recorded", expected(), Stick::zigbee().with(at::AI, &[ai])),
            ("recorded and open", open_before, open_now()),
        ];
        for (what, expected, mut stick) in cases {
            let mut network = Network::new(expected, FACTORY, keys());
            let out = begin_and_wait(&mut network, &mut stick);
            assert_eq!(states(&out), [LinkState::NoNetwork], "{what}, AI {ai:02X}");
            let out = command(&mut network, &mut stick, now(60_000), form(false));
            assert_eq!(outcomes(&out), [Err(CommandRefused::WouldReform)], "{what}, AI {ai:02X}");
            assert_eq!(stick.written, [], "{what}, AI {ai:02X}");
        }
    }
}

#[test]
fn a_factory_stick_that_scans_for_ever_is_given_its_network_and_one_that_failed_is_not() {
    for (ai, formed) in [(0xFF, true), (0x21, true), (0x22, false), (0x2A, false)] {
        let mut stick = Stick::factory().with(at::AI, &[ai]).with(at::OP, &[0; 8]);
        begin_and_wait(&mut Network::new(None, FACTORY, keys()), &mut stick);
        assert_eq!(stick.names_written().contains(&at::KY), formed, "AI {ai:02X}");
    }
}

#[test]
fn a_network_that_the_factorys_settings_formed_is_not_reported_as_the_boxs_own() {
    let (mut network, mut stick) = (network(None), Stick::factory());
    let out = begin(&mut network, &mut stick);
    assert_eq!(reports(&out)[0].pan, None);
    let out = command(&mut network, &mut stick, now(1), form(false));
    assert_eq!(reports(&out).last().unwrap().pan, Some(PanId(0x7777)));
}

#[test]
fn whoever_waits_for_a_discovery_is_answered_when_the_stick_is_not_trusted_any_more_and_nothing_spins() {
    let (mut network, mut stick) = (network(expected()), Stick::zigbee());
    begin(&mut network, &mut stick);
    network.next_discovery = now(10_000).moment;
    assert_eq!(outcomes(&command(&mut network, &mut stick, now(1), Ask::Discover)), []);
    network.hear(now(2), Frame::ModemStatus(ModemStatus::WatchdogReset));
    assert_eq!(outcomes(&settle(&mut network, &mut stick, now(2))), [Err(CommandRefused::LinkDown)]);
    assert_eq!(outcomes(&command(&mut network, &mut stick, now(3), Ask::Discover)), []);
    let out = becomes_foreign(&mut network, &mut stick, now(4));
    assert_eq!(outcomes(&out), [Err(CommandRefused::LinkDown)]);
    assert!(network.next_deadline(now(11_000).moment) > Some(now(11_000).moment));
}

#[test]
fn an_open_join_window_and_waiting_messages_are_no_reason_to_write_to_a_foreign_stick() {
    let (mut network, mut stick) = (network(expected()), Stick::zigbee());
    begin(&mut network, &mut stick);
    command(&mut network, &mut stick, now(1), Ask::OpenJoin(Duration::from_secs(60)));
    stick.written.clear();
    for _ in 0..20 {
        network.transmit(now(2), Some(CommandId(1)), MODULE, vec![1]);
    }
    let out = becomes_foreign(&mut network, &mut stick, now(3));
    assert_eq!(outcomes(&out), vec![Err(CommandRefused::LinkDown); 20]);
    for seconds in 1..100 {
        let at = now(seconds * 1000);
        network.tick(at);
        while let Some(frame) = network.poll(at.moment) {
            assert!(matches!(frame, Frame::At(_)), "{frame:?}");
            stick.answer(&frame).into_iter().for_each(|answer| network.hear(at, answer));
        }
    }
    assert_eq!(stick.written, []);
}

#[test]
fn the_box_has_the_key_before_the_stick_uses_it() {
    let (mut network, mut stick) = (network(None), Stick::factory());
    begin(&mut network, &mut stick);
    network.command(now(1), RadioCommand { id: None, what: form(false) });
    let mut told = false;
    let mut used = false;
    loop {
        told |= std::iter::from_fn(|| network.take()).any(|out| matches!(out, Out::Heard(Heard::Secrets(_))));
        let Some(frame) = network.poll(now(1).moment) else { break };
        if matches!(frame, Frame::At(AtCommand { name: at::AC, .. })) {
            assert!(told, "a power cut would leave a key that nobody has");
            used = true;
        }
        stick.answer(&frame).into_iter().for_each(|answer| network.hear(now(1), answer));
    }
    assert!(used);
}

/// Re-forms a live network, and the line is lost when the stick was asked this.
fn lost_at(name: AtName, answered: bool) -> Vec<LinkState> {
    let (mut network, mut stick) = (network(expected()), Stick::zigbee());
    begin(&mut network, &mut stick);
    network.command(now(1), RadioCommand { id: None, what: form(true) });
    while let Some(frame) = network.poll(now(1).moment) {
        let asked = match &frame {
            Frame::At(at) | Frame::AtQueued(at) => at.name,
            other => panic!("{other:?}"),
        };
        let answers = stick.answer(&frame);
        if asked != name || answered {
            answers.into_iter().for_each(|answer| network.hear(now(1), answer));
        }
        if asked == name {
            break;
        }
    }
    network.lose();
    stick.settings.insert(at::OP, 0x7777_u64.to_be_bytes().to_vec());
    states(&begin(&mut network, &mut stick))
}

#[test]
fn a_line_lost_while_a_network_is_formed_anew_is_no_reason_to_take_the_new_one_for_foreign() {
    for (name, answered) in [(at::AC, false), (at::WR, false), (at::WR, true)] {
        assert_eq!(lost_at(name, answered), [LinkState::Up], "{name}");
    }
    let [LinkState::Foreign { .. }] = lost_at(at::KY, true)[..] else {
        panic!("nothing was formed: the former network is expected")
    };
}

#[test]
fn of_another_network_no_address_and_no_module_is_remembered() {
    let (mut network, mut stick) = (network(expected()), Stick::zigbee().with(at::AR, &[6]));
    begin(&mut network, &mut stick);
    network.hear(now(1), rx(MODULE));
    settle(&mut network, &mut stick, now(1));
    let short_used = |network: &mut Network, at: Now| {
        network.transmit(at, None, MODULE, vec![1]);
        let sent = std::iter::from_fn(|| network.poll(at.moment));
        sent.filter_map(|frame| if let Frame::Tx(tx) = frame { Some(tx.short) } else { None }).last()
    };
    assert_eq!(short_used(&mut network, now(2)), Some(0x7D84));
    becomes_foreign(&mut network, &mut stick, now(3));
    stick.settings.insert(at::AR, vec![0xFF]);
    command(&mut network, &mut stick, now(4), Ask::Adopt { eui64: stick_address() });
    assert!(network.is_trusted());
    assert_eq!(short_used(&mut network, now(5)), Some(0xFFFE));
    assert!(!network.collects && network.modules.count() == 0);
}

#[test]
fn a_conflict_about_the_networks_id_is_shown_for_ten_minutes() {
    let (mut network, mut stick) = (network(expected()), Stick::zigbee());
    begin(&mut network, &mut stick);
    network.hear(now(0), Frame::ModemStatus(ModemStatus::PanIdConflict));
    let told = reports(&settle(&mut network, &mut stick, now(0)));
    assert_eq!(told.last().unwrap().trouble.as_deref(), Some("PAN id conflict"));
    for seconds in 1..600 {
        network.tick(now(seconds * 1000));
        assert_eq!(reports(&settle(&mut network, &mut stick, now(seconds * 1000))), []);
        assert!(network.next_deadline(now(seconds * 1000).moment) <= Some(now(600_000).moment));
    }
    network.tick(now(600_000));
    assert_eq!(reports(&settle(&mut network, &mut stick, now(600_000))).last().unwrap().trouble, None);
}

#[test]
fn a_window_that_the_stick_closed_is_closed_in_its_settings_too_but_never_one_just_opened() {
    let (mut network, mut stick) = (network(expected()), Stick::zigbee());
    begin(&mut network, &mut stick);
    let closed = || Frame::ModemStatus(ModemStatus::JoinWindowClosed);
    command(&mut network, &mut stick, now(1), Ask::OpenJoin(Duration::from_secs(60)));
    network.command(now(2), RadioCommand { id: None, what: Ask::OpenJoin(Duration::from_secs(30)) });
    network.hear(now(2), closed());
    settle(&mut network, &mut stick, now(2));
    assert_eq!(stick.settings[&at::NJ], [30]);
    network.hear(now(3), closed());
    settle(&mut network, &mut stick, now(3));
    assert_eq!(stick.settings[&at::NJ], [0]);
    stick.written.clear();
    network.hear(now(4), closed());
    settle(&mut network, &mut stick, now(4));
    assert_eq!(stick.written, [], "it is closed");
}

#[test]
fn a_refused_discovery_is_no_discovery() {
    let (mut network, mut stick) = (network(expected()), Stick::zigbee());
    stick.refuses = Some(at::ND);
    begin(&mut network, &mut stick);
    let out = command(&mut network, &mut stick, now(1), Ask::Discover);
    assert!(matches!(outcomes(&out)[..], [Err(CommandRefused::Stick { .. })]), "{out:?}");
}

#[test]
fn a_stick_whose_frames_nobody_here_reads_is_refused_with_the_reason() {
    let mut stick = Stick::zigbee().with(at::HV, &[0x17, 0x44]).with(at::VR, &[0x10, 0xEF]);
    let out = begin(&mut network(None), &mut stick);
    assert!(out.iter().any(|out| matches!(out, Out::Dead(why) if why.contains("802.15.4"))), "{out:?}");
    assert_eq!((states(&out), stick.written), (Vec::new(), Vec::new()));
}

#[test]
fn encryption_that_was_on_record_is_missed_after_a_restart_of_the_box_too() {
    let mut stick = Stick::zigbee().with(at::EE, &[0]).with(at::ID, &PAN.to_be_bytes());
    let out = begin(&mut network(expected()), &mut stick);
    assert!(matches!(states(&out)[..], [LinkState::Foreign { .. }]), "{out:?}");
}
