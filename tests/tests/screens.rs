//! Every screen in every window a plant has, light and dark, from a box with a plant behind it: nothing is wider than
//! its window, everything to press is large enough for a glove, nothing moves under the finger, and the browser
//! complains of nothing. What was seen is kept as pictures.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::appliance::Appliance;
use e2e::backups::Backups;
use e2e::browser::{Browser, Look};
use e2e::person;
use e2e::plant::Plant;
use fantoccini::Locator;
use serde_json::{Value, json};
use tempfile::TempDir;

const LOOKS: [Look; 6] =
    [Look::DESKTOP, Look::TABLET, Look::PHONE, Look::DESKTOP.dark(), Look::TABLET.dark(), Look::PHONE.dark()];
/// What is shown is what is.
const LIVE: &str = "main .live:not(.live-starting):not(.live-lost)";

/// What stands out of the window on the right.
const TOO_WIDE: &str = "const edge = document.documentElement.clientWidth; \
    return [...document.querySelectorAll('body *')] \
        .filter(e => e.getBoundingClientRect().right > edge + 1 && e.checkVisibility()) \
        .map(e => e.tagName + '.' + e.className);";
/// What a glove would miss; links in lists stand apart from each other only where there is no mouse.
const TOO_SMALL: &str = "const touch = innerWidth <= 1024 ? ', .alarm a, .monitors a' : ''; \
    const pressed = 'button, select, summary, input:not([type=hidden]):not([type=checkbox])' + touch; \
    return [...document.querySelectorAll(pressed)] \
        .filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 44) \
        .map(e => e.outerHTML.slice(0, 80));";
/// What does not fit into a tile on which everything is as long as it gets.
const CRAMPED: &str = "const tiles = document.querySelector('.tiles'); \
    const tile = document.querySelector('.tile:has(.tile-alarm)').cloneNode(true); \
    const say = (part, text) => { tile.querySelector(part).firstChild.data = text; }; \
    say('.tile-count', '1,234,567'); say('.tile-last', '123.4'); say('.tile-heard time', '12 min ago'); \
    tile.querySelector('.tile-difference').textContent = '+123.4 s'; \
    tile.querySelector('.tile-approved').textContent = 'approved 120.0 s'; \
    tile.querySelector('.state-word').textContent = 'not initialised'; \
    tile.querySelector('.tile-description').textContent = 'a part with a long name '.repeat(9); \
    tiles.prepend(tile); \
    const found = [tile, ...tile.querySelectorAll('*:not(.tile-description)')] \
        .filter(e => e.clientWidth > 0 && e.scrollWidth > e.clientWidth) \
        .map(e => e.className + ' ' + e.scrollWidth + ' > ' + e.clientWidth); \
    tile.remove(); \
    return found;";

async fn nothing_in(browser: &Browser, script: &str, what: &str) -> Result<()> {
    let found = browser.eval(script).await?;
    ensure!(found.as_array().is_some_and(Vec::is_empty), "{what}: {found}");
    Ok(())
}

async fn no_complaint(browser: &Browser, what: &str) -> Result<()> {
    let complaints = browser.complaints().await?;
    ensure!(complaints.is_empty(), "{what}: {complaints:#?}");
    Ok(())
}

/// Looks at a screen that is shown and whose content has come.
async fn look_at(browser: &Browser, screen: &str, look: Look) -> Result<()> {
    person::picture(browser, screen, look).await?;
    nothing_in(browser, TOO_WIDE, &format!("{screen} in {look} is wider than its window")).await?;
    nothing_in(browser, TOO_SMALL, &format!("{screen} in {look} has things too small to press")).await?;
    no_complaint(browser, &format!("{screen} in {look}")).await
}

async fn open(browser: &Browser, appliance: &Appliance, path: &str, shown: &str) -> Result<()> {
    browser.page.goto(&appliance.url(path)).await?;
    there(browser, shown).await
}

async fn there(browser: &Browser, shown: &str) -> Result<()> {
    let script = format!("return document.querySelector({shown:?}) != null");
    browser.until_within(shown, &script, Duration::from_secs(60)).await
}

/// A page that is not there: the browser itself says so on its console, and nothing else.
async fn look_for_nothing(browser: &Browser, appliance: &Appliance, path: &str, look: Look) -> Result<()> {
    open(browser, appliance, path, "main .note").await?;
    person::picture(browser, "not-found", look).await?;
    let complaints = browser.complaints().await?;
    let others: Vec<_> = complaints.iter().filter(|complaint| !complaint.contains("status of 404")).collect();
    ensure!(others.is_empty(), "{path} in {look}: {others:#?}");
    Ok(())
}

async fn plant_and_box(folder: &Path) -> Result<(Plant, Appliance)> {
    let words = ["--seed", "11", "--history-days", "2", "--faults", "off", "--speed", "5"];
    let plant = Plant::start(&folder.join("plant"), &words).await?;
    let backups = Backups::new(&folder.join("backups"), &folder.join("backup.key"))?;
    let mut appliance = Appliance::new(&folder.join("box"), &plant.links()?)?.with(&backups.opened());
    appliance.start().await?;
    Ok((plant, appliance))
}

async fn forty_molds(browser: &Browser) -> Result<()> {
    let forty = "return document.querySelectorAll('[data-mold]').length == 40";
    browser.until_within("forty molds on the floor", forty, Duration::from_secs(120)).await
}

/// Has a mold's counter go back, which is an alarm until somebody confirms it.
async fn raise_alarm(browser: &Browser, plant: &Plant) -> Result<()> {
    let mold = browser.eval("return document.querySelector('.tile.tone-normal').dataset.mold").await?;
    let answer = plant.ask(&json!({"do": "fault", "kind": "counter_reset", "mold": mold})).await?;
    ensure!(answer["ok"] == json!(true), "the simulator refused: {answer}");
    there(browser, ".tile-alarm").await
}

/// The screens about people; with each look somebody else is invited.
async fn look_at_people(browser: &Browser, appliance: &Appliance, index: usize, look: Look) -> Result<()> {
    open(browser, appliance, "/people", ".people").await?;
    let name = format!("Noor Long-Name Van der Tooling {index}");
    for (field, text) in [("name", name.as_str()), ("email", "noor@plant.example")] {
        let field = browser.page.find(Locator::Css(&format!(".invite [name={field}]"))).await?;
        field.send_keys(text).await?;
    }
    browser.page.find(Locator::Css(".invite button")).await?.click().await?;
    there(browser, ".issued-code").await?;
    browser.eval("document.querySelector('.people details').open = true").await?;
    look_at(browser, "people", look).await?;
    open(browser, appliance, "/machines", ".invite [name=name]").await?;
    let name = browser.page.find(Locator::Css(".invite [name=name]")).await?;
    name.send_keys(&format!("Planning in the office {index}")).await?;
    browser.page.find(Locator::Css(".invite button")).await?.click().await?;
    there(browser, ".issued-token").await?;
    look_at(browser, "machines", look).await?;
    open(browser, appliance, "/audit", ".trail li").await?;
    look_at(browser, "audit", look).await?;
    open(browser, appliance, "/settings", ".settings li").await?;
    look_at(browser, "settings", look).await?;
    if index == 0 {
        browser.page.find(Locator::Css("a[href='/settings/certificate']")).await?.click().await?;
    } else {
        open(browser, appliance, "/settings/certificate", "#names").await?;
    }
    there(browser, "#names").await?;
    browser.page.find(Locator::Css(".stacked:has(#names) button")).await?.click().await?;
    there(browser, "[href='/settings/certificate/request.pem']").await?;
    look_at(browser, "certificate", look).await?;
    open(browser, appliance, "/trust", ".qr").await?;
    browser.eval("document.querySelectorAll('details').forEach(each => each.open = true)").await?;
    look_at(browser, "trust", look).await?;
    open(browser, appliance, "/profile?error=current", ".own-password").await?;
    look_at(browser, "profile", look).await?;
    let password = browser.page.find(Locator::Css("[action='/profile/factor'] [name=password]")).await?;
    password.send_keys(person::PASSWORD).await?;
    browser.page.find(Locator::Css("[action='/profile/factor'] button")).await?.click().await?;
    there(browser, ".qr").await?;
    look_at(browser, "profile-factor", look).await?;
    for (path, screen) in [
        ("/accept?error=invitation", "accept"),
        ("/login/code?error=factor", "code"),
        ("/wall/open?error=token", "wall-open"),
    ] {
        open(browser, appliance, path, "form.entry").await?;
        look_at(browser, screen, look).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_screen_fits_every_window_and_nothing_complains() -> Result<()> {
    let folder = TempDir::new()?;
    let (plant, mut appliance) = plant_and_box(folder.path()).await?;
    for (index, look) in LOOKS.into_iter().enumerate() {
        let browser = Browser::start(look).await?;
        if index == 0 {
            open(&browser, &appliance, "/", "form.entry").await?;
            look_at(&browser, "setup", look).await?;
            person::set_up(&browser, &appliance).await?;
            forty_molds(&browser).await?;
            raise_alarm(&browser, &plant).await?;
        } else {
            open(&browser, &appliance, "/login?error=wrong", "form.entry").await?;
            look_at(&browser, "login", look).await?;
            person::log_in(&browser, &appliance).await?;
        }
        let dark = "return matchMedia('(prefers-color-scheme: dark)').matches";
        ensure!(browser.eval(dark).await? == json!(look.dark), "{look} is not what the page is shown in");
        open(&browser, &appliance, "/", LIVE).await?;
        look_at(&browser, "floor", look).await?;
        nothing_in(&browser, CRAMPED, &format!("a tile in {look} is too narrow")).await?;
        browser.page.find(Locator::Css(".alarms summary")).await?.click().await?;
        look_at(&browser, "alarms", look).await?;
        let mold: Value =
            browser.eval("return document.querySelector('.tile:has(.tile-alarm) a').pathname").await?;
        let mold = mold.as_str().context("the page of the mold with the alarm")?;
        open(&browser, &appliance, mold, ".chart svg").await?;
        look_at(&browser, "mold", look).await?;
        open(&browser, &appliance, &format!("{mold}?range=90d"), ".chart svg").await?;
        look_at(&browser, "mold-90d", look).await?;
        open(&browser, &appliance, "/radios", LIVE).await?;
        look_at(&browser, "radios", look).await?;
        open(&browser, &appliance, "/storage", LIVE).await?;
        look_at(&browser, "storage", look).await?;
        look_at_people(&browser, &appliance, index, look).await?;
        look_for_nothing(&browser, &appliance, "/molds/99", look).await?;
        look_for_nothing(&browser, &appliance, "/nothing/here", look).await?;
        browser.close().await?;
    }
    appliance.stop().await
}

/// Registers a module by what is printed on it: a key that was taken stands on no screen any longer.
async fn register(browser: &Browser) -> Result<()> {
    browser.page.find(Locator::Css(".more:has([name=code]) summary")).await?.click().await?;
    let fields = [("module", "0013A20042AD00F1"), ("code", "5A6967426565416C6C69616E63653039")];
    for (field, text) in fields {
        browser.page.find(Locator::Css(&format!("[name={field}]"))).await?.send_keys(text).await?;
    }
    browser.page.find(Locator::Css(".more:has([name=code]) button")).await?.click().await?;
    there(browser, ".more:has([name=code]) .form-outcome").await?;
    let empty = "return [...document.querySelectorAll('[name=module][type=text], [name=code]')] \
        .every(field => field.value == '')";
    ensure!(browser.eval(empty).await? == json!(true), "a key is left on the screen");
    no_complaint(browser, "register").await
}

/// Follows a link as a person does; the page must not be loaded as a whole for it.
async fn follow(browser: &Browser, link: &str, arrived: &str) -> Result<()> {
    browser.eval("window.loadedOnce = true").await?;
    browser.page.find(Locator::Css(link)).await?.click().await?;
    browser.until(link, &format!("return window.loadedOnce && {arrived}")).await?;
    no_complaint(browser, link).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_walks_about_and_nothing_moves_under_the_finger() -> Result<()> {
    let folder = TempDir::new()?;
    let (plant, mut appliance) = plant_and_box(folder.path()).await?;
    let browser = Browser::start(Look::TABLET).await?;
    person::set_up(&browser, &appliance).await?;
    forty_molds(&browser).await?;
    open(&browser, &appliance, "/", LIVE).await?;

    let first_tile = "return document.querySelector('.tile').getBoundingClientRect().top + scrollY";
    let place = browser.eval(first_tile).await?;
    raise_alarm(&browser, &plant).await?;
    there(&browser, "summary.alarm-line").await?;
    ensure!(browser.eval(first_tile).await? == place, "an alarm moved the tiles");

    follow(&browser, ".tile a", "location.pathname.startsWith('/molds/')").await?;
    browser.until("the keyboard on the new page", "return document.activeElement.id == 'content'").await?;
    there(&browser, ".chart svg").await?;
    browser.eval("window.scrollTo(0, 200)").await?;
    follow(&browser, ".choices li:last-child a", "location.search == '?range=90d'").await?;
    there(&browser, ".choices li:last-child a[aria-current]").await?;
    ensure!(browser.eval("return scrollY").await? == json!(200), "another stretch of time scrolled the page");
    browser.page.back().await?;
    browser.until("the floor behind the mold", "return location.pathname == '/'").await?;
    there(&browser, ".tile").await?;
    no_complaint(&browser, "back").await?;
    follow(&browser, "nav a[href='/radios']", "document.querySelector('.link') != null").await?;
    register(&browser).await?;
    follow(&browser, "nav a[href='/storage']", "document.querySelector('.keeping') != null").await?;
    follow(&browser, "nav a[href='/']", "document.querySelector('.tile') != null").await?;

    let place = browser.eval(first_tile).await?;
    appliance.kill().await?;
    there(&browser, ".lost-now").await?;
    ensure!(browser.eval(first_tile).await? == place, "the lost connection moved the tiles");
    person::picture(&browser, "lost", Look::TABLET).await?;
    browser.eval("window.scrollTo(0, document.body.scrollHeight)").await?;
    let seen = "const said = document.querySelector('.lost-now').getBoundingClientRect(); \
        return said.top >= 0 && said.bottom <= innerHeight && said.height >= 20 \
            && document.querySelector('main.lost') != null";
    ensure!(browser.eval(seen).await? == json!(true), "the lost connection is out of sight");
    person::picture(&browser, "lost-end", Look::TABLET).await?;

    // Back again, but the first thing that is asked of it gets no answer: nobody has to press anything all the same.
    browser.eval("window.fetched = fetch; fetch = () => Promise.reject(new TypeError('cut'))").await?;
    appliance.start().await?;
    there(&browser, "main .note").await?;
    browser.eval("fetch = window.fetched").await?;
    there(&browser, ".tile").await?;
    ensure!(browser.eval("return window.loadedOnce").await? == json!(true), "the page was loaded as a whole");
    let found = "return document.querySelector('.lost-now, main.lost') == null";
    browser.until("the page to be live again", found).await?;
    browser.close().await?;
    appliance.stop().await
}
