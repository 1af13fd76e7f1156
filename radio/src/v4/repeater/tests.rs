//! The laws of a repeater, without any air.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::v4::advert::{Company, Repeater, Sealer, State, Status};
use crate::v4::air::Doing;
use crate::v4::{Address, Key};

fn address(number: u8) -> Address {
    Address::from_be_bytes([0xC0, 0, 0, 0, 0, number])
}

fn own() -> LinkName {
    LinkName::adapter(address(0xAA).to_be_bytes())
}

fn way(number: u8) -> Way {
    Way { adapter: own(), address: address(number) }
}

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(0).later_by(Duration::from_millis(millis))
}

fn sealed(id: u32, counter: u32) -> super::super::advert::Sealed {
    let mut sealer = Sealer::new(Key::new([3; 16]), id, counter);
    sealer.seal(Company::NONE, &Status::new(1, counter, State::Cycling)).unwrap()
}

/// With its adapter.
fn repeater() -> RepeaterNode {
    let mut node = RepeaterNode::default();
    let done = node.take(Heard::Fact(Fact::Came { adapter: own(), slots: 5 }), at(0));
    assert!(matches!(&done[..], [Do::Act(Act::Scan { on: true, .. })]), "{done:?}");
    node
}

fn hear(node: &mut RepeaterNode, from: u8, what: Ours, now: Timestamp) {
    node.take(Heard::Fact(Fact::Advert { way: way(from), rssi_dbm: -50, what }), now);
}

/// The adverts that go on the air by then.
fn sent(node: &mut RepeaterNode, now: Timestamp) -> Vec<Repeated> {
    let mut all = Vec::new();
    while let [Do::Send(Some(repeated)), ..] = node.take(Heard::Tick, now)[..] {
        all.push(repeated);
    }
    all
}

fn write(node: &mut RepeaterNode, guest: u8, frame: &TunnelFrame, now: Timestamp) -> Vec<Do> {
    node.take(Heard::Written(way(guest), frame.encode()), now)
}

fn told(done: &[Do]) -> Vec<TunnelFrame> {
    let frames = done.iter().filter_map(|it| if let Do::Tell(bytes) = it { Some(bytes) } else { None });
    frames.map(|bytes| TunnelFrame::decode(bytes).unwrap()).collect()
}

fn open(tunnel: u32, id: u32, hops: u8) -> TunnelFrame {
    TunnelFrame::Open { tunnel, id, hops, origin: 0x7113 }
}

/// The link to a monitor comes about.
fn reach(node: &mut RepeaterNode, monitor: u8, now: Timestamp) -> Vec<TunnelFrame> {
    let mut done = node.take(Heard::Fact(Fact::Connected { way: way(monitor), mtu: 247 }), now);
    for on in [Characteristic::Sealed, Characteristic::Tunnel] {
        let subscribed = Fact::Done { way: way(monitor), what: Doing::Subscribe(on) };
        done.extend(node.take(Heard::Fact(subscribed), now));
    }
    told(&done)
}

const GUEST: u8 = 0x51;
const MONITOR: u8 = 0x01;

/// With an open tunnel, 7, to a monitor.
fn open_tunnel() -> RepeaterNode {
    let mut node = repeater();
    hear(&mut node, MONITOR, Ours::Sealed(sealed(9, 1)), at(0));
    let done = write(&mut node, GUEST, &open(7, 9, 0), at(0));
    assert!(matches!(&done[..], [Do::Act(Act::Connect(to))] if *to == way(MONITOR)), "{done:?}");
    let opened = TunnelFrame::Opened { tunnel: 7, room: 244, hops: 1 };
    assert_eq!(reach(&mut node, MONITOR, at(500)), [opened]);
    node
}

proptest! {
    #[test]
    fn whatever_a_guest_writes_nothing_breaks_and_there_are_never_more_tunnels_than_there_may_be(
        written in vec((0..4u8, vec(any::<u8>(), 0..30)), 0..60),
        opened in vec((0..4u8, any::<u32>(), 0..6u32, any::<u8>()), 0..60),
    ) {
        let mut node = repeater();
        (0..6).for_each(|id| hear(&mut node, id as u8, Ours::Sealed(sealed(id, 1)), at(0)));
        for (number, ((guest, bytes), (of, tunnel, id, hops))) in written.into_iter().zip(opened).enumerate() {
            let now = at(number as u64 * 700);
            node.take(Heard::Written(way(GUEST + guest), bytes), now);
            write(&mut node, GUEST + of, &open(tunnel, id, hops), now);
            reach(&mut node, id as u8, now);
            prop_assert!(node.tunnels() <= MOST_TUNNELS && node.guests.len() <= MOST_GUESTS);
            prop_assert!(node.pipes.len() <= MOST_TUNNELS);
        }
    }

    #[test]
    fn any_bytes_are_a_frame_or_not_and_a_frame_is_written_as_it_was(bytes in vec(any::<u8>(), 0..260)) {
        if let Ok(frame) = TunnelFrame::decode(&bytes) {
            prop_assert_eq!(frame.encode(), bytes);
        }
    }
}

#[test]
fn an_advert_is_passed_on_once_in_two_seconds_and_never_an_older_one() {
    let mut node = repeater();
    let first = sealed(9, 5);
    hear(&mut node, MONITOR, Ours::Sealed(first), at(0));
    let repeated = Repeated::first(first, -50, Repeater::from(address(0xAA)));
    assert_eq!(sent(&mut node, at(0)), [repeated]);
    hear(&mut node, MONITOR, Ours::Sealed(first), at(1_000));
    hear(&mut node, MONITOR, Ours::Sealed(sealed(9, 4)), at(1_500));
    assert_eq!(sent(&mut node, at(1_900)), []);
    hear(&mut node, MONITOR, Ours::Sealed(first), at(2_100));
    assert_eq!(sent(&mut node, at(2_100)).len(), 1);
    hear(&mut node, MONITOR, Ours::Sealed(sealed(9, 6)), at(2_200));
    assert_eq!(sent(&mut node, at(2_200)).len(), 1, "news at once");
    // What stays on the air is taken off when nothing is heard any more.
    assert!(node.take(Heard::Tick, at(80_000)).iter().all(|it| !matches!(it, Do::Send(_))));
    assert!(node.take(Heard::Tick, at(100_000)).iter().any(|it| matches!(it, Do::Send(None))));
}

#[test]
fn what_another_repeater_sent_goes_on_with_one_hop_more_and_not_beyond_three() {
    let mut node = repeater();
    let first = Repeated::first(sealed(9, 5), -71, Repeater(0x1234));
    hear(&mut node, 2, Ours::Repeated(first), at(0));
    assert_eq!(sent(&mut node, at(0)), [first.onward().unwrap()]);
    let far =
        Repeated::first(sealed(8, 5), -71, Repeater(0x1234)).onward().and_then(Repeated::onward).unwrap();
    hear(&mut node, 2, Ours::Repeated(far), at(0));
    assert_eq!(sent(&mut node, at(0)), []);
}

#[test]
fn the_way_is_the_one_with_the_fewest_repeaters_and_another_only_when_that_is_not_heard() {
    let mut node = repeater();
    let repeated = |counter| Ours::Repeated(Repeated::first(sealed(9, counter), -71, Repeater(1)));
    hear(&mut node, 2, repeated(1), at(0));
    assert_eq!(node.passing.next(9, at(0)), Some((Next::Repeater(address(2)), 1)));
    hear(&mut node, MONITOR, Ours::Sealed(sealed(9, 2)), at(100));
    hear(&mut node, 2, repeated(2), at(200));
    assert_eq!(node.passing.next(9, at(200)), Some((Next::Monitor(address(MONITOR)), 0)));
    hear(&mut node, 2, repeated(3), at(15_200));
    assert_eq!(node.passing.next(9, at(15_200)), Some((Next::Repeater(address(2)), 1)));
    assert_eq!(node.passing.next(9, at(200_000)), None);
}

#[test]
fn a_frame_passes_a_tunnel_as_it_is_both_ways_and_only_from_whose_tunnel_it_is() {
    let mut node = open_tunnel();
    let frame = TunnelFrame::Passed { tunnel: 7, frame: vec![0x13; 60] };
    let stranger = write(&mut node, GUEST + 1, &frame, at(600));
    assert!(stranger.is_empty(), "{stranger:?}");
    let done = write(&mut node, GUEST, &frame, at(600));
    let [Do::Act(Act::Write(to, Characteristic::Sealed, bytes))] = &done[..] else { panic!("{done:?}") };
    assert_eq!((to, &bytes[..]), (&way(MONITOR), &[0x13; 60][..]));
    let value = Fact::Value { way: way(MONITOR), characteristic: Characteristic::Sealed, bytes: vec![1, 2] };
    let back = told(&node.take(Heard::Fact(value), at(700)));
    assert_eq!(back, [TunnelFrame::Passed { tunnel: 7, frame: vec![1, 2] }]);
    // Nor does a stranger end it.
    write(&mut node, GUEST + 1, &TunnelFrame::Closed { tunnel: 7, why: Why::Over }, at(800));
    node.take(Heard::Left(way(GUEST + 1)), at(800));
    assert_eq!(node.tunnels(), 1);
    let left = node.take(Heard::Left(way(GUEST)), at(900));
    assert!(matches!(&left[..], [Do::Act(Act::Disconnect(from))] if *from == way(MONITOR)), "{left:?}");
    assert_eq!(node.tunnels(), 0);
}

#[test]
fn who_asks_for_what_there_is_not_is_told_why() {
    let mut node = open_tunnel();
    let why = |done: Vec<Do>| match told(&done)[..] {
        [TunnelFrame::Closed { why, .. }] => why,
        ref other => panic!("{other:?}"),
    };
    assert_eq!(why(write(&mut node, GUEST + 1, &open(8, 77, 0), at(0))), Why::NotHeard);
    assert_eq!(why(write(&mut node, GUEST + 1, &open(9, 9, 0), at(100))), Why::TooMuch, "too often");
    assert_eq!(why(write(&mut node, GUEST + 1, &open(9, 9, 0), at(2_000))), Why::Full, "somebody has one");
    hear(&mut node, 2, Ours::Sealed(sealed(10, 1)), at(2_000));
    assert_eq!(why(write(&mut node, GUEST + 1, &open(9, 10, 3), at(4_000))), Why::TooFar);
    write(&mut node, GUEST + 1, &open(9, 10, 0), at(6_000));
    let missing = Failure::Missing;
    node.take(Heard::Fact(Fact::Connected { way: way(2), mtu: 247 }), at(6_000));
    let what = Doing::Subscribe(Characteristic::Sealed);
    let failed = node.take(Heard::Fact(Fact::Failed { way: way(2), what, why: missing }), at(6_100));
    assert_eq!(why(failed), Why::NotSealed);
}

#[test]
fn more_than_may_pass_ends_the_tunnel_and_no_other() {
    let mut node = open_tunnel();
    let frame = TunnelFrame::Passed { tunnel: 7, frame: vec![0x13; 60] };
    let mut done = Vec::new();
    (0..100).for_each(|_| done.extend(write(&mut node, GUEST, &frame, at(600))));
    assert_eq!(told(&done), [TunnelFrame::Closed { tunnel: 7, why: Why::TooMuch }]);
    assert_eq!(node.tunnels(), 0, "nothing is written down there, and too much waits");
}

#[test]
fn a_guest_without_a_tunnel_is_asked_to_go() {
    let mut node = open_tunnel();
    node.take(Heard::Came(way(GUEST + 1)), at(1_000));
    let done = node.take(Heard::Tick, at(40_000));
    let gone = |it: &Do| matches!(it, Do::Act(Act::Disconnect(from)) if *from == way(GUEST + 1));
    assert!(done.iter().any(gone), "{done:?}");
    assert_eq!(node.tunnels(), 1);
}

#[test]
fn two_in_a_row_pass_what_is_said_and_count_themselves() {
    let (mut near, mut far) = (repeater(), repeater());
    // The far one hears the monitor, the near one hears the far one, which is 2 to it; it is GUEST to the far one.
    hear(&mut far, MONITOR, Ours::Sealed(sealed(9, 1)), at(0));
    let [repeated] = sent(&mut far, at(0))[..] else { panic!("nothing is passed on") };
    hear(&mut near, 2, Ours::Repeated(repeated), at(0));
    let done = write(&mut near, GUEST, &open(7, 9, 0), at(0));
    assert!(matches!(&done[..], [Do::Act(Act::Connect(to))] if *to == way(2)), "{done:?}");
    near.take(Heard::Fact(Fact::Connected { way: way(2), mtu: 100 }), at(100));
    let subscribed = Fact::Done { way: way(2), what: Doing::Subscribe(Characteristic::Tunnel) };
    let done = near.take(Heard::Fact(subscribed), at(200));
    let [Do::Act(Act::Write(_, Characteristic::Tunnel, bytes))] = &done[..] else { panic!("{done:?}") };
    assert_eq!(TunnelFrame::decode(bytes).unwrap(), open(7, 9, 1));
    far.take(Heard::Written(way(GUEST), bytes.to_vec()), at(200));
    let [opened] = &reach(&mut far, MONITOR, at(300))[..] else { panic!("not open") };
    let value = |frame: &TunnelFrame| {
        let bytes = frame.encode();
        Heard::Fact(Fact::Value { way: way(2), characteristic: Characteristic::Tunnel, bytes })
    };
    let told_box = told(&near.take(value(opened), at(400)));
    // 100 less ATT's 3 and the tunnel's 5.
    assert_eq!(told_box, [TunnelFrame::Opened { tunnel: 7, room: 92, hops: 2 }]);
    let closed = TunnelFrame::Closed { tunnel: 7, why: Why::Ended };
    assert_eq!(told(&near.take(value(&closed), at(500))), [closed]);
    assert_eq!(near.tunnels(), 0);
}
