//! What a person does in the browser: making the first administrator, coming and going.

use std::path::PathBuf;

use anyhow::{Context, Result};
use fantoccini::Locator;

use crate::appliance::Appliance;
use crate::browser::{Browser, Look};

/// The first administrator's name.
pub const NAME: &str = "Ada Tooling";
const EMAIL: &str = "ada@plant.example";
/// Her password.
pub const PASSWORD: &str = "press-hall-7-night";

/// Writes into the fields of the page's form and sends it.
async fn fill_in(browser: &Browser, fields: &[(&str, &str)]) -> Result<()> {
    for (field, text) in fields {
        let field = browser.page.find(Locator::Css(&format!("[name={field}]"))).await;
        field.context("find a field of the form")?.send_keys(text).await?;
    }
    browser.page.find(Locator::Css("form.entry button[type=submit]")).await?.click().await?;
    Ok(())
}

/// Makes the first administrator with the code from the console; the floor is shown then.
pub async fn set_up(browser: &Browser, appliance: &Appliance) -> Result<()> {
    browser.page.goto(&appliance.url("/")).await?;
    browser.until("the set-up form", "return location.pathname == '/setup'").await?;
    let code = appliance.said("set-up code")?;
    let fields = [
        ("code", code.as_str()),
        ("name", NAME),
        ("email", EMAIL),
        ("password", PASSWORD),
        ("password_again", PASSWORD),
    ];
    fill_in(browser, &fields).await?;
    browser.until("the floor after setting up", "return location.pathname == '/'").await
}

/// Leaves by the button in the header.
pub async fn log_out(browser: &Browser) -> Result<()> {
    browser.page.find(Locator::Css("form[action='/logout'] button")).await?.click().await?;
    browser.until("the log-in form", "return location.pathname == '/login'").await
}

/// Comes back.
pub async fn log_in(browser: &Browser, appliance: &Appliance) -> Result<()> {
    browser.page.goto(&appliance.url("/login")).await?;
    fill_in(browser, &[("name", NAME), ("password", PASSWORD)]).await?;
    browser.until("the floor after logging in", "return location.pathname == '/'").await
}

/// Where pictures of the screens go: `PLATEN_PICTURES`, or `target/pictures`.
pub fn pictures() -> Result<PathBuf> {
    let folder = std::env::var_os("PLATEN_PICTURES").map_or_else(
        || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/pictures"),
        PathBuf::from,
    );
    std::fs::create_dir_all(&folder).context("make the folder for pictures")?;
    Ok(folder)
}

/// Takes a picture of what is shown, named after it and the window.
pub async fn picture(browser: &Browser, screen: &str, look: Look) -> Result<()> {
    browser.picture(&pictures()?.join(format!("{screen}-{look}.png"))).await
}
