//! Every screen in every window a plant has, light and dark, from a box with a plant behind it: nothing is wider than
//! its window, everything to press is large enough for a glove, and the browser complains of nothing. What was seen is
//! kept as pictures.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::appliance::Appliance;
use e2e::browser::{Browser, Look};
use e2e::person;
use e2e::plant::Plant;
use serde_json::Value;
use tempfile::TempDir;

const LOOKS: [Look; 6] =
    [Look::DESKTOP, Look::TABLET, Look::PHONE, Look::DESKTOP.dark(), Look::TABLET.dark(), Look::PHONE.dark()];

/// What stands out of the window on the right.
const TOO_WIDE: &str = "const edge = document.documentElement.clientWidth; \
    return [...document.querySelectorAll('body *')] \
        .filter(e => e.getBoundingClientRect().right > edge + 1 && e.checkVisibility()) \
        .map(e => e.tagName + '.' + e.className);";
/// Buttons and fields that a glove would miss.
const TOO_SMALL: &str = "return [...document.querySelectorAll('button, select, input:not([type=hidden]):not([type=checkbox])')] \
    .filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 44) \
    .map(e => e.outerHTML.slice(0, 80));";

async fn nothing_in(browser: &Browser, script: &str, what: &str) -> Result<()> {
    let found = browser.eval(script).await?;
    ensure!(found.as_array().is_some_and(Vec::is_empty), "{what}: {found}");
    Ok(())
}

/// Looks at a screen that is shown and whose content has come.
async fn look_at(browser: &Browser, screen: &str, look: Look) -> Result<()> {
    person::picture(browser, screen, look).await?;
    nothing_in(browser, TOO_WIDE, &format!("{screen} in {look} is wider than its window")).await?;
    nothing_in(browser, TOO_SMALL, &format!("{screen} in {look} has things too small to press")).await?;
    let complaints = browser.complaints().await?;
    ensure!(complaints.is_empty(), "{screen} in {look}: {complaints:#?}");
    Ok(())
}

async fn open(browser: &Browser, appliance: &Appliance, path: &str, shown: &str) -> Result<()> {
    browser.page.goto(&appliance.url(path)).await?;
    let there = format!("return document.querySelector({shown:?}) != null");
    browser.until_within(path, &there, Duration::from_secs(60)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_screen_fits_every_window_and_nothing_complains() -> Result<()> {
    let folder = TempDir::new()?;
    let plant = Plant::start(
        &folder.path().join("plant"),
        &["--seed", "11", "--history-days", "2", "--faults", "off", "--speed", "5"],
    )
    .await?;
    let mut appliance = Appliance::new(&folder.path().join("box"), &plant.links()?)?;
    appliance.start().await?;

    for (index, look) in LOOKS.into_iter().enumerate() {
        let browser = Browser::start(look).await?;
        if index == 0 {
            open(&browser, &appliance, "/", "form.entry").await?;
            look_at(&browser, "setup", look).await?;
            person::set_up(&browser, &appliance).await?;
            let forty = "return document.querySelectorAll('[data-mold]').length == 40";
            browser.until_within("forty molds on the floor", forty, Duration::from_secs(120)).await?;
        } else {
            open(&browser, &appliance, "/login?error=wrong", "form.entry").await?;
            look_at(&browser, "login", look).await?;
            person::log_in(&browser, &appliance).await?;
        }
        let live = "main .live:not(.live-starting):not(.live-lost)";
        open(&browser, &appliance, "/", live).await?;
        look_at(&browser, "floor", look).await?;
        let mold: Value = browser.eval("return document.querySelector('[data-mold] a').pathname").await?;
        open(&browser, &appliance, mold.as_str().context("the first mold's page")?, "svg.chart, .chart svg")
            .await?;
        look_at(&browser, "mold", look).await?;
        open(&browser, &appliance, "/radios", live).await?;
        look_at(&browser, "radios", look).await?;
        browser.page.goto(&appliance.url("/nothing/here")).await?;
        person::picture(&browser, "not-found", look).await?;
        browser.close().await?;
    }
    appliance.stop().await
}
