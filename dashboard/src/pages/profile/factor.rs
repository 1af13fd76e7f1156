use domain::Timestamp;
use leptos::either::EitherOf3;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::components::Moment;
use crate::format;
use crate::port::{FactorSetUp, FactorView, Picture, RecoveryCodes};

/// One's second factor: none, one that is being set up, or one that is.
#[component]
pub(super) fn FactorPanel(
    factor: Option<FactorView>,
    set_up: Option<FactorSetUp>,
    recovery: Option<RecoveryCodes>,
    limited: bool,
    clock: Signal<Timestamp>,
) -> impl IntoView {
    let has = factor.is_some();
    let panel = match (factor, set_up) {
        (Some(factor), _) => EitherOf3::A(view! { <Standing factor clock /> }),
        (None, Some(set_up)) => EitherOf3::B(view! { <SettingUp set_up /> }),
        (None, None) => EitherOf3::C(view! {
            <p>
                "Beside your password you are then asked for a code that an app on your telephone makes. Whoever learns your password alone does not get in."
            </p>
            <PasswordAsked action="/profile/factor" button="Set it up" />
        }),
    };
    let told = limited.then(|| {
        if has {
            "Log in anew to do what your role may."
        } else {
            "Until you have one you may no more than a viewer."
        }
    });
    view! {
        <section class="panel factor" id="factor" aria-labelledby="factor-title">
            <h2 id="factor-title">"Second factor"</h2>
            {told.map(|told| view! { <p class="told tone-caution">{told}</p> })}
            <Outcome />
            {recovery.map(|codes| view! { <Recovery codes /> })}
            {panel}
        </section>
    }
    .into_any()
}

/// What the box said about the last of these forms.
#[component]
fn Outcome() -> impl IntoView {
    let query = use_query_map();
    move || {
        let query = query.read();
        let error = query.get("factor").filter(|_| query.get("error").is_none())?;
        let text = crate::texts::form_error(&error);
        Some(view! { <p class="form-error tone-bad" role="alert">{text}</p> })
    }
}

#[component]
fn Standing(factor: FactorView, clock: Signal<Timestamp>) -> impl IntoView {
    let FactorView { since, recovery_left } = factor;
    let left = format::counted(recovery_left as u64, "recovery code", "recovery codes");
    view! {
        <p>"Set up since " <Moment at=since clock /> ". " {left} " left."</p>
        <p class="hint">"For new recovery codes take it away and set it up again."</p>
        <PasswordAsked action="/profile/factor/remove" button="Take it away" />
    }
}

#[component]
fn SettingUp(set_up: FactorSetUp) -> impl IntoView {
    let FactorSetUp { secret, picture: Picture { width, path } } = set_up;
    let view_box = format!("-4 -4 {0} {0}", width + 8);
    view! {
        <p>"Have your authenticator app photograph this, or type the letters into it. Then type the code that it shows."</p>
        <svg class="qr" viewBox=view_box role="img" aria-label="The secret as a QR code">
            <path d=path></path>
        </svg>
        <p class="code">{secret}</p>
        <form class="factor-form" method="post" action="/profile/factor/confirm">
            <label for="factor-code">"Code"</label>
            <input
                id="factor-code"
                name="code"
                type="text"
                inputmode="numeric"
                autocomplete="one-time-code"
                required=true
                maxlength="16"
            />
            <button type="submit" class="primary">"Confirm it"</button>
        </form>
    }
}

#[component]
fn Recovery(codes: RecoveryCodes) -> impl IntoView {
    let codes = codes.0.into_iter().map(|code| view! { <li class="code">{code}</li> });
    view! {
        <div class="issued recovery" role="status">
            <p>
                <strong>"Your recovery codes."</strong>
                " Each is good once, in place of the app\u{2019}s code. Write them down now: they are not shown again."
            </p>
            <ul>{codes.collect_view()}</ul>
        </div>
    }
}

/// A form that asks for the password once more.
#[component]
fn PasswordAsked(action: &'static str, button: &'static str) -> impl IntoView {
    view! {
        <form class="factor-form" method="post" action=action>
            <label for="factor-password">"Your password"</label>
            <input
                id="factor-password"
                name="password"
                type="password"
                autocomplete="current-password"
                required=true
                maxlength="512"
            />
            <button type="submit">{button}</button>
        </form>
    }
}
