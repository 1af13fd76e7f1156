//! The main job, as the plant lives it: a box is set up in a browser, forty molds move on its floor, the air is bad for
//! a minute, the box's plug is pulled in the middle of it, a stick is pulled and put back. In the end every mold's count
//! on the screen, in the export and in the simulator's truth is the same number: nothing lost, nothing doubled.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use e2e::appliance::Appliance;
use e2e::browser::{Browser, Look};
use e2e::person;
use e2e::plant::Plant;
use e2e::wait::until;
use serde_json::{Value, json};
use tempfile::TempDir;

const MOLDS: usize = 40;
/// So long the air is bad.
const BAD_AIR: Duration = Duration::from_secs(60);
/// The mark on the page that what it shows is old.
const LOST: &str = "document.querySelector('.live-lost')";
type Counts = BTreeMap<String, u64>;

fn number(value: &Value) -> Result<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok()).with_context(|| format!("{value} is no count"))
}

fn word(value: &Value) -> Result<String> {
    Ok(value.as_str().with_context(|| format!("{value} is no text"))?.to_owned())
}

/// What the monitors really did: what a box must display in the end.
async fn truth(plant: &Plant) -> Result<Counts> {
    let answer = plant.ask(&json!({"do": "truth"})).await?;
    let molds = answer["molds"].as_array().context("the truth names molds")?;
    molds.iter().map(|mold| Ok((word(&mold["mold"])?, number(&mold["count"])?))).collect()
}

/// The molds that close again and again at this moment.
async fn cycling(plant: &Plant) -> Result<Vec<String>> {
    let answer = plant.ask(&json!({"do": "truth"})).await?;
    let molds = answer["molds"].as_array().context("the truth names molds")?;
    let moving = molds.iter().filter(|mold| mold["state"] == "cycling" || mold["state"] == "slow");
    moving.map(|mold| word(&mold["mold"])).collect()
}

async fn export(appliance: &Appliance, subject: &str) -> Result<Vec<Value>> {
    let data = appliance.data().display().to_string();
    let words = ["export", subject, "--mold", "all", "--format", "jsonl", "--data", &data];
    let lines = appliance.must(&words).await?;
    lines.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}

/// What an auditor gets.
async fn exported(appliance: &Appliance) -> Result<Counts> {
    let rows = export(appliance, "counts").await?;
    rows.iter().map(|row| Ok((word(&row["mold"])?, number(&row["displayed"])?))).collect()
}

/// What an auditor adds up from the ledgers, and from the cycles with what is known to be without a time.
async fn added_up(appliance: &Appliance) -> Result<(Counts, Counts)> {
    let (mut by_ledger, mut by_cycles) = (Counts::new(), Counts::new());
    for row in export(appliance, "counts").await? {
        let (mold, baseline) = (word(&row["mold"])?, number(&row["baseline"])?);
        by_cycles.insert(mold.clone(), baseline + number(&row["times_unknown"])?);
        by_ledger.insert(mold, baseline);
    }
    for row in export(appliance, "ledger").await? {
        let count = by_ledger.get_mut(&word(&row["mold"])?).context("a ledger of no mold")?;
        *count = count
            .checked_add_signed(row["cycles"].as_i64().context("cycles")?)
            .context("a negative count")?;
    }
    for row in export(appliance, "cycles").await? {
        *by_cycles.get_mut(&word(&row["mold"])?).context("a cycle of no mold")? += 1;
    }
    Ok((by_ledger, by_cycles))
}

/// What people see.
async fn shown(browser: &Browser) -> Result<Counts> {
    let script = "return [...document.querySelectorAll('[data-mold]')].map(tile => \
                  [tile.dataset.mold, tile.querySelector('.tile-count').value])";
    let rows = browser.eval(script).await?;
    let rows = rows.as_array().context("tiles")?;
    rows.iter().map(|row| Ok((word(&row[0])?, number(&row[1])?))).collect()
}

async fn fault(plant: &Plant, mut fault: Value) -> Result<()> {
    fault["do"] = json!("fault");
    let answer = plant.ask(&fault).await?;
    ensure!(answer["ok"] == json!(true), "the simulator refused {fault}: {answer}");
    Ok(())
}

/// Every mold that is cycling made at least one cycle more on the screen.
async fn all_move(browser: &Browser, plant: &Plant) -> Result<()> {
    let (before, moving) = (shown(browser).await?, cycling(plant).await?);
    ensure!(moving.len() > MOLDS / 2, "only {moving:?} are cycling");
    until("every cycling mold to move on the floor", Duration::from_secs(120), || async {
        let now = shown(browser).await?;
        let still: Vec<_> = moving.iter().filter(|mold| now.get(*mold) <= before.get(*mold)).collect();
        // One that stopped meanwhile is waited for no longer.
        let waited_for = cycling(plant).await?;
        let left: Vec<_> = still.into_iter().filter(|mold| waited_for.contains(mold)).collect();
        ensure!(left.is_empty() && now.len() == MOLDS, "{left:?} stand still among {}", now.len());
        Ok(true)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_doubled() -> Result<()> {
    let folder = TempDir::new()?;
    let words = ["--seed", "7", "--speed", "30", "--history-days", "1", "--faults", "off"];
    let plant = Plant::start(&folder.path().join("plant"), &words).await?;
    let mut appliance = Appliance::new(&folder.path().join("box"), &plant.links()?)?;
    appliance.start().await?;

    let browser = Browser::start(Look::DESKTOP).await?;
    person::set_up(&browser, &appliance).await?;
    person::log_out(&browser).await?;
    person::log_in(&browser, &appliance).await?;
    let forty = format!("return document.querySelectorAll('[data-mold]').length == {MOLDS}");
    browser.until_within("forty molds on the floor", &forty, Duration::from_secs(120)).await?;
    all_move(&browser, &plant).await?;

    // Bad air on every stick; counters are reset and roll over, a monitor is swapped.
    let bad_air = Instant::now();
    for stick in ["a", "b", "c"] {
        for kind in ["drop", "duplicate", "reorder", "corrupt"] {
            let seconds = BAD_AIR.as_secs();
            fault(&plant, json!({"kind": kind, "stick": stick, "odds": 0.1, "for_s": seconds})).await?;
        }
        fault(&plant, json!({"kind": "noise", "stick": stick})).await?;
    }
    let molds: Vec<String> = truth(&plant).await?.into_keys().collect();
    for (kind, mold) in ["counter_reset", "rollover", "swap_monitor"].into_iter().zip(&molds) {
        fault(&plant, json!({"kind": kind, "mold": mold})).await?;
    }
    all_move(&browser, &plant).await?;

    // Nobody touches the browser: it says that the box is gone, and finds back by itself.
    appliance.kill().await?;
    browser.until("the page to say that the box is gone", &format!("return {LOST} != null")).await?;
    appliance.start().await?;
    let console = appliance.console();
    ensure!(
        console.matches("set-up code").count() == 1,
        "a box with an administrator offers a set-up code again"
    );
    browser.until("the page to be live again", &format!("return {LOST} == null")).await?;

    fault(&plant, json!({"kind": "unplug", "stick": "a", "for_s": 5})).await?;
    while bad_air.elapsed() < BAD_AIR {
        all_move(&browser, &plant).await?;
    }
    all_move(&browser, &plant).await?;

    plant.ask(&json!({"do": "pause"})).await?;
    let truth = truth(&plant).await?;
    ensure!(truth.len() == MOLDS, "the truth knows {} molds", truth.len());
    until("the export to be the truth", Duration::from_secs(120), || async {
        let exported = exported(&appliance).await?;
        let differ: Vec<_> = truth
            .iter()
            .filter(|(mold, count)| exported.get(*mold) != Some(count))
            .map(|(mold, count)| (mold, count, exported.get(mold)))
            .collect();
        ensure!(differ.is_empty(), "mold, truth, export: {differ:?}");
        Ok(true)
    })
    .await?;
    until("the screen to be the truth", Duration::from_secs(30), || async {
        let shown = shown(&browser).await?;
        ensure!(shown == truth, "{shown:?} shown for {truth:?}");
        Ok(true)
    })
    .await?;
    until("ledgers and cycles to add up to the truth", Duration::from_secs(60), || async {
        let (by_ledger, by_cycles) = added_up(&appliance).await?;
        ensure!(by_ledger == truth, "the ledgers add up to {by_ledger:?}, the truth is {truth:?}");
        ensure!(by_cycles == truth, "the cycles add up to {by_cycles:?}, the truth is {truth:?}");
        Ok(true)
    })
    .await?;

    let config = appliance.config().display().to_string();
    appliance.must(&["check", "--config", &config]).await?;
    browser.close().await?;
    appliance.stop().await?;
    appliance.must(&["check", "--config", &config]).await?;
    Ok(())
}
