//! The page around every screen: its head, its routes, its header.

use std::collections::BTreeMap;

use leptos::html::Main;
use leptos::prelude::*;
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::hooks::use_location;
use leptos_router::{SsrMode, path};
use serde::Deserialize;

use crate::api::read_person;
use crate::components::{Header, LostBanner, PersonResource};
use crate::live::Live;
use crate::pages::{
    AcceptPage, AuditPage, CertificatePage, FloorPage, LoginCodePage, LoginPage, MachinesPage, MoldPage,
    NotFoundPage, PeoplePage, ProfilePage, RadiosPage, SettingsPage, SetupPage, StoragePage, TrustPage,
    WallFormPage, WallPage,
};

/// Where the box serves what a [`SiteManifest`] names.
pub const ASSETS: &str = "/assets/";

/// What the browser loads beside the page: the bundler's `manifest.json`.
///
/// The default has nothing: pages are then plain and without script, and still readable.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct SiteManifest {
    /// File name of the script that starts the wasm.
    pub js: Option<String>,
    /// File name of the wasm.
    pub wasm: Option<String>,
    /// File name of the style sheet.
    pub css: Option<String>,
    /// File names of the pictures, by the name they have in the source.
    #[serde(default)]
    pub assets: BTreeMap<String, String>,
}

impl SiteManifest {
    fn asset(&self, name: &str) -> Option<String> {
        self.assets.get(name).map(|file| address(file))
    }
}

fn address(file: &str) -> String {
    format!("{ASSETS}{file}")
}

/// The whole document. The nonce comes from Leptos' context, so that the box can name it in its policy.
///
/// The server must have asked for the list of routes once before: that tells Leptos which runtime it is in.
#[must_use]
pub fn shell(manifest: &SiteManifest) -> impl IntoView + use<> {
    let nonce = use_nonce();
    let css = manifest.css.as_deref().map(address);
    let icon = manifest.asset("icon.svg");
    let js = manifest.js.as_deref().map(address);
    let wasm = manifest.wasm.as_deref().map(address);
    let start = js.as_ref().map(|js| {
        let nonce = nonce.clone();
        let text = format!("import init, {{ hydrate }} from {js:?}; await init(); hydrate();");
        view! { <script type="module" nonce=nonce>{text}</script> }
    });
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <meta name="theme-color" media="(prefers-color-scheme: light)" content="#e9ebed" />
                <meta name="theme-color" media="(prefers-color-scheme: dark)" content="#16191c" />
                {css.map(|href| view! { <link rel="stylesheet" href=href /> })}
                {icon.map(|href| view! { <link rel="icon" type="image/svg+xml" href=href /> })}
                {js.map(|href| view! { <link rel="modulepreload" href=href nonce=nonce.clone() /> })}
                {wasm.map(|href| {
                    view! {
                        <link rel="preload" href=href r#as="fetch" r#type="application/wasm" crossorigin="" />
                    }
                })}
                {start}
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// Every screen, by its address.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let _ = Live::provide();
    let person: PersonResource = Resource::new(|| (), |()| read_person());
    provide_context(person);
    view! {
        <Title formatter=|title| format!("{title} · Platen") text="Platen" />
        <Router>
            <Top person />
            <Content>
                <FlatRoutes fallback=NotFoundPage>
                    <Route path=path!("/") view=FloorPage ssr=SsrMode::Async />
                    <Route path=path!("/molds/:id") view=MoldPage ssr=SsrMode::Async />
                    <Route path=path!("/radios") view=RadiosPage ssr=SsrMode::Async />
                    <Route path=path!("/storage") view=StoragePage ssr=SsrMode::Async />
                    <Route path=path!("/people") view=PeoplePage ssr=SsrMode::Async />
                    <Route path=path!("/machines") view=MachinesPage ssr=SsrMode::Async />
                    <Route path=path!("/wall") view=WallPage ssr=SsrMode::Async />
                    <Route path=path!("/wall/open") view=WallFormPage ssr=SsrMode::Async />
                    <Route path=path!("/audit") view=AuditPage ssr=SsrMode::Async />
                    <Route path=path!("/profile") view=ProfilePage ssr=SsrMode::Async />
                    <Route path=path!("/settings") view=SettingsPage ssr=SsrMode::Async />
                    <Route path=path!("/settings/certificate") view=CertificatePage ssr=SsrMode::Async />
                    <Route path=path!("/trust") view=TrustPage ssr=SsrMode::Async />
                    <Route path=path!("/accept") view=AcceptPage ssr=SsrMode::Async />
                    <Route path=path!("/login") view=LoginPage ssr=SsrMode::Async />
                    <Route path=path!("/login/code") view=LoginCodePage ssr=SsrMode::Async />
                    <Route path=path!("/setup") view=SetupPage ssr=SsrMode::Async />
                </FlatRoutes>
            </Content>
            <LostBanner />
        </Router>
    }
    .into_any()
}

/// The bar on top of every page but the wall's, where nobody is signed in and every line is for molds.
#[component]
fn Top(person: PersonResource) -> impl IntoView {
    let path = use_location().pathname;
    let is_wall = Memo::new(move |_| path.with(|path| path == "/wall"));
    view! {
        <Show when=move || !is_wall.get()>
            <Header person />
        </Show>
    }
}

/// The part of the page that changes with the address.
#[component]
fn Content(children: Children) -> impl IntoView {
    let live = Live::from_context();
    let main = NodeRef::<Main>::new();
    let path = use_location().pathname;
    Effect::new(move |before: Option<String>| {
        let path = path.get();
        if before.is_some_and(|before| before != path) {
            focus(main);
        }
        path
    });
    view! {
        <main id="content" tabindex="-1" class:lost=move || live.lost_since().is_some() node_ref=main>
            {children()}
        </main>
    }
    .into_any()
}

/// The link that was followed is gone with its page: the keyboard goes on from the new one's begin.
fn focus(main: NodeRef<Main>) {
    #[cfg(feature = "hydrate")]
    if let Some(main) = main.get_untracked() {
        // How far the page is scrolled is the router's business.
        let in_place = web_sys::FocusOptions::new();
        in_place.set_prevent_scroll(true);
        let _ = main.focus_with_options(&in_place);
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = main;
}
