//! What an administrator sets up in the browser, a page each.

mod certificate;
mod request;
mod upload;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::A;

pub use certificate::CertificatePage;

/// The pages, with what is there.
const PAGES: [(&str, &str, &str); 2] = [
    (
        "/settings/certificate",
        "Certificate",
        "What browsers see of the box, a certificate of the plant's own, and how devices come to trust it.",
    ),
    (
        "/machines",
        "Machines",
        "Tokens for programs and for screens across the hall, and a bundle for whoever helps.",
    ),
];

/// Every page of the settings.
#[component]
pub fn SettingsPage() -> impl IntoView {
    let pages = PAGES.map(|(href, title, what)| {
        view! {
            <li>
                <A href=href>{title}</A>
                <p class="hint">{what}</p>
            </li>
        }
    });
    view! {
        <Title text="Settings" />
        <div class="page-head">
            <h1>"Settings"</h1>
        </div>
        <section class="panel" aria-label="Settings">
            <ul class="settings">{pages.collect_view()}</ul>
        </section>
    }
    .into_any()
}
