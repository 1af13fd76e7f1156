//! `platen replay`: a recording takes a stick's place on a pseudo-terminal.

use std::fs::File;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use radio::capture::Reader;
use radio::sim::port::Port;
use radio::sim::replay::{Player, StandIn, Turn};
use tokio_util::sync::CancellationToken;

use super::{Done, signals};

/// A box that has asked nothing for so long has got to know the stick.
const SETTLED: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(2);

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
    let stick = StandIn::remember(|| open(&args.from))?;
    let mut player = Player::new(open(&args.from)?, args.pace);
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
    let now = Instant::now();
    let mut line = Line { port, plugged_in: now, asked: now, stick, stop };
    while !line.port.is_open() && line.goes_on()? {}
    line.settle()?;
    let played = line.play(&mut player)?;
    // The box still has to take in what was said last, and to say so.
    line.settle()?;
    if let Some(damage) = player.damage() {
        let _ = writeln!(console, "the capture is damaged: {damage}");
    }
    let lost = player.lost();
    let _ = writeln!(console, "played {} bytes; nobody took {}", played.taken, played.untaken);
    if lost > 0 {
        let _ = writeln!(console, "{lost} more were lost when they were recorded");
    }
    runtime.shutdown_background();
    Ok(ExitCode::SUCCESS)
}

fn open(path: &Path) -> Result<Reader<BufReader<File>>> {
    let file = File::open(path).with_context(|| format!("open {}", path.display()))?;
    Reader::open(BufReader::new(file)).with_context(|| format!("read {}", path.display()))
}

/// Bytes of a recording, by what became of them.
#[derive(Default)]
struct Played {
    /// Written to the port.
    taken: u64,
    /// Due while no box had the port open.
    untaken: u64,
}

/// The port, with the stick behind it.
struct Line {
    port: Port,
    plugged_in: Instant,
    /// When the box last asked something.
    asked: Instant,
    stick: StandIn,
    stop: Arc<AtomicBool>,
}

impl Line {
    fn settle(&mut self) -> Result<()> {
        self.asked = Instant::now();
        while self.asked.elapsed() < SETTLED && self.goes_on()? {}
        Ok(())
    }

    fn play(&mut self, player: &mut Player<BufReader<File>>) -> Result<Played> {
        let begun = Instant::now();
        let mut played = Played::default();
        while !self.stop.load(Ordering::Relaxed) {
            match player.turn(&mut self.stick, begun.elapsed()) {
                Turn::Say(bytes) => {
                    let taken = self.say(&bytes)?;
                    played.taken += taken as u64;
                    played.untaken += (bytes.len() - taken) as u64;
                }
                Turn::Wait(_) => _ = self.goes_on()?,
                Turn::Over => break,
            }
        }
        Ok(played)
    }

    /// Hears the box and answers it; `false` when all is to end.
    fn goes_on(&mut self) -> Result<bool> {
        let mut buffer = [0; 4096];
        let length = self.port.read(&mut buffer)?;
        let now_ms = u64::try_from(self.plugged_in.elapsed().as_millis()).unwrap_or(u64::MAX);
        let answer = self.stick.answer(buffer.get(..length).unwrap_or_default(), now_ms);
        self.say(&answer)?;
        match length {
            0 => std::thread::sleep(LOOK),
            _ => self.asked = Instant::now(),
        }
        Ok(!self.stop.load(Ordering::Relaxed))
    }

    /// How many of the bytes were taken: fewer only when the box closed the port or all is to end.
    fn say(&mut self, bytes: &[u8]) -> Result<usize> {
        let mut taken = 0;
        while let Some(rest) = bytes.get(taken..).filter(|rest| !rest.is_empty()) {
            // A port that nobody has open takes bytes too, for nobody.
            if !self.port.is_open() || self.stop.load(Ordering::Relaxed) {
                break;
            }
            match self.port.write(rest)? {
                // The box does not take more at present: it may be waiting for an answer.
                0 => std::thread::sleep(LOOK),
                length => taken += length,
            }
        }
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;
    use radio::capture::{Direction, Header, Writer};

    use super::*;

    #[test]
    fn only_what_a_box_took_counts_as_played() {
        let dir = tempfile::tempdir().unwrap();
        let start = Timestamp::from_millis(0);
        let from = dir.path().join("recording");
        let header = Header { link: "hall-a".parse().unwrap(), start };
        let mut writer = Writer::new(File::create(&from).unwrap(), &header).unwrap();
        writer.bytes(start, Direction::Heard, b"payload").unwrap();
        let path = dir.path().join("port");
        let now = Instant::now();
        let mut line = Line {
            port: Port::plug_in(&path).unwrap(),
            plugged_in: now,
            asked: now,
            stick: StandIn::remember(|| open(&from)).unwrap(),
            stop: Arc::default(),
        };
        let mut play = || {
            let Played { taken, untaken } = line.play(&mut Player::new(open(&from).unwrap(), 0)).unwrap();
            (taken, untaken)
        };
        assert_eq!(play(), (0, 7), "nobody has the port open");
        let host = File::options().read(true).write(true).open(&path).unwrap();
        assert_eq!(play(), (7, 0));
        drop(host);
    }
}
