//! Storage and backups as plant IT sees them: a box that makes its backups tells that they were made and tested, and makes
//! one more when it is asked; a box that makes none says so and how it would; one that cannot says what is wrong.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use e2e::appliance::Appliance;
use e2e::backups::Backups;
use e2e::browser::{Browser, Look};
use e2e::person;
use e2e::wait::until;
use fantoccini::Locator;
use serde_json::json;
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(60);
/// When the last backup was made, as a machine reads it.
const LAST: &str = "[...document.querySelectorAll('.keeping-backups dt')] \
    .find(dt => dt.textContent == 'Last backup').nextElementSibling.querySelector('time').dateTime";

/// A box that has this in its configuration, its storage page open in a browser.
async fn shown(folder: &Path, section: &str, look: Look) -> Result<(Appliance, Browser)> {
    let mut appliance = Appliance::new(&folder.join("box"), &[])?.with(section);
    appliance.start().await?;
    let browser = Browser::start(look).await?;
    person::set_up(&browser, &appliance).await?;
    let way = "nav a[href='/storage']";
    browser.until(way, &format!("return document.querySelector({way:?}) != null")).await?;
    browser.page.find(Locator::Css(way)).await?.click().await?;
    browser.until("the storage page", "return document.querySelector('.keeping-backups') != null").await?;
    Ok((appliance, browser))
}

/// Waits until the backups stand so, in these words and with this tone.
async fn stands(browser: &Browser, words: &str, tone: &str) -> Result<()> {
    let script = format!(
        "const state = document.querySelector('.keeping-backups .state'); \
         return state != null && state.textContent.trim() == {words:?} && state.classList.contains({tone:?})"
    );
    browser.until_within(&format!("backups to be {words}"), &script, PATIENCE).await
}

async fn says(browser: &Browser, part: &str, text: &str) -> Result<()> {
    let script = format!("return document.querySelector({part:?}).textContent");
    let said = browser.eval(&script).await?;
    ensure!(said.as_str().is_some_and(|said| said.contains(text)), "{part} says {said}, not {text:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sees_that_a_backup_was_made_and_tested_and_has_another_one_made() -> Result<()> {
    let folder = TempDir::new()?;
    let backups = Backups::new(&folder.path().join("backups"), &folder.path().join("backup.key"))?;
    let (mut appliance, browser) = shown(folder.path(), &backups.opened(), Look::DESKTOP).await?;

    stands(&browser, "made and tested", "tone-normal").await?;
    says(&browser, ".keeping-backups", "passed: opened, restored and checked").await?;
    says(&browser, ".keeping-backups", &backups.place.display().to_string()).await?;
    let counted =
        "return document.querySelector('.keeping-backups').textContent.includes('1 file: the newest')";
    browser.until("the copy to be counted", counted).await?;
    ensure!(backups.files()?.len() == 1, "one is told, and there are others");

    let first = browser.eval(&format!("return {LAST}")).await?;
    // The files' names count seconds.
    until("the next second", PATIENCE, || async {
        let now = browser.eval("return new Date().toISOString().slice(0, 19)").await?;
        Ok(now.as_str() > first.as_str().map(|first| first.trim_end_matches('Z')))
    })
    .await?;
    browser.eval("window.loadedOnce = true").await?;
    browser.page.find(Locator::Css(".keeping-backups button")).await?.click().await?;
    let another = format!("return {LAST} > {first}");
    browser.until_within("the next backup on the page", &another, PATIENCE).await?;
    stands(&browser, "made and tested", "tone-normal").await?;
    ensure!(browser.eval("return window.loadedOnce").await? == json!(true), "the page was loaded as a whole");
    says(&browser, ".keeping-backups [role=status]", "passed its test").await?;

    let identity = backups.identity.display().to_string();
    for file in backups.files()? {
        appliance.must(&["backup", "test", &file.display().to_string(), "--identity", &identity]).await?;
    }
    let complaints = browser.complaints().await?;
    ensure!(complaints.is_empty(), "{complaints:#?}");
    browser.close().await?;
    appliance.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_box_that_makes_no_backups_says_so_and_how_it_would() -> Result<()> {
    let folder = TempDir::new()?;
    let (mut appliance, browser) = shown(folder.path(), "", Look::PHONE.dark()).await?;
    stands(&browser, "not set up", "tone-caution").await?;
    says(&browser, ".keeping-backups", "[backup]").await?;
    says(&browser, ".keeping-backups", "docs/backup.md").await?;
    ensure!(
        browser.eval("return document.querySelector('.keeping-backups button') == null").await?
            == json!(true),
        "there is something to press and nowhere to go"
    );
    says(&browser, ".keeping-store", "too early to tell: 1 of 3 days measured").await?;
    says(&browser, ".keeping-kept", "10 years").await?;
    says(&browser, ".keeping-kept", "store.key").await?;
    person::picture(&browser, "storage-no-backups", Look::PHONE.dark()).await?;
    browser.close().await?;
    appliance.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_box_that_cannot_make_a_backup_says_what_is_wrong_in_words_for_people() -> Result<()> {
    let folder = TempDir::new()?;
    fs::write(folder.path().join("a-file"), "in the way")?;
    let backups = Backups::new(&folder.path().join("a-file/backups"), &folder.path().join("backup.key"))?;
    let (mut appliance, browser) = shown(folder.path(), &backups.sealed(), Look::TABLET).await?;
    stands(&browser, "failed", "tone-bad").await?;
    says(&browser, ".keeping-backups [role=status]", "The folder for backups cannot be used").await?;
    let page = browser.eval("return document.querySelector('main').textContent").await?;
    ensure!(page.as_str().is_some_and(|page| !page.contains("os error")), "the system's own words: {page}");
    person::picture(&browser, "storage-failed", Look::TABLET).await?;

    // Asked for, it is tried again at once, and what is mended is seen.
    fs::remove_file(folder.path().join("a-file"))?;
    browser.page.find(Locator::Css(".keeping-backups button")).await?.click().await?;
    stands(&browser, "made and tested", "tone-normal").await?;
    says(&browser, ".keeping-backups", "not opened, for the box has no identity").await?;
    ensure!(backups.files()?.len() == 1, "there is no backup where the page says that one is");
    browser.close().await?;
    appliance.stop().await
}
