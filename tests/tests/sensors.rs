//! Sensors that anyone can buy, in place of monitors: a person sees them in the air, says what each is used for, and is told
//! what is wrong with a form; adverts get lost and come twice, the box's plug is pulled. In the end a mold's count is what its
//! sensor made since it was put to use.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::appliance::Appliance;
use e2e::browser::{Browser, Look};
use e2e::hall::Hall;
use e2e::person;
use e2e::wait::until;
use fantoccini::Locator;
use serde_json::{Value, json};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(90);

/// A sensor by what it is: its address and what its app shows.
fn sensor<'a>(labels: &'a Value, kind: &str) -> Result<(&'a str, &'a str)> {
    let labels = labels.as_array().context("labels")?;
    let label = labels.iter().find(|label| label["kind"] == json!(kind)).context("a sensor of that kind")?;
    let address = label["address"].as_str().context("an address")?;
    Ok((address, label["key"].as_str().unwrap_or_default()))
}

/// Cycles that a sensor's mold made.
async fn made(hall: &Hall, address: &str) -> Result<u64> {
    let truth = hall.ask(&json!({"do": "truth"})).await?;
    let sensors = truth["sensors"].as_array().context("sensors")?;
    let sensor = sensors.iter().find(|sensor| sensor["address"] == json!(address)).context("the sensor")?;
    sensor["count"].as_u64().context("a count")
}

/// The count of a mold by what the box gives out; 0 for one that it does not know.
async fn shown(appliance: &Appliance, mold: &str) -> Result<u64> {
    let data = appliance.data().display().to_string();
    let words = ["export", "counts", "--mold", "all", "--format", "jsonl", "--data", &data];
    for line in appliance.must(&words).await?.lines() {
        let row: Value = serde_json::from_str(line)?;
        if row["mold"] == json!(mold) {
            let displayed = &row["displayed"];
            let count = displayed.as_u64().or_else(|| displayed.as_str()?.parse().ok());
            return count.context("a count");
        }
    }
    Ok(0)
}

/// Waits until a mold's count is what its sensor made since it had made `before`.
async fn agree(
    hall: &Hall,
    appliance: &Appliance,
    (address, mold, before): (&str, &str, u64),
) -> Result<u64> {
    let what = format!("{mold} to have the count of {address}");
    let agreed = until(&what, PATIENCE, || async {
        Ok(shown(appliance, mold).await? == made(hall, address).await? - before)
    });
    if let Err(error) = agreed.await {
        let (shown, made) = (shown(appliance, mold).await?, made(hall, address).await?);
        return Err(error.context(format!("{mold} shows {shown}, its sensor went from {before} to {made}")));
    }
    shown(appliance, mold).await
}

/// Whether a script about a sensor's rows holds, sooner or later; `row` is what it may look at.
async fn row_says(browser: &Browser, address: &str, what: &str, script: &str) -> Result<()> {
    let script = format!(
        "const row = document.querySelector('[data-sensor=\"{address}\"]'); return !!row && ({script});"
    );
    let seen = browser.until(&format!("{address}: {what}"), &script).await;
    if seen.is_err() {
        let row = browser.eval("return document.querySelector('.sensors')?.textContent").await?;
        return seen.with_context(|| format!("the page says: {row}"));
    }
    seen
}

/// Fills a sensor's form in and sends it.
async fn fill_in(
    browser: &Browser,
    address: &str,
    fields: &[(&str, &str)],
    choices: &[(&str, &str)],
) -> Result<()> {
    row_says(browser, address, "a form", "!!row.querySelector('details form [name=mold]')").await?;
    let form = format!("document.querySelector('[data-sensor=\"{address}\"] details')");
    browser.eval(&format!("{form}.open = true; return true;")).await?;
    for (name, value) in choices {
        let there = format!(
            "[...row.querySelectorAll('[name={name}] option')].some(option => option.value == '{value}')"
        );
        row_says(browser, address, &format!("{name} can be {value}"), &there).await?;
        let choose = format!(
            "const select = {form}.querySelector('[name={name}]'); select.value = '{value}'; \
             select.dispatchEvent(new Event('change', {{ bubbles: true }})); return select.value == '{value}';"
        );
        ensure!(browser.eval(&choose).await? == json!(true), "{name} cannot be {value}");
    }
    for (name, text) in fields {
        let selector = format!("[data-sensor=\"{address}\"] details [name={name}]");
        let field = browser.page.find(Locator::Css(&selector)).await?;
        field.clear().await?;
        field.send_keys(text).await?;
    }
    browser.eval(&format!("{form}.querySelector('button[type=submit]').click(); return true;")).await?;
    Ok(())
}

/// What somebody looks at who works on how it looks: the list, and a form that is open, in every window.
async fn pictures(appliance: &Appliance) -> Result<()> {
    for look in [Look::DESKTOP, Look { width: 768, ..Look::TABLET }, Look::PHONE] {
        for look in [look, look.dark()] {
            let browser = Browser::start(look).await?;
            person::log_in(&browser, appliance).await?;
            browser.page.goto(&appliance.url("/radios")).await?;
            browser.until("the sensors", "return !!document.querySelector('.sensors details form')").await?;
            browser.eval("document.querySelector('.sensors').scrollIntoView(); return 1;").await?;
            person::picture(&browser, "sensors-list", look).await?;
            let open = "const form = document.querySelector('.sensors details'); form.open = true; \
                        form.scrollIntoView(); return 1;";
            browser.eval(open).await?;
            person::picture(&browser, "sensors-form", look).await?;
            browser.close().await?;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sensor_that_a_person_puts_to_use_counts_for_its_mold_and_nothing_is_lost_or_doubled() -> Result<()>
{
    let folder = TempDir::new()?;
    let hall = Hall::start(&folder.path().join("hall"), &["--monitors", "0", "--blank", "0"]).await?;
    hall.ask(&json!({"do": "pause"})).await?;
    let mut appliance = hall.heard_by(Appliance::new(&folder.path().join("box"), &[])?);
    appliance.start().await?;
    let browser = Browser::start(Look::TABLET).await?;
    person::set_up(&browser, &appliance).await?;
    browser.page.goto(&appliance.url("/radios")).await?;
    let labels = hall.ask(&json!({"do": "sensors"})).await?;
    let ((door, _), (counter, key)) = (sensor(&labels, "door")?, sensor(&labels, "sealed_count")?);
    let (tag, _) = sensor(&labels, "ruuvi5")?;
    row_says(&browser, door, "heard", "row.textContent.includes('door closed')").await?;
    row_says(&browser, counter, "encrypted", "row.textContent.includes('BTHome, encrypted')").await?;
    row_says(&browser, tag, "read", "row.textContent.includes('battery 2.98 V')").await?;

    // What is wrong with a form is said, and what was typed stays.
    let steps = ("cycles", "count:3D");
    fill_in(&browser, counter, &[("mold", "S-2"), ("key", "1234")], &[steps]).await?;
    row_says(&browser, counter, "why not", "row.textContent.includes('A bind key has 32 digits')").await?;
    row_says(&browser, counter, "what was typed", "row.querySelector('[name=mold]').value == 'S-2'").await?;
    fill_in(
        &browser,
        counter,
        &[("mold", "S-2"), ("description", "clip"), ("approved", "6"), ("key", key)],
        &[steps],
    )
    .await?;
    row_says(&browser, counter, "used", "row.querySelector('a')?.textContent == 'S-2'").await?;
    row_says(&browser, counter, "read", "row.textContent.includes('(16 bit)')").await?;
    row_says(&browser, counter, "the key is gone", "row.querySelector('[name=key]').value == ''").await?;
    fill_in(&browser, counter, &[], &[("temperature", "02")]).await?;
    row_says(&browser, counter, "another rule", "row.textContent.includes('temperature 02')").await?;

    fill_in(
        &browser,
        door,
        &[("mold", "S-1"), ("approved", "6"), ("apart", "0.5")],
        &[("cycles", "contact:1A")],
    )
    .await?;
    row_says(&browser, door, "used", "row.querySelector('a')?.textContent == 'S-1'").await?;
    person::picture(&browser, "sensors", Look::TABLET).await?;
    if std::env::var_os("PLATEN_PICTURES").is_some() {
        pictures(&appliance).await?;
    }

    // They count from what they say next.
    browser.page.goto(&appliance.url("/")).await?;
    for mold in ["S-1", "S-2"] {
        let heard = format!(
            "const tile = document.querySelector('[data-mold=\"{mold}\"]'); \
             return !!tile && !tile.textContent.includes('no signal');"
        );
        browser.until(&format!("{mold} to be heard"), &heard).await?;
    }
    let by_contact = (door, "S-1", made(&hall, door).await?);
    let by_count = (counter, "S-2", made(&hall, counter).await?);
    hall.ask(&json!({"do": "resume"})).await?;
    until("some cycles", PATIENCE, || async {
        Ok(shown(&appliance, "S-1").await? >= 3 && shown(&appliance, "S-2").await? >= 3)
    })
    .await?;
    person::picture(&browser, "sensors-floor", Look::TABLET).await?;

    let complaints = browser.complaints().await?;
    // The form that was refused is one.
    let others: Vec<_> = complaints.iter().filter(|complaint| !complaint.contains("use-sensor")).collect();
    ensure!(others.is_empty(), "{others:?}");

    // Adverts get lost: a counter's cycles do not.
    hall.ask(&json!({"do": "mute", "sensor": counter, "on": true})).await?;
    let before = made(&hall, counter).await?;
    until("cycles that no advert tells of", PATIENCE, || async {
        Ok(made(&hall, counter).await? >= before + 2)
    })
    .await?;
    hall.ask(&json!({"do": "mute", "sensor": counter, "on": false})).await?;
    hall.ask(&json!({"do": "pause"})).await?;
    agree(&hall, &appliance, by_count).await?;
    let contact = agree(&hall, &appliance, by_contact).await?;

    // The box's plug is pulled: nothing is counted twice, and what was made meanwhile by a counter is counted.
    appliance.kill().await?;
    appliance.start().await?;
    agree(&hall, &appliance, by_contact).await?;
    agree(&hall, &appliance, by_count).await?;
    appliance.kill().await?;
    hall.ask(&json!({"do": "resume"})).await?;
    let before = made(&hall, counter).await?;
    until("cycles without a box", PATIENCE, || async { Ok(made(&hall, counter).await? >= before + 2) })
        .await?;
    appliance.start().await?;
    until("a closing that the box hears", PATIENCE, || async {
        Ok(shown(&appliance, "S-1").await? > contact)
    })
    .await?;
    hall.ask(&json!({"do": "pause"})).await?;
    agree(&hall, &appliance, by_count).await?;

    // From the console, and in the trail what was before and after.
    let data = appliance.data().display().to_string();
    let told = appliance.must(&["sensor", "list", "--data", &data]).await?;
    ensure!(
        told.contains(counter) && told.contains("for mold S-2: a cycle for each step of count 3D"),
        "{told}"
    );
    ensure!(!told.contains(key), "a key is shown");
    let words = [
        "sensor",
        "use",
        "--sensor",
        tag,
        "--mold",
        "S-2",
        "--shock-by-movement",
        "--silent-after",
        "5",
        "--data",
        &data,
    ];
    appliance.must(&words).await?;
    appliance.must(&["sensor", "forget", "--sensor", tag, "--data", &data]).await?;

    // Nothing of one that is not used any more is counted.
    browser.page.goto(&appliance.url("/radios")).await?;
    row_says(&browser, door, "a way to stop", "row.querySelectorAll('details').length == 2").await?;
    let stop = format!(
        "const stop = document.querySelectorAll('[data-sensor=\"{door}\"] details')[1]; stop.open = true;"
    );
    browser.eval(&format!("{stop} stop.querySelector('[type=checkbox]').click(); stop.querySelector('button').click(); return 1;")).await?;
    row_says(&browser, door, "not used", "row.textContent.includes('nothing')").await?;
    let counted = shown(&appliance, "S-1").await?;
    let before = made(&hall, door).await?;
    hall.ask(&json!({"do": "resume"})).await?;
    until("cycles of nobody", PATIENCE, || async { Ok(made(&hall, door).await? >= before + 2) }).await?;
    ensure!(shown(&appliance, "S-1").await? == counted, "it still counts");
    browser.page.goto(&appliance.url("/audit")).await?;
    let trail = browser.eval("return document.body.textContent").await?.to_string();
    // The newest page alone: every question for the counts stands there too.
    let told = [
        "for mold S-1: a cycle each time the door (1A) closes",
        "not used",
        "shock at each movement or vibration",
    ];
    for text in told {
        ensure!(trail.contains(text), "the trail does not tell of {text:?}: {trail}");
    }
    ensure!(!trail.contains(key), "a key is in the trail");
    Ok(())
}
