use std::time::Duration;

use domain::Eui64;

use super::super::commands::{AI, AP, KY, VR};
use super::super::frame::{
    ApiMode, AtResponse, AtStatus, DeliveryStatus, DiscoveryStatus, Frame, RegisterStatus, RouteRecord, Rx,
    TxStatus, encode,
};
use super::*;

const MODULE: Eui64 = Eui64::from_be_bytes([0, 0x13, 0xA2, 0, 1, 2, 3, 4]);
const START: Moment = Duration::ZERO;

fn after(ms: u64) -> Moment {
    Duration::from_millis(ms)
}

fn at(name: AtName) -> Request {
    Request::At { name, parameter: Vec::new() }
}

fn transmit(dest: Eui64) -> Request {
    Request::Transmit { dest, data: vec![1, 2, 3] }
}

fn id_of(frame: &Frame) -> u8 {
    match frame {
        Frame::At(at) | Frame::AtQueued(at) => at.id,
        Frame::Tx(tx) => tx.id,
        Frame::RegisterDevice(device) => device.id,
        Frame::RemoteAt(at) => at.id,
        other => panic!("{other:?} has no id"),
    }
}

fn answer(id: u8, name: AtName, value: &[u8]) -> Frame {
    Frame::AtResponse(AtResponse { id, name, status: AtStatus::Ok, value: value.to_vec() })
}

fn delivered(id: u8, delivery: DeliveryStatus) -> Frame {
    let discovery = DiscoveryStatus::NoOverhead;
    Frame::TxStatus(TxStatus { id, short: 0x1234, retries: 0, delivery, discovery })
}

#[test]
fn an_answer_finds_its_request_whatever_the_order() {
    let mut modem = Modem::default();
    let first = modem.request(START, at(AI)).unwrap();
    let second = modem.request(START, at(VR)).unwrap();
    let sent: Vec<Frame> = std::iter::from_fn(|| modem.poll(START)).collect();
    let [a, b] = sent.as_slice() else { panic!("{sent:?}") };
    assert_ne!(id_of(a), id_of(b));
    let heard = modem.hear(answer(id_of(b), VR, &[0x10, 0x07]));
    assert!(matches!(heard, Incoming::Answer(ticket, Answer::At(_)) if ticket == second));
    let heard = modem.hear(answer(id_of(a), AI, &[0]));
    assert!(matches!(heard, Incoming::Answer(ticket, Answer::At(_)) if ticket == first));
    assert_eq!(modem.take_unmatched(), 0);
}

#[test]
fn late_doubled_foreign_and_wrong_replies_are_ignored_and_counted() {
    let mut modem = Modem::default();
    let ticket = modem.request(START, at(AI)).unwrap();
    let id = id_of(&modem.poll(START).unwrap());
    assert_eq!(modem.hear(answer(id, VR, &[0])), Incoming::Unmatched, "another command");
    assert_eq!(modem.hear(answer(id.wrapping_add(7), AI, &[0])), Incoming::Unmatched, "another id");
    assert_eq!(modem.hear(delivered(id, DeliveryStatus::Success)), Incoming::Unmatched, "another kind");
    assert_eq!(modem.hear(answer(0, AI, &[0])), Incoming::Unmatched, "nobody's id");
    assert!(matches!(modem.hear(answer(id, AI, &[0])), Incoming::Answer(t, _) if t == ticket));
    assert_eq!(modem.hear(answer(id, AI, &[0])), Incoming::Unmatched, "doubled");

    let late = modem.request(START, at(AI)).unwrap();
    let id = id_of(&modem.poll(START).unwrap());
    assert_eq!(modem.next_deadline(START), Some(LOCAL_TIMEOUT));
    assert_eq!(modem.expire(LOCAL_TIMEOUT - after(1)), []);
    assert_eq!(modem.expire(LOCAL_TIMEOUT), [(late, Answer::TimedOut(LOCAL_TIMEOUT))]);
    assert_eq!(modem.hear(answer(id, AI, &[0])), Incoming::Unmatched, "late");
    assert_eq!(modem.take_unmatched(), 6);
    assert_eq!(modem.next_deadline(START), None);
}

#[test]
fn an_id_in_flight_is_never_given_again_and_zero_never() {
    let mut modem = Modem::default();
    modem.request(START, at(AI)).unwrap();
    let held = id_of(&modem.poll(START).unwrap());
    for _ in 0..1000 {
        modem.request(START, at(VR)).unwrap();
        let id = id_of(&modem.poll(START).unwrap());
        assert!(id != 0 && id != held);
        modem.hear(answer(id, VR, &[0]));
    }
    // All in flight at once: the rest waits instead of taking a used one.
    let mut modem = Modem::default();
    for _ in 0..300 {
        modem.request(START, at(VR)).unwrap();
    }
    let mut ids: Vec<u8> = std::iter::from_fn(|| modem.poll(START)).map(|frame| id_of(&frame)).collect();
    ids.sort_unstable();
    assert_eq!(ids, (1..=255).collect::<Vec<u8>>());
    modem.hear(answer(9, VR, &[0]));
    assert_eq!(modem.poll(START).map(|frame| id_of(&frame)), Some(9));
    assert_eq!(modem.lose().len(), 299);
}

#[test]
fn a_change_of_framing_reads_the_same_in_both() {
    let mut modem = Modem::default();
    for _ in 0..300 {
        modem.request(START, Request::At { name: AP, parameter: vec![2] }).unwrap();
        let frame = modem.poll(START).unwrap();
        assert_eq!(encode(&frame, ApiMode::Plain), encode(&frame, ApiMode::Escaped));
        let reply = answer(id_of(&frame), AP, &[]);
        assert_eq!(encode(&reply, ApiMode::Plain), encode(&reply, ApiMode::Escaped));
        assert!(matches!(modem.hear(reply), Incoming::Answer(..)));
    }
}

#[test]
fn everything_asked_fails_with_the_line() {
    let mut modem = Modem::default();
    let tickets = [
        modem.request(START, at(AI)).unwrap(),
        modem.request(START, transmit(MODULE)).unwrap(),
        modem.request(START, at(VR)).unwrap(),
    ];
    modem.poll(START).unwrap();
    assert_eq!(modem.lose(), tickets);
    assert_eq!(modem.poll(START), None);
    assert_eq!(modem.lose(), []);
}

#[test]
fn the_whole_network_hears_at_most_one_broadcast_a_second() {
    let mut modem = Modem::default();
    modem.request(START, transmit(Eui64::BROADCAST)).unwrap();
    modem.request(START, Request::Discover { window: after(9000) }).unwrap();
    assert!(matches!(modem.poll(START), Some(Frame::Tx(_))));
    assert_eq!(modem.poll(after(999)), None);
    assert_eq!(modem.next_deadline(after(999)), Some(after(1000)));
    assert!(matches!(modem.poll(after(1000)), Some(Frame::At(_))));
}

#[test]
fn a_broadcast_that_has_to_wait_holds_up_no_acknowledgement() {
    let mut modem = Modem::default();
    for dest in [Eui64::BROADCAST, Eui64::BROADCAST, MODULE] {
        modem.request(START, transmit(dest)).unwrap();
    }
    let dest = |frame: Option<Frame>| if let Some(Frame::Tx(tx)) = frame { Some(tx.dest) } else { None };
    assert_eq!(dest(modem.poll(START)), Some(Eui64::BROADCAST));
    assert_eq!(dest(modem.poll(START)), Some(MODULE));
    assert_eq!(modem.poll(START), None);
    assert_eq!(modem.next_deadline(START), Some(after(1000)));
    assert_eq!(dest(modem.poll(after(1000))), Some(Eui64::BROADCAST));
}

#[test]
fn a_few_transmissions_are_open_at_a_time_and_commands_go_past_them() {
    let mut modem = Modem::default();
    for _ in 0..20 {
        modem.request(START, transmit(MODULE)).unwrap();
    }
    let sent: Vec<Frame> = std::iter::from_fn(|| modem.poll(START)).collect();
    assert_eq!(sent.len(), TRANSMISSIONS_IN_FLIGHT);
    modem.request(START, at(AI)).unwrap();
    assert!(matches!(modem.poll(START), Some(Frame::At(_))));
    assert_eq!(modem.poll(START), None);
    modem.hear(delivered(id_of(&sent[0]), DeliveryStatus::Success));
    assert!(matches!(modem.poll(START), Some(Frame::Tx(_))));
}

#[test]
fn a_transmission_ends_with_its_status_and_learns_the_address() {
    let mut modem = Modem::default();
    let ticket = modem.request(START, transmit(MODULE)).unwrap();
    let Some(Frame::Tx(tx)) = modem.poll(START) else { panic!("nothing sent") };
    assert_eq!(tx.short, 0xFFFE);
    let heard = modem.hear(delivered(tx.id, DeliveryStatus::Success));
    assert_eq!(heard, Incoming::Answer(ticket, Answer::Sent(DeliveryStatus::Success)));
    modem.request(START, transmit(MODULE)).unwrap();
    let Some(Frame::Tx(tx)) = modem.poll(START) else { panic!("nothing sent") };
    assert_eq!(tx.short, 0x1234);
    modem.hear(delivered(tx.id, DeliveryStatus::RouteNotFound));
    assert_eq!(modem.short_of(MODULE), None, "an address that failed is found anew");
}

#[test]
fn a_payload_that_needs_fragments_is_refused_by_family() {
    let mut modem = Modem::default();
    let try_send = |modem: &mut Modem, dest, length| {
        modem.request(START, Request::Transmit { dest, data: vec![0; length] }).map(drop)
    };
    assert!(try_send(&mut modem, MODULE, 66).is_ok());
    assert_eq!(try_send(&mut modem, MODULE, 67), Err(CommandRefused::TooLong { length: 67, limit: 66 }));
    assert!(try_send(&mut modem, Eui64::BROADCAST, 74).is_ok());
    modem.limits_mut().adapt(crate::event::Family::Zigbee, false, None);
    assert!(try_send(&mut modem, MODULE, 84).is_ok());
    modem.limits_mut().adapt(crate::event::Family::DigiMesh, true, Some(0x100));
    assert!(try_send(&mut modem, MODULE, 256).is_ok());
    assert!(try_send(&mut modem, MODULE, 257).is_err());
}

#[test]
fn a_link_key_of_zeros_never_goes_out() {
    let mut modem = Modem::default();
    for parameter in [vec![0], vec![0; 16]] {
        let request = Request::AtQueued { name: KY, parameter };
        assert!(matches!(modem.request(START, request), Err(CommandRefused::Limit(_))));
    }
    let zero = Registration { device: MODULE, install_code: false, key: vec![0; 16] };
    assert!(matches!(modem.request(START, Request::Register(zero)), Err(CommandRefused::Limit(_))));
    assert_eq!(modem.poll(START), None);
}

#[test]
fn no_more_devices_wait_to_join_than_the_stick_has_room_for() {
    let device = |n: u8| Eui64::from_be_bytes([0, 0x13, 0xA2, 0, 9, 9, 9, n]);
    let register =
        |n| Request::Register(Registration { device: device(n), install_code: false, key: vec![7; 16] });
    let mut modem = Modem::default();
    for n in 0..10 {
        modem.request(START, register(n)).unwrap();
        let id = id_of(&modem.poll(START).unwrap());
        modem.hear(Frame::RegisterStatus { id, status: RegisterStatus::Success });
    }
    assert!(matches!(modem.request(START, register(10)), Err(CommandRefused::Limit(_))));
    modem.request(START, register(3)).unwrap();
    // One of them joined and spoke.
    modem.hear(Frame::Rx(Rx { source: device(5), short: 1, options: 1, data: vec![] }));
    modem.request(START, register(10)).unwrap();
    assert!(modem.request(START, register(11)).is_err());
    // The stick forgets the others after KT.
    assert!(modem.request(Duration::from_secs(301), register(11)).is_ok());
}

#[test]
fn a_discovery_collects_nodes_until_the_empty_answer_or_the_end_of_its_time() {
    let node = hex::decode("12340013A20040D814A8346400FFFE0100C105101E").unwrap();
    for empty_comes in [true, false] {
        let mut modem = Modem::default();
        let ticket = modem.request(START, Request::Discover { window: after(9000) }).unwrap();
        let id = id_of(&modem.poll(START).unwrap());
        for _ in 0..3 {
            let heard = modem.hear(answer(id, AtName::of("ND"), &node));
            assert!(matches!(heard, Incoming::Answer(t, Answer::Node(_)) if t == ticket));
        }
        let ended = Answer::Discovered { modules: 3 };
        if empty_comes {
            assert_eq!(modem.hear(answer(id, AtName::of("ND"), &[])), Incoming::Answer(ticket, ended));
        } else {
            assert_eq!(modem.expire(after(9000)), [(ticket, ended)]);
        }
        assert_eq!(modem.hear(answer(id, AtName::of("ND"), &node)), Incoming::Unmatched);
    }
}

#[test]
fn a_cut_answer_is_counted_and_skipped_and_a_refusal_is_no_end_of_a_discovery() {
    let mut modem = Modem::default();
    let ticket = modem.request(START, Request::Discover { window: after(9000) }).unwrap();
    let id = id_of(&modem.poll(START).unwrap());
    assert_eq!(modem.hear(answer(id, AtName::of("ND"), &[1, 2, 3])), Incoming::Unmatched);
    assert_eq!(modem.take_unmatched(), 1);
    let refusal = AtResponse { id, name: AtName::of("ND"), status: AtStatus::Error, value: Vec::new() };
    let heard = modem.hear(Frame::AtResponse(refusal.clone()));
    assert_eq!(heard, Incoming::Answer(ticket, Answer::At(refusal)));
}

#[test]
fn of_a_network_that_is_gone_no_address_way_or_registration_is_kept() {
    let mut modem = Modem::default();
    modem.use_source_routes(true);
    modem.hear(route(MODULE, &[1]));
    for last in 0..10 {
        let device = Eui64::from_be_bytes([0, 0x13, 0xA2, 0, 9, 9, 9, last]);
        let entry = Registration { device, install_code: false, key: vec![7; 16] };
        modem.request(START, Request::Register(entry)).unwrap();
    }
    modem.lose();
    modem.forget_network();
    assert_eq!(modem.short_of(MODULE), None);
    let entry = Registration { device: MODULE, install_code: false, key: vec![7; 16] };
    modem.request(START, Request::Register(entry)).unwrap();
    modem.poll(START);
    modem.request(START, transmit(MODULE)).unwrap();
    assert!(matches!(modem.poll(START), Some(Frame::Tx(_))), "a way of another network");
}

fn route(dest: Eui64, hops: &[u16]) -> Frame {
    Frame::RouteRecord(RouteRecord { source: dest, short: 0x3344, options: 1, hops: hops.to_vec() })
}

#[test]
fn a_recorded_way_is_given_back_before_the_first_transmission() {
    let mut modem = Modem::default();
    modem.hear(route(MODULE, &[0xEEFF, 0xCCDD]));
    modem.request(START, transmit(MODULE)).unwrap();
    assert!(matches!(modem.poll(START), Some(Frame::Tx(_))), "no source routes in a small network");
    modem.use_source_routes(true);
    for _ in 0..2 {
        modem.request(START, transmit(MODULE)).unwrap();
    }
    let Some(Frame::CreateSourceRoute(first)) = modem.poll(START) else { panic!("no route") };
    assert_eq!((first.id, first.dest, first.short), (0, MODULE, 0x3344));
    assert_eq!(first.hops, [0xEEFF, 0xCCDD]);
    assert!(matches!(modem.poll(START), Some(Frame::Tx(_))));
    assert!(matches!(modem.poll(START), Some(Frame::Tx(_))), "the stick knows the way by now");
    modem.hear(route(MODULE, &[0xAAAA]));
    modem.request(START, transmit(MODULE)).unwrap();
    assert!(matches!(modem.poll(START), Some(Frame::CreateSourceRoute(_))), "the way changed");
}

#[test]
fn a_neighbour_needs_no_way_and_the_sticks_small_table_is_known() {
    let mut modem = Modem::default();
    modem.use_source_routes(true);
    modem.hear(route(MODULE, &[]));
    modem.request(START, transmit(MODULE)).unwrap();
    let Some(Frame::Tx(tx)) = modem.poll(START) else { panic!("a route of no hops") };
    modem.hear(delivered(tx.id, DeliveryStatus::Success));

    let device = |n: u8| Eui64::from_be_bytes([0, 0x13, 0xA2, 0, 9, 9, 9, n]);
    let mut routes_sent = |n: u8| {
        modem.hear(route(device(n), &[1]));
        modem.request(START, transmit(device(n))).unwrap();
        let mut routes = 0;
        while let Some(frame) = modem.poll(START) {
            match frame {
                Frame::CreateSourceRoute(_) => routes += 1,
                frame => assert_ne!(
                    modem.hear(delivered(id_of(&frame), DeliveryStatus::Success)),
                    Incoming::Unmatched
                ),
            }
        }
        routes
    };
    assert_eq!((0..41).map(&mut routes_sent).sum::<i32>(), 41);
    assert_eq!(routes_sent(40), 0, "still in the stick's table");
    assert_eq!(routes_sent(0), 1, "pushed out of the stick's table of 40");
}
