//! Bluetooth monitors in the demonstration: a hall of them, enrolled as a technician would, and one of them in the place of a
//! V3 monitor.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use appliance::control::{self, Request, SensorDeed};
use dashboard::port::{EnrolWish, SensorWish};
use domain::{Channel, CycleRule, CycleTime, Edge, MoldName, SensorRule};
use radio::sim::hall::{Label, SensorKind, SensorLabel};
use serde_json::{Value, json};

use super::{Process, READY_WITHIN, program, say};

/// The simulators' sockets, in their folders.
const CONTROL: &str = "control.sock";

/// Starts a hall in `air`. It needs a bus of its own: none on a machine without one.
pub(super) fn start(dir: &Path, air: &Path) -> Result<Option<Process>> {
    if Command::new("dbus-daemon").arg("--version").output().is_err() {
        say("there is no dbus-daemon on this machine: the demonstration goes without Bluetooth monitors");
        return Ok(None);
    }
    say(
        "starting a simulated hall: Bluetooth monitors on 6 more molds, one from the factory, and four sensors",
    );
    let mut hall = Process::start(
        "the simulated hall",
        &dir.join("hall.log"),
        Command::new(program()?).args(["--until-stdin-closes", "sim", "v4", "--dir"]).arg(air),
    )?;
    hall.wait(READY_WITHIN, || Ok(air.join(CONTROL).exists().then_some(())))?;
    Ok(Some(hall))
}

/// Where its bus is, for the box.
pub(super) fn bus(air: &Path) -> String {
    format!("unix:path={}", air.join("bus").display())
}

/// Enrols all of them by what is printed on their labels. The last one is from the factory: it is put on a mold of the plant
/// whose V3 monitor was taken off, and the mold's count goes on.
pub(super) fn enrol(air: &Path, sticks: &Path, data: &Path) -> Result<()> {
    let labels: Vec<Label> = serde_json::from_value(ask(air, &json!({ "do": "labels" }))?)?;
    let mold = take_off(sticks)?;
    let blank = labels.len().saturating_sub(1);
    for (number, label) in labels.into_iter().enumerate() {
        let mold = if number == blank { mold.clone() } else { None };
        if let Some(mold) = &mold {
            say(&format!("{} takes the place of the V3 monitor on {mold}", label.serial));
        }
        let passkey = Some(label.passkey.parse()?);
        let wish = EnrolWish { serial: label.serial, passkey, mold, approved: None };
        control::ask(data, &Request::Enrol(wish), &mut std::io::stdout()).context("enrol a monitor")?;
    }
    Ok(())
}

/// Puts two of the sensors to use: one door contact and one counter stand in for monitors. The others are only heard.
pub(super) fn use_sensors(air: &Path, data: &Path) -> Result<()> {
    let labels: Vec<SensorLabel> = serde_json::from_value(ask(air, &json!({ "do": "sensors" }))?)?;
    for SensorLabel { address, kind, key } in labels {
        let (mold, description, cycles, temperature) = match kind {
            SensorKind::Door => {
                let channel = Channel::new(0x1A, 1);
                (
                    "M-5001",
                    "tray insert",
                    CycleRule::Contact { channel, edge: Edge::Closes, least_apart_ms: 1_000 },
                    None,
                )
            }
            SensorKind::SealedCount => {
                let count = CycleRule::Count { channel: Channel::new(0x3D, 1) };
                ("M-5002", "cable clip", count, Some(Channel::new(0x02, 1)))
            }
            SensorKind::Ruuvi5 | SensorKind::Ruuvi6 => continue,
        };
        let rule = SensorRule { cycles, temperature, shock: None, silent_after_min: Some(60) };
        let wish = SensorWish {
            address,
            mold: mold.parse()?,
            description: description.to_owned(),
            approved: Some(CycleTime::from_millis(6_000)),
            design_life: Some(500_000),
            rule,
            key: key.as_deref().map(str::parse).transpose()?,
        };
        let request = Request::Sensor(SensorDeed::Use(Box::new(wish)));
        control::ask(data, &request, &mut std::io::stdout()).context("put a sensor to use")?;
    }
    Ok(())
}

/// Takes a V3 monitor off its mold: from now on nothing is heard of it. Answers which mold that is.
fn take_off(sticks: &Path) -> Result<Option<MoldName>> {
    let truth = ask(sticks, &json!({ "do": "truth" }))?;
    let molds = truth["molds"].as_array().context("the truth names molds")?;
    let Some(on_press) = molds.iter().find(|mold| mold["press"].is_string()) else { return Ok(None) };
    let silence =
        json!({ "do": "fault", "kind": "silence", "module": on_press["press"], "for_s": 86_400 * 365 });
    ask(sticks, &silence)?;
    let name = on_press["mold"].as_str().context("the mold has no number")?;
    Ok(Some(name.parse()?))
}

fn ask(folder: &Path, request: &Value) -> Result<Value> {
    let mut socket = UnixStream::connect(folder.join(CONTROL)).context("reach a simulator")?;
    socket.write_all(format!("{request}\n").as_bytes()).context("ask a simulator")?;
    let mut line = String::new();
    BufReader::new(socket).read_line(&mut line).context("hear a simulator")?;
    let answer: Value = serde_json::from_str(&line).context("understand a simulator")?;
    anyhow::ensure!(answer["ok"] != json!(false), "a simulator refuses {request}: {answer}");
    Ok(answer)
}
