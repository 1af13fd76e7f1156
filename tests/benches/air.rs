//! A hundred Bluetooth monitors on one box, from outside: how long it takes to enrol them and to read what they remember, how
//! long from an alert to the screen, and the box's memory. The air is the simulator's (`platen sim v4`): the box's own
//! drivers over a real D-Bus, and links whose times are those of radio/src/sim/bluetoothd. `just bench` runs it on the release
//! build; it prints rows for docs/benchmarks.md.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use e2e::appliance::Appliance;
use e2e::browser::{Browser, Look};
use e2e::hall::Hall;
use e2e::person;
use e2e::usage::usage;
use e2e::wait::until;
use serde_json::{Value, json};
use tempfile::TempDir;

const MONITORS: usize = 100;
const STORED: usize = 10_000;
/// Alerts that are timed.
const ALERTS: usize = 30;

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(hundred_monitors()).context("run a hundred monitors")
}

async fn hundred_monitors() -> Result<()> {
    let folder = TempDir::new()?;
    let (monitors, stored) = (MONITORS.to_string(), STORED.to_string());
    let words = ["--monitors", &monitors, "--history", &stored, "--adapters", "2", "--prefix", "BT-"];
    let hall = Hall::start(&folder.path().join("hall"), &words).await?;
    let appliance = Appliance::new(&folder.path().join("box"), &[])?;
    let mut appliance = hall.heard_by(appliance);
    appliance.start().await?;
    let pid = appliance.pid().context("the box runs")?;

    let labels = hall.ask(&json!({"do": "labels"})).await?;
    let labels = labels.as_array().context("labels")?;
    let (begun, cpu) = (Instant::now(), usage(pid)?.cpu);
    for label in labels {
        enrol(&folder, &appliance, label).await?;
    }
    let enrolled = begun.elapsed().as_secs_f64() / MONITORS as f64;
    println!(
        "| {MONITORS} Bluetooth monitors on two adapters, enrolled one after the other: each | {enrolled:.1} s | |"
    );
    until("all that they remember to be kept", Duration::from_secs(3600), || async {
        let truth = hall.ask(&json!({"do": "truth"})).await?;
        let monitors = truth["monitors"].as_array().context("monitors")?;
        Ok(monitors.iter().all(|monitor| monitor["unacknowledged"].as_u64().is_some_and(|left| left < 100)))
    })
    .await?;
    let drained = begun.elapsed().as_secs_f64();
    let cpu = (usage(pid)?.cpu - cpu).as_secs_f64() / drained;
    println!(
        "| the same: until {STORED} cycles of each are kept, from the first enrolment | {drained:.0} s, {:.0} cycles/s | |",
        (MONITORS * STORED) as f64 / drained,
    );
    println!("| the same: processor, of one core | {:.1} % | |", cpu * 100.0);

    let browser = Browser::start(Look::DESKTOP).await?;
    person::set_up(&browser, &appliance).await?;
    let all = format!("return document.querySelectorAll('[data-mold]').length == {MONITORS}");
    browser.until_within("every mold on the floor", &all, Duration::from_secs(60)).await?;
    let mut waits = Vec::new();
    for label in labels.iter().take(ALERTS) {
        waits.push(alert(&browser, &hall, label).await?);
    }
    waits.sort_by(f64::total_cmp);
    let at = |share: f64| waits[((waits.len() - 1) as f64 * share) as usize];
    println!(
        "| the same: a monitor between its links alerts, to the alarm on the screen, {ALERTS} alerts: median, 99 % | {:.1} s, {:.1} s | |",
        at(0.5),
        at(0.99),
    );
    let used = usage(pid)?;
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    println!(
        "| the same: the box's memory now, most | {:.0} MiB, {:.0} MiB | |",
        mib(used.resident),
        mib(used.peak)
    );
    browser.close().await?;
    appliance.stop().await
}

async fn enrol(folder: &TempDir, appliance: &Appliance, label: &Value) -> Result<()> {
    let text = |key: &str| label[key].as_str().context("a label");
    let file = folder.path().join("passkey");
    std::fs::write(&file, text("passkey")?)?;
    let (data, file) = (appliance.data().display().to_string(), file.display().to_string());
    let words = ["monitor", "enrol", "--serial", text("serial")?, "--passkey", &file, "--data", &data];
    appliance.must(&words).await.map(drop)
}

/// From a monitor's alert to its mold's alarm on the floor, seconds.
async fn alert(browser: &Browser, hall: &Hall, label: &Value) -> Result<f64> {
    let serial = label["serial"].as_str().context("a serial")?;
    let truth = hall.ask(&json!({"do": "truth"})).await?;
    let monitors = truth["monitors"].as_array().context("monitors")?;
    let monitor = monitors.iter().find(|monitor| monitor["serial"] == serial).context("the monitor")?;
    let mold = monitor["mold"].as_str().context("its mold")?;
    let begun = Instant::now();
    hall.ask(&json!({"do": "alert", "monitor": serial})).await?;
    let alarm = format!(
        "return [...document.querySelectorAll('.alarms li')].some(line => line.textContent.includes({mold:?}))"
    );
    browser.until_within("the alarm", &alarm, Duration::from_secs(300)).await?;
    Ok(begun.elapsed().as_secs_f64())
}
