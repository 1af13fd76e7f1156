use leptos::ev::Event;
use leptos::html::Input;
use leptos::prelude::*;
use leptos_meta::Title;

use super::login::{FormError, Typed, Wrong};

/// The first administrator. A plain form, so that it works before and without any script.
#[component]
pub fn SetupPage() -> impl IntoView {
    let (typed, wrong) = (Typed::from_context(), Wrong::from_address());
    let password = NodeRef::<Input>::new();
    let again = NodeRef::<Input>::new();
    let compare = move |_: Event| {
        if let (Some(password), Some(again)) = (password.get_untracked(), again.get_untracked()) {
            let same = password.value() == again.value();
            again.set_custom_validity(if same { "" } else { "The two passwords are not the same." });
        }
    };
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
            <label for="password">"Password"</label>
            <input
                id="password"
                name="password"
                type="password"
                autocomplete="new-password"
                required=true
                minlength="10"
                maxlength="128"
                aria-invalid=wrong.invalid("password")
                aria-describedby=wrong.described("password", Some("password-hint"))
                node_ref=password
                on:input=compare
            />
            <p class="hint" id="password-hint">"10 to 128 characters with letters and numbers."</p>
            <label for="password-again">"The same password again"</label>
            <input
                id="password-again"
                name="password_again"
                type="password"
                autocomplete="new-password"
                required=true
                minlength="10"
                maxlength="128"
                aria-invalid=wrong.invalid("password-again")
                aria-describedby=wrong.described("password-again", None)
                node_ref=again
                on:input=compare
            />
            <button type="submit" class="primary">"Set up"</button>
        </form>
    }
    .into_any()
}
