use domain::Eui64;

use super::*;
use crate::v3::frame::{AtCommand, AtResponse, AtStatus, Tx, encode};

const NOW: u64 = 1_000_000;

fn eui(last: u8) -> Eui64 {
    Eui64::from_be_bytes([0, 0x13, 0xA2, 0, 0x41, 0, 0, last])
}

/// A stick and a host that speaks in frames with it.
struct Bench {
    stick: Stick,
    mode: ApiMode,
    now: u64,
}

impl Bench {
    fn new(spec: StickSpec) -> Self {
        let mut stick = Stick::new(spec, 1);
        stick.power_up(NOW);
        let mode = if stick.spec().api == 2 { ApiMode::Escaped } else { ApiMode::Plain };
        Bench { stick, mode, now: NOW }
    }

    fn send(&mut self, frame: &Frame) {
        let bytes = encode(frame, self.mode).unwrap();
        self.stick.receive(&bytes, self.now);
    }

    fn frames(&mut self) -> Vec<Frame> {
        let bytes = std::mem::take(self.stick.output());
        let pieces = Decoder::new(self.mode).push(&bytes).into_iter();
        let whole = |piece| match piece {
            Piece::Frame { frame, .. } => frame,
            Piece::Damage { offset, kind } => panic!("{kind} at {offset}"),
        };
        pieces.map(whole).collect()
    }

    fn at(&mut self, name: &str, parameter: &[u8]) -> AtResponse {
        let command = AtCommand { id: 9, name: AtName::of(name), parameter: parameter.to_vec() };
        self.send(&Frame::At(command));
        self.answer()
    }

    fn queue(&mut self, name: &str, parameter: &[u8]) -> AtResponse {
        let command = AtCommand { id: 9, name: AtName::of(name), parameter: parameter.to_vec() };
        self.send(&Frame::AtQueued(command));
        self.answer()
    }

    fn answer(&mut self) -> AtResponse {
        let mut answers = self.frames().into_iter().filter_map(|frame| match frame {
            Frame::AtResponse(response) => Some(response),
            _ => None,
        });
        answers.next_back().unwrap()
    }

    fn value(&mut self, name: &str) -> Vec<u8> {
        let answer = self.at(name, &[]);
        assert_eq!(answer.status, AtStatus::Ok, "{name}");
        answer.value
    }

    fn wait(&mut self, ms: u64) -> Vec<Frame> {
        self.now += ms;
        self.stick.advance(self.now);
        self.frames()
    }
}

fn secured() -> StickSpec {
    let network = Some(Commissioned { pan: 0xC0FFEE, link_key: [0x5A; 16] });
    StickSpec { network, ..StickSpec::zigbee(eui(1), "HALL-A") }
}

#[test]
fn a_stick_says_that_it_started_and_who_it_is() {
    let mut bench = Bench::new(secured());
    assert_eq!(bench.stick.output().clone(), [0x7E, 0, 2, 0x8A, 0, 0x75]);
    bench.frames();
    assert_eq!(bench.value("SH"), [0, 0x13, 0xA2, 0]);
    assert_eq!(bench.value("SL"), [0x41, 0, 0, 1]);
    assert_eq!(bench.value("OP"), [0, 0, 0, 0, 0, 0xC0, 0xFF, 0xEE]);
    assert_eq!(bench.value("AI"), [0]);
    assert_eq!(bench.value("NI"), b"HALL-A");
    assert_eq!(bench.value("KY"), b"", "a key is never told");
    assert_eq!(bench.at("QQ", &[]).status, AtStatus::InvalidCommand);
    assert_eq!(bench.at("HV", &[1]).status, AtStatus::InvalidParameter);
}

#[test]
fn a_queued_command_waits_for_ac_or_for_any_immediate_one() {
    let mut bench = Bench::new(secured());
    assert_eq!(bench.queue("NT", &[0x40]).status, AtStatus::Ok);
    assert_eq!(bench.queue("NT", &[]).value, [0x3C]);
    bench.at("AC", &[]);
    assert_eq!(bench.queue("NT", &[]).value, [0x40]);
    bench.queue("NT", &[0x50]);
    assert_eq!(bench.value("NT"), [0x50]);
    assert_eq!(bench.queue("NT", &[0x01]).status, AtStatus::InvalidParameter);
}

#[test]
fn what_was_not_written_to_flash_is_gone_after_a_replug() {
    let mut bench = Bench::new(secured());
    bench.at("NI", b"UNWRITTEN");
    bench.at("AO", &[1]);
    bench.at("WR", &[]);
    bench.at("NT", &[0x77]);
    bench.stick.power_down();
    bench.stick.power_up(bench.now);
    bench.frames();
    assert_eq!(bench.value("NI"), b"UNWRITTEN");
    assert_eq!(bench.value("AO"), [1]);
    assert_eq!(bench.value("NT"), [0x3C]);
    assert_eq!(bench.value("OP"), [0, 0, 0, 0, 0, 0xC0, 0xFF, 0xEE], "the network outlives it");
}

#[test]
fn a_change_of_the_network_forms_it_anew_five_seconds_after_the_last_one() {
    let mut bench = Bench::new(secured());
    bench.queue("ID", &[0xBE, 0xEF]);
    bench.queue("EE", &[1]);
    bench.at("AC", &[]);
    bench.wait(4_000);
    bench.at("KY", &[7; 16]);
    bench.wait(4_000);
    assert_eq!(bench.value("OP"), [0, 0, 0, 0, 0, 0xC0, 0xFF, 0xEE]);
    bench.wait(1_000);
    assert_eq!(bench.value("AI"), [0xFF]);
    assert_eq!(bench.stick.take_asked(), vec![Asked::Dissolved]);
    assert_eq!(bench.wait(500), vec![Frame::ModemStatus(ModemStatus::CoordinatorStarted)]);
    assert_eq!(bench.value("AI"), [0]);
    assert_eq!(bench.value("OP"), [0, 0, 0, 0, 0, 0, 0xBE, 0xEF]);
}

#[test]
fn a_network_formed_but_not_written_falls_apart_at_the_next_start() {
    let mut bench = Bench::new(secured());
    bench.at("ID", &[0xBE, 0xEF]);
    bench.wait(5_000);
    bench.wait(500);
    bench.stick.take_asked();
    bench.at("FR", &[]);
    assert_eq!(bench.stick.take_asked(), vec![Asked::Dissolved]);
}

#[test]
fn a_new_network_key_goes_round_without_anybody_leaving() {
    let mut bench = Bench::new(secured());
    let command = AtCommand { id: 0, name: AtName::of("NK"), parameter: vec![3; 16] };
    bench.frames();
    bench.send(&Frame::At(command));
    assert_eq!(bench.frames(), vec![Frame::ModemStatus(ModemStatus::NetworkKeyUpdated)]);
    bench.wait(20_000);
    assert_eq!(bench.stick.take_asked(), vec![]);
}

#[test]
fn the_join_window_closes_by_itself() {
    let mut bench = Bench::new(secured());
    bench.frames();
    bench.send(&Frame::At(AtCommand { id: 0, name: AtName::of("NJ"), parameter: vec![60] }));
    assert_eq!(bench.frames(), vec![Frame::ModemStatus(ModemStatus::JoinWindowOpened)]);
    let credential = Credential::NetworkKey([0x5A; 16]);
    assert!(bench.stick.admits(eui(9), &credential));
    assert_eq!(bench.wait(59_999), vec![]);
    assert_eq!(bench.wait(1), vec![Frame::ModemStatus(ModemStatus::JoinWindowClosed)]);
    assert!(!bench.stick.admits(eui(9), &credential));
}

#[test]
fn both_api_modes_carry_every_byte() {
    for api in [1, 2] {
        let mut bench = Bench::new(StickSpec { api, ..secured() });
        bench.frames();
        let data: Vec<u8> = (0..=254).collect();
        bench.send(&Frame::Tx(Tx {
            id: 5,
            dest: eui(9),
            short: 0xFFFE,
            radius: 0,
            options: 0,
            data: data.clone(),
        }));
        let asked = bench.stick.take_asked();
        assert_eq!(asked, vec![Asked::Send { id: 5, dest: eui(9), short: 0xFFFE, data: data.clone() }]);
        bench.stick.hear(Sender { eui64: eui(9), short: 0x1234 }, data.clone());
        match bench.frames().as_slice() {
            [Frame::Rx(rx)] => assert_eq!((rx.source, &rx.data), (eui(9), &data)),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_mode_is_answered_in_the_old_one_and_in_force_from_then_on() {
    let mut bench = Bench::new(secured());
    assert_eq!(bench.at("AP", &[2]).status, AtStatus::Ok);
    bench.mode = ApiMode::Escaped;
    assert_eq!(bench.value("AP"), [2]);
}

#[test]
fn damage_is_dropped_without_a_word() {
    let mut bench = Bench::new(secured());
    bench.frames();
    bench.stick.receive(&[0x7E, 0, 4, 8, 1, b'A', b'P', 0], NOW);
    bench.stick.receive(b"rubbish", NOW);
    assert_eq!(bench.frames(), vec![]);
    assert_eq!(bench.value("AI"), [0]);
}

#[test]
fn another_baud_rate_garbles_both_ways() {
    let mut bench = Bench::new(secured());
    bench.frames();
    bench.stick.set_host_baud(Some(9_600));
    bench.send(&Frame::At(AtCommand { id: 1, name: AtName::of("AI"), parameter: vec![] }));
    assert_eq!(bench.stick.output().len(), 0, "it understood a garbled question");
    bench.stick.tell(ModemStatus::WatchdogReset);
    let bytes = std::mem::take(bench.stick.output());
    assert_eq!(bytes.len(), 6);
    assert!(!bytes.contains(&0x7E));
    bench.stick.set_host_baud(Some(115_200));
    assert_eq!(bench.value("AI"), [0]);
}

#[test]
fn command_mode_sets_the_mode_of_a_stick_that_speaks_no_frames() {
    let mut bench = Bench::new(StickSpec { api: 0, ..secured() });
    bench.now += 2_000;
    bench.stick.receive(b"+++", bench.now);
    bench.now += 1_000;
    bench.stick.advance(bench.now);
    assert_eq!(std::mem::take(bench.stick.output()), b"OK\r");
    bench.stick.receive(b"ATAP2,BD3,WR,CN\r", bench.now);
    assert_eq!(std::mem::take(bench.stick.output()), b"OK\rOK\rOK\rOK\r");
    bench.mode = ApiMode::Escaped;
    assert_eq!(bench.value("BD"), [0, 0, 0, 3]);
    bench.stick.power_down();
    bench.stick.power_up(bench.now);
    bench.frames();
    assert_eq!(bench.value("AP"), [2]);
}

#[test]
fn a_transparent_stick_passes_bytes_and_knows_no_frames() {
    let mut bench = Bench::new(StickSpec::transparent(eui(3), ""));
    bench.stick.receive(b"\x7E\x00\x04", NOW + 5_000);
    let everybody =
        Asked::Send { id: 0, dest: Eui64::BROADCAST, short: 0xFFFE, data: b"\x7E\x00\x04".to_vec() };
    assert_eq!(bench.stick.take_asked(), vec![everybody]);
    bench.stick.hear(Sender { eui64: eui(9), short: 0xFFFE }, b"hello".to_vec());
    assert_eq!(std::mem::take(bench.stick.output()), b"hello");
    bench.now += 20_000;
    bench.stick.receive(b"+++", bench.now);
    bench.now += 1_000;
    bench.stick.advance(bench.now);
    bench.stick.receive(b"ATHV\rATAP2\rATVR\rATCN\r", bench.now);
    assert_eq!(std::mem::take(bench.stick.output()), b"OK\r1C00\rERROR\r2008\rOK\r");
}

#[test]
fn a_mesh_has_no_coordinator_and_no_joining() {
    let mut bench = Bench::new(StickSpec::digimesh(eui(4), "MESH"));
    bench.frames();
    for name in ["AI", "NJ", "SC", "OP"] {
        assert_eq!(bench.at(name, &[]).status, AtStatus::InvalidCommand, "{name}");
    }
    assert_eq!(bench.value("ID"), [0x7F, 0xFF]);
    assert_eq!(bench.value("MF"), [25]);
    bench.at("ID", &[0x12, 0x34]);
    assert_eq!(bench.wait(10_000), vec![]);
}

#[test]
fn more_than_eight_broadcasts_in_eight_seconds_are_refused() {
    let mut bench = Bench::new(secured());
    bench.frames();
    let broadcast =
        Frame::Tx(Tx { id: 1, dest: Eui64::BROADCAST, short: 0xFFFE, radius: 0, options: 0, data: vec![1] });
    (0..9).for_each(|_| bench.send(&broadcast));
    assert_eq!(bench.stick.take_asked().len(), 8);
    match bench.frames().as_slice() {
        [Frame::TxStatus(status)] => assert_eq!(status.delivery, DeliveryStatus::NoBuffers),
        other => panic!("{other:?}"),
    }
    bench.wait(8_000);
    bench.send(&broadcast);
    assert_eq!(bench.stick.take_asked().len(), 1);
}
