//! What people see: screens rendered on the box and hydrated in the browser.
//!
//! [`port`] is all that the screens know of the plant. A page is made on the box, readable at once and without
//! any script; in the browser the same code takes it over and keeps it live.

pub mod api;
pub mod app;
pub mod components;
pub mod format;
pub mod live;
pub mod pages;
pub mod port;
pub mod texts;

/// Takes over the page that the box rendered.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(app::App);
}
