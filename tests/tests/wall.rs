//! The wall, through the real program: it opens by its link, fits its screen, turns its pages, tells alarms, says when it
//! has lost the box, and ends when its token is revoked.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::appliance::Appliance;
use e2e::browser::{Browser, Look};
use e2e::person;
use e2e::plant::Plant;
use fantoccini::Locator;
use serde_json::json;
use tempfile::TempDir;

/// Across the hall, and how small its letters may be at least, px.
const HD: (Look, f64) = (Look { width: 1920, height: 1080, dark: true }, 30.0);
const UHD: (Look, f64) = (Look { width: 3840, height: 2160, dark: false }, 60.0);
const TABLET: (Look, f64) = (Look::TABLET, 20.0);

const PATIENCE: Duration = Duration::from_secs(60);
/// What does not fit: the page beyond its screen, a tile beyond the list, a text beyond its tile.
const MISFITS: &str = "const list = document.querySelector('.wall-tiles').getBoundingClientRect(); \
    const page = document.documentElement; \
    const found = [...document.querySelectorAll('.wall-tile')] \
        .filter(e => e.getBoundingClientRect().bottom > list.bottom + 1 || e.scrollWidth > e.clientWidth) \
        .map(e => e.dataset.mold); \
    if (page.scrollHeight > innerHeight || page.scrollWidth > innerWidth) found.push('page'); \
    return found;";

async fn there(browser: &Browser, shown: &str) -> Result<()> {
    browser.until_within(shown, &format!("return document.querySelector({shown:?}) != null"), PATIENCE).await
}

async fn plant_and_box(folder: &Path) -> Result<(Plant, Appliance)> {
    let words = ["--seed", "11", "--history-days", "1", "--faults", "off", "--speed", "5"];
    let plant = Plant::start(&folder.join("plant"), &words).await?;
    let mut appliance = Appliance::new(&folder.join("box"), &plant.links()?)?.with("");
    appliance.start().await?;
    Ok((plant, appliance))
}

/// Makes a wall's token as an administrator does; the link.
async fn make_token(browser: &Browser, appliance: &Appliance) -> Result<String> {
    browser.page.goto(&appliance.url("/machines")).await?;
    there(browser, ".invite [name=name]").await?;
    browser.page.find(Locator::Css(".invite [name=name]")).await?.send_keys("Wall of hall 2").await?;
    browser.eval("document.querySelector('.invite [name=scope]').value = 'wall'").await?;
    browser.page.find(Locator::Css(".invite button")).await?.click().await?;
    there(browser, ".wall-link").await?;
    let link = browser.eval("return document.querySelector('.wall-link').href").await?;
    Ok(link.as_str().context("the wall's link")?.to_owned())
}

/// Opens the wall on a screen and looks whether it fits.
async fn hang(link: &str, (look, least): (Look, f64)) -> Result<Browser> {
    let browser = Browser::start(look).await?;
    browser.page.goto(link).await?;
    let arrived = "return location.pathname == '/wall' && location.hash == '' \
        && document.querySelector('main .live:not(.live-starting):not(.live-lost)') != null \
        && document.querySelector('.wall-page').textContent.startsWith('page ')";
    browser.until_within("the wall", arrived, PATIENCE).await?;
    let misfits = browser.eval(MISFITS).await?;
    person::picture(&browser, "wall", look).await?;
    ensure!(misfits == json!([]), "{look}: {misfits}");
    let letters = browser
        .eval("return parseFloat(getComputedStyle(document.querySelector('.wall-tile h2')).fontSize)")
        .await?;
    ensure!(letters.as_f64().is_some_and(|size| size >= least), "{look}: letters of {letters} px");
    let shown = browser.eval("return document.querySelectorAll('.wall-tile').length").await?;
    ensure!(shown.as_u64().is_some_and(|shown| (4..40).contains(&shown)), "{look}: {shown} molds");
    let complaints = browser.complaints().await?;
    ensure!(complaints.is_empty(), "{look}: {complaints:#?}");
    Ok(browser)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wall_shows_the_whole_floor_until_its_token_is_revoked() -> Result<()> {
    let folder = TempDir::new()?;
    let (plant, mut appliance) = plant_and_box(folder.path()).await?;
    let office = Browser::start(Look::DESKTOP).await?;
    person::set_up(&office, &appliance).await?;
    let forty = "return document.querySelectorAll('[data-mold]').length == 40";
    office.until_within("forty molds on the floor", forty, Duration::from_secs(120)).await?;
    let mold = office.eval("return document.querySelector('.tile.tone-normal').dataset.mold").await?;
    let link = make_token(&office, &appliance).await?;

    for look in [UHD, TABLET] {
        hang(&link, look).await?.close().await?;
    }
    let wall = hang(&link, HD).await?;
    let left = "return performance.getEntriesByType('navigation').concat(performance.getEntriesByType('resource')) \
        .filter(entry => entry.name.includes('platen-')).map(entry => entry.name)";
    ensure!(wall.eval(left).await? == json!([]), "the token is in an address that was asked for");

    let first = "return document.querySelector('.wall-tile').dataset.mold";
    let before = wall.eval(first).await?;
    wall.until_within("the page to turn", &format!("return (() => {{ {first} }})() != {before}"), PATIENCE)
        .await?;
    person::picture(&wall, "wall-next", HD.0).await?;
    ensure!(wall.eval(MISFITS).await? == json!([]), "the next page does not fit");

    let answer = plant.ask(&json!({"do": "fault", "kind": "counter_reset", "mold": mold})).await?;
    ensure!(answer["ok"] == json!(true), "the simulator refused: {answer}");
    let told =
        format!("return document.querySelector('.wall-alarms strong')?.textContent.includes({mold}) == true");
    wall.until_within("the alarm in words", &told, PATIENCE).await?;
    person::picture(&wall, "wall-alarm", HD.0).await?;

    appliance.kill().await?;
    there(&wall, ".lost-now").await?;
    person::picture(&wall, "wall-lost", HD.0).await?;
    let said = "const said = document.querySelector('.lost-now').getBoundingClientRect(); \
        return said.width >= innerWidth && said.bottom <= innerHeight + 1 && said.height > 60";
    ensure!(wall.eval(said).await? == json!(true), "that the box is lost is not said across the screen");
    appliance.start().await?;
    wall.until_within(
        "the wall to be live again",
        "return document.querySelector('.lost-now') == null",
        PATIENCE,
    )
    .await?;

    office.page.goto(&appliance.url("/machines")).await?;
    there(&office, ".people button").await?;
    office.page.find(Locator::Css(".people button")).await?.click().await?;
    wall.until_within("the wall to end", "return location.pathname == '/wall/open'", PATIENCE).await?;
    let told = "return document.querySelector('.form-error').textContent.includes('not good')";
    wall.until("why it ended", told).await?;
    let token = link.split_once('#').context("the link's token")?.1;
    ensure!(!appliance.console().contains(token), "the token is in the log");
    wall.close().await?;
    office.close().await?;
    appliance.stop().await
}
