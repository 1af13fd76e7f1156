//! Law 13 through a real link: a stick and a module of tomorrow say what nobody here knows.

#![expect(clippy::expect_used, reason = "what fails here fails the test")]

#[expect(dead_code, reason = "this test scripts the stick less than others do")]
mod peer;

use std::sync::Arc;
use std::time::Duration;

use domain::{Eui64, Timestamp};
use peer::{Peer, Settings};
use radio::command::{Ask, CommandId, RadioCommand};
use radio::event::{CommandDone, Heard, LinkState, RadioEvent, Traffic};
use radio::v3::frame::{DeliveryStatus, DiscoveryStatus, Frame, ModemStatus, Rx, TxStatus};
use radio::v3::link::{LinkSettings, run};
use radio::v3::network::FormPolicy;
use radio::v3::profile::Registry;
use radio::v3::profile::open::{OpenProfile, crc16};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

const MODULE: Eui64 = Eui64::from_be_bytes([0, 0x13, 0xA2, 0, 9, 9, 9, 9]);

/// A payload from the module.
fn payload(data: Vec<u8>) -> Frame {
    Frame::Rx(Rx { source: MODULE, short: 0x7D84, options: 1, data })
}

/// A good message of the open protocol, of a type that has no meaning yet.
fn message_of_tomorrow() -> Vec<u8> {
    let mut message = vec![0x16, 1, 2, 3];
    message.extend(crc16(&message).to_be_bytes());
    message
}

async fn next(events: &mut mpsc::Receiver<RadioEvent>) -> Heard {
    let next = tokio::time::timeout(Duration::from_secs(60), events.recv()).await;
    next.expect("nothing heard in a minute").expect("the link ended").what
}

#[tokio::test]
async fn unknown_wire_codes_stay_visible_are_counted_and_never_stop_a_link() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("usb-Digi_XBee-if00");
    let (event_sender, mut events) = mpsc::channel(256);
    let (commands, command_receiver) = mpsc::channel(4);
    let shutdown = CancellationToken::new();
    let settings = LinkSettings {
        name: "hall-a".parse().unwrap(),
        path: path.clone(),
        baud: 115_200,
        rts_cts: true,
        raw: false,
        expected: None,
        form: FormPolicy::WhenAsked,
        profiles: Registry::new(vec![Box::new(OpenProfile::new())]),
        tap: None,
    };
    let clock = Arc::new(|| Timestamp::from_millis(1_700_000_000_000));
    let link = tokio::spawn(run(settings, event_sender, command_receiver, clock, shutdown.clone()));
    let peer = Peer::plug(&path, Settings::zigbee());
    while !matches!(next(&mut events).await, Heard::Link(LinkState::Up)) {}

    // They stay visible: each keeps the code it came with.
    let unknown = [
        Frame::Unknown { kind: 0x6F, data: vec![1, 2, 3] },
        Frame::Unknown { kind: 0xC0, data: vec![] },
        Frame::ModemStatus(ModemStatus::from(0x77)),
        Frame::TxStatus(TxStatus {
            id: 9,
            short: 0x7D84,
            retries: 0,
            delivery: DeliveryStatus::from(0xEE),
            discovery: DiscoveryStatus::from(0xEF),
        }),
    ];
    assert_eq!(ModemStatus::from(0x77), ModemStatus::Unknown(0x77));
    assert_eq!(DeliveryStatus::from(0xEE).to_string(), "unknown code EE");
    unknown.iter().for_each(|frame| peer.say_frame(frame));
    peer.say_frame(&payload(message_of_tomorrow()));
    peer.say_frame(&payload(vec![0xFF; 5]));

    // The link goes on: payloads are heard, kept raw with what was not known of them, and commands are carried out.
    let mut raw = Vec::new();
    while raw.len() < 2 {
        match next(&mut events).await {
            Heard::Raw(heard) => raw.push((heard.payload, heard.read_as)),
            Heard::Link(state) => panic!("the link went to {state:?}"),
            _ => {}
        }
    }
    assert_eq!(raw[0].0, message_of_tomorrow());
    assert!(raw[0].1.as_ref().is_err_and(|why| why.contains("type 0x6")), "{raw:?}");
    assert!(raw[1].1.is_err());
    commands.send(RadioCommand { id: Some(CommandId(7)), what: Ask::CloseJoin }).await.unwrap();
    loop {
        match next(&mut events).await {
            Heard::Done { id: CommandId(7), outcome } => {
                break assert_eq!(outcome, Ok(CommandDone::JoinClosed));
            }
            Heard::Link(state) => panic!("the link went to {state:?}"),
            _ => {}
        }
    }

    // They are counted: what was gathered is told at the end, too.
    drop(peer);
    let mut sum = Traffic::default();
    loop {
        match next(&mut events).await {
            Heard::Traffic(traffic) => {
                sum.unknown += traffic.unknown;
                sum.damaged += traffic.damaged;
                sum.unmatched += traffic.unmatched;
            }
            Heard::Link(LinkState::Lost { .. }) => break,
            _ => {}
        }
    }
    assert_eq!((sum.unknown, sum.damaged, sum.unmatched), (2, 0, 1));
    shutdown.cancel();
    while events.recv().await.is_some() {}
    link.await.unwrap();
}
