//! The main job, as the plant lives it: a box is set up in a browser, forty molds move on its floor, the air is bad for
//! a while, the box's plug is pulled in the middle, a stick is pulled and put back. In the end every mold's count on
//! the screen, in the export and in the simulator's truth is the same number: nothing lost, nothing doubled.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::appliance::Appliance;
use e2e::browser::{Browser, Look};
use e2e::plant::Plant;
use e2e::wait::until;
use serde_json::{Value, json};
use tempfile::TempDir;

const MOLDS: usize = 40;
const PASSWORD: &str = "press-hall-7-night";
type Counts = BTreeMap<String, u64>;

fn number(value: &Value) -> Result<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok()).with_context(|| format!("{value} is no count"))
}

/// What the monitors really did.
async fn truth(plant: &Plant) -> Result<Counts> {
    let answer = plant.ask(&json!({"do": "truth"})).await?;
    let molds = answer["molds"].as_array().context("the truth names molds")?;
    molds
        .iter()
        .map(|mold| Ok((mold["mold"].as_str().context("a mold's name")?.to_owned(), number(&mold["count"])?)))
        .collect()
}

/// What an auditor gets.
async fn exported(appliance: &Appliance) -> Result<Counts> {
    let data = appliance.data().display().to_string();
    let lines =
        appliance.must(&["export", "counts", "--mold", "all", "--format", "jsonl", "--data", &data]).await?;
    lines
        .lines()
        .map(|line| {
            let row: Value = serde_json::from_str(line)?;
            Ok((row["mold"].as_str().context("a mold's name")?.to_owned(), number(&row["displayed"])?))
        })
        .collect()
}

/// What people see.
async fn shown(browser: &Browser) -> Result<Counts> {
    let script = "return [...document.querySelectorAll('[data-mold]')].map(tile => \
                  [tile.dataset.mold, tile.querySelector('.tile-count').value])";
    let rows = browser.eval(script).await?;
    rows.as_array()
        .context("tiles")?
        .iter()
        .map(|row| Ok((row[0].as_str().context("a mold's name")?.to_owned(), number(&row[1])?)))
        .collect()
}

async fn set_up(browser: &Browser, appliance: &Appliance) -> Result<()> {
    let page = &browser.page;
    page.goto(&appliance.url("/")).await?;
    browser.until("the set-up form", "return location.pathname == '/setup'").await?;
    let code = appliance.said("set-up code")?;
    for (field, text) in [
        ("code", code.as_str()),
        ("name", "Ada Tooling"),
        ("password", PASSWORD),
        ("password_again", PASSWORD),
    ] {
        page.find(fantoccini::Locator::Css(&format!("[name={field}]"))).await?.send_keys(text).await?;
    }
    page.find(fantoccini::Locator::Css("form.entry button[type=submit]")).await?.click().await?;
    browser.until("the form to be taken", "return location.pathname != '/setup'").await
}

async fn log_in(browser: &Browser, appliance: &Appliance) -> Result<()> {
    browser.page.goto(&appliance.url("/login")).await?;
    for (field, text) in [("name", "Ada Tooling"), ("password", PASSWORD)] {
        browser
            .page
            .find(fantoccini::Locator::Css(&format!("[name={field}]")))
            .await?
            .send_keys(text)
            .await?;
    }
    browser.page.find(fantoccini::Locator::Css("form.entry button[type=submit]")).await?.click().await?;
    browser.until("the floor after logging in", "return location.pathname == '/'").await
}

async fn fault(plant: &Plant, mut fault: Value) -> Result<()> {
    fault["do"] = json!("fault");
    let answer = plant.ask(&fault).await?;
    ensure!(answer["ok"] == json!(true), "the simulator refused {fault}: {answer}");
    Ok(())
}

/// Every mold made at least one cycle more on the screen.
async fn all_move(browser: &Browser) -> Result<()> {
    let before = shown(browser).await?;
    until("every mold to move on the floor", Duration::from_secs(90), || async {
        let now = shown(browser).await?;
        Ok(now.len() == MOLDS
            && now.iter().all(|(mold, count)| before.get(mold).is_some_and(|then| count > then)))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_doubled() -> Result<()> {
    let folder = TempDir::new()?;
    let plant = Plant::start(
        &folder.path().join("plant"),
        &["--seed", "7", "--speed", "30", "--history-days", "1", "--faults", "off"],
    )
    .await?;
    let mut appliance = Appliance::new(&folder.path().join("box"), &plant.links()?)?;
    appliance.start().await?;

    let browser = Browser::start(Look::DESKTOP).await?;
    set_up(&browser, &appliance).await?;
    log_in(&browser, &appliance).await?;
    let forty = format!("return document.querySelectorAll('[data-mold]').length == {MOLDS}");
    browser.until_within("forty molds on the floor", &forty, Duration::from_secs(120)).await?;
    all_move(&browser).await?;

    // The air is bad for a minute, on every stick; counters are reset and roll over, a monitor is swapped.
    for stick in ["a", "b", "c"] {
        for kind in ["drop", "duplicate", "reorder", "corrupt"] {
            fault(&plant, json!({"kind": kind, "stick": stick, "odds": 0.1, "for_s": 60})).await?;
        }
        fault(&plant, json!({"kind": "noise", "stick": stick})).await?;
    }
    let molds: Vec<String> = truth(&plant).await?.into_keys().collect();
    for (kind, mold) in ["counter_reset", "rollover", "swap_monitor"].into_iter().zip(&molds) {
        fault(&plant, json!({"kind": kind, "mold": mold})).await?;
    }
    all_move(&browser).await?;

    appliance.kill().await?;
    appliance.start().await?;
    let code = appliance.console();
    ensure!(
        code.matches("set-up code").count() == 1,
        "a box with an administrator offers a set-up code again"
    );

    fault(&plant, json!({"kind": "unplug", "stick": "a", "for_s": 5})).await?;
    log_in(&browser, &appliance).await?;
    all_move(&browser).await?;

    plant.ask(&json!({"do": "pause"})).await?;
    let truth = truth(&plant).await?;
    ensure!(truth.len() == MOLDS, "the truth knows {} molds", truth.len());
    until("the export to be the truth", Duration::from_secs(120), || async {
        let exported = exported(&appliance).await?;
        let differ: Vec<_> =
            truth.iter().filter(|(mold, count)| exported.get(*mold) != Some(count)).collect();
        ensure!(differ.is_empty(), "{differ:?} exported as {exported:?}");
        Ok(true)
    })
    .await?;
    until("the screen to be the truth", Duration::from_secs(30), || async {
        let shown = shown(&browser).await?;
        ensure!(shown == truth, "{shown:?} shown for {truth:?}");
        Ok(true)
    })
    .await?;

    let data = appliance.data().display().to_string();
    appliance.must(&["check", "--data", &data]).await?;
    browser.close().await?;
    appliance.stop().await?;
    appliance.must(&["check", "--data", &data]).await?;
    Ok(())
}
