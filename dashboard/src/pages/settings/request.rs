use domain::Timestamp;
use leptos::form::ActionForm;
use leptos::prelude::*;

use crate::api::RequestCertificate;
use crate::components::{Moment, sentence};
use crate::port::RequestView;

/// Step one towards a certificate of the plant's: a request for its authority to sign.
#[component]
pub(super) fn RequestPanel(
    /// The one that waits.
    waiting: Option<RequestView>,
    /// What the box is reached by.
    names: Vec<String>,
    /// Makes another.
    request: ServerAction<RequestCertificate>,
    /// The box's clock.
    clock: Signal<Timestamp>,
) -> impl IntoView {
    let pending = request.pending();
    let refused = move || {
        let refusal = request.value().get()?.err()?;
        Some(view! { <p class="form-error tone-bad" role="alert">{sentence(&refusal.to_string())}</p> })
    };
    let waits = waiting.is_some();
    let waiting = waiting.map(|waiting| {
        view! {
            <p role="status">
                "A request for " <strong>{waiting.names.join(", ")}</strong> " waits since "
                <Moment at=waiting.at clock /> "."
            </p>
            <p>
                <a class="button" rel="external" href="/settings/certificate/request.pem">
                    "Download the request"
                </a>
            </p>
            <details class="more">
                <summary>"Show it, to copy"</summary>
                <pre class="pem" tabindex="0">{waiting.pem}</pre>
            </details>
        }
    });
    view! {
        <section class="panel" aria-labelledby="request-title">
            <h2 id="request-title">"1. Ask the plant's authority"</h2>
            <p class="hint">
                "The box makes a key that never leaves it, and a request. Whoever looks after the plant's certificates signs \
                 that, as one for a web server."
            </p>
            {waiting}
            <ActionForm action=request attr:class="stacked">
                <label for="names">"Names and addresses"</label>
                <input
                    id="names"
                    name="names"
                    type="text"
                    value=names.join(", ")
                    maxlength="2000"
                    autocapitalize="none"
                    spellcheck="false"
                    aria-describedby="names-hint"
                />
                <p class="hint" id="names-hint">
                    "As people type them. Separate them by commas."
                    {waits.then_some(" Another request gives up the one that waits.")}
                </p>
                {refused}
                <button type="submit" disabled=move || pending.get()>
                    {if waits { "Make another request" } else { "Make a request" }}
                </button>
            </ActionForm>
        </section>
    }
    .into_any()
}
