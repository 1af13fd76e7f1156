use leptos::prelude::*;
use leptos_meta::Title;

use super::login::{FormError, Typed, Wrong};
use super::new_password::NewPassword;

/// The first administrator. A plain form, so that it works before and without any script.
#[component]
pub fn SetupPage() -> impl IntoView {
    let (typed, wrong) = (Typed::from_context(), Wrong::from_address());
    view! {
        <Title text="Set up" />
        <form class="entry" method="post" action="/setup">
            <h1>"Set up this box"</h1>
            <p>"You are the first here. Make the first administrator."</p>
            <FormError />
            <label for="code">"Set-up code"</label>
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
                aria-invalid=wrong.invalid("code")
                aria-describedby=wrong.described("code", Some("code-hint"))
            />
            <p class="hint" id="code-hint">"The box shows it on its console. It can be used once."</p>
            <label for="name">"Your name"</label>
            <input
                id="name"
                name="name"
                type="text"
                autocomplete="username"
                required=true
                maxlength="64"
                value=typed.name
                aria-invalid=wrong.invalid("name")
                aria-describedby=wrong.described("name", Some("name-hint"))
            />
            <p class="hint" id="name-hint">"You log in with it."</p>
            <label for="email">"Your e-mail address"</label>
            <input
                id="email"
                name="email"
                type="email"
                autocomplete="email"
                maxlength="254"
                value=typed.email
                aria-invalid=wrong.invalid("email")
                aria-describedby=wrong.described("email", Some("email-hint"))
            />
            <p class="hint" id="email-hint">"May be left empty. The box sends no mail; people see whom to ask."</p>
            <NewPassword label="Password" />
            <button type="submit" class="primary">"Set up"</button>
        </form>
    }
    .into_any()
}
