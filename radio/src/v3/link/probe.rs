//! How does the stick want to be spoken with? Rate and framing are found by asking; a stick in transparent mode is
//! asked in its command mode.

use std::time::Duration;

use domain::Eui64;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

use super::context::{Context, End};
use crate::chain::chain;
use crate::v3::commands::{AP, HV, SH, SL, VR};
use crate::v3::frame::{ApiMode, AtName, AtStatus, Decoder, Frame, Piece};
use crate::v3::network::Facts;
use crate::v3::serial::Port;

/// `08 01 AP` in a frame: no byte of it needs an escape, so sticks in either framing read it.
const QUESTION: [u8; 8] = [0x7E, 0x00, 0x04, 0x08, 0x01, 0x41, 0x50, 0x65];
/// The answer is 10 bytes: 83 ms at 1200 baud.
const ANSWER_WITHIN: Duration = Duration::from_millis(500);
/// What a busy network may have queued before the answer.
const BUSY_ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// Command mode wants a second of silence before and after its `+++` (GT), and ends by itself after ten (CT).
const GUARD: Duration = Duration::from_millis(1200);
const OK_WITHIN: Duration = Duration::from_millis(2500);
const LINE_WITHIN: Duration = Duration::from_secs(1);
/// In the order in which they are met.
const RATES: [u32; 9] = [9_600, 115_200, 57_600, 38_400, 230_400, 19_200, 4_800, 2_400, 1_200];
/// Payloads that come while the answer is waited for.
const MOST_FRAMES: usize = 10_000;

/// How to speak with the stick.
pub(super) enum Found {
    /// In frames; some came already.
    Api { mode: ApiMode, frames: Vec<Frame> },
    /// It only passes bytes, or may not be told to do more: it is not the stick the box knows.
    Text(Facts),
}

impl Context {
    pub(super) async fn probe(&mut self, port: &mut Port, first: u32) -> Result<Found, End> {
        let rates: Vec<u32> =
            std::iter::once(first).chain(RATES.into_iter().filter(|rate| *rate != first)).collect();
        for (within, &baud) in [ANSWER_WITHIN, BUSY_ANSWER_WITHIN].into_iter().zip([first; 2].iter()) {
            if let Some(found) = self.ask_in_frames(port, baud, within).await? {
                return Ok(found);
            }
        }
        if let Some(found) = self.ask_in_text(port, first).await? {
            return Ok(found);
        }
        for &baud in rates.iter().skip(1) {
            if let Some(found) = self.ask_in_frames(port, baud, ANSWER_WITHIN).await? {
                tracing::info!(baud, "the stick answers at another rate than configured");
                return Ok(found);
            }
        }
        for &baud in rates.iter().skip(1) {
            if let Some(found) = self.ask_in_text(port, baud).await? {
                return Ok(found);
            }
        }
        Err(End::Lost("no answer at any baud rate, in frames or in command mode".to_owned()))
    }

    async fn ask_in_frames(
        &mut self,
        port: &mut Port,
        baud: u32,
        within: Duration,
    ) -> Result<Option<Found>, End> {
        port.set_baud(baud).map_err(|error| End::Lost(chain(&error)))?;
        self.send(port, Some(ApiMode::Escaped), &QUESTION).await?;
        let until = Instant::now() + within;
        let mut listeners = [Listener::new(ApiMode::Plain), Listener::new(ApiMode::Escaped)];
        let mut buffer = [0; 4096];
        while let Some(read) = self.read_until(port, &mut buffer, until).await? {
            let bytes = buffer.get(..read).unwrap_or_default();
            listeners.iter_mut().for_each(|listener| listener.hear(bytes));
            // Both read the answer, unless a frame before it had a byte to escape; the answer tells who was right.
            if let Some(mode) = listeners.iter().find_map(|listener| listener.told) {
                let frames = listeners.into_iter().find(|listener| listener.mode == mode);
                return Ok(Some(Found::Api { mode, frames: frames.map(|l| l.frames).unwrap_or_default() }));
            }
        }
        Ok(None)
    }

    async fn ask_in_text(&mut self, port: &mut Port, baud: u32) -> Result<Option<Found>, End> {
        port.set_baud(baud).map_err(|error| End::Lost(chain(&error)))?;
        self.quiet(port, GUARD).await?;
        self.send(port, None, b"+++").await?;
        if self.line(port, OK_WITHIN).await?.as_deref() != Some("OK") {
            return Ok(None);
        }
        let mut facts = Facts::default();
        for name in [HV, VR, SH, SL] {
            if let Some(value) = self.text_question(port, name).await? {
                facts.learn(name, &value);
            }
        }
        let known = facts.eui64().is_some_and(|stick: Eui64| self.network.may_write_to(stick));
        if !known || !self.text_command(port, "ATAP2").await? {
            self.text_command(port, "ATCN").await?;
            return Ok(Some(Found::Text(facts)));
        }
        self.text_command(port, "ATWR").await?;
        self.text_command(port, "ATCN").await?;
        self.ask_in_frames(port, baud, BUSY_ANSWER_WITHIN).await
    }

    /// A number in hexadecimal text.
    async fn text_question(&mut self, port: &mut Port, name: AtName) -> Result<Option<Vec<u8>>, End> {
        self.send(port, None, format!("AT{name}\r").as_bytes()).await?;
        let line = self.line(port, LINE_WITHIN).await?;
        let number = line.and_then(|line| u32::from_str_radix(line.trim(), 16).ok());
        Ok(number.map(|number| number.to_be_bytes().to_vec()))
    }

    async fn text_command(&mut self, port: &mut Port, command: &str) -> Result<bool, End> {
        self.send(port, None, format!("{command}\r").as_bytes()).await?;
        Ok(self.line(port, LINE_WITHIN).await?.as_deref() == Some("OK"))
    }

    /// Waits for silence on our side; what the stick says meanwhile belongs to no question.
    async fn quiet(&mut self, port: &mut Port, time: Duration) -> Result<(), End> {
        let until = Instant::now() + time;
        let mut buffer = [0; 4096];
        while self.read_until(port, &mut buffer, until).await?.is_some() {}
        Ok(())
    }

    async fn line(&mut self, port: &mut Port, within: Duration) -> Result<Option<String>, End> {
        let until = Instant::now() + within;
        let mut line: Vec<u8> = Vec::new();
        let mut byte = [0];
        while self.read_until(port, &mut byte, until).await?.is_some() {
            match byte {
                [b'\r'] => return Ok(Some(tail(&line))),
                [byte] if line.len() < 64 => line.push(byte),
                _ => line.clear(),
            }
        }
        Ok(None)
    }

    /// How many bytes were read; `None` when the time is over.
    async fn read_until(
        &mut self,
        port: &mut Port,
        buffer: &mut [u8],
        until: Instant,
    ) -> Result<Option<usize>, End> {
        loop {
            tokio::select! {
                read = timeout_at(until, port.read(buffer)) => {
                    let read = match read {
                        Err(_) => return Ok(None),
                        Ok(Ok(0)) => return Err(End::Lost("unplugged".to_owned())),
                        Ok(Ok(read)) => read,
                        Ok(Err(error)) => return Err(End::Lost(error.to_string())),
                    };
                    self.tap_heard(buffer.get(..read).unwrap_or_default());
                    return Ok(Some(read));
                }
                command = self.command() => self.refuse(command?).await?,
            }
        }
    }

    async fn send(&mut self, port: &mut Port, framing: Option<ApiMode>, bytes: &[u8]) -> Result<(), End> {
        self.tap_sent(framing, bytes);
        let until = Instant::now() + OK_WITHIN;
        match timeout_at(until, port.write_all(bytes)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(End::Lost(error.to_string())),
            Err(_) => Err(End::Lost("the port takes no bytes".to_owned())),
        }
    }
}

/// The end of a line: payload bytes may stand before an answer.
fn tail(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    if text.ends_with("OK") { "OK".to_owned() } else { text.into_owned() }
}

/// Reads in one framing until the answer comes.
struct Listener {
    mode: ApiMode,
    decoder: Decoder,
    frames: Vec<Frame>,
    told: Option<ApiMode>,
}

impl Listener {
    fn new(mode: ApiMode) -> Self {
        Listener { mode, decoder: Decoder::new(mode), frames: Vec::new(), told: None }
    }

    fn hear(&mut self, bytes: &[u8]) {
        for piece in self.decoder.push(bytes) {
            let Piece::Frame { frame, .. } = piece else { continue };
            match &frame {
                Frame::AtResponse(at) if at.id == 1 && at.name == AP && at.status == AtStatus::Ok => {
                    self.told = match at.value.last() {
                        Some(1) => Some(ApiMode::Plain),
                        Some(2) => Some(ApiMode::Escaped),
                        _ => self.told,
                    };
                }
                _ if self.frames.len() < MOST_FRAMES => self.frames.push(frame),
                _ => {}
            }
        }
    }
}
