use domain::Timestamp;
use leptos::either::Either;
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_meta::Title;

use super::request::RequestPanel;
use super::upload::UploadPanel;
use crate::api::{OwnCertificate, RequestCertificate, read_certificate};
use crate::components::{Fingerprint, Moment, RefusalNote, sentence};
use crate::format;
use crate::live::Live;
use crate::port::{CertificateFacts, CertificateView};
use crate::texts::{CertificateStands, Tone};

/// The certificates that browsers see.
#[component]
pub fn CertificatePage() -> impl IntoView {
    let own = ServerAction::<OwnCertificate>::new();
    let request = ServerAction::<RequestCertificate>::new();
    let view = Resource::new(move || (own.version().get(), request.version().get()), |_| read_certificate());
    view! {
        <Title text="Certificate" />
        <div class="page-head">
            <h1>"Certificate"</h1>
        </div>
        <Transition fallback=|| view! { <p class="loading">"Loading the certificate"</p> }>
            {move || Suspend::new(async move {
                match view.await {
                    Ok(view) => Either::Left(view! { <Board view own request /> }),
                    Err(refusal) => {
                        Either::Right(view! { <RefusalNote refusal part=true again=move || view_again(view) /> })
                    }
                }
            })}
        </Transition>
    }
    .into_any()
}

fn view_again(view: Resource<Result<CertificateView, crate::port::Refusal>>) {
    view.refetch();
}

#[component]
fn Board(
    view: CertificateView,
    own: ServerAction<OwnCertificate>,
    request: ServerAction<RequestCertificate>,
) -> impl IntoView {
    let clock = Live::from_context().clock(view.now);
    let names = view.names.clone();
    view! {
        <div class="columns">
            <InUse view=view.clone() own clock />
            <Authority fingerprint=view.authority.clone() until=view.authority_until />
            <RequestPanel waiting=view.request.clone() names request clock />
            <UploadPanel refused=view.refused waits=view.request.is_some() clock />
        </div>
    }
    .into_any()
}

/// What browsers see, and the way back to the box's own.
#[component]
fn InUse(
    view: CertificateView,
    own: ServerAction<OwnCertificate>,
    clock: Signal<Timestamp>,
) -> impl IntoView {
    let stands = CertificateStands::of(&view);
    let tone = stands.tone();
    let class = match tone {
        Tone::Normal | Tone::Unknown => "told",
        Tone::Caution => "told tone-caution",
        Tone::Bad => "told tone-bad",
    };
    let is_plants = view.plant.is_some();
    let facts = view.plant.unwrap_or(view.own);
    let pending = own.pending();
    let refused = move || {
        let refusal = own.value().get()?.err()?;
        Some(view! { <p class="form-error tone-bad" role="alert">{sentence(&refusal.to_string())}</p> })
    };
    let uncovered = (!view.uncovered.is_empty()).then(|| {
        view! {
            <p class="hint">
                "It is not for " {view.uncovered.join(", ")} ": who comes by these sees the box's own certificate."
            </p>
        }
    });
    view! {
        <section class="panel" aria-labelledby="used-title">
            <h2 id="used-title">"In use"</h2>
            <p class=class role="status">{stands.told()}</p>
            <Facts facts clock />
            {uncovered}
            {is_plants
                .then(|| {
                    view! {
                        <p class="hint">
                            "Going back forgets this certificate and its key. Browsers that have been here remember for up \
                             to 30 days that the box has a trusted certificate, and let nobody past their warning meanwhile \
                             who has not installed the box's own authority."
                        </p>
                        <ActionForm action=own>
                            <button type="submit" disabled=move || pending.get()>
                                "Go back to the box's own"
                            </button>
                        </ActionForm>
                    }
                })}
            {refused}
        </section>
    }
    .into_any()
}

#[component]
fn Facts(facts: CertificateFacts, clock: Signal<Timestamp>) -> impl IntoView {
    let CertificateFacts { names, issuer, from, until, fingerprint } = facts;
    view! {
        <dl class="facts">
            <dt>"For"</dt>
            <dd>{names.join(", ")}</dd>
            <dt>"Signed by"</dt>
            <dd>{issuer}</dd>
            <dt>"Good from"</dt>
            <dd>
                <Moment at=from clock />
            </dd>
            <dt>"Good until"</dt>
            <dd>
                <Moment at=until clock />
            </dd>
            <dt>"SHA-256"</dt>
            <dd>
                <Fingerprint of=fingerprint />
            </dd>
        </dl>
    }
    .into_any()
}

/// The box's own authority, for devices to trust.
#[component]
fn Authority(fingerprint: String, until: Timestamp) -> impl IntoView {
    view! {
        <section class="panel" aria-labelledby="authority-title">
            <h2 id="authority-title">"The box's own authority"</h2>
            <p>
                "It signs the box's own certificate, and gives that anew by itself whenever a name or an address of the box \
                 changes. A device that has it installed shows no warning."
            </p>
            <dl class="facts">
                <dt>"SHA-256"</dt>
                <dd>
                <Fingerprint of=fingerprint />
            </dd>
                <dt>"Good until"</dt>
                <dd>{format::day(until)}</dd>
            </dl>
            <p>
                <a class="button" rel="external" href="/trust">
                    "Trust it on a device"
                </a>
            </p>
        </section>
    }
    .into_any()
}
