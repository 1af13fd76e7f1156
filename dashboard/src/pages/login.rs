use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::texts::form_error;

/// What the box said about the form before, if it said something.
#[component]
pub(super) fn FormError() -> impl IntoView {
    let query = use_query_map();
    move || {
        query.read().get("error").map(|code| {
            view! {
                <p class="form-error tone-bad" role="alert">
                    <svg class="mark" viewBox="0 0 16 16" aria-hidden="true">
                        <path d="M8 1.5 15.5 14.5H.5Z"></path>
                    </svg>
                    {form_error(&code)}
                </p>
            }
        })
    }
}

/// Log in. A plain form, so that it works before and without any script.
#[component]
pub fn LoginPage() -> impl IntoView {
    view! {
        <Title text="Log in" />
        <form class="entry" method="post" action="/login">
            <h1>"Log in"</h1>
            <FormError />
            <label for="name">"Name"</label>
            <input id="name" name="name" type="text" autocomplete="username" autocapitalize="none" required=true autofocus=true maxlength="64" />
            <label for="password">"Password"</label>
            <input id="password" name="password" type="password" autocomplete="current-password" required=true maxlength="512" />
            <button type="submit" class="primary">"Log in"</button>
            <p class="hint">"Name or password forgotten? An administrator of this box can help; the box has no mail to send."</p>
        </form>
    }
    .into_any()
}
