//! The radio's driver and conductor alone, without store and web: what is asked comes on the standard input, a line each,
//! and everything that happens goes out as lines of JSON.
//!
//! It stands for the box where the lab looks at the radio itself. Cycles count as kept as soon as they are printed: whoever
//! reads them holds them against what the monitors made.
//!
//! - `enrol V4-00012345 123456`: opens a window for a monitor; `-` in place of the passkey allows bonding without one
//! - `say V4-00012345 alerts 1C…`: a message of the open protocol, in hexadecimal

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use domain::{MonitorSerial, Timestamp};
use radio::bluetooth::Passkey;
use radio::open::Stretch;
use radio::v4::Key;
use radio::v4::air::{Act, Fact};
use radio::v4::bluez;
use radio::v4::conductor::{Conductor, Out, Said, Settings};
use radio::v4::open::{Characteristic, Handover, Serial, ToMonitor};
use radio::v4::session::{EnrolmentWindow, Told};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

const USAGE: &str = "usage: lab-driver SLOTS VISIT_SECONDS [ADAPTER...]";
/// How long a window stays open.
const WINDOW: Duration = Duration::from_secs(120);

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

fn tell(line: &Value) {
    println!("{line}");
}

/// How far each monitor's cycles and alerts were taken, by run of counting.
#[derive(Default)]
struct Ledger {
    counts: BTreeMap<(Serial, u32), u32>,
    alerts: BTreeMap<(Serial, u32), u32>,
}

impl Ledger {
    /// Takes what is news of a stretch. Nothing when cycles before it are missing.
    fn take(&mut self, serial: Serial, stretch: &Stretch) -> Option<Value> {
        let count = self.counts.entry((serial, stretch.era())).or_default();
        let before = stretch.count().checked_sub(u32::try_from(stretch.len()).ok()?)?;
        let known = usize::try_from(count.checked_sub(before)?).ok()?;
        let times: Vec<u32> = stretch.iter().map(|(time, _, _)| time.as_millis() / 10).skip(known).collect();
        *count = stretch.count().max(*count);
        Some(
            json!({ "era": stretch.era(), "count": *count, "times": times, "from_memory": stretch.from_memory() }),
        )
    }
}

struct Driver {
    conductor: Conductor,
    ledger: Ledger,
    acts: mpsc::Sender<Act>,
}

impl Driver {
    async fn carry_out(&mut self, out: Out) -> Result<()> {
        let mut waiting = vec![out];
        while let Some(Out { acts, said }) = waiting.pop() {
            for act in acts {
                tell(&json!({ "act": format!("{act:?}") }));
                self.acts.send(act).await.context("the driver ended")?;
            }
            for (serial, said) in said {
                waiting.extend(self.hear(serial, &said));
            }
        }
        Ok(())
    }

    /// Tells what a monitor said, and what is to be answered.
    fn hear(&mut self, serial: Serial, said: &Said) -> Option<Out> {
        let monitor = serial.monitor();
        let by = self.conductor.session(serial).and_then(|session| session.way());
        let by = by.map(|way| way.adapter.to_string());
        let mut line = json!({ "monitor": monitor.to_string(), "by": by });
        let mut answer = None;
        match said {
            Said::Advert(status) => {
                line["advert"] = json!({ "count": status.count, "alerts_wait": status.alerts_wait })
            }
            Said::Told(Told::Cycles(stretch)) => {
                let era = stretch.era();
                if let Some(cycles) = self.ledger.take(serial, stretch) {
                    let up_to = self.ledger.counts.get(&(serial, era)).copied().unwrap_or_default();
                    line["cycles"] = cycles;
                    answer = Some(ToMonitor::Kept { era, up_to });
                } else {
                    let after = self.ledger.counts.get(&(serial, era)).copied().unwrap_or_default();
                    line["gap_after"] = json!(after);
                    answer = Some(ToMonitor::SendFrom { era, after });
                }
            }
            Said::Told(Told::Alert(alert)) => {
                let kept = self.ledger.alerts.entry((serial, alert.era)).or_default();
                line["alert"] = json!({ "number": alert.number, "kind": u8::from(alert.kind), "begins": alert.begins,
                    "value": alert.value, "count": alert.count, "again": alert.number <= *kept });
                *kept = alert.number.max(*kept);
                answer = Some(ToMonitor::AlertsKept { era: alert.era, up_to: *kept });
            }
            Said::Told(Told::Enrolled { way, strength }) => {
                line["enrolled"] =
                    json!({ "adapter": way.adapter.as_str(), "strength": format!("{strength:?}") });
            }
            Said::Told(Told::NotEnrolled(why)) => line["not_enrolled"] = json!(why.to_string()),
            Said::Told(Told::WeakBond { found, .. }) => line["weak_bond"] = json!(format!("{found:?}")),
            Said::Told(Told::NeedsRepairing) => line["needs_repairing"] = json!(true),
            Said::Told(Told::LinkLost(why)) => line["link_lost"] = json!(why.to_string()),
            Said::Told(other) => line["told"] = json!(format!("{other:?}")),
        }
        tell(&line);
        answer.map(|message| self.conductor.say(serial, message, now(), &mut rand::random))
    }

    async fn command(&mut self, line: &str) -> Result<()> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let out = match words[..] {
            ["enrol", monitor, passkey] => {
                let passkey = match passkey {
                    "-" => None,
                    digits => Some(Passkey::from(&digits.parse::<domain::Passkey>()?)),
                };
                let handover = Handover { id: rand::random(), key: Key::new(rand::random()) };
                let window = EnrolmentWindow { passkey, until: now().later_by(WINDOW), handover };
                self.conductor.open(serial(monitor)?, window, now(), &mut rand::random)
            }
            ["say", monitor, on, hexadecimal] => {
                let characteristic = Characteristic::ALL.into_iter().find(|it| it.name() == on);
                let characteristic = characteristic.context("no such characteristic")?;
                let message = ToMonitor::decode(characteristic, &bytes(hexadecimal)?)?;
                self.conductor.say(serial(monitor)?, message, now(), &mut rand::random)
            }
            _ => bail!("no such command"),
        };
        self.carry_out(out).await
    }
}

fn serial(text: &str) -> Result<Serial> {
    let monitor: MonitorSerial = text.parse().context("no serial")?;
    Serial::of(&monitor).context("no V4 monitor")
}

fn bytes(text: &str) -> Result<Vec<u8>> {
    let pairs = (0..text.len()).step_by(2).map(|at| text.get(at..at + 2).unwrap_or_default());
    pairs.map(|pair| u8::from_str_radix(pair, 16).context("no hexadecimal number")).collect()
}

fn told(fact: &Fact) -> Option<Value> {
    match fact {
        Fact::Advert { .. } | Fact::Sensor { .. } | Fact::Value { .. } => None,
        other => Some(json!({ "fact": format!("{other:?}") })),
    }
}

fn main() -> Result<()> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false).init();
    let runtime = tokio::runtime::Runtime::new().context("start")?;
    let ended = runtime.block_on(drive());
    // A thread that waits for the next line must not hold up the end.
    runtime.shutdown_background();
    ended
}

async fn drive() -> Result<()> {
    let mut words = std::env::args().skip(1);
    let slots = words.next().context(USAGE)?.parse()?;
    let visit = Duration::from_secs(words.next().context(USAGE)?.parse()?);
    let (acts, asked) = mpsc::channel(64);
    let (happened, mut facts) = mpsc::channel(64);
    let stop = CancellationToken::new();
    let only = words.map(|word| word.parse().context("no address of an adapter")).collect::<Result<_>>()?;
    let settings = bluez::Settings { slots, only, ..bluez::Settings::default() };
    let running = tokio::spawn(bluez::run(settings, asked, happened, stop.clone()));
    let conductor = Conductor::new(Settings { visit, ..Settings::default() }, [], now());
    let mut driver = Driver { conductor, ledger: Ledger::default(), acts };
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    loop {
        let out = tokio::select! {
            fact = facts.recv() => match fact {
                Some(fact) => {
                    told(&fact).iter().for_each(tell);
                    driver.conductor.take(fact, now(), &mut rand::random)
                }
                None => break,
            },
            line = lines.next_line() => match line.context("read the standard input")? {
                Some(line) => {
                    if let Err(error) = driver.command(&line).await {
                        tell(&json!({ "refused": line, "why": format!("{error:#}") }));
                    }
                    continue;
                }
                None => break,
            },
            _ = ticks.tick() => driver.conductor.tick(now(), &mut rand::random),
        };
        driver.carry_out(out).await?;
    }
    stop.cancel();
    running.await.context("the driver broke")?.context("the driver ended")
}
