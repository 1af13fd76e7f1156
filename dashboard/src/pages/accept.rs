use leptos::prelude::*;
use leptos_meta::Title;

use super::login::{FormError, Typed, Wrong};
use super::new_password::NewPassword;

/// For whoever has a code from an administrator. A plain form, so that it works before and without any script.
#[component]
pub fn AcceptPage() -> impl IntoView {
    let (typed, wrong) = (Typed::from_context(), Wrong::from_address());
    view! {
        <Title text="Use a code" />
        <form class="entry" method="post" action="/accept">
            <h1>"Choose your password"</h1>
            <p>"An administrator of this box gave you a code. With it you choose the password that you log in with."</p>
            <FormError />
            <label for="code">"Code"</label>
            <input
                id="code"
                name="code"
                type="text"
                autocomplete="one-time-code"
                autocapitalize="none"
                spellcheck="false"
                required=true
                autofocus=true
                maxlength="64"
                value=typed.code
                aria-invalid=wrong.invalid("invitation")
                aria-describedby=wrong.described("invitation", Some("code-hint"))
            />
            <p class="hint" id="code-hint">
                "Four groups of four letters and numbers. It is good once."
            </p>
            <NewPassword label="Password" />
            <button type="submit" class="primary">
                "Choose it and log in"
            </button>
        </form>
    }
    .into_any()
}
