use std::collections::HashSet;

use domain::{CycleTime, Initialisation, Timestamp};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::device::{self, Listener};
use super::{PortError, Request, SessionError, initialise, show};
use crate::v3::profile::open::{DeciCelsius, Refusal, Serial, Status};

fn mold(description: &str) -> Initialisation {
    Initialisation {
        mold: "M-1042".parse().unwrap(),
        description: description.to_owned(),
        approved: Some(CycleTime::from_millis(14_500)),
        design_life: Some(1_000_000),
        baseline: 250_000,
        on: Timestamp::from_millis(1_790_000_000_000),
    }
}

/// A monitor at the other end of the port. Whatever it hears is handled a few bytes at a time.
struct Monitor {
    initialisation: Option<Initialisation>,
    status: Status,
    refuses: Option<Refusal>,
    /// How many requests it does not answer.
    deaf: usize,
    /// Records something else than it is told.
    forgetful: bool,
}

impl Monitor {
    fn new() -> Self {
        let status = Status {
            serial: Serial(12_345),
            era: 0,
            count: 0,
            asleep: false,
            temperature: DeciCelsius::new(231),
            battery: 88,
            uptime: 60,
            stored: 0,
            unacknowledged: 0,
        };
        Monitor { initialisation: None, status, refuses: None, deaf: 0, forgetful: false }
    }

    async fn serve(mut self, mut line: DuplexStream) {
        let (mut listener, mut buffer) = (Listener::new(), [0; 5]);
        while let Ok(length @ 1..) = line.read(&mut buffer).await {
            for request in listener.push(&buffer[..length]) {
                let request = request.unwrap();
                if self.deaf > 0 {
                    self.deaf -= 1;
                    continue;
                }
                let reply = self.answer(request);
                // The other side may have heard enough.
                let _ = line.write_all(&reply).await;
            }
        }
    }

    fn answer(&mut self, request: Request) -> Vec<u8> {
        if let Some(why) = self.refuses {
            return device::refused(self.status.serial, why);
        }
        if let Request::Initialise(mut initialisation) = request {
            if self.forgetful {
                initialisation.baseline = 0;
            }
            self.initialisation = Some(initialisation);
            self.status.era = 7;
        }
        device::shown(self.initialisation.as_ref(), self.status).unwrap()
    }
}

/// A port with this monitor on it.
fn plugged(monitor: Monitor) -> DuplexStream {
    // Small, so that neither side can send all at once.
    let (host, device) = tokio::io::duplex(16);
    tokio::spawn(monitor.serve(device));
    host
}

#[tokio::test]
async fn a_monitor_is_read_initialised_and_read_again() {
    let mut port = plugged(Monitor::new());
    assert_eq!(show(&mut port).await.unwrap().initialisation, None);
    let long = mold(&"a lid, ".repeat(30));
    let shown = initialise(&mut port, &long).await.unwrap();
    assert_eq!((shown.serial.as_str(), shown.status.era), ("V3-00012345", 7));
    assert_eq!(shown.initialisation, Some(long.clone()));
    assert_eq!(show(&mut port).await.unwrap().initialisation, Some(long));
}

#[tokio::test(start_paused = true)]
async fn a_monitor_that_missed_the_request_is_asked_again() {
    let mut port = plugged(Monitor { deaf: 2, ..Monitor::new() });
    assert_eq!(show(&mut port).await.unwrap().serial.as_str(), "V3-00012345");
}

#[tokio::test(start_paused = true)]
async fn a_port_without_a_monitor_is_told() {
    let mut port = plugged(Monitor { deaf: usize::MAX, ..Monitor::new() });
    assert!(matches!(show(&mut port).await, Err(PortError::Silent)));
}

#[tokio::test]
async fn a_port_that_is_unplugged_is_told() {
    let (mut port, device) = tokio::io::duplex(64);
    drop(device);
    let told = show(&mut port).await;
    assert!(matches!(told, Err(PortError::Closed | PortError::Send(_))), "{told:?}");
}

#[tokio::test]
async fn a_refusal_names_the_monitor_and_the_reason() {
    let mut port = plugged(Monitor { refuses: Some(Refusal::Unacknowledged), ..Monitor::new() });
    let error = initialise(&mut port, &mold("")).await.unwrap_err();
    assert_eq!(error.to_string(), "monitor V3-00012345 refused: it holds cycles that no box has kept yet");
}

#[tokio::test]
async fn what_was_not_recorded_as_told_is_no_success() {
    let mut port = plugged(Monitor { forgetful: true, ..Monitor::new() });
    let told = initialise(&mut port, &mold("")).await;
    assert!(matches!(told, Err(PortError::Session(SessionError::NotKept(_)))), "{told:?}");
}

#[tokio::test]
async fn noise_on_the_line_before_the_answer_does_no_harm() {
    let (mut host, mut line) = tokio::io::duplex(1024);
    line.write_all(b"U-Boot 2024.01\r\n\x00\x05\x05\x00").await.unwrap();
    tokio::spawn(Monitor::new().serve(line));
    assert!(show(&mut host).await.is_ok());
}

#[test]
fn every_answer_is_different_from_every_request() {
    let mut listener = Listener::new();
    let shown = device::shown(None, Monitor::new().status).unwrap();
    assert!(listener.push(&shown).iter().all(Result::is_err), "an echo on the line starts nothing");
    let texts: HashSet<String> =
        [Refusal::BadRecord, Refusal::Memory, Refusal::Unacknowledged, Refusal::Cycling, Refusal::Unknown(9)]
            .map(|why| why.to_string())
            .into();
    assert_eq!(texts.len(), 5);
}
