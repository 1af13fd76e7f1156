use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::login::{FormError, Wrong};

/// The code after the password, for whoever has a second factor. A plain form, so that it works before and without any
/// script.
#[component]
pub fn LoginCodePage() -> impl IntoView {
    let wrong = Wrong::from_address();
    let next = use_query_map().read_untracked().get("next").unwrap_or_default();
    view! {
        <Title text="Log in: the code" />
        <form class="entry" method="post" action="/login/code">
            <h1>"The code, please"</h1>
            <FormError />
            <input type="hidden" name="next" value=next />
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
                aria-invalid=wrong.invalid("factor")
                aria-describedby=wrong.described("factor", Some("code-hint"))
            />
            <p class="hint" id="code-hint">
                "The six digits that the app on your telephone shows, or one of your recovery codes."
            </p>
            <button type="submit" class="primary">"Log in"</button>
            <p class="hint"><a href="/login">"Begin anew"</a></p>
            <p class="hint">"Telephone and recovery codes lost? An administrator of this box can take the second factor away."</p>
        </form>
    }
    .into_any()
}
