//! A link from the serial port to its events, with a scripted stick at the other end of a pseudo-terminal.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails the test")]

mod peer;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use domain::{Eui64, PanId, Timestamp};
use peer::{Peer, Settings};
use radio::command::{Ask, CommandId, RadioCommand};
use radio::event::{CommandDone, CommandRefused, Family, Heard, LinkState, RadioEvent, Sender, Traffic};
use radio::v3::frame::{Frame, Rx};
use radio::v3::link::{LinkSettings, run};
use radio::v3::network::{Expected, FormPolicy};
use radio::v3::profile::Registry;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const MODULE: Eui64 = Eui64::from_be_bytes([0, 0x13, 0xA2, 0, 9, 9, 9, 9]);

struct Plant {
    _dir: tempfile::TempDir,
    path: PathBuf,
    events: mpsc::Receiver<RadioEvent>,
    commands: mpsc::Sender<RadioCommand>,
    shutdown: CancellationToken,
    link: JoinHandle<()>,
}

fn expected() -> Option<Expected> {
    let (eui64, pan) = ("0013A20040522BAA".parse().unwrap(), Some(PanId(0xA1B2_C3D4_E5F6_0718)));
    Some(Expected { eui64, pan, encrypted: true })
}

fn start(expected: Option<Expected>, room: usize) -> Plant {
    start_line(expected, room, false)
}

fn start_line(expected: Option<Expected>, room: usize, raw: bool) -> Plant {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("usb-Digi_XBee-if00");
    let (event_sender, events) = mpsc::channel(room);
    let (commands, command_receiver) = mpsc::channel(64);
    let shutdown = CancellationToken::new();
    let settings = LinkSettings {
        name: "hall-a".parse().unwrap(),
        path: path.clone(),
        baud: 115_200,
        rts_cts: true,
        raw,
        expected,
        form: FormPolicy::WhenAsked,
        profiles: Registry::default(),
        tap: None,
    };
    let clock = Arc::new(|| Timestamp::from_millis(1_700_000_000_000));
    let link = tokio::spawn(run(settings, event_sender, command_receiver, clock, shutdown.clone()));
    Plant { _dir: dir, path, events, commands, shutdown, link }
}

impl Plant {
    async fn next(&mut self) -> Heard {
        let next = tokio::time::timeout(Duration::from_secs(60), self.events.recv()).await;
        next.expect("nothing heard in a minute").expect("the link ended").what
    }

    async fn until<T>(&mut self, mut wanted: impl FnMut(Heard) -> Option<T>) -> T {
        loop {
            if let Some(found) = wanted(self.next().await) {
                return found;
            }
        }
    }

    async fn until_state(&mut self, wanted: impl Fn(&LinkState) -> bool) -> Vec<LinkState> {
        let mut states = Vec::new();
        loop {
            if let Heard::Link(state) = self.next().await {
                states.push(state);
                if states.last().is_some_and(&wanted) {
                    return states;
                }
            }
        }
    }

    async fn ask(&self, what: Ask) {
        self.commands.send(RadioCommand { id: Some(CommandId(7)), what }).await.unwrap();
    }

    async fn outcome(&mut self) -> Result<CommandDone, CommandRefused> {
        self.until(|heard| match heard {
            Heard::Done { id: CommandId(7), outcome } => Some(outcome),
            _ => None,
        })
        .await
    }

    async fn stop(mut self) {
        self.shutdown.cancel();
        while self.events.recv().await.is_some() {}
        self.link.await.unwrap();
    }
}

fn is_up(state: &LinkState) -> bool {
    *state == LinkState::Up
}

fn payload(number: u32) -> Frame {
    Frame::Rx(Rx { source: MODULE, short: 0x7D84, options: 1, data: number.to_be_bytes().to_vec() })
}

#[tokio::test]
async fn a_stick_that_is_plugged_in_later_comes_up_and_is_heard() {
    let mut plant = start(expected(), 64);
    assert_eq!(plant.until_state(|_| true).await, [LinkState::Absent]);
    let peer = Peer::plug(&plant.path, Settings::zigbee());
    assert_eq!(plant.until_state(is_up).await, [LinkState::Probing, LinkState::Up]);
    let report =
        plant.until(|heard| if let Heard::Network(report) = heard { Some(report) } else { None }).await;
    assert_eq!(report.eui64.to_string(), "0013A20040522BAA");
    peer.say_frame(&payload(0x7E11_137D));
    let module =
        plant.until(|heard| if let Heard::Module(module) = heard { Some(module) } else { None }).await;
    assert_eq!((module.eui64, module.short), (MODULE, Some(0x7D84)));
    let raw = plant.until(|heard| if let Heard::Raw(raw) = heard { Some(raw) } else { None }).await;
    assert_eq!((raw.from, raw.payload), (Sender::Module(MODULE), vec![0x7E, 0x11, 0x13, 0x7D]));
    assert_eq!(peer.written(), [""; 0], "it was as it should be");
    plant.stop().await;
}

#[tokio::test]
async fn samples_that_no_profile_reads_reach_the_ring_all_the_same() {
    let mut plant = start(expected(), 64);
    let peer = Peer::plug(&plant.path, Settings::zigbee());
    plant.until_state(is_up).await;
    for data in ["8312341B00010E58001800460154020A", "940013A20040522BAADD6C0103000200CE00EA0052016A"]
        .map(hex::decode)
    {
        let data = data.unwrap();
        peer.say_frame(&Frame::parse(&data).unwrap());
        let raw = plant.until(|heard| if let Heard::Raw(raw) = heard { Some(raw) } else { None }).await;
        assert_eq!(raw.payload, data);
        assert!(raw.read_as.is_err());
    }
    plant.stop().await;
}

#[tokio::test]
async fn a_stick_in_plain_framing_is_switched_over_and_heard() {
    let mut plant = start(expected(), 64);
    let peer = Peer::plug(&plant.path, Settings::zigbee().with("AP", "01").with("AO", "03"));
    plant.until_state(is_up).await;
    assert_eq!(peer.written(), ["AP=02", "AO=00", "WR="]);
    peer.say_frame(&payload(0x7E7E_7E7E));
    plant.until(|heard| matches!(heard, Heard::Raw(_)).then_some(())).await;
    plant.stop().await;
}

#[tokio::test]
async fn a_stick_in_transparent_mode_is_switched_over_in_its_command_mode() {
    let mut plant = start(None, 64);
    let peer = Peer::plug(&plant.path, Settings::zigbee().with("AP", "00"));
    plant.until_state(is_up).await;
    assert_eq!(peer.written(), ["AP=02", "WR=", "CN="]);
    plant.stop().await;
}

#[tokio::test]
async fn a_foreign_stick_in_transparent_mode_is_left_as_it_is_until_it_is_taken_over() {
    let mut plant = start(expected(), 64);
    let peer = Peer::plug(&plant.path, Settings::zigbee().with("AP", "00").with("SL", "41414141"));
    plant.until_state(|state| matches!(state, LinkState::Foreign { .. })).await;
    assert_eq!(peer.written(), ["CN="]);
    plant.ask(Ask::Adopt { eui64: "0013A20041414141".parse().unwrap() }).await;
    assert_eq!(plant.outcome().await, Ok(CommandDone::Sent));
    plant.until_state(is_up).await;
    assert_eq!(peer.written(), ["CN=", "AP=02", "WR=", "CN="]);
    plant.stop().await;
}

#[tokio::test]
async fn a_radio_that_only_passes_bytes_is_heard_all_the_same() {
    let mut plant = start(None, 64);
    // It has no AP to set.
    let mut settings = Settings::zigbee().with("HV", "1C01").with("VR", "2410");
    settings.values.remove("AP");
    let peer = Peer::plug(&plant.path, settings);
    plant.until_state(is_up).await;
    let report =
        plant.until(|heard| if let Heard::Network(report) = heard { Some(report) } else { None }).await;
    assert_eq!((report.family, report.pan), (Family::Transparent, None));
    peer.say(vec![0x01, 0x7E, 0xFF]);
    let raw = plant.until(|heard| if let Heard::Raw(raw) = heard { Some(raw) } else { None }).await;
    assert_eq!((raw.from, raw.payload), (Sender::Module(Eui64::UNKNOWN), vec![0x01, 0x7E, 0xFF]));
    plant.ask(Ask::OpenJoin(Duration::from_secs(60))).await;
    assert_eq!(plant.outcome().await, Err(CommandRefused::NotInFamily));
    assert_eq!(peer.written(), ["CN="]);
    plant.stop().await;
}

#[tokio::test]
async fn a_raw_line_is_taken_as_it_is_and_nothing_is_asked_on_it() {
    // Whatever was recorded: nobody tells on it whose it is.
    let mut plant = start_line(expected(), 64, true);
    let mut settings = Settings::zigbee();
    settings.silent = true;
    let peer = Peer::plug(&plant.path, settings);
    let states = plant.until_state(is_up).await;
    assert_eq!(states.last(), Some(&LinkState::Up));
    peer.say(vec![0x2B, 0x2B, 0x2B, 0x7E]);
    let raw = plant.until(|heard| if let Heard::Raw(raw) = heard { Some(raw) } else { None }).await;
    assert_eq!((raw.from, raw.payload), (Sender::Module(Eui64::UNKNOWN), vec![0x2B, 0x2B, 0x2B, 0x7E]));
    plant.ask(Ask::Discover).await;
    assert_eq!(plant.outcome().await, Err(CommandRefused::NotInFamily));
    assert_eq!(peer.written(), [""; 0]);
    plant.stop().await;
}

#[tokio::test]
async fn an_unplugged_stick_is_waited_for_and_verified_when_it_is_back() {
    let mut plant = start(expected(), 64);
    let peer = Peer::plug(&plant.path, Settings::zigbee());
    plant.until_state(is_up).await;
    drop(peer);
    let states = plant.until_state(|state| *state == LinkState::Absent).await;
    assert!(matches!(states[0], LinkState::Lost { .. }), "{states:?}");
    plant.ask(Ask::OpenJoin(Duration::from_secs(60))).await;
    assert_eq!(plant.outcome().await, Err(CommandRefused::LinkDown));
    let peer = Peer::plug(&plant.path, Settings::zigbee());
    assert_eq!(plant.until_state(is_up).await, [LinkState::Probing, LinkState::Up]);
    plant.ask(Ask::OpenJoin(Duration::from_secs(60))).await;
    assert!(matches!(plant.outcome().await, Ok(CommandDone::JoinOpen(_))));
    assert_eq!(peer.written(), ["NJ=3C", "AC="]);
    plant.stop().await;
}

#[tokio::test]
async fn another_stick_in_the_same_place_is_an_alarm_and_nothing_is_written_to_it() {
    let mut plant = start(None, 64);
    let peer = Peer::plug(&plant.path, Settings::zigbee());
    plant.until_state(is_up).await;
    drop(peer);
    let other =
        || Settings::zigbee().with("SL", "41414141").with("AO", "03").with("NJ", "FF").with("AP", "01");
    let peer = Peer::plug(&plant.path, other());
    let states = plant.until_state(|state| matches!(state, LinkState::Foreign { .. })).await;
    let Some(LinkState::Foreign { expected, found, .. }) = states.last() else { panic!("{states:?}") };
    assert_eq!(
        (expected.to_string(), found.to_string()),
        ("0013A20040522BAA".into(), "0013A20041414141".into())
    );
    plant.ask(Ask::OpenJoin(Duration::from_secs(60))).await;
    assert_eq!(plant.outcome().await, Err(CommandRefused::LinkDown));
    assert_eq!(peer.written(), [""; 0]);
    plant.ask(Ask::Adopt { eui64: *found }).await;
    assert_eq!(plant.outcome().await, Ok(CommandDone::Sent));
    plant.until_state(is_up).await;
    assert_eq!(peer.written(), ["AP=02", "AO=00", "NJ=00", "AC=", "WR="]);
    plant.stop().await;
}

#[tokio::test]
async fn late_and_doubled_replies_and_noise_disturb_nothing_and_are_counted() {
    let mut plant = start(expected(), 64);
    let mut settings = Settings::zigbee();
    settings.confused = true;
    let peer = Peer::plug(&plant.path, settings);
    plant.until_state(is_up).await;
    peer.say(vec![0x7E, 0xFF, 0xFF, 0x00, 0x7D]);
    peer.say_frame(&payload(1));
    peer.say(vec![0x7E, 0x00, 0x03, 0xC0, 0x01, 0x02, 0x3C]);
    plant.until(|heard| matches!(heard, Heard::Raw(_)).then_some(())).await;
    plant.ask(Ask::OpenJoin(Duration::from_secs(60))).await;
    assert!(matches!(plant.outcome().await, Ok(CommandDone::JoinOpen(_))));
    drop(peer);
    let mut sum = Traffic::default();
    plant
        .until(|heard| {
            if let Heard::Traffic(traffic) = heard {
                sum.unmatched += traffic.unmatched;
                sum.damaged += traffic.damaged;
                sum.unknown += traffic.unknown;
                return None;
            }
            matches!(heard, Heard::Link(LinkState::Lost { .. })).then_some(())
        })
        .await;
    assert!(sum.unmatched > 10, "{sum:?}");
    assert_eq!((sum.damaged, sum.unknown), (1, 1));
    plant.stop().await;
}

fn reason(state: &LinkState) -> Option<&str> {
    if let LinkState::Lost { reason } = state { Some(reason) } else { None }
}

/// Nothing answers, so that time may be let jump.
#[tokio::test(start_paused = true)]
async fn a_device_that_never_answers_is_asked_at_every_rate_and_again_later() {
    let mut plant = start(expected(), 64);
    let mut settings = Settings::zigbee();
    settings.silent = true;
    let peer = Peer::plug(&plant.path, settings);
    for _ in 0..2 {
        let states = plant.until_state(|state| reason(state).is_some()).await;
        assert!(states.last().and_then(reason).is_some_and(|why| why.contains("no answer")), "{states:?}");
    }
    tokio::time::resume();
    peer.settings.lock().unwrap().silent = false;
    plant.until_state(is_up).await;
    plant.stop().await;
}

#[tokio::test]
async fn a_stick_that_falls_silent_is_lost_and_comes_back_by_itself() {
    let mut plant = start(expected(), 64);
    let peer = Peer::plug(&plant.path, Settings::zigbee());
    plant.until_state(is_up).await;
    peer.settings.lock().unwrap().silent = true;
    tokio::time::pause();
    let states = plant.until_state(|state| reason(state).is_some()).await;
    assert!(states.last().and_then(reason).is_some_and(|why| why.contains("did not answer")), "{states:?}");
    tokio::time::resume();
    peer.settings.lock().unwrap().silent = false;
    plant.until_state(is_up).await;
    plant.stop().await;
}

#[tokio::test]
async fn a_flood_is_heard_whole_though_the_box_takes_one_event_at_a_time() {
    const FRAMES: u32 = 30_000;
    let mut plant = start(expected(), 1);
    let peer = Peer::plug(&plant.path, Settings::zigbee());
    plant.until_state(is_up).await;
    let flood: Vec<u8> = (0..FRAMES)
        .flat_map(|number| {
            radio::v3::frame::encode(&payload(number), radio::v3::frame::ApiMode::Escaped).unwrap()
        })
        .collect();
    peer.say(flood);
    for number in 0..FRAMES {
        let raw = plant.until(|heard| if let Heard::Raw(raw) = heard { Some(raw) } else { None }).await;
        assert_eq!(raw.payload, number.to_be_bytes());
    }
    plant.ask(Ask::CloseJoin).await;
    assert_eq!(plant.outcome().await, Ok(CommandDone::JoinClosed));
    plant.stop().await;
}

#[tokio::test]
async fn commands_that_wait_at_the_end_are_answered() {
    let mut plant = start(expected(), 64);
    assert_eq!(plant.until_state(|_| true).await, [LinkState::Absent]);
    plant.ask(Ask::Discover).await;
    plant.shutdown.cancel();
    assert_eq!(plant.outcome().await, Err(CommandRefused::LinkDown));
    plant.stop().await;
}
