use domain::Timestamp;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::components::{Moment, sentence};
use crate::port::RefusedView;
use crate::texts::form_error;

/// Step two: the signed certificate, or a PKCS #12 file with key and all. A plain form, so that it works without any
/// script.
#[component]
pub(super) fn UploadPanel(
    /// What was brought last and did not do.
    refused: Option<RefusedView>,
    /// A request waits.
    waits: bool,
    /// The box's clock.
    clock: Signal<Timestamp>,
) -> impl IntoView {
    let query = use_query_map();
    let done = move || {
        (query.read().get("done").as_deref() == Some("installed")).then(|| {
            view! {
                <p class="form-outcome" role="status">
                    "The certificate is in use. Browsers see it from their next connection on."
                </p>
            }
        })
    };
    let other = move || {
        let error = query.read().get("error").filter(|error| error != "certificate")?;
        Some(view! { <p class="form-error tone-bad" role="alert">{form_error(&error)}</p> })
    };
    let refused = refused.map(|refused| {
        view! {
            <p class="form-error tone-bad" role="alert">
                "Not taken: " {sentence(&refused.why)} " What was in use stays in use. "
                <span class="aside"><Moment at=refused.at clock /></span>
            </p>
        }
    });
    view! {
        <section class="panel" aria-labelledby="upload-title">
            <h2 id="upload-title">"2. Bring the certificate"</h2>
            <p class="hint">
                {if waits {
                    "What the plant's authority made of the request: PEM or DER, with the certificates of the authorities \
                     above it in the same file if there are any, each after the one that it signed."
                } else {
                    "Make a request first; or bring a PKCS #12 file (.pfx, .p12), in which the key is too."
                }}
            </p>
            {done}
            {other}
            {refused}
            <form class="stacked" method="post" action="/settings/certificate" enctype="multipart/form-data">
                <label for="file">"File"</label>
                <input id="file" name="file" type="file" accept=".pem,.crt,.cer,.der,.pfx,.p12" aria-describedby="file-hint" />
                <p class="hint" id="file-hint">"PEM, DER or PKCS #12, at most 96 KiB."</p>
                <label for="text">"Or its text"</label>
                <textarea
                    id="text"
                    name="text"
                    rows="4"
                    spellcheck="false"
                    placeholder="-----BEGIN CERTIFICATE-----"
                ></textarea>
                <label for="passphrase">"Passphrase of a PKCS #12 file"</label>
                <input id="passphrase" name="passphrase" type="password" autocomplete="off" maxlength="512" />
                <button type="submit" class="primary">
                    "Use it"
                </button>
            </form>
        </section>
    }
    .into_any()
}
