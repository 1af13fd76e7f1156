use leptos::ev::Event;
use leptos::html::Input;
use leptos::prelude::*;

use super::login::Wrong;

/// The fields for a password that is chosen, typed twice.
#[component]
pub(super) fn NewPassword(
    /// What the first field is called.
    label: &'static str,
) -> impl IntoView {
    let wrong = Wrong::from_address();
    let password = NodeRef::<Input>::new();
    let again = NodeRef::<Input>::new();
    let compare = move |_: Event| {
        if let (Some(password), Some(again)) = (password.get_untracked(), again.get_untracked()) {
            let same = password.value() == again.value();
            again.set_custom_validity(if same { "" } else { "The two passwords are not the same." });
        }
    };
    view! {
        <label for="password">{label}</label>
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
        <p class="hint" id="password-hint">
            "10 to 128 characters with letters and numbers, and none of the most common ones."
        </p>
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
    }
    .into_any()
}
