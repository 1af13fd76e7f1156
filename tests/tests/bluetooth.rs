//! Bluetooth, as the plant lives it: a technician enrols monitors by their labels, one of them in place of a V3 monitor;
//! a monitor alerts, a battery is changed, bluetoothd dies, the box's plug is pulled. In the end every count is the monitors' own.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::appliance::Appliance;
use e2e::browser::{Browser, Look};
use e2e::film;
use e2e::hall::Hall;
use e2e::person;
use e2e::plant::Plant;
use e2e::wait::until;
use fantoccini::Locator;
use serde_json::{Value, json};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(90);

/// Counts of molds by what the box gives out.
async fn counts(appliance: &Appliance) -> Result<BTreeMap<String, u64>> {
    let data = appliance.data().display().to_string();
    let words = ["export", "counts", "--mold", "all", "--format", "jsonl", "--data", &data];
    let mut counts = BTreeMap::new();
    for line in appliance.must(&words).await?.lines() {
        let row: Value = serde_json::from_str(line)?;
        let mold = row["mold"].as_str().context("a mold")?.to_owned();
        let displayed = &row["displayed"];
        let count = displayed.as_u64().or_else(|| displayed.as_str()?.parse().ok()).context("a count")?;
        counts.insert(mold, count);
    }
    Ok(counts)
}

/// What the monitors counted, by mold, once all of it is kept.
async fn settled(hall: &Hall, appliance: &Appliance) -> Result<()> {
    hall.ask(&json!({"do": "pause"})).await?;
    until("every cycle in the air to be kept and shown", PATIENCE, || async {
        let truth = hall.ask(&json!({"do": "truth"})).await?;
        let monitors = truth["monitors"].as_array().context("monitors")?;
        let counts = counts(appliance).await?;
        Ok(monitors.iter().filter(|monitor| monitor["mold"].is_string()).all(|monitor| {
            let mold = monitor["mold"].as_str().unwrap_or_default();
            let own = mold.starts_with("BT-").then(|| monitor["count"].as_u64()).flatten();
            monitor["unacknowledged"] == json!(0) && own.is_none_or(|own| counts.get(mold) == Some(&own))
        }))
    })
    .await?;
    hall.ask(&json!({"do": "resume"})).await?;
    Ok(())
}

/// Fills the form in and sends it, as a technician does with the label in hand.
async fn enrol(browser: &Browser, serial: &str, passkey: &str, mold: &str) -> Result<()> {
    browser.until("the form to enrol a monitor", "return !!document.querySelector('#enrol form')").await?;
    browser.eval("document.querySelector('#enrol').open = true; return true;").await?;
    for (field, text) in [("serial", serial), ("passkey", passkey), ("mold", mold)] {
        let field = browser.page.find(Locator::Css(&format!("#enrol [name={field}]"))).await?;
        field.clear().await?;
        field.send_keys(text).await?;
    }
    browser.page.find(Locator::Css("#enrol button[type=submit]")).await?.click().await?;
    Ok(())
}

/// Waits until a monitor's row says something.
async fn says(browser: &Browser, serial: &str, text: &str) -> Result<()> {
    let script = format!(
        "const row = document.querySelector('[data-monitor=\"{serial}\"]'); \
         return !!row && row.textContent.includes({text:?});"
    );
    let seen = browser.until(&format!("{serial} to say {text:?}"), &script).await;
    if seen.is_err() {
        let row = browser.eval("return document.querySelector('[data-link=bluetooth]')?.textContent").await?;
        return seen.with_context(|| format!("the page says: {row}"));
    }
    seen
}

fn label(labels: &Value, number: usize) -> Result<(String, String)> {
    let text = |key: &str| labels[number][key].as_str().map(str::to_owned).context("a label");
    Ok((text("serial")?, text("passkey")?))
}

/// Enrols with a tablet whose camera sees the monitor's label.
async fn scan(folder: &TempDir, appliance: &Appliance, serial: &str, passkey: &str) -> Result<()> {
    let film = folder.path().join("label.y4m");
    film::of_code(&film, &format!("{serial} {passkey}"))?;
    let tablet = Browser::start_with_camera(Look::TABLET, &film).await?;
    person::log_in(&tablet, appliance).await?;
    tablet.page.goto(&appliance.url("/radios")).await?;
    let button = "return !!document.querySelector('#enrol .scan button')";
    tablet.until("the form to enrol a monitor", "return !!document.querySelector('#enrol form')").await?;
    tablet.eval("document.querySelector('#enrol').open = true; return true;").await?;
    tablet.until("the camera's button", button).await?;
    tablet.eval("document.querySelector('#enrol .scan button').click(); return true;").await?;
    let read = format!(
        "return document.querySelector('#enrol-serial').value === {serial:?} && \
         document.querySelector('#enrol-passkey').value === {passkey:?} && \
         !document.querySelector('#enrol video')"
    );
    tablet.until("the label to be read and the camera to be closed", &read).await?;
    tablet.page.find(Locator::Css("#enrol button[type=submit]")).await?.click().await?;
    says(&tablet, serial, "connected").await?;
    tablet.close().await
}

/// A technician sets a limit that the mold is beyond: the monitor watches it, and alerts by itself.
async fn limits(browser: &Browser, hall: &Hall, monitor: &str) -> Result<()> {
    let truth = hall.ask(&json!({"do": "truth"})).await?;
    let mold = truth["monitors"][0]["mold"].as_str().context("a mold")?;
    browser.until("the mold", &format!("return document.body.textContent.includes({mold:?})")).await?;
    let script = format!(
        "[...document.querySelectorAll('a[href^=\"/molds/\"]')].find(a => a.textContent.includes({mold:?})).click(); return true;"
    );
    browser.eval(&script).await?;
    let says = |text: &'static str| async move {
        let script = format!(
            "return document.querySelector('[aria-labelledby=limits-title]')?.textContent.includes({text:?})"
        );
        browser.until(&format!("the limits to say {text:?}"), &script).await
    };
    says("The monitor watches nothing.").await?;
    browser.until("the form", "return !!document.querySelector('form.limits')").await?;
    browser
        .eval("document.querySelector('form.limits').closest('details').open = true; return true;")
        .await?;
    let fill = |hot: &'static str| async move {
        let field = browser.page.find(Locator::Css("[name='limits[0][at]']")).await?;
        field.clear().await?;
        field.send_keys(hot).await?;
        browser.page.find(Locator::Css("form.limits button[type=submit]")).await?.click().await?;
        anyhow::Ok(())
    };
    fill("warm").await?;
    says("is no number like 123.4").await?;
    fill("30,5").await?;
    says("The monitor watches them.").await?;
    person::picture(browser, "limits", Look::TABLET).await?;
    let truth = hall.ask(&json!({"do": "truth"})).await?;
    ensure!(truth["monitors"][0]["watches"] == json!("too hot 30.5 °C"), "{monitor}: {truth}");
    let alarm = "return document.body.textContent.includes('limit 30.5 °C')";
    browser.until("the monitor to alert by itself", alarm).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn monitors_are_enrolled_by_their_labels_and_nothing_that_they_count_is_lost() -> Result<()> {
    let folder = TempDir::new()?;
    let plant = Plant::start(
        &folder.path().join("plant"),
        &["--sticks", "1", "--presses", "2", "--molds", "2", "--history-days", "0.1", "--faults", "off"],
    )
    .await?;
    let words = ["--monitors", "2", "--blank", "1", "--history", "300", "--prefix", "BT-"];
    let hall = Hall::start(&folder.path().join("hall"), &words).await?;
    let appliance = Appliance::new(&folder.path().join("box"), &plant.links()?)?;
    let mut appliance = hall.heard_by(appliance);
    appliance.start().await?;
    let browser = Browser::start(Look::TABLET).await?;
    person::set_up(&browser, &appliance).await?;
    browser.page.goto(&appliance.url("/radios")).await?;
    let labels = hall.ask(&json!({"do": "labels"})).await?;
    let (first, passkey) = label(&labels, 0)?;
    says(&browser, &first, "waits to be enrolled").await?;

    // A wrong passkey binds nobody.
    let wrong = if passkey == "000000" { "000001" } else { "000000" };
    enrol(&browser, &first, wrong, "").await?;
    says(&browser, &first, "not enrolled").await?;
    enrol(&browser, &first, &passkey, "").await?;
    says(&browser, &first, "connected").await?;
    says(&browser, &first, "bond by passkey").await?;
    person::picture(&browser, "bluetooth", Look::TABLET).await?;

    // The second from the console of the box.
    let (second, passkey) = label(&labels, 1)?;
    let file = folder.path().join("passkey");
    std::fs::write(&file, passkey)?;
    let (data, file) = (appliance.data().display().to_string(), file.display().to_string());
    let told = appliance
        .must(&["monitor", "enrol", "--serial", &second, "--passkey", &file, "--data", &data])
        .await?;
    ensure!(told.contains("is enrolled, bonded by passkey"), "{told}");

    // A V3 monitor is taken off its mold, and one from the factory put in its place: the count goes on.
    let truth = plant.ask(&json!({"do": "truth"})).await?;
    let on_press = truth["molds"].as_array().context("molds")?.iter().find(|mold| mold["press"].is_string());
    let on_press = on_press.context("a mold on a press")?;
    let mold = on_press["mold"].as_str().context("a number")?;
    plant.ask(&json!({"do": "pause"})).await?;
    until("the V3 monitor's cycles", PATIENCE, || async {
        Ok(plant.ask(&json!({"do": "status"})).await?["drained"] == json!(true))
    })
    .await?;
    let before = *counts(&appliance).await?.get(mold).context("the mold is counted")?;
    ensure!(before > 0, "nothing was counted before");
    let (blank, passkey) = label(&labels, 2)?;
    enrol(&browser, &blank, &passkey, mold).await?;
    says(&browser, &blank, &format!("on {mold}")).await?;
    until("cycles of the monitor that took over", PATIENCE, || async {
        let truth = hall.ask(&json!({"do": "truth"})).await?;
        let own = truth["monitors"][2]["count"].as_u64().unwrap_or(0);
        Ok(own > 0 && counts(&appliance).await?.get(mold).is_some_and(|count| *count >= before + own.min(1)))
    })
    .await?;
    settled(&hall, &appliance).await?;
    let truth = hall.ask(&json!({"do": "truth"})).await?;
    let own = truth["monitors"][2]["count"].as_u64().context("a count")?;
    let after = *counts(&appliance).await?.get(mold).context("the mold is counted")?;
    ensure!(after <= before + own && after > before, "{before} and {own} of its own, and it shows {after}");

    // An alert is on the floor before anybody looks, and the monitor may forget it.
    hall.ask(&json!({"do": "alert", "monitor": first})).await?;
    browser.page.goto(&appliance.url("/")).await?;
    browser.until("the alarm", "return document.body.textContent.includes('91.2 °C, limit 85.0 °C')").await?;
    until("the alert to be kept", PATIENCE, || async {
        Ok(hall.ask(&json!({"do": "truth"})).await?["monitors"][0]["alerts"] == json!([1, 1]))
    })
    .await?;

    limits(&browser, &hall, &first).await?;

    // A battery was changed: it is said, and never healed by itself.
    hall.ask(&json!({"do": "lose_bonds", "monitor": second})).await?;
    browser.page.goto(&appliance.url("/radios")).await?;
    says(&browser, &second, "needs re-pairing").await?;
    let (_, passkey) = label(&labels, 1)?;
    scan(&folder, &appliance, &second, &passkey).await?;
    says(&browser, &second, "connected").await?;

    // bluetoothd dies; then the box's plug is pulled.
    hall.ask(&json!({"do": "restart", "for_s": 1})).await?;
    settled(&hall, &appliance).await?;
    appliance.kill().await?;
    appliance.start().await?;
    settled(&hall, &appliance).await?;
    Ok(())
}
