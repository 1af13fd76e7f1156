use leptos::either::Either;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::api::read_trust;
use crate::components::{Fingerprint, RefusalNote};
use crate::port::TrustView;
use crate::texts::TRUST_STEPS;

/// How a device comes to trust the box. For everybody, for it is needed before anybody can trust the log-in.
#[component]
pub fn TrustPage() -> impl IntoView {
    let trust = Resource::new(|| (), |()| read_trust());
    view! {
        <Title text="Trust this box" />
        <div class="page-head">
            <h1>"Have your device trust this box"</h1>
        </div>
        <Transition fallback=|| view! { <p class="loading">"Loading"</p> }>
            {move || Suspend::new(async move {
                match trust.await {
                    Ok(view) => Either::Left(view! { <Board view /> }),
                    Err(refusal) => {
                        Either::Right(view! { <RefusalNote refusal part=true again=move || trust.refetch() /> })
                    }
                }
            })}
        </Transition>
    }
    .into_any()
}

#[component]
fn Board(view: TrustView) -> impl IntoView {
    let TrustView { authority, address, plant } = view;
    let alt = format!("QR code of {address}");
    let steps = TRUST_STEPS.map(|(system, steps)| {
        let steps = steps.iter().map(|step| view! { <li>{*step}</li> }).collect_view();
        view! {
            <details class="more">
                <summary>{system}</summary>
                <ol class="steps">{steps}</ol>
            </details>
        }
    });
    view! {
        {plant
            .then(|| {
                view! {
                    <p class="told" role="status">
                        "This box has a certificate of the plant's own. Devices that the plant looks after trust it already; \
                         what follows is for the others."
                    </p>
                }
            })}
        <div class="columns">
            <section class="panel" aria-labelledby="get-title">
                <h2 id="get-title">"1. Get the box's certificate"</h2>
                <p>
                    "The box signs its own certificate, and browsers do not know by whom. Install the certificate of its authority \
                     once, and the warning is gone for good."
                </p>
                <p class="downloads">
                    <a class="button" rel="external" href="/ca.crt">"Most systems: .crt"</a>
                    <a class="button" rel="external" href="/ca.pem">"Linux, Firefox: .pem"</a>
                </p>
                <h3>"For a phone or tablet"</h3>
                <p>"Point its camera here: it opens this page at " <span class="code">{address}</span> "."</p>
                <img class="qr" src="/trust.svg" alt=alt width="220" height="220" />
            </section>
            <section class="panel" aria-labelledby="compare-title">
                <h2 id="compare-title">"2. Compare its fingerprint"</h2>
                <p>
                    "Somebody in the network could give you another certificate than the box's. The true one has the SHA-256 that the box \
                     wrote on its console when it started, and that an administrator finds under Settings, Certificate:"
                </p>
                <p>
                    <Fingerprint of=authority />
                </p>
                <p class="hint">
                    "On Windows, this tells it of the file you downloaded: "
                    <span class="code">"certutil -hashfile platen-ca.crt SHA256"</span> "; elsewhere: "
                    <span class="code">"sha256sum platen-ca.crt"</span> ". Ask an administrator when it differs, and install nothing."
                </p>
            </section>
            <section class="panel" aria-labelledby="install-title">
                <h2 id="install-title">"3. Install it"</h2>
                {steps.collect_view()}
                <p class="hint">
                    "Many devices at once get it by group policy or device management; with a certificate of the plant's own authority \
                     none needs it."
                </p>
            </section>
        </div>
        <p>
            <a class="button" rel="external" href="/">"To the box"</a>
        </p>
    }
    .into_any()
}
