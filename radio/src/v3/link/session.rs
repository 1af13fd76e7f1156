//! A connection, from the first question to its end.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep_until};
use tracing::Instrument;

use super::context::{Context, End};
use super::messages::Messages;
use super::probe::Found;
use crate::command::RadioCommand;
use crate::event::{CommandDone, CommandRefused};
use crate::usb::codec::stuff;
use crate::v3::frame::{ApiMode, Decoder, Frame, Piece, encode};
use crate::v3::network::Out;
use crate::v3::serial::Port;

/// A frame's bytes come in one go; a pause of this length within one means the rest is lost.
const FRAME_PAUSE: Duration = Duration::from_millis(250);
const TRAFFIC_EVERY: Duration = Duration::from_secs(10);
/// As often as profiles want to be told the time.
const TICK_EVERY: Duration = Duration::from_millis(100);
/// A line that takes nothing for so long is dead.
const WRITE_WITHIN: Duration = Duration::from_secs(10);
/// More than a pseudo-terminal or driver gives at a time.
const BUFFER: usize = 64 * 1024;
/// Bytes encoded ahead of what the line takes.
const MOST_UNSENT: usize = 4 * 1024;

/// How the bytes are read.
enum Line {
    Api { mode: ApiMode, decoder: Decoder },
    Text(Messages),
}

impl Line {
    /// After how long a pause the bytes in hand have to be looked at again.
    fn patience(&self) -> Option<Duration> {
        match self {
            Line::Api { decoder, .. } => decoder.is_pending().then_some(FRAME_PAUSE),
            Line::Text(messages) => messages.patience(),
        }
    }

    fn mode(&self) -> Option<ApiMode> {
        match self {
            Line::Api { mode, .. } => Some(*mode),
            Line::Text(_) => None,
        }
    }
}

/// What woke the session up.
enum Woke {
    Read(std::io::Result<usize>),
    Wrote(std::io::Result<usize>),
    Command(RadioCommand),
    Time,
}

impl Context {
    pub(super) async fn session(&mut self, port: Port, found: Found) -> End {
        match self.exchange(port, found).await {
            Ok(()) => End::Stop,
            Err(end) => end,
        }
    }

    async fn exchange(&mut self, port: Port, found: Found) -> Result<(), End> {
        let mut line = match found {
            Found::Api { mode, frames } => {
                self.network.begin(self.now(), mode);
                for frame in frames {
                    self.network.hear(self.now(), frame);
                }
                Line::Api { mode, decoder: Decoder::new(mode) }
            }
            Found::Text(facts) => {
                self.network.begin_text(self.now(), facts);
                Line::Text(Messages::default())
            }
        };
        let (mut reader, mut writer) = tokio::io::split(port);
        let mut buffer = vec![0; BUFFER];
        let mut unsent: Vec<u8> = Vec::new();
        let mut write_by = Instant::now() + WRITE_WITHIN;
        let mut look_by: Option<Instant> = None;
        let mut traffic_at = Instant::now() + TRAFFIC_EVERY;
        let mut tick_at = Instant::now() + TICK_EVERY;
        loop {
            self.pass_on(&mut line).await?;
            self.encode_next(&line, &mut unsent);
            let wake_at = {
                let deadline = self.network.next_deadline(self.now().moment).map(|at| self.instant(at));
                let write = (!unsent.is_empty()).then_some(write_by);
                [deadline, look_by, write, Some(traffic_at), Some(tick_at)].into_iter().flatten().min()
            };
            let wake_at = wake_at.unwrap_or(tick_at);
            let woke = tokio::select! {
                read = reader.read(&mut buffer) => Woke::Read(read),
                wrote = writer.write(&unsent), if !unsent.is_empty() => Woke::Wrote(wrote),
                command = self.command() => Woke::Command(command?),
                () = sleep_until(wake_at) => Woke::Time,
            };
            match woke {
                Woke::Read(Ok(0)) => return Err(End::Lost("unplugged".to_owned())),
                Woke::Read(Err(error)) | Woke::Wrote(Err(error)) => return Err(End::Lost(error.to_string())),
                Woke::Read(Ok(read)) => {
                    let bytes = buffer.get(..read).unwrap_or_default();
                    self.tap_heard(bytes);
                    self.hear(&mut line, bytes).await?;
                    look_by = line.patience().map(|pause| Instant::now() + pause);
                }
                Woke::Wrote(Ok(wrote)) => {
                    unsent.drain(..wrote.min(unsent.len()));
                    write_by = Instant::now() + WRITE_WITHIN;
                }
                Woke::Command(command) => self.carry_out(command, &line, &mut unsent).await?,
                Woke::Time => {}
            }
            let instant = Instant::now();
            if unsent.is_empty() {
                write_by = instant + WRITE_WITHIN;
            } else if instant >= write_by {
                return Err(End::Lost("the port takes no bytes".to_owned()));
            }
            if look_by.is_some_and(|at| at <= instant) {
                look_by = None;
                self.look_again(&mut line).await?;
            }
            if tick_at <= instant {
                tick_at = instant + TICK_EVERY;
                if self.network.is_trusted() {
                    let clock = self.now().clock;
                    for what in self.profiles.tick(clock) {
                        self.tell_at(clock, what).await?;
                    }
                }
            }
            if traffic_at <= instant {
                traffic_at = instant + TRAFFIC_EVERY;
                self.tell_traffic().await?;
            }
            if !self.network.is_transparent() {
                self.network.tick(self.now());
            }
        }
    }

    async fn hear(&mut self, line: &mut Line, bytes: &[u8]) -> Result<(), End> {
        match line {
            Line::Api { decoder, .. } => {
                let pieces = decoder.push(bytes);
                self.take(line, pieces).await
            }
            Line::Text(messages) => {
                let found = messages.push(bytes);
                self.messages(found).await
            }
        }
    }

    /// The line paused: what is in hand is all there is.
    async fn look_again(&mut self, line: &mut Line) -> Result<(), End> {
        match line {
            Line::Api { decoder, .. } => {
                let pieces = decoder.idle();
                self.take(line, pieces).await
            }
            Line::Text(messages) => {
                let found = messages.pause();
                self.messages(found).await
            }
        }
    }

    async fn messages(&mut self, found: Vec<Vec<u8>>) -> Result<(), End> {
        let clock = self.now().clock;
        for message in found {
            self.traffic.good += 1;
            if self.network.is_trusted() {
                self.bytes(&message, clock).await?;
            }
        }
        Ok(())
    }

    async fn take(&mut self, line: &mut Line, pieces: Vec<Piece>) -> Result<(), End> {
        let now = self.now();
        for piece in pieces {
            match piece {
                Piece::Frame { offset, frame } => {
                    self.traffic.good += 1;
                    if matches!(frame, Frame::Unknown { .. }) {
                        self.traffic.unknown += 1;
                    }
                    let kind = frame.kind();
                    let span = tracing::info_span!("frame", offset, kind = format_args!("{kind:02X}"));
                    span.in_scope(|| self.network.hear(now, frame));
                    self.pass_on(line).instrument(span).await?;
                }
                Piece::Damage { offset, kind } => {
                    self.traffic.damaged += 1;
                    tracing::debug!(offset, %kind, "damaged bytes");
                }
            }
        }
        Ok(())
    }

    /// What came out of the network goes to the box, the profiles and the line.
    async fn pass_on(&mut self, line: &mut Line) -> Result<(), End> {
        while let Some(out) = self.network.take() {
            match out {
                Out::Heard(what) => self.tell(what).await?,
                Out::Payload(frame, heard_at) => self.payload(&frame, heard_at).await?,
                Out::Framing(to) => {
                    if let Line::Api { mode, decoder } = line {
                        *mode = to;
                        *decoder = Decoder::new(to);
                    }
                }
                Out::Dead(reason) => return Err(End::Lost(reason)),
            }
        }
        Ok(())
    }

    fn encode_next(&mut self, line: &Line, unsent: &mut Vec<u8>) {
        let Line::Api { mode, .. } = line else { return };
        let now = self.now().moment;
        while unsent.len() < MOST_UNSENT
            && let Some(frame) = self.network.poll(now)
        {
            match encode(&frame, *mode) {
                Ok(bytes) => {
                    self.tap_sent(Some(*mode), &bytes);
                    unsent.extend(bytes);
                }
                Err(error) => tracing::warn!(%error, "a frame was not sent"),
            }
        }
    }

    /// What is for a monitor is put into bytes by its profile; the rest is the network's.
    async fn carry_out(
        &mut self,
        command: RadioCommand,
        line: &Line,
        unsent: &mut Vec<u8>,
    ) -> Result<(), End> {
        let now = self.now();
        match (self.profiles.write(&command.what, now.clock), line) {
            (Some(out), Line::Api { .. }) => self.network.transmit(now, command.id, out.module, out.bytes),
            (Some(out), Line::Text(_)) if self.network.is_transparent() && self.network.is_trusted() => {
                let outcome = queue(unsent, stuff(&out.bytes));
                if let Ok(bytes) = &outcome {
                    self.tap_sent(line.mode(), bytes);
                }
                self.done(command.id, outcome.map(|_| CommandDone::Sent)).await?;
            }
            (Some(_), Line::Text(_)) => self.refuse(command).await?,
            (None, _) => self.network.command(now, command),
        }
        Ok(())
    }
}

/// Bytes of a transparent line wait for their turn, but not without limit; gives those that were taken.
fn queue(unsent: &mut Vec<u8>, bytes: Vec<u8>) -> Result<Vec<u8>, CommandRefused> {
    if unsent.len() + bytes.len() > MOST_UNSENT {
        return Err(CommandRefused::Limit(format!("{} bytes already wait for the radio", unsent.len())));
    }
    unsent.extend_from_slice(&bytes);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_takes_nothing_fills_no_memory_and_whoever_asks_is_told() {
        let mut unsent = Vec::new();
        let taken = (0..10_000).filter(|_| queue(&mut unsent, vec![7; 100]).is_ok()).count();
        assert_eq!((taken, unsent.len()), (MOST_UNSENT / 100, MOST_UNSENT / 100 * 100));
        assert!(matches!(queue(&mut unsent, vec![7; 100]), Err(CommandRefused::Limit(_))));
    }
}
