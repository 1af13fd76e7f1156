use domain::Timestamp;
use leptos::form::ActionForm;
use leptos::prelude::*;

use super::Acts;
use crate::components::Moment;
use crate::port::{CodeView, IssuedCode};

/// A code, shown once.
#[component]
pub(super) fn Issued(issued: IssuedCode, clock: Signal<Timestamp>) -> impl IntoView {
    let IssuedCode { name, code, ends } = issued;
    view! {
        <section class="panel issued" role="status" aria-labelledby="issued-title">
            <h2 id="issued-title">{format!("The code for {name}")}</h2>
            <p class="code issued-code">{code}</p>
            <p>
                "They open " <span class="code">"/accept"</span>
                " on this box, type the code and choose a password. It is good once, until " <Moment at=ends clock />
                "."
            </p>
            <p class="hint">"Write it down now: it is not shown again, and the box itself does not keep it."</p>
        </section>
    }
    .into_any()
}

/// Codes that nobody has used yet.
#[component]
pub(super) fn Waiting(codes: Vec<CodeView>, clock: Signal<Timestamp>, acts: Acts) -> impl IntoView {
    let line = |code: CodeView| {
        let CodeView { name, role, ends, known } = code;
        let what = if known { "for a new password".to_owned() } else { format!("invited as {role}") };
        view! {
            <li>
                <p>
                    <strong>{name.clone()}</strong>
                    ", "
                    {what}
                    ", good until "
                    <Moment at=ends clock />
                </p>
                <ActionForm action=acts.withdraw>
                    <input type="hidden" name="name" value=name />
                    <button type="submit">"Take it back"</button>
                </ActionForm>
            </li>
        }
    };
    view! {
        <section class="panel" aria-labelledby="codes-title">
            <h2 id="codes-title">"Codes that wait"</h2>
            <ul class="people codes">{codes.into_iter().map(line).collect_view()}</ul>
        </section>
    }
    .into_any()
}
