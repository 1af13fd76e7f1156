//! `platen replay`: a recording takes a stick's place on a pseudo-terminal.
//!
//! What a box asks the stick itself is answered as the stick answered when it was recorded; what the stick heard by
//! radio is played as it was. A link without frames is played byte by byte.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use radio::capture::{Direction, Reader, Record};
use radio::sim::port::Port;
use radio::v3::frame::{
    ApiMode, AtCommand, AtName, AtResponse, AtStatus, Decoder, DeliveryStatus, DiscoveryStatus, Frame, Piece,
    TxStatus, encode,
};
use tokio_util::sync::CancellationToken;

use super::{Done, signals};

/// A box that has asked nothing for so long has got to know the stick.
const SETTLED: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(2);

/// AP: how a stick's port is framed.
const FRAMING: AtName = AtName::of("AP");

/// Words of `platen replay`.
#[derive(clap::Args)]
pub struct Args {
    /// The recording
    #[arg(value_name = "FILE")]
    from: PathBuf,
    /// The port's name: give it to the box as a link's path. It is there until the recording ends
    #[arg(long, value_name = "PATH")]
    port: PathBuf,
    /// So many times as fast as it was; 0 for as fast as the box takes it
    #[arg(long, value_name = "N", default_value_t = 1)]
    pace: u32,
}

pub fn run(args: Args) -> Done {
    let stick = Stick::remember(&args.from)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let stop = Arc::new(AtomicBool::new(false));
    let shutdown = CancellationToken::new();
    runtime.block_on(async { signals::end_on_signal(shutdown.clone()) }).context("listen for signals")?;
    let flag = Arc::clone(&stop);
    runtime.spawn(async move {
        shutdown.cancelled().await;
        flag.store(true, Ordering::Relaxed);
    });

    let port = Port::plug_in(&args.port)?;
    let mut console = std::io::stderr();
    let _ = writeln!(console, "waiting for a box to open {}", args.port.display());
    let mut line = Line { port, asked: Instant::now(), stick, stop };
    while !line.port.is_open() && line.goes_on()? {}
    line.asked = Instant::now();
    while line.asked.elapsed() < SETTLED && line.goes_on()? {}
    let played = line.play(&args.from, args.pace)?;
    // The box still has to take in what was said last, and to say so.
    line.asked = Instant::now();
    while line.asked.elapsed() < SETTLED && line.goes_on()? {}
    let _ =
        writeln!(console, "played {} bytes; {} more were lost when they were recorded", played.0, played.1);
    runtime.shutdown_background();
    Ok(ExitCode::SUCCESS)
}

fn open(path: &Path) -> Result<Reader<BufReader<File>>> {
    let file = File::open(path).with_context(|| format!("open {}", path.display()))?;
    Reader::open(BufReader::new(file)).with_context(|| format!("read {}", path.display()))
}

/// What the recorded stick said about itself.
struct Stick {
    /// How its port was framed most of the time; `None` where there were no frames.
    recorded: Option<ApiMode>,
    /// How the box has its port framed now.
    mode: ApiMode,
    answers: HashMap<AtName, Vec<u8>>,
    questions: Decoder,
}

impl Stick {
    fn remember(path: &Path) -> Result<Stick> {
        let mut best = (0, None, HashMap::new());
        for mode in [ApiMode::Plain, ApiMode::Escaped] {
            let mut decoder = Decoder::new(mode);
            let (mut frames, mut answers) = (0u64, HashMap::new());
            for record in open(path)?.map_while(Result::ok) {
                let Record::Bytes { direction: Direction::Heard, bytes, .. } = record else { continue };
                for piece in decoder.push(&bytes) {
                    let Piece::Frame { frame, .. } = piece else { continue };
                    frames += 1;
                    if let Frame::AtResponse(answer) = frame
                        && answer.status == AtStatus::Ok
                        && !answer.value.is_empty()
                    {
                        answers.insert(answer.name, answer.value);
                    }
                }
            }
            if frames > best.0 {
                best = (frames, Some(mode), answers);
            }
        }
        let (_, recorded, mut answers) = best;
        let mode = recorded.unwrap_or(ApiMode::Plain);
        // Whatever it said of that before the box of then changed it.
        answers.insert(
            FRAMING,
            vec![match mode {
                ApiMode::Plain => 1,
                ApiMode::Escaped => 2,
            }],
        );
        Ok(Stick { recorded, mode, answers, questions: Decoder::new(mode) })
    }

    /// What it says to what the box says.
    fn answer(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        if self.recorded.is_none() {
            return out;
        }
        for piece in self.questions.push(bytes) {
            let answer = match piece {
                Piece::Frame { frame: Frame::At(ask) | Frame::AtQueued(ask), .. } if ask.id != 0 => {
                    Frame::AtResponse(self.at(ask))
                }
                Piece::Frame { frame: Frame::Tx(tx), .. } if tx.id != 0 => sent(tx.id),
                Piece::Frame { frame: Frame::ExplicitTx(tx), .. } if tx.id != 0 => sent(tx.id),
                _ => continue,
            };
            // An answer was a frame before, so it fits one now.
            out.extend(encode(&answer, self.mode).unwrap_or_default());
            self.reframe();
        }
        out
    }

    /// The answer to a change of the framing still has the old one.
    fn reframe(&mut self) {
        let mode = match self.answers.get(&FRAMING).map(Vec::as_slice) {
            Some([1]) => ApiMode::Plain,
            Some([2]) => ApiMode::Escaped,
            _ => return,
        };
        if mode != self.mode {
            self.mode = mode;
            self.questions = Decoder::new(mode);
        }
    }

    fn at(&mut self, ask: AtCommand) -> AtResponse {
        let AtCommand { id, name, parameter } = ask;
        if !parameter.is_empty() {
            self.answers.insert(name, parameter);
            return AtResponse { id, name, status: AtStatus::Ok, value: Vec::new() };
        }
        // What it was not asked then, or did without a value: carried out.
        let value = self.answers.get(&name).cloned().unwrap_or_default();
        AtResponse { id, name, status: AtStatus::Ok, value }
    }
}

fn sent(id: u8) -> Frame {
    Frame::TxStatus(TxStatus {
        id,
        short: 0xFFFE,
        retries: 0,
        delivery: DeliveryStatus::Success,
        discovery: DiscoveryStatus::from(0),
    })
}

/// Whether a frame came by radio, in contrast to answers to what the box of then asked.
fn came_by_radio(frame: &Frame) -> bool {
    !matches!(
        frame,
        Frame::AtResponse(_)
            | Frame::TxStatus(_)
            | Frame::RawTxStatus { .. }
            | Frame::RemoteAtResponse(_)
            | Frame::ModemStatus(_)
    )
}

/// The port, with the stick behind it.
struct Line {
    port: Port,
    /// When the box last asked something.
    asked: Instant,
    stick: Stick,
    stop: Arc<AtomicBool>,
}

impl Line {
    /// Plays the recording; how many bytes were played and how many had been lost.
    fn play(&mut self, path: &Path, pace: u32) -> Result<(u64, u64)> {
        let begun = Instant::now();
        let mut first = None;
        let mut decoder = Decoder::new(self.stick.recorded.unwrap_or(ApiMode::Plain));
        let (mut played, mut lost) = (0u64, 0u64);
        for record in open(path)? {
            let (offset, bytes) = match record {
                Ok(Record::Bytes { offset, direction: Direction::Heard, bytes }) => (offset, bytes),
                Ok(Record::Bytes { .. }) => continue,
                Ok(Record::Lost { bytes, .. }) => {
                    lost = lost.saturating_add(bytes);
                    continue;
                }
                Err(damage) => {
                    let _ = writeln!(std::io::stderr(), "the capture is damaged: {damage}");
                    continue;
                }
            };
            let bytes = match self.stick.recorded {
                None => bytes,
                Some(_) => {
                    let mode = self.stick.mode;
                    let pieces = decoder.push(&bytes).into_iter();
                    let frames = pieces.filter_map(|piece| match piece {
                        Piece::Frame { frame, .. } if came_by_radio(&frame) => encode(&frame, mode).ok(),
                        _ => None,
                    });
                    frames.flatten().collect()
                }
            };
            if bytes.is_empty() {
                continue;
            }
            if let Some(passed) = offset.saturating_sub(*first.get_or_insert(offset)).checked_div(pace) {
                let due = begun + passed;
                while Instant::now() < due && self.goes_on()? {}
            }
            self.say(&bytes)?;
            played += bytes.len() as u64;
            if self.stop.load(Ordering::Relaxed) {
                break;
            }
        }
        Ok((played, lost))
    }

    /// Hears the box and answers it; `false` when all is to end.
    fn goes_on(&mut self) -> Result<bool> {
        let mut buffer = [0; 4096];
        match self.port.read(&mut buffer)? {
            0 => std::thread::sleep(LOOK),
            length => {
                self.asked = Instant::now();
                let answer = self.stick.answer(buffer.get(..length).unwrap_or_default());
                self.say(&answer)?;
            }
        }
        Ok(!self.stop.load(Ordering::Relaxed))
    }

    fn say(&mut self, bytes: &[u8]) -> Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() && !self.stop.load(Ordering::Relaxed) {
            match self.port.write(rest)? {
                // The box does not take more at present: it may be waiting for an answer.
                0 if self.port.is_open() => std::thread::sleep(LOOK),
                0 => return Ok(()),
                length => rest = rest.get(length..).unwrap_or_default(),
            }
        }
        Ok(())
    }
}
